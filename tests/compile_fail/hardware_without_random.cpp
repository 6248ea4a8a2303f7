// expect: the hardware policy needs: std::uint32_t random()
#include <ota/hardware/no_hardware.hpp>

struct predictable_board {
  std::uint64_t now();
  std::uint64_t ticks_ms();
  int hour();
  void wait(std::uint32_t);
  void feed_watchdog();
  void led(bool);
  int battery_raw();
  std::size_t free_memory();
  int signal_dbm();
  std::string_view unique_id();
  void reset(ota::reset_mode);
};

static_assert(ota::check_hardware<predictable_board>::ok);
