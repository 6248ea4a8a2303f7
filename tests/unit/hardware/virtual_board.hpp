#pragma once

#include <cstdint>
#include <ota/hardware/no_hardware.hpp>
#include <string>
#include <utility>
#include <vector>

namespace ota_test {

/// A board whose time passes only while somebody waits, and that remembers what it was told.
struct virtual_board : ota::no_hardware {
  std::uint64_t time = 0;                           ///< ms
  std::uint64_t fed = 0;                            ///< when the watchdog was fed last
  std::uint64_t longest_hunger = 0;                 ///< ms
  std::uint32_t longest_wait = 0;                   ///< ms
  std::vector<std::pair<std::uint64_t, bool>> lit;  ///< each change of the LED

  std::uint64_t ticks_ms() { return time; }
  void wait(std::uint32_t milliseconds) {
    time += milliseconds;
    if (milliseconds > longest_wait) longest_wait = milliseconds;
  }
  void feed_watchdog() {
    if (time - fed > longest_hunger) longest_hunger = time - fed;
    fed = time;
  }
  void led(bool on) {
    if (lit.empty() ? on : lit.back().second != on) lit.emplace_back(time, on);
  }
};

}  // namespace ota_test
