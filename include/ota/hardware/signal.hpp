#pragma once

namespace ota {

/// WiFi signal as a percentage, by the formula of 0x687931/ota: (dBm + 90) × 100 / 60, clamped to
/// 0…100, rounded down.
constexpr int signal_percent(int dbm) {
  if (dbm <= -90) return 0;
  if (dbm >= -30) return 100;
  return (dbm + 90) * 100 / 60;
}

}  // namespace ota
