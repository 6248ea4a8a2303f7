#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "../core/result.hpp"

namespace ota::detail {

inline constexpr error number_too_large{errc::too_long, "json",
                                        "a number is larger than can be kept"};
inline constexpr error not_a_whole_number{errc::malformed, "json",
                                          "a whole number is expected here"};

/// Reads a number of decimal digits only, exactly.
template <class Unsigned>
result<Unsigned> parse_unsigned(std::string_view text, bool truncated = false) {
  constexpr Unsigned most = std::numeric_limits<Unsigned>::max();
  Unsigned value = 0;
  for (char c : text) {
    const auto digit = static_cast<std::uint8_t>(c - '0');
    if (digit > 9) return not_a_whole_number;
    if (value > most / 10 || (value == most / 10 && digit > most % 10)) return number_too_large;
    value = value * 10 + digit;
  }
  if (truncated) return number_too_large;
  if (text.empty()) return not_a_whole_number;
  return value;
}

inline result<std::uint64_t> parse_u64(std::string_view text, bool truncated = false) {
  return parse_unsigned<std::uint64_t>(text, truncated);
}

/// The same with an optional minus sign.
inline result<std::int64_t> parse_i64(std::string_view text, bool truncated = false) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto size = parse_u64(text, truncated);
  if (!size) return size.error();
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (*size > most + (negative ? 1 : 0)) return number_too_large;
  // Two's complement by arithmetic that cannot overflow: -n = -(n - 1) - 1.
  if (negative && *size != 0) return -static_cast<std::int64_t>(*size - 1) - 1;
  return static_cast<std::int64_t>(*size);
}

}  // namespace ota::detail
