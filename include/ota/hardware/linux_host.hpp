#pragma once

#include <errno.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "linux_files.hpp"
#include "no_hardware.hpp"

namespace ota {

/// A Linux computer: clocks, memory, the battery's charge and the WiFi signal as the kernel tells
/// them, and the host name as the device's id, as 0x687931/ota has it on a computer. It has no LED
/// and no watchdog, and does not reset the computer: derive from it to add those.
struct linux_host : no_hardware {
  /// 0 while the clock has not been set: boards without a battery begin in 1970.
  std::uint64_t now() {
    constexpr time_t year_2020 = 1577836800;
    timespec time{};
    if (::clock_gettime(CLOCK_REALTIME, &time) != 0 || time.tv_sec < year_2020) return 0;
    return static_cast<std::uint64_t>(time.tv_sec);
  }

  std::uint64_t ticks_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1000000;
  }

  int hour() {
    const auto time = static_cast<time_t>(now());
    tm local{};
    ::tzset();  // localtime_r need not
    return time == 0 || ::localtime_r(&time, &local) == nullptr ? -1 : local.tm_hour;
  }

  void wait(std::uint32_t milliseconds) {
    timespec left{};
    left.tv_sec = static_cast<time_t>(milliseconds / 1000);
    left.tv_nsec = static_cast<long>(milliseconds % 1000) * 1000000;
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }

  std::size_t free_memory() {
    struct ::sysinfo info {};
    if (::sysinfo(&info) != 0) return 0;
    const std::uint64_t size = std::uint64_t{info.freeram} * info.mem_unit;
    return size < SIZE_MAX ? static_cast<std::size_t>(size) : SIZE_MAX;
  }

  /// Of the first interface that has a signal.
  int signal_dbm() {
    char text[1024];
    return detail::wireless_dbm(detail::read_text("/proc/net/wireless", text));
  }

  /// Percent; of several batteries the fullest.
  int battery_charge() { return detail::power_supply_charge("/sys/class/power_supply"); }

  std::uint32_t random() {
    std::uint32_t value = 0;
    if (::getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value) return value;
    return static_cast<std::uint32_t>(ticks_ms());
  }

  std::string_view unique_id() {
    if (name_[0] == '\0' && ::gethostname(name_, sizeof name_ - 1) != 0) name_[0] = '\0';
    return name_[0] == '\0' ? std::string_view("unknown") : std::string_view(name_);
  }

 private:
  char name_[65] = {};  // Linux has host names of at most 64 bytes
};

}  // namespace ota
