#pragma once

#include <cstdint>

namespace ota {

/// A battery behind a voltage divider, in thousandths: of the divider's ratio and of a volt.
struct battery_scale {
  std::uint32_t divider_ratio = 1000;
  std::uint32_t full = 4200;   ///< 100 %
  std::uint32_t empty = 3000;  ///< 0 %
};

/// Whether a charge is below `percent`, by the formula of 0x687931/ota:
/// volts = raw × 3.3 / 65535 × ratio, charge = (volts − empty) / (full − empty) × 100, clamped.
/// In whole numbers, without rounding. A battery that cannot be read (`raw` below 0, or a scale
/// without width) is not low.
constexpr bool is_battery_below(int raw, const battery_scale& scale, std::uint32_t percent) {
  if (raw < 0 || scale.full <= scale.empty || percent == 0) return false;
  if (percent > 100) return true;
  // Both sides × 65535 × 1000 × 100: millivolts × ratio in thousandths.
  const std::int64_t volts = std::int64_t{raw} * 3300 * scale.divider_ratio * 100;
  const std::int64_t width = std::int64_t{scale.full} - scale.empty;
  const std::int64_t wanted = (std::int64_t{scale.empty} * 100 + width * percent) * 65535 * 1000;
  return volts < wanted;
}

/// The charge in whole percent, rounded down; -1 when it cannot be read.
constexpr int battery_percent(int raw, const battery_scale& scale) {
  if (raw < 0 || scale.full <= scale.empty) return -1;
  int percent = 0;
  while (percent < 100 && !is_battery_below(raw, scale, static_cast<std::uint32_t>(percent + 1)))
    ++percent;
  return percent;
}

/// WiFi signal as a percentage: (dBm + 90) × 100 / 60, clamped to 0…100.
constexpr int signal_percent(int dbm) {
  const int percent = (dbm + 90) * 100 / 60;
  return dbm <= -90 || percent < 0 ? 0 : percent > 100 ? 100 : percent;
}

}  // namespace ota
