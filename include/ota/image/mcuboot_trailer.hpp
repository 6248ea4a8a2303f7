#pragma once

#include <cstring>

#include "flash_copy.hpp"

namespace ota {

namespace detail {

inline constexpr std::uint32_t mcuboot_magic_size = 16;

/// The magic at the end of a trailer, by how it is aligned.
inline void fill_mcuboot_magic(std::uint32_t align, std::uint8_t* out) {
  static constexpr std::uint8_t of_8[] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                          0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
  static constexpr std::uint8_t of_others[] = {0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d,
                                               0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};
  if (align == 8) {
    std::memcpy(out, of_8, sizeof of_8);
  } else {
    out[0] = static_cast<std::uint8_t>(align);
    out[1] = 0;
    std::memcpy(out + 2, of_others, sizeof of_others);
  }
}

}  // namespace detail

/// What MCUboot does with its two slots at the next start, by the numbers of its `swap_info`.
enum class mcuboot_swap : std::uint8_t { none = 1, test = 2, permanent = 3, revert = 4 };

/// A field of a trailer. What a power cut left half written is neither.
enum class mcuboot_flag : std::uint8_t { unset, set, bad };

/// The end of a slot by which MCUboot and the application talk to each other (docs/design.md of
/// MCUboot, "Image Trailer"), from the slot's end downwards: the magic, then `image_ok`,
/// `copy_done` and `swap_info`, each in a unit of `Align` bytes.
///
/// \tparam Align  MCUboot's BOOT_MAX_ALIGN: 8, 16 or 32
template <class Flash, std::uint32_t Align>
struct mcuboot_trailer {
  static_assert(check_flash<Flash>::ok);
  static_assert(Align == 8 || Align == 16 || Align == 32, "BOOT_MAX_ALIGN is 8, 16 or 32");
  static_assert(Align % Flash::geometry.program_size == 0,
                "MCUboot cannot use a flash that is programmed in larger units than its alignment");

  static constexpr std::uint32_t magic_size = detail::mcuboot_magic_size;
  // Distances from the slot's end. The magic is right at it, whatever is written before.
  static constexpr std::uint32_t magic_at = Align > magic_size ? Align : magic_size;
  static constexpr std::uint32_t image_ok_at = magic_at + Align;
  static constexpr std::uint32_t copy_done_at = image_ok_at + Align;
  static constexpr std::uint32_t swap_info_at = copy_done_at + Align;

  mcuboot_flag magic = mcuboot_flag::unset;
  mcuboot_flag image_ok = mcuboot_flag::unset;
  mcuboot_flag copy_done = mcuboot_flag::unset;
  std::uint8_t swap_info = 0;  ///< the kind of swap in its low half

  result<void> load(Flash& flash, flash_region slot) {
    std::uint8_t found[magic_size];
    std::uint8_t expected[magic_size];
    if (const auto done = flash.read(slot.end() - magic_size, found); !done) return done;
    detail::fill_mcuboot_magic(Align, expected);
    magic = equal(found, expected) ? mcuboot_flag::set : mcuboot_flag::bad;
    if (detail::reads_erased<Flash>(found)) magic = mcuboot_flag::unset;
    if (const auto done = load_flag(flash, slot.end() - image_ok_at, image_ok); !done) return done;
    if (const auto done = load_flag(flash, slot.end() - copy_done_at, copy_done); !done)
      return done;
    return flash.read(slot.end() - swap_info_at, {&swap_info, 1});
  }

  static result<void> write_magic(Flash& flash, flash_region slot) {
    std::uint8_t unit[magic_at];
    std::memset(unit, Flash::geometry.erased, sizeof unit);
    detail::fill_mcuboot_magic(Align, unit + (magic_at - magic_size));
    return flash.program(slot.end() - magic_at, unit);
  }

  /// Writes a byte that begins the unit so far from the slot's end.
  static result<void> write_byte(Flash& flash, flash_region slot, std::uint32_t distance,
                                 std::uint8_t value) {
    std::uint8_t unit[Flash::geometry.program_size];
    std::memset(unit, Flash::geometry.erased, sizeof unit);
    unit[0] = value;
    return flash.program(slot.end() - distance, unit);
  }

  /// Where the sectors begin that all fields lie in.
  static constexpr std::uint32_t first_sector(flash_region slot) {
    return Flash::geometry.sector_begin(slot.end() - swap_info_at);
  }

  /// Erases these sectors, the magic first.
  static result<void> erase(Flash& flash, flash_region slot) {
    std::uint32_t end = slot.end();
    while (end > first_sector(slot)) {
      end = Flash::geometry.sector_begin(end - 1);
      if (const auto done = flash.erase(end); !done) return done;
    }
    return {};
  }

 private:
  static result<void> load_flag(Flash& flash, std::uint32_t address, mcuboot_flag& flag) {
    std::uint8_t byte;
    const auto done = flash.read(address, {&byte, 1});
    flag = byte == Flash::geometry.erased ? mcuboot_flag::unset
           : byte == 1                    ? mcuboot_flag::set
                                          : mcuboot_flag::bad;
    return done;
  }
};

}  // namespace ota
