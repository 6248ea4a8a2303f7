#pragma once

#include <array>
#include <cstdint>

#include "../core/bytes.hpp"

namespace ota {
namespace detail {

constexpr std::array<std::uint32_t, 16> crc32_table() {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t i = 0; i < 16; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 4; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0xedb88320u : 0u);
    table[i] = value;
  }
  return table;
}

}  // namespace detail

/// CRC-32 as zlib and Ethernet have it (reflected polynomial 0xedb88320). Finds accidents only.
/// A table of 64 bytes, two steps a byte.
class crc32 {
 public:
  static constexpr std::size_t digest_size = 4;
  using digest_type = std::array<std::uint8_t, digest_size>;

  void update(bytes data) {
    static constexpr auto table = detail::crc32_table();
    std::uint32_t sum = ~sum_;
    for (std::uint8_t byte : data) {
      sum ^= byte;
      sum = sum >> 4 ^ table[sum & 15];
      sum = sum >> 4 ^ table[sum & 15];
    }
    sum_ = ~sum;
  }

  /// The sum of all that was added so far.
  std::uint32_t value() const { return sum_; }

  /// The sum as four bytes, the highest first.
  digest_type finish() const {
    const std::uint32_t sum = value();
    return {static_cast<std::uint8_t>(sum >> 24), static_cast<std::uint8_t>(sum >> 16),
            static_cast<std::uint8_t>(sum >> 8), static_cast<std::uint8_t>(sum)};
  }

 private:
  std::uint32_t sum_ = 0;
};

}  // namespace ota
