#pragma once

#include <ota/image/image_stager.hpp>
#include <ota/image/image_swapper.hpp>
#include <ota/image/mcuboot_image.hpp>

// What bootloader and application must agree on: the chip, where things lie on its flash, how
// images change places, and who may make them. Take the board that is nearest to yours as a
// beginning.

#if defined(BOARD_NRF51)
#include <ota/flash/nrf_nvmc.hpp>
#if defined(BOARD_PATCHES_IN_PLACE)
#include <ota/delta/thumb_code.hpp>
#include <ota/image/patch_in_place.hpp>
#else
#include <ota/image/swap_by_moving.hpp>
#endif

#include "board_nrf51.hpp"
#elif defined(BOARD_RP2040)
#include <ota/flash/rp2040.hpp>
#include <ota/image/overwrite_with_backup.hpp>

#include "board_rp2040.hpp"
#endif

namespace device {

/// Images for another one are refused.
#if defined(BOARD_NRF51)
inline constexpr std::string_view hardware = "example-nrf51";
#elif defined(BOARD_RP2040)
inline constexpr std::string_view hardware = "example-rp2040";
#endif

struct rules : ota::image_rules {
#if !defined(BOARD_TAKES_UNSIGNED)
  using signature = ota::image_ed25519;
  static constexpr std::uint8_t release_key[32] = {
#include "release_key.inc"
  };
  static constexpr ota::bytes keys[] = {release_key};
#endif
  static constexpr std::string_view hardware = device::hardware;
};

#if defined(BOARD_NRF51)

using board = ::board_nrf51;
using flash = ota::nrf_nvmc<ota::nrf51822>;
inline constexpr std::uint32_t flash_begin = 0;

#if defined(BOARD_PATCHES_IN_PLACE)

/// 256 KiB: one slot for images of 196 KiB, to which patches of 16 KiB are applied.
struct map {
  struct patch_limits : ota::small_flash_patch_limits {
    using codes = ota::code_set<ota::thumb_code>;
  };
  using flash = device::flash;
  static constexpr ota::flash_region bootloader{0, 20 * 1024};
  static constexpr ota::flash_region journal{20 * 1024, 3 * 1024};
  static constexpr ota::flash_region patch_state{23 * 1024, 6 * 1024};
  static constexpr ota::flash_region patch{29 * 1024, 16 * 1024};
  static constexpr ota::flash_region primary{45 * 1024, 208 * 1024};
};
using swapper = ota::image_swapper<map, ota::patch_in_place, ota::mcuboot_image<rules>>;

#else

/// 256 KiB: two slots of 118 KiB, and a page for the moving.
struct map {
  using flash = device::flash;
  static constexpr ota::flash_region bootloader{0, 16 * 1024};
  static constexpr ota::flash_region journal{16 * 1024, 3 * 1024};
  static constexpr ota::flash_region primary{19 * 1024, 119 * 1024};
  static constexpr ota::flash_region secondary{138 * 1024, 118 * 1024};
};
using swapper = ota::image_swapper<map, ota::swap_by_moving, ota::mcuboot_image<rules>>;

#endif

#elif defined(BOARD_RP2040)

using board = ::board_rp2040;
using flash = ota::rp2040_flash<>;
inline constexpr std::uint32_t flash_begin = 0x10000000;

/// 2 MiB: three slots of 672 KiB, boot2 before the bootloader.
struct map {
  using flash = device::flash;
  static constexpr ota::flash_region bootloader{0, 20 * 1024};
  static constexpr ota::flash_region journal{20 * 1024, 12 * 1024};
  static constexpr ota::flash_region primary{32 * 1024, 672 * 1024};
  static constexpr ota::flash_region secondary{704 * 1024, 672 * 1024};
  static constexpr ota::flash_region backup{1376 * 1024, 672 * 1024};
};
using swapper = ota::image_swapper<map, ota::overwrite_with_backup, ota::mcuboot_image<rules>>;

#endif

}  // namespace device

using device::board;
