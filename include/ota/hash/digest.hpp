#pragma once

#include <cstdint>

#include "../core/bytes.hpp"

namespace ota {

/// How the content of a file is named by whoever promises it.
enum class digest_kind : std::uint8_t {
  none,    ///< not at all: only its size can be checked
  git_id,  ///< SHA-1 of "blob ", the decimal size, NUL and the content
  sha256,
  crc32  ///< big-endian; finds accidents, stops nobody
};

namespace detail {
inline constexpr std::uint8_t digest_sizes[] = {0, 20, 32, 4};
}

/// Bytes in a digest of that kind.
constexpr std::size_t digest_size(digest_kind kind) {
  return detail::digest_sizes[static_cast<std::uint8_t>(kind) & 3];
}

/// What the content of a file is promised to be.
struct digest {
  digest_kind kind = digest_kind::none;
  std::uint8_t value[32] = {};

  bytes view() const { return {value, digest_size(kind)}; }
};

}  // namespace ota
