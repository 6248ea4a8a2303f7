#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "no_hardware.hpp"

namespace ota {

/// A Linux computer: clocks, memory, the battery's charge and the WiFi signal as the kernel tells
/// them, the host name as the device's id (as 0x687931/ota does on a computer). It does not reset
/// the computer and has no LED.
struct linux_host : no_hardware {
  std::uint64_t now() { return static_cast<std::uint64_t>(::time(nullptr)); }

  std::uint64_t ticks_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1000000;
  }

  int hour() {
    const time_t time = ::time(nullptr);
    tm local{};
    return ::localtime_r(&time, &local) == nullptr ? -1 : local.tm_hour;
  }

  void wait(std::uint32_t milliseconds) {
    const timespec time{static_cast<time_t>(milliseconds / 1000),
                        static_cast<long>(milliseconds % 1000) * 1000000};
    ::nanosleep(&time, nullptr);
  }

  std::size_t free_memory() {
    struct ::sysinfo info {};
    if (::sysinfo(&info) != 0) return 0;
    return static_cast<std::size_t>(info.freeram) * info.mem_unit;
  }

  /// The kernel writes a line a device: "wlan0: 0000   70.  -40.  -256 …", the level second.
  int signal_dbm() {
    FILE* const file = ::fopen("/proc/net/wireless", "r");
    if (file == nullptr) return 0;
    char line[160];
    int dbm = 0;
    while (dbm == 0 && ::fgets(line, sizeof line, file) != nullptr) {
      char* at = ::strchr(line, ':');
      if (at == nullptr) continue;
      ::strtoul(at + 1, &at, 16);
      ::strtol(at, &at, 10);
      if (*at == '.') ++at;
      const long level = ::strtol(at, &at, 10);
      if (level < 0) dbm = static_cast<int>(level);
    }
    ::fclose(file);
    return dbm;
  }

  std::uint32_t random() {
    std::uint32_t value = 0;
    return ::getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value
               ? value
               : static_cast<std::uint32_t>(ticks_ms());
  }

  std::string_view unique_id() {
    if (name_[0] == '\0' && ::gethostname(name_, sizeof name_ - 1) != 0) return "unknown";
    return name_[0] == '\0' ? std::string_view("unknown") : std::string_view(name_);
  }

 private:
  char name_[65] = {};
};

}  // namespace ota
