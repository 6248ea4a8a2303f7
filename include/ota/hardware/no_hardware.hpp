#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../format/reset_mode.hpp"

namespace ota {

/// The contract of a hardware policy, and its answers where there is none. Derive from it and
/// give the members that the device has; what stays means "not known" and switches off what needs
/// it. Only `wait` should be given by every device: here time does not pass.
struct no_hardware {
  /// Epoch seconds; 0: not known, and rules about the time of day are left out.
  std::uint64_t now() { return 0; }
  /// Milliseconds of a clock that never goes back.
  std::uint64_t ticks_ms() { return 0; }
  /// The hour of local time, 0 to 23; -1: not known.
  int hour() { return -1; }
  /// Passes the time; never called with more than 1000.
  void wait(std::uint32_t /*milliseconds*/) {}
  void feed_watchdog() {}
  /// Switches the status LED.
  void led(bool /*on*/) {}
  /// The battery's voltage as a 16-bit reading of 3.3 V; -1: no battery.
  int battery_raw() { return -1; }
  /// Bytes of memory that could be had; 0: not known.
  std::size_t free_memory() { return 0; }
  /// Strength of the radio signal in dBm; 0: not known.
  int signal_dbm() { return 0; }
  /// A number that other devices do not have at the same moment.
  std::uint32_t random() { return 0; }
  /// What tells this device from all others.
  std::string_view unique_id() { return "unknown"; }
  /// Starts the device again, so that the new version runs.
  void reset(reset_mode /*mode*/) {}
};

}  // namespace ota
