#pragma once

#include <cstdint>

#include "../core/bytes.hpp"

namespace ota::detail {

/// A number of any size, the lowest byte first, modulo the order of the base point,
/// L = 2^252 + c (RFC 8032, 5.1), in 32 bytes. The time depends on its size only.
inline void reduce_scalar(bytes number, std::uint8_t* out) {
  static constexpr std::uint16_t order[16] = {
      0xd3ed, 0x5cf5, 0x631a, 0x5812, 0x9cd6, 0xa2f7, 0xf9de, 0x14de, 0, 0, 0, 0, 0, 0, 0, 0x1000};
  std::uint16_t value[16] = {};
  for (std::size_t at = number.size(); at-- != 0;) {
    // One byte more: 256 times what there is, and the byte.
    std::uint32_t carry = number[at];
    for (std::uint16_t& each : value) {
      carry += std::uint32_t{each} << 8;
      each = static_cast<std::uint16_t>(carry);
      carry >>= 16;
    }
    // What is above 2^252 is taken away together with as many c, which may be once too many.
    const std::int32_t times = static_cast<std::int32_t>(carry << 4 | value[15] >> 12);
    std::int32_t rest = 0;
    value[15] &= 0xfff;
    for (int i = 0; i < 16; ++i) {
      rest += value[i] - (i < 8 ? times * order[i] : 0);
      value[i] = static_cast<std::uint16_t>(rest);
      rest >>= 16;
    }
    carry = 0;
    for (int i = 0; i < 16; ++i) {
      carry += value[i] + (order[i] & static_cast<std::uint32_t>(rest));
      value[i] = static_cast<std::uint16_t>(carry);
      carry >>= 16;
    }
  }
  for (int i = 0; i < 32; ++i) out[i] = static_cast<std::uint8_t>(value[i / 2] >> (i % 2 * 8));
}

}  // namespace ota::detail
