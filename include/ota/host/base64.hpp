#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../core/bytes.hpp"

namespace ota::host {

namespace detail {
inline constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}  // namespace detail

/// Base64 in one line (RFC 4648, 4).
inline std::string to_base64(bytes data) {
  std::string text;
  for (std::size_t at = 0; at < data.size(); at += 3) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (at + i < data.size() ? data[at + i] : std::uint32_t{0});
    for (std::size_t i = 0; i < 4; ++i)
      text += at + i <= data.size() ? detail::base64_digits[bits >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

/// The bytes of such a line; nothing where it is not the one way to write them.
inline std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  std::size_t digits = text.size();
  while (digits != 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  std::vector<std::uint8_t> out;
  std::uint32_t bits = 0, count = 0;
  for (const char c : text.substr(0, digits)) {
    const std::size_t digit = detail::base64_digits.find(c);
    if (digit == detail::base64_digits.npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<std::uint8_t>(bits >> count));
    bits &= (1u << count) - 1;
  }
  if (text.size() % 4 != 0 || bits != 0) return std::nullopt;
  return out;
}

}  // namespace ota::host
