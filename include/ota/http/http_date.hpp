#pragma once

#include <cstdint>
#include <string_view>

#include "../core/text.hpp"
#include "../format/url.hpp"

namespace ota::detail {

/// Epoch seconds, up to the year 2105, of a date in the preferred form of RFC 9110, "Sun, 06 Nov
/// 1994 08:49:37 GMT"; 0 for anything else.
inline std::uint32_t parse_http_date(std::string_view text) {
  std::size_t numbers[5];
  if (text.size() != 29 || !has_form(text, "???, # ??? # #:#:# GMT", numbers)) return 0;
  const std::size_t day = numbers[0], hour = numbers[2], minute = numbers[3], second = numbers[4];
  std::size_t year = numbers[1];
  std::size_t month =
      find_word({text.data() + 8, 3}, "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ");
  if (month == 0 || day > 31 || hour > 23 || minute > 59 || second > 60) return 0;
  if (year < 1970 || year > 2105) return 0;
  // Days from the civil calendar, with the year beginning in March so that leap days come last. Of
  // these years only 2100 has none where it is expected; the months are 30.6 days long.
  if (month <= 2) --year, month += 12;
  const std::size_t leap_days = year / 4 - (year < 2100 ? 15 : 16);
  const std::size_t days = 365 * year + leap_days + (979 * month - 2919) / 32 + day - 719469;
  return static_cast<std::uint32_t>(((days * 24 + hour) * 60 + minute) * 60 + second);
}

}  // namespace ota::detail
