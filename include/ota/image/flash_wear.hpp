#pragma once

#include "boot_journal.hpp"
#include "image_state.hpp"
#include "image_swapper.hpp"
#include "slot_units.hpp"

namespace ota {

/// How often one update, kept, erases a sector of each region: the sector that is erased most.
struct flash_wear {
  std::uint32_t primary = 0;
  std::uint32_t secondary = 0;  ///< or where patches arrive
  std::uint32_t scratch = 0;
  std::uint32_t backup = 0;
  std::uint32_t journal = 0;
  std::uint32_t patch_state = 0;

  constexpr std::uint32_t most() const {
    std::uint32_t value = primary;
    for (const std::uint32_t one : {secondary, scratch, backup, journal, patch_state})
      if (one > value) value = one;
    return value;
  }
};

/// How often a bank of `patch_state` is erased while a patch makes an image of `used` bytes.
template <class Limits>
constexpr std::uint32_t patch_state_erases(std::uint32_t used) {
  return (used / Limits::block + 1) / 2;
}

namespace detail {

// Of the first sectors of a region, which stand for all: strategies treat units alike.
template <class Map, class Strategy>
constexpr std::uint32_t erases_by_copies(flash_region region, std::uint32_t used) {
  if (region.size == 0) return 0;
  std::uint32_t most = 0, at = region.begin;
  for (int sector = 0; sector < 3 && at < region.end(); ++sector) {
    std::uint32_t erases = 0;
    const std::uint32_t size = Map::flash::geometry.sector_size(at);
    for (std::uint32_t i = 0; i < Strategy::copies(image_phase::swapping, used); ++i) {
      const flash_copy copy = Strategy::copy(image_phase::swapping, used, i);
      if (overlap({copy.to, copy.size}, {at, size})) ++erases;
    }
    if (erases > most) most = erases;
    at += size;
  }
  return most;
}

// A bank for each record, and one more whenever its marks are full; the banks take turns.
template <class Map, class Strategy>
constexpr std::uint32_t journal_erases(std::uint32_t used) {
  using journal = boot_journal<typename Map::flash, image_state>;
  constexpr std::uint32_t records = 6;  // staging, staged, swapping, the same at start, trial, kept
  constexpr std::uint32_t marks = journal::marks_in(Map::journal.size / journal::banks) - 1;
  constexpr flash_region arrives = Strategy::staging(0);
  const std::uint32_t staged =
      sectors_in<typename Map::flash>(arrives, used < arrives.size ? used : arrives.size);
  const std::uint32_t copied = Strategy::copies(image_phase::swapping, used);
  std::uint32_t banks = records + staged / (marks + 1) + copied / (marks + 1);
  if constexpr (takes_patches<Strategy>) banks += used / Strategy::limits::block + 1;
  return (banks + journal::banks - 1) / journal::banks;
}

}  // namespace detail

/// What an update with images of `used` bytes costs, none of its steps repeated.
///
/// ```
/// static_assert(ota::updates_in_life<my_swapper>() >= 1000, "the scratch wears out too soon");
/// ```
template <class Swapper>
constexpr flash_wear wear_of_update(std::uint32_t used = Swapper::strategy::capacity) {
  using map = typename Swapper::map;
  using strategy = typename Swapper::strategy;
  flash_wear wear;
  wear.primary = detail::erases_by_copies<map, strategy>(detail::primary_of<map>::value, used);
  wear.secondary =
      1 + detail::erases_by_copies<map, strategy>(detail::secondary_of<map>::value, used);
  wear.scratch = detail::erases_by_copies<map, strategy>(detail::scratch_of<map>::value, used);
  wear.backup = detail::erases_by_copies<map, strategy>(detail::backup_of<map>::value, used);
  wear.journal = detail::journal_erases<map, strategy>(used);
  if constexpr (detail::takes_patches<strategy>) {
    wear.primary = 2;  // the old image is moved there, the new one is made
    wear.patch_state = patch_state_erases<typename strategy::limits>(used);
  }
  return wear;
}

/// Updates until the sector that wears out first has been erased as often as it is made for.
template <class Swapper>
constexpr std::uint32_t updates_in_life(std::uint32_t used = Swapper::strategy::capacity) {
  return Swapper::map::flash::geometry.endurance / wear_of_update<Swapper>(used).most();
}

}  // namespace ota
