#pragma once

#include <cstdint>

namespace ota {

/// Passes milliseconds in slices of at most a second and feeds the watchdog between them.
template <class Hardware>
void wait_feeding_ms(Hardware& hardware, std::uint32_t milliseconds) {
  hardware.feed_watchdog();
  while (milliseconds != 0) {
    const std::uint32_t slice = milliseconds < 1000 ? milliseconds : 1000;
    hardware.wait(slice);
    hardware.feed_watchdog();
    milliseconds -= slice;
  }
}

/// The same in seconds; as long as the server asks for.
template <class Hardware>
void wait_feeding(Hardware& hardware, std::uint32_t seconds) {
  for (; seconds != 0; --seconds) wait_feeding_ms(hardware, 1000);
}

}  // namespace ota
