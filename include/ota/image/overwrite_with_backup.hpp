#pragma once

#include "image_state.hpp"
#include "slot_units.hpp"

namespace ota {

/// Copies the running image to a backup and the staged one over it; puts the backup back.
///
/// Needs `primary`, `secondary` and `backup`. Three slots instead of two, and the fewest erases of
/// those that run from one place: the staged image stays as it is, so that a swap that met a bad
/// sector can be tried again. The secondary slot or the backup may lie on another chip
/// (`joined_flash`).
template <class Map>
struct overwrite_with_backup {
  static_assert(check_flash_map<Map>::ok);
  using staged = detail::primary_and_secondary<Map>;
  using saved =
      detail::slot_units<typename Map::flash, detail::primary_of<Map>, detail::backup_of<Map>>;
  static_assert(staged::largest() != 0 && saved::largest() != 0,
                "the flash map's slots cannot be copied: their sectors have no boundaries in "
                "common");

  static constexpr bool runs_in_place = false;
  static constexpr std::uint32_t capacity =
      staged::capacity < saved::capacity ? staged::capacity : saved::capacity;
  static constexpr flash_region running(std::uint8_t) { return Map::primary; }
  static constexpr flash_region staging(std::uint8_t) { return Map::secondary; }
  static constexpr flash_region previous(std::uint8_t) { return Map::backup; }

  static constexpr std::uint32_t copies(image_phase phase, std::uint32_t used) {
    return saved::count(used) + (phase == image_phase::swapping ? staged::count(used) : 0);
  }
  static constexpr flash_copy copy(image_phase phase, std::uint32_t used, std::uint32_t step) {
    const std::uint32_t count = saved::count(used);
    if (step >= count) {
      const flash_region unit = staged::unit(step - count, used);
      return {Map::secondary.begin + unit.begin, Map::primary.begin + unit.begin, unit.size};
    }
    const flash_region unit = saved::unit(step, used);
    const std::uint32_t primary = Map::primary.begin + unit.begin;
    const std::uint32_t backup = Map::backup.begin + unit.begin;
    if (phase == image_phase::swapping) return {primary, backup, unit.size};
    return {backup, primary, unit.size};
  }
};

}  // namespace ota
