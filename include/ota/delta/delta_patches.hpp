#pragma once

#include "no_delta.hpp"
#include "patch_decoder.hpp"

namespace ota {

namespace detail {

/// Bytes that patches may ask for, as their headers count them.
template <class Limits>
constexpr std::uint32_t memory_for() {
  patch_header header;
  header.previous_bits = static_cast<std::uint8_t>(Limits::literal_bits);
  header.map_entries = static_cast<std::uint8_t>(Limits::map_entries);
  return header.memory();
}

}  // namespace detail

/// A device that makes new files of those it has, by the patches that a version brings along
/// (docs/delta-updates.md).
///
/// \tparam Limits  what patches may ask for; `sizeof(updater)` grows by what they need more than
///                 the other parts of staging, whose memory they share
template <class Limits = patch_limits>
struct delta_patches {
  using limits = Limits;

  /// Most bytes that patches may need.
  static constexpr std::uint32_t memory = detail::memory_for<Limits>();

  /// After so many bytes it is kept how far a patch is applied: the most that are made twice.
  static constexpr std::uint32_t block_size = 16384;

  /// Whether the device can apply a patch of which a manifest says what it needs: bytes of memory,
  /// and the number of its kind of code.
  static bool takes(std::size_t needed, std::size_t code) {
    return needed <= memory && code < 16 && Limits::codes::has(static_cast<code_kind>(code));
  }
};

}  // namespace ota
