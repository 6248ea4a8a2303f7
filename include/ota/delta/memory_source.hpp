#pragma once

#include <cstdint>
#include <cstring>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace ota {

/// Bytes in memory, at most 4 GiB less one, such as flash that the processor sees: the old file of
/// a patch, or a patch (`delta_contract.hpp`).
class memory_source {
 public:
  explicit memory_source(bytes content) : content_(content) {}

  std::uint32_t size() const { return static_cast<std::uint32_t>(content_.size()); }

  /// Copies `out.size()` bytes from `offset` on.
  result<void> read(std::uint32_t offset, mutable_bytes out) const {
    if (!out.empty()) std::memcpy(out.data(), content_.data() + offset, out.size());
    return {};
  }

 private:
  bytes content_;
};

}  // namespace ota
