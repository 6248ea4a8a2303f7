// expect: the settings that the device names are not valid: see what ota::validate checks
#include "device.hpp"

struct device : good_device {
  static constexpr ota::config settings = [] {
    ota::config known;
    known.owner = "you";
    return known;
  }();
};

std::size_t size = sizeof(ota::updater<device>);
