#pragma once

#include <cstddef>
#include <cstdint>

#include "wait.hpp"

namespace ota {

/// What the status LED can say, with the timings of 0x687931/ota in ms.
enum class led_pattern : std::uint8_t {
  off,
  connecting,   ///< 100 on, 100 off, 100 on, 100 off
  processing,   ///< on: connected, or files are being swapped
  downloading,  ///< off; on at every tenth chunk, off at the next: see `led_player::chunk`
  file_done,    ///< 50 on, 50 off
  success,      ///< 100 on, 100 off, 100 on, 100 off, 100 on
  failure       ///< 500 on
};

namespace detail {

/// A pattern that comes to an end; `times` 0: one that does not.
struct led_blinks {
  std::uint8_t times;
  std::uint16_t on;    // ms
  std::uint16_t off;   // ms, after all but the last
  std::uint16_t rest;  // ms, after the last
};

constexpr led_blinks blinks_of(led_pattern pattern) {
  switch (pattern) {
    case led_pattern::connecting:
      return {2, 100, 100, 100};
    case led_pattern::file_done:
      return {1, 50, 0, 50};
    case led_pattern::success:
      return {3, 100, 100, 0};
    case led_pattern::failure:
      return {1, 500, 0, 0};
    default:
      return {0, 0, 0, 0};
  }
}

}  // namespace detail

/// Plays a pattern in a loop that has other work:
///
/// ```
/// player.start(led_pattern::connecting);
/// while (…) hardware.led(player.update(hardware.ticks_ms()));
/// ```
class led_player {
 public:
  /// Begins a pattern, at the next `update`. Another one that was being played is dropped.
  void start(led_pattern pattern) {
    pattern_ = pattern;
    is_lit_ = pattern == led_pattern::processing;
    is_begun_ = false;
    is_over_ = false;
    chunks_ = 0;
  }

  /// One more chunk of a file has been downloaded; `start` begins the next file.
  void chunk() {
    if (pattern_ != led_pattern::downloading) return;
    chunks_ = static_cast<std::uint8_t>(chunks_ == 10 ? 1 : chunks_ + 1);
    is_lit_ = chunks_ == 10;
  }

  /// Whether the LED is on now. `now_ms` is of a clock that never goes back.
  bool update(std::uint64_t now_ms) {
    const detail::led_blinks blinks = detail::blinks_of(pattern_);
    if (blinks.times == 0) return is_lit_;
    if (!is_begun_) began_ = now_ms;
    is_begun_ = true;
    // How far into the present blink; a pattern has three at most.
    std::uint64_t passed = now_ms - began_;
    const std::uint64_t period = std::uint64_t{blinks.on} + blinks.off;
    std::uint8_t left = blinks.times;
    for (; left > 1 && passed >= period; --left) passed -= period;
    is_lit_ = passed < blinks.on;
    is_over_ = left == 1 && passed >= std::uint64_t{blinks.on} + blinks.rest;
    return is_lit_;
  }

  /// Whether the pattern had come to its end at the last `update`. `off`, `processing` and
  /// `downloading` have none.
  bool is_over() const { return is_over_; }

 private:
  std::uint64_t began_ = 0;
  led_pattern pattern_ = led_pattern::off;
  std::uint8_t chunks_ = 0;
  bool is_begun_ = false;
  bool is_lit_ = false;
  bool is_over_ = false;
};

/// Plays a pattern to its end, feeding the watchdog; one without an end is only begun.
template <class Hardware>
void play(Hardware& hardware, led_pattern pattern) {
  const detail::led_blinks blinks = detail::blinks_of(pattern);
  for (std::uint8_t left = blinks.times; left != 0; --left) {
    hardware.led(true);
    wait_feeding_ms(hardware, blinks.on);
    hardware.led(false);
    wait_feeding_ms(hardware, left == 1 ? blinks.rest : blinks.off);
  }
  if (blinks.times == 0) hardware.led(pattern == led_pattern::processing);
}

}  // namespace ota
