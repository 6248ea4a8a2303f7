#pragma once

#include "image_state.hpp"
#include "slot_units.hpp"

namespace ota {

// A strategy says how a staged image becomes the running one: by which copies, in which order. Each
// copy can be cut and done again; after each the boot journal is a step further.
//
//   static constexpr bool runs_in_place        images run where they were staged: nothing is copied
//   static constexpr std::uint32_t capacity    the largest image, bytes
//   static constexpr flash_region running(std::uint8_t slot)   where the running image lies
//   static constexpr flash_region staging(std::uint8_t slot)   where the next one is written
//   static constexpr flash_region previous(std::uint8_t slot)  where the one before it lies
//   static constexpr std::uint32_t copies(image_phase, std::uint32_t used)
//   static constexpr flash_copy copy(image_phase, std::uint32_t used, std::uint32_t step)
//                                              phase: swapping or restoring; the first `used`
//                                              bytes of the slots hold images

/// Exchanges the primary and the secondary slot through a scratch area, a unit at a time.
///
/// Needs `primary`, `secondary` and `scratch`, which is as large as the largest sector of the
/// slots. Each erase of a slot costs one of the scratch, which wears out first. As MCUboot's
/// swap-scratch.
template <class Map>
struct swap_with_scratch {
  static_assert(check_flash_map<Map>::ok);
  using units = detail::primary_and_secondary<Map>;
  static_assert(units::largest() != 0,
                "the flash map's slots cannot be exchanged: their sectors have no boundaries in "
                "common");
  static_assert(Map::scratch.size >= units::largest(),
                "the flash map's scratch is too small for the largest sector of the slots");

  static constexpr bool runs_in_place = false;
  static constexpr std::uint32_t capacity = units::capacity;
  static constexpr flash_region running(std::uint8_t) { return Map::primary; }
  static constexpr flash_region staging(std::uint8_t) { return Map::secondary; }
  static constexpr flash_region previous(std::uint8_t) { return Map::secondary; }

  static constexpr std::uint32_t copies(image_phase, std::uint32_t used) {
    return 3 * units::count(used);
  }
  static constexpr flash_copy copy(image_phase, std::uint32_t used, std::uint32_t step) {
    const flash_region unit = units::unit(step / 3, used);
    const std::uint32_t primary = Map::primary.begin + unit.begin;
    const std::uint32_t secondary = Map::secondary.begin + unit.begin;
    if (step % 3 == 0) return {secondary, Map::scratch.begin, unit.size};
    if (step % 3 == 1) return {primary, secondary, unit.size};
    return {Map::scratch.begin, primary, unit.size};
  }
};

}  // namespace ota
