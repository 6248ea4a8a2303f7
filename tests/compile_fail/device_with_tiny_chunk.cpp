// expect: chunk_size must lie between 256 and 65536 bytes
#include "device.hpp"

struct device : good_device {
  static constexpr std::size_t chunk_size = 16;
};

std::size_t size = sizeof(ota::updater<device>);
