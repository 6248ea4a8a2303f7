#pragma once

#include "../format/config.hpp"
#include "../hardware/led.hpp"
#include "../hardware/no_hardware.hpp"

namespace ota {

/// Says on the status LED, where the configuration has one (`status_led_pin`), what an update does.
template <class Hardware>
class status_light {
 public:
  status_light(Hardware& hardware, const config& settings)
      : hardware_(hardware), settings_(settings) {}

  /// Begins a pattern; the present one is dropped.
  void show(led_pattern pattern) {
    if (!is_there()) return;
    player_.start(pattern);
    tick();
  }

  /// One more chunk has come, of a file that began with `show(downloading)`.
  void chunk() {
    if (!is_there()) return;
    player_.chunk();
    tick();
  }

  /// Lets a pattern go on.
  void tick() {
    if (is_there()) hardware_.led(player_.update(hardware_.ticks_ms()));
  }

  /// Plays a pattern to its end.
  void play(led_pattern pattern) {
    if (is_there()) ota::play(hardware_, pattern);
  }

 private:
  bool is_there() const { return has_led<Hardware> && settings_.status_led_pin >= 0; }

  Hardware& hardware_;
  const config& settings_;
  led_player player_;
};

}  // namespace ota
