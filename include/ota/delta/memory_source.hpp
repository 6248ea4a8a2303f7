#pragma once

#include <cstdint>
#include <cstring>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace ota {

/// Bytes in memory, such as flash that the processor sees, as the old file of a patch or as a
/// patch.
class memory_source {
 public:
  explicit memory_source(bytes content) : content_(content) {}

  std::uint64_t size() const { return content_.size(); }

  /// Copies the bytes from `offset` on: as many as `out` holds, or as there are.
  result<std::size_t> read(std::uint64_t offset, mutable_bytes out) const {
    if (offset >= content_.size()) return std::size_t{0};
    const bytes piece = content_.drop(static_cast<std::size_t>(offset)).first(out.size());
    if (!piece.empty()) std::memcpy(out.data(), piece.data(), piece.size());
    return piece.size();
  }

 private:
  bytes content_;
};

}  // namespace ota
