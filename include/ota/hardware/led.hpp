#pragma once

#include <cstddef>
#include <cstdint>

namespace ota {

/// What the status LED can say, with the timings of 0x687931/ota.
enum class led_pattern : std::uint8_t {
  off,
  connecting,   ///< 2 × (100 ms on, 100 off)
  processing,   ///< on
  downloading,  ///< on at every tenth chunk, off at the next: see `led_player::chunk`
  file_done,    ///< 50 on, 50 off
  success,      ///< 3 × (100 on, 100 off)
  failure       ///< 500 on
};

/// Plays a pattern in a loop that has other work: tell it the time, it tells whether the LED is on.
class led_player {
 public:
  /// Begins a pattern at `now_ms`.
  void start(led_pattern pattern, std::uint64_t now_ms) {
    pattern_ = pattern;
    began_ = now_ms;
    chunks_ = 0;
    lit_ = pattern == led_pattern::processing;
  }

  /// One more chunk has been downloaded.
  void chunk() {
    if (pattern_ == led_pattern::downloading) lit_ = ++chunks_ % 10 == 0;
  }

  /// Whether the LED is on at `now_ms`.
  bool is_on(std::uint64_t now_ms) const {
    const blink& one = blinks[static_cast<std::size_t>(pattern_)];
    if (one.times == 0) return lit_;
    const std::uint64_t passed = now_ms - began_;
    const std::uint32_t period = std::uint32_t{one.on} + one.off;
    return passed < std::uint64_t{period} * one.times && passed % period < one.on;
  }

  /// Whether a pattern with an end has come to it.
  bool is_over(std::uint64_t now_ms) const {
    const blink& one = blinks[static_cast<std::size_t>(pattern_)];
    return now_ms - began_ >= std::uint64_t{one.times} * (std::uint32_t{one.on} + one.off);
  }

 private:
  struct blink {
    std::uint16_t times;
    std::uint16_t on;
    std::uint16_t off;
  };
  static constexpr blink blinks[] = {{0, 0, 0},   {2, 100, 100}, {0, 0, 0},  {0, 0, 0},
                                     {1, 50, 50}, {3, 100, 100}, {1, 500, 0}};

  std::uint64_t began_ = 0;
  led_pattern pattern_ = led_pattern::off;
  std::uint32_t chunks_ = 0;
  bool lit_ = false;
};

/// Plays a pattern to its end, feeding the watchdog.
template <class Hardware>
void play(Hardware& hardware, led_pattern pattern) {
  led_player player;
  player.start(pattern, 0);
  for (std::uint64_t now = 0; !player.is_over(now); now += 50) {
    hardware.led(player.is_on(now));
    hardware.feed_watchdog();
    hardware.wait(50);
  }
  hardware.led(false);
}

}  // namespace ota
