#pragma once

#include "image_state.hpp"
#include "slot_units.hpp"

namespace ota {

/// Exchanges the primary and the secondary slot without a scratch area: the running image moves up
/// by one unit, then each unit of both changes places through the gap.
///
/// Needs `primary` and `secondary` of even sectors; the primary slot holds one unit that images may
/// not use. As MCUboot's swap-move.
template <class Map>
struct swap_by_moving {
  static_assert(check_flash_map<Map>::ok);
  using units = detail::primary_and_secondary<Map>;
  static_assert(units::even != 0,
                "the flash map's slots need sectors of one size, to be swapped by moving");
  static_assert(units::first.size > units::even,
                "the flash map's primary slot is too small: swapping by moving needs one unit more "
                "than the image");

  static constexpr bool runs_in_place = false;
  static constexpr std::uint32_t capacity = Map::primary.size - units::even < Map::secondary.size
                                                ? Map::primary.size - units::even
                                                : Map::secondary.size;
  static constexpr flash_region running(std::uint8_t) { return Map::primary; }
  static constexpr flash_region staging(std::uint8_t) { return Map::secondary; }
  static constexpr flash_region previous(std::uint8_t) { return Map::secondary; }

  static constexpr std::uint32_t copies(image_phase, std::uint32_t used) {
    return 3 * units::count(used);
  }
  static constexpr flash_copy copy(image_phase, std::uint32_t used, std::uint32_t step) {
    const std::uint32_t count = units::count(used);
    const bool moves = step < count;
    const std::uint32_t index = moves ? count - 1 - step : (step - count) / 2;
    const flash_region unit = units::unit(index, used);
    const std::uint32_t primary = Map::primary.begin + unit.begin;
    const std::uint32_t secondary = Map::secondary.begin + unit.begin;
    if (moves) return {primary, primary + units::even, unit.size};
    if ((step - count) % 2 == 0) return {secondary, primary, unit.size};
    return {primary + units::even, secondary, unit.size};
  }
};

}  // namespace ota
