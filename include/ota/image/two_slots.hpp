#pragma once

#include "image_state.hpp"
#include "slot_units.hpp"

namespace ota {

/// A/B: two slots, of which the boot journal names the one that runs. Nothing is copied.
///
/// Needs `primary` and `secondary`, and images that run where they lie: built for both places,
/// independent of their place, or mapped to one address by the hardware.
template <class Map>
struct two_slots {
  static_assert(check_flash_map<Map>::ok);
  static_assert(detail::secondary_of<Map>::value.size != 0,
                "the flash map needs: static constexpr ota::flash_region secondary");

  static constexpr bool runs_in_place = true;
  static constexpr std::uint32_t capacity =
      Map::primary.size < Map::secondary.size ? Map::primary.size : Map::secondary.size;
  static constexpr flash_region running(std::uint8_t slot) {
    return slot == 0 ? Map::primary : Map::secondary;
  }
  static constexpr flash_region staging(std::uint8_t slot) { return running(slot ^ 1); }
  static constexpr flash_region previous(std::uint8_t slot) { return running(slot ^ 1); }

  static constexpr std::uint32_t copies(image_phase, std::uint32_t) { return 0; }
  static constexpr flash_copy copy(image_phase, std::uint32_t, std::uint32_t) { return {}; }
};

}  // namespace ota
