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

  /// What a release may say that a patch needs, in bytes; others are not looked at.
  static constexpr std::uint32_t memory = detail::memory_for<Limits>();

  /// After so many bytes it is kept how far a patch is applied: the most that are made twice.
  static constexpr std::uint32_t block_size = 16384;
};

}  // namespace ota
