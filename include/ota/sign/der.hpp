#pragma once

#include <cstdint>

#include "../core/bytes.hpp"

namespace ota::detail {

/// Reads DER (ITU-T X.690) strictly, as far as signatures and keys need it: sequences and positive
/// integers. What is not the one shortest form is refused, and so is all that follows.
class der_reader {
 public:
  explicit der_reader(bytes data) : rest_(data) {}

  /// The content of a SEQUENCE.
  bytes sequence() { return element(0x30); }

  /// A positive INTEGER's bytes without leading zeros.
  bytes integer() {
    bytes value = element(0x02);
    const bool padded = value.size() > 1 && value[0] == 0;
    if (value.empty() || (value[0] & 0x80) != 0 || (padded && (value[1] & 0x80) == 0)) {
      failed_ = true;
      return {};
    }
    return value[0] == 0 ? value.drop(1) : value;
  }

  /// Whether all was read and well-formed.
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::uint8_t next() {
    failed_ = failed_ || rest_.empty();
    if (failed_) return 0;
    const std::uint8_t byte = rest_[0];
    rest_ = rest_.drop(1);
    return byte;
  }

  bytes element(std::uint8_t tag) {
    failed_ = next() != tag || failed_;
    std::size_t size = next();
    if (size >= 0x80) {  // then so many bytes of length follow
      const std::size_t count = size - 0x80, least = count == 1 ? 0x80 : 0x100;
      failed_ = failed_ || count > 2;
      size = 0;
      for (std::size_t i = 0; i < count && !failed_; ++i) size = size << 8 | next();
      failed_ = failed_ || size < least;
    }
    failed_ = failed_ || size > rest_.size();
    if (failed_) return {};
    const bytes content = rest_.first(size);
    rest_ = rest_.drop(size);
    return content;
  }

  bytes rest_;
  bool failed_ = false;
};

}  // namespace ota::detail
