#pragma once

#include <type_traits>

#include "flash_policy.hpp"

namespace ota {

// A flash map says where on a flash things lie. It is a struct with a flash policy and regions, of
// which a strategy says which ones it needs:
//
//   struct map {
//     using flash = ota::nrf_nvmc<ota::nrf51822>;
//     static constexpr ota::flash_region bootloader{0, 16 * 1024};
//     static constexpr ota::flash_region journal{16 * 1024, 3 * 1024};
//     static constexpr ota::flash_region primary{20 * 1024, 116 * 1024};    // runs here
//     static constexpr ota::flash_region secondary{136 * 1024, 116 * 1024}; // arrives here
//     static constexpr ota::flash_region scratch{252 * 1024, 1024};
//     static constexpr ota::flash_region backup…, golden…
//     static constexpr ota::flash_region patch…        // patches arrive here
//     static constexpr ota::flash_region patch_state…  // two banks: how far one is applied
//   };

namespace detail {

struct no_region {
  static constexpr flash_region value{};
};

// Each a region of a map, or an empty one.
template <class M, class = void>
struct bootloader_of : no_region {};
template <class M>
struct bootloader_of<M, std::void_t<decltype(M::bootloader)>> {
  static constexpr flash_region value = M::bootloader;
};
template <class M, class = void>
struct journal_of : no_region {};
template <class M>
struct journal_of<M, std::void_t<decltype(M::journal)>> {
  static constexpr flash_region value = M::journal;
};
template <class M, class = void>
struct primary_of : no_region {};
template <class M>
struct primary_of<M, std::void_t<decltype(M::primary)>> {
  static constexpr flash_region value = M::primary;
};
template <class M, class = void>
struct secondary_of : no_region {};
template <class M>
struct secondary_of<M, std::void_t<decltype(M::secondary)>> {
  static constexpr flash_region value = M::secondary;
};
template <class M, class = void>
struct scratch_of : no_region {};
template <class M>
struct scratch_of<M, std::void_t<decltype(M::scratch)>> {
  static constexpr flash_region value = M::scratch;
};
template <class M, class = void>
struct backup_of : no_region {};
template <class M>
struct backup_of<M, std::void_t<decltype(M::backup)>> {
  static constexpr flash_region value = M::backup;
};
template <class M, class = void>
struct golden_of : no_region {};
template <class M>
struct golden_of<M, std::void_t<decltype(M::golden)>> {
  static constexpr flash_region value = M::golden;
};
template <class M, class = void>
struct patch_of : no_region {};
template <class M>
struct patch_of<M, std::void_t<decltype(M::patch)>> {
  static constexpr flash_region value = M::patch;
};
template <class M, class = void>
struct patch_state_of : no_region {};
template <class M>
struct patch_state_of<M, std::void_t<decltype(M::patch_state)>> {
  static constexpr flash_region value = M::patch_state;
};

template <class Flash>
constexpr bool is_inside(flash_region region) {
  return region.begin <= Flash::geometry.size() &&
         region.size <= Flash::geometry.size() - region.begin;
}

template <class Flash>
constexpr bool is_aligned(flash_region region) {
  return region.size == 0 ||
         (Flash::geometry.is_boundary(region.begin) && Flash::geometry.is_boundary(region.end()));
}

template <class Flash>
constexpr bool is_sound(flash_region region) {
  return is_inside<Flash>(region) && is_aligned<Flash>(region);
}

template <std::size_t N>
constexpr bool are_apart(const flash_region (&regions)[N]) {
  for (std::size_t i = 0; i < N; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (regions[i].size != 0 && regions[j].size != 0 && overlap(regions[i], regions[j]))
        return false;
  return true;
}

// The sector of the flash at which a region is cut in three has a boundary.
template <class Flash>
constexpr bool has_three_banks(flash_region region) {
  const std::uint32_t bank = region.size / 3;
  return bank != 0 && region.size % 3 == 0 && Flash::geometry.is_boundary(region.begin + bank) &&
         Flash::geometry.is_boundary(region.begin + 2 * bank);
}

template <class Flash>
constexpr bool has_two_banks(flash_region region) {
  const std::uint32_t bank = region.size / 2;
  return bank != 0 && region.size % 2 == 0 && Flash::geometry.is_boundary(region.begin + bank);
}

}  // namespace detail

/// Checks a flash map, one sentence for each thing that is wrong.
template <class Map>
struct check_flash_map {
  using flash = typename Map::flash;
  static_assert(check_flash<flash>::ok);
  static_assert(detail::is_sound<flash>(detail::bootloader_of<Map>::value),
                "the flash map's bootloader does not lie inside the flash, from sector to sector");
  static_assert(detail::is_sound<flash>(detail::journal_of<Map>::value),
                "the flash map's journal does not lie inside the flash, from sector to sector");
  static_assert(
      detail::is_sound<flash>(detail::primary_of<Map>::value),
      "the flash map's primary slot does not lie inside the flash, from sector to sector");
  static_assert(detail::is_sound<flash>(detail::secondary_of<Map>::value),
                "the flash map's secondary slot does not lie inside the flash, from sector to "
                "sector");
  static_assert(detail::is_sound<flash>(detail::scratch_of<Map>::value),
                "the flash map's scratch does not lie inside the flash, from sector to sector");
  static_assert(detail::is_sound<flash>(detail::backup_of<Map>::value),
                "the flash map's backup does not lie inside the flash, from sector to sector");
  static_assert(detail::is_sound<flash>(detail::golden_of<Map>::value),
                "the flash map's golden image does not lie inside the flash, from sector to "
                "sector");
  static_assert(detail::is_sound<flash>(detail::patch_of<Map>::value),
                "the flash map's region for patches does not lie inside the flash, from sector to "
                "sector");
  static_assert(detail::is_sound<flash>(detail::patch_state_of<Map>::value),
                "the flash map's patch_state does not lie inside the flash, from sector to sector");
  static_assert(detail::are_apart({detail::bootloader_of<Map>::value,
                                   detail::journal_of<Map>::value, detail::primary_of<Map>::value,
                                   detail::secondary_of<Map>::value, detail::scratch_of<Map>::value,
                                   detail::backup_of<Map>::value, detail::golden_of<Map>::value,
                                   detail::patch_of<Map>::value,
                                   detail::patch_state_of<Map>::value}),
                "two regions of the flash map overlap");
  static_assert(detail::primary_of<Map>::value.size != 0,
                "the flash map needs: static constexpr ota::flash_region primary");
  static_assert(detail::has_three_banks<flash>(detail::journal_of<Map>::value),
                "the flash map's journal is too short: it needs three banks of equal size, each at "
                "least a sector");
  static constexpr bool ok = true;
};

}  // namespace ota
