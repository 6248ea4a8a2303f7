#pragma once

#include <array>
#include <cstdint>

namespace ota {

/// Names one version exactly: a SHA-1 over all that its source says of it. All zero: no version.
using version_id = std::array<std::uint8_t, 20>;

/// Whether an id names a version.
inline bool names_version(const version_id& id) {
  for (const std::uint8_t byte : id)
    if (byte != 0) return true;
  return false;
}

}  // namespace ota
