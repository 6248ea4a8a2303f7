#pragma once

#include <string_view>

#include "bytes.hpp"

namespace ota {
namespace detail {
inline constexpr char hex_digits[] = "0123456789abcdef";
}

/// The value of a hexadecimal digit of either case, or -1.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int letter = (c | 0x20) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

/// Writes `data` as lowercase hexadecimal digits, two a byte, without a terminator.
inline void to_hex(bytes data, char* out) {
  for (std::uint8_t byte : data) {
    *out++ = detail::hex_digits[byte >> 4];
    *out++ = detail::hex_digits[byte & 15];
  }
}

/// Reads exactly `out.size()` bytes from hexadecimal digits of either case;
/// false when `text` has another length or another character.
inline bool from_hex(std::string_view text, mutable_bytes out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

/// As `from_hex`, where there must be one way to write a value: lowercase digits alone.
inline bool from_lowercase_hex(std::string_view text, mutable_bytes out) {
  for (char c : text)
    if (c < '0' || (c > '9' && c < 'a')) return false;
  return from_hex(text, out);
}

}  // namespace ota
