#pragma once

#include <cstring>

#include "../flash/flash_policy.hpp"

namespace ota {

/// A piece of flash to be copied to another place, which is erased before.
struct flash_copy {
  std::uint32_t from = 0;
  std::uint32_t to = 0;    ///< where a sector begins
  std::uint32_t size = 0;  ///< bytes, whole program units
};

namespace detail {

/// Bytes moved at a time: whole program units.
template <class Flash>
inline constexpr std::uint32_t copy_chunk =
    Flash::geometry.program_size > 64
        ? Flash::geometry.program_size
        : 64 / Flash::geometry.program_size* Flash::geometry.program_size;

inline constexpr error flash_does_not_keep{
    errc::storage, "flash", "the flash does not keep what is written: a sector is bad"};

template <class Flash>
bool reads_erased(bytes data) {
  for (const std::uint8_t byte : data)
    if (byte != Flash::geometry.erased) return false;
  return true;
}

/// Programs whole units, at most a chunk, and reads them back. Units that would stay erased are
/// left alone.
template <class Flash>
result<void> program_and_check(Flash& flash, std::uint32_t address, bytes data) {
  if (reads_erased<Flash>(data)) return {};
  if (auto done = flash.program(address, data); !done) return done;
  std::uint8_t kept[copy_chunk<Flash>];
  if (auto done = flash.read(address, {kept, data.size()}); !done) return done;
  return std::memcmp(kept, data.data(), data.size()) == 0 ? result<void>{} : flash_does_not_keep;
}

/// Sectors in which the first `size` bytes of a region lie.
template <class Flash>
constexpr std::uint32_t sectors_in(flash_region region, std::uint32_t size) {
  std::uint32_t count = 0;
  for (std::uint32_t at = 0; at < size; at += Flash::geometry.sector_size(region.begin + at))
    ++count;
  return count;
}

/// Erases the sectors in which `size` bytes from `address` on lie.
template <class Flash>
result<void> erase_sectors(Flash& flash, std::uint32_t address, std::uint32_t size) {
  for (std::uint32_t at = address; at - address < size; at += Flash::geometry.sector_size(at))
    if (auto done = flash.erase(at); !done) return done;
  return {};
}

/// Carries a copy out. Cut anywhere, it can be done again from its beginning, since it does not
/// change what it copies.
template <class Flash>
result<void> carry_out(Flash& flash, const flash_copy& copy) {
  if (auto done = erase_sectors(flash, copy.to, copy.size); !done) return done;
  std::uint8_t buffer[copy_chunk<Flash>];
  for (std::uint32_t at = 0; at < copy.size; at += sizeof buffer) {
    const auto chunk = mutable_bytes(buffer).first(copy.size - at);
    if (auto done = flash.read(copy.from + at, chunk); !done) return done;
    if (auto done = program_and_check(flash, copy.to + at, chunk); !done) return done;
  }
  return {};
}

}  // namespace detail
}  // namespace ota
