// expect: the hash policy needs a digest of 20 bytes (ota::sha1) or 32 (ota::sha256)
#include "device.hpp"

struct device : good_device {
  using hash = ota::crc32;
};

std::size_t size = sizeof(ota::updater<device>);
