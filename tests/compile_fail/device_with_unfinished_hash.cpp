// expect: the hash policy needs: digest_type finish()
#include "device.hpp"

struct endless_hash {
  static constexpr std::size_t digest_size = 32;
  using digest_type = std::array<std::uint8_t, 32>;
  void update(ota::bytes data);
};

struct device : good_device {
  using hash = endless_hash;
};

std::size_t size = sizeof(ota::updater<device>);
