#pragma once

#include <cstdint>
#include <string_view>

#include "../core/fixed_string.hpp"
#include "../core/text.hpp"
#include "../hash/sha256.hpp"

// The scheduler's formulas, which are those of 0x687931/ota.

namespace ota {

/// The place of a device in the rollout of a version, 0 to 99: the first 8 hexadecimal digits of
/// SHA-256("version:device"), modulo 100. It takes part when its place is below the percentage.
inline std::uint32_t canary_place(std::string_view version, std::string_view device) {
  sha256 hash;
  hash.update(as_bytes(version));
  hash.update(as_bytes(":"sv));
  hash.update(as_bytes(device));
  return detail::load_big_endian(hash.finish().data()) % 100;
}

/// Whether `hour` lies in a window from `start` to before `end`, which may pass midnight. A window
/// without a start or an end (below 0) is always open; one that ends where it starts never is.
constexpr bool is_in_window(int hour, int start, int end) {
  if (start < 0 || end < 0) return true;
  if (start <= end) return start <= hour && hour < end;
  return hour >= start || hour < end;
}

inline constexpr int first_sunny_hour = 10;
inline constexpr int last_sunny_hour = 15;

/// Whether a device on solar power may update: from 10:00 to before 16:00.
constexpr bool is_sunny(int hour) { return hour >= first_sunny_hour && hour <= last_sunny_hour; }

namespace detail {

inline constexpr std::uint64_t seconds_a_day = 86400;

/// Seconds until local hour `opens` begins, at the earliest, when it is past hour `now_hour`. The
/// minute of the hour is not known, because the zone is not; but zones differ by quarters of it.
/// `now`: epoch seconds, 0 where not known.
constexpr std::uint32_t seconds_until_hour(int opens, int now_hour, std::uint64_t now) {
  const std::uint32_t whole = static_cast<std::uint32_t>(opens + 23 - now_hour) % 24;
  return whole * 3600 + 900 - static_cast<std::uint32_t>(now % 900);
}

/// Appends an hour as "02:00".
inline void append_hour(string_buffer& text, int hour) {
  if (hour < 10) text.append('0');
  text.append_number(static_cast<std::uint32_t>(hour)).append(":00");
}

}  // namespace detail
}  // namespace ota
