#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "../core/bytes.hpp"

namespace ota {
namespace detail {

// What `bits` zeros more make of a sum.
constexpr std::uint32_t crc32_shift(std::uint32_t sum, int bits) {
  for (; bits != 0; --bits) sum = sum >> 1 ^ (0xedb88320u & (0 - (sum & 1)));
  return sum;
}

constexpr std::array<std::uint32_t, 16> crc32_table() {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t i = 0; i < 16; ++i) table[i] = crc32_shift(i, 4);
  return table;
}

}  // namespace detail

/// CRC-32 as zlib and Ethernet have it (reflected polynomial 0xedb88320). Finds accidents only.
/// A table of 64 bytes, two steps a byte; without it, bit by bit, in code optimised for size.
class crc32 {
 public:
  static constexpr std::size_t digest_size = 4;
  using digest_type = std::array<std::uint8_t, digest_size>;

  /// Adds the characters of a text, also while compiling.
  constexpr void update(std::string_view text) {
    std::uint32_t sum = ~sum_;
    for (char c : text) sum = detail::crc32_shift(sum ^ static_cast<std::uint8_t>(c), 8);
    sum_ = ~sum;
  }

  /// Adds bytes to what is summed.
  void update(bytes data) {
    std::uint32_t sum = ~sum_;
#if defined(__OPTIMIZE_SIZE__)  // the same sums from the same object, whichever file brings it
    for (std::uint8_t byte : data) sum = detail::crc32_shift(sum ^ byte, 8);
#else
    static constexpr auto table = detail::crc32_table();
    for (std::uint8_t byte : data) {
      sum ^= byte;
      sum = sum >> 4 ^ table[sum & 15];
      sum = sum >> 4 ^ table[sum & 15];
    }
#endif
    sum_ = ~sum;
  }

  /// The sum of all that was added so far.
  constexpr std::uint32_t value() const { return sum_; }

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
