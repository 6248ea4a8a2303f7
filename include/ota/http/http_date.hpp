#pragma once

#include <cstdint>
#include <string_view>

#include "../core/text.hpp"

namespace ota::detail {

/// Reads decimal digits from the beginning of `text`; false when there are none, or the
/// number is too large.
constexpr bool take_number(std::string_view& text, std::size_t& value) {
  value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (value > (SIZE_MAX - 9) / 10) return false;
    value = value * 10 + static_cast<std::size_t>(text[digits] - '0');
  }
  text.remove_prefix(digits);
  return digits != 0;
}

/// Epoch seconds, up to the year 2105, of a date in the preferred form of RFC 9110, "Sun, 06 Nov
/// 1994 08:49:37 GMT"; 0 for anything else.
constexpr std::uint32_t parse_http_date(std::string_view text) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || slice(text, 25) != " GMT"sv) return 0;
  const auto number = [text](std::size_t at, std::size_t size) {
    std::string_view part = slice(text, at, size);
    std::size_t value = 0;
    return take_number(part, value) && part.empty() ? static_cast<std::uint32_t>(value) : 9999;
  };
  const std::size_t month_at = months.find(slice(text, 8, 3));
  if (month_at == std::string_view::npos || month_at % 3 != 0) return 0;
  const std::uint32_t day = number(5, 2), hour = number(17, 2), minute = number(20, 2),
                      second = number(23, 2);
  std::uint32_t year = number(12, 4), month = static_cast<std::uint32_t>(month_at) / 3 + 1;
  if (day > 31 || hour > 23 || minute > 59 || second > 60 || year < 1970 || year > 2105) return 0;
  // Days from the civil calendar, with the year beginning in March so that leap days come last.
  if (month <= 2) --year, month += 12;
  const std::uint32_t days =
      365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 719469;
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

}  // namespace ota::detail
