#pragma once

#include <cstddef>
#include <cstdint>

namespace ota {

/// Sectors of one size that follow each other.
struct sector_run {
  std::uint32_t count = 0;
  std::uint32_t size = 0;  ///< bytes of each: what one erase takes
};

/// How a NOR flash is divided, and what its memory cells allow. Addresses count from its first
/// byte, wherever a processor sees that.
///
/// ```
/// static constexpr ota::flash_geometry<3> geometry{{{4, 16 * 1024}, {1, 64 * 1024}, {7, 128 *
/// 1024}},
///                                                  4};
/// ```
template <std::size_t Runs = 1>
struct flash_geometry {
  sector_run runs[Runs];
  std::uint32_t program_size = 4;    ///< a program begins and ends at multiples of it, bytes
  std::uint8_t erased = 0xff;        ///< how an erased byte reads
  bool reprograms = false;           ///< a programmed unit may have more of its bits cleared
  std::uint32_t endurance = 10'000;  ///< erases that a sector is made for

  constexpr std::uint32_t size() const {
    std::uint32_t total = 0;
    for (const sector_run& run : runs) total += run.count * run.size;
    return total;
  }

  /// Bytes of the sector that holds `address`; 0 behind the end.
  constexpr std::uint32_t sector_size(std::uint32_t address) const {
    for (const sector_run& run : runs) {
      if (address < run.count * run.size) return run.size;
      address -= run.count * run.size;
    }
    return 0;
  }

  /// Where the sector that holds `address` begins; the flash's size behind its end.
  constexpr std::uint32_t sector_begin(std::uint32_t address) const {
    std::uint32_t begin = 0;
    for (const sector_run& run : runs) {
      const std::uint32_t length = run.count * run.size;
      if (address - begin < length) return address - (address - begin) % run.size;
      begin += length;
    }
    return begin;
  }

  /// Whether a sector begins at `address`, or the flash ends there.
  constexpr bool is_boundary(std::uint32_t address) const {
    return sector_begin(address) == address;
  }
};

/// A part of a flash.
struct flash_region {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;  ///< bytes

  constexpr std::uint32_t end() const { return begin + size; }
  constexpr bool holds(std::uint32_t address) const { return address - begin < size; }
};

constexpr bool overlap(flash_region a, flash_region b) {
  return a.begin < b.end() && b.begin < a.end();
}

}  // namespace ota
