#pragma once

#include <cstdint>

#include "../core/version_id.hpp"

namespace ota {

/// How far the change from one version to the next is. Kept on storage; see docs/power-safety.md.
enum class swap_phase : std::uint8_t {
  idle,      ///< one version, nothing to put back
  swapping,  ///< the new version is complete beside the old one and is being moved in
  trial,     ///< the new version runs and is not confirmed yet
  kept,      ///< the new version is confirmed; the old one can still be put back
  removing,  ///< putting back: what the new version added is being removed
  restoring  ///< putting back: what it replaced is being moved in again
};

/// What the swapper keeps on storage.
struct swap_state {
  static constexpr std::uint32_t format = 1;

  swap_phase phase = swap_phase::idle;
  std::uint8_t boots = 0;          ///< starts of the version on trial so far
  std::uint8_t allowed = 0;        ///< starts without being confirmed, before it is put back
  bool reject = false;             ///< the version being put back is not to be tried again
  std::uint32_t entries = 0;       ///< in the plan
  version_id version{};            ///< running, or being moved in
  version_id previous{};           ///< to be put back
  version_id rejected{};           ///< put back before
  std::uint32_t version_file = 0;  ///< CRC-32 of version.json as the last swap left it
};

}  // namespace ota
