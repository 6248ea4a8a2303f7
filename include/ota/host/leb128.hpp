#pragma once

#include <cstdint>
#include <vector>

namespace ota::host {

/// Appends a number as LEB128 (DWARF 5, section 7.6): seven bits a byte, the lowest first.
inline void append_leb128(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

/// How many bytes that takes.
constexpr std::uint32_t leb128_size(std::uint32_t value) {
  std::uint32_t size = 1;
  while ((value >>= 7) != 0) ++size;
  return size;
}

}  // namespace ota::host
