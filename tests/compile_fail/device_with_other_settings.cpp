// expect: the settings that a device names must be a static constexpr ota::config
#include "device.hpp"

struct options {
  bool fast = true;
};

struct device : good_device {
  static constexpr options settings{};
};

std::size_t size = sizeof(ota::updater<device>);
