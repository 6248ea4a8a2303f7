#pragma once

#include <cstdint>

namespace ota {

/// A battery behind a voltage divider, in thousandths: of the divider's ratio and of a volt.
struct battery_scale {
  std::uint32_t divider_ratio = 1000;
  std::uint32_t full = 4200;   ///< 100 %
  std::uint32_t empty = 3000;  ///< 0 %
};

/// The charge in whole percent, by the formula of 0x687931/ota: volts = raw × 3.3 / 65535 × ratio,
/// charge = (volts − empty) / (full − empty) × 100, clamped to 0…100. `raw` is a 16-bit reading of
/// 3.3 V. -1: not known, because there is no reading (`raw` below 0) or the scale has no width.
///
/// In whole numbers and rounded down, so that `charge < least` says the same as the exact formula
/// for every whole `least`. The original computes with floating point: where the exact charge is a
/// whole number, its last bit may fall below.
constexpr int battery_percent(int raw, const battery_scale& scale) {
  if (raw < 0 || scale.full <= scale.empty) return -1;
  if (raw > 65535) raw = 65535;
  // Both in 1 / 436900 mV, because 3300 / (65535 × 1000) = 22 / 436900.
  const std::uint64_t volts = static_cast<std::uint64_t>(raw) * 22 * scale.divider_ratio;
  const std::uint64_t empty = std::uint64_t{scale.empty} * 436900;
  if (volts <= empty) return 0;
  const std::uint64_t percent = (volts - empty) / (std::uint64_t{scale.full - scale.empty} * 4369);
  return percent < 100 ? static_cast<int>(percent) : 100;
}

}  // namespace ota
