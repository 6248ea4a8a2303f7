// expect: a device with an image policy needs a trust policy whose manifests name images
#include "device.hpp"

struct some_flash {
  static constexpr ota::flash_geometry<1> geometry{{{16, 4096}}};
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
  ota::result<void> program(std::uint32_t, ota::bytes);
  ota::result<void> erase(std::uint32_t);
};

struct map {
  using flash = some_flash;
  static constexpr ota::flash_region journal{0, 3 * 4096};
  static constexpr ota::flash_region primary{16384, 16384};
  static constexpr ota::flash_region secondary{32768, 16384};
};

struct any_image {
  struct info {
    std::uint32_t size;
  };
  template <class Flash>
  ota::result<info> check(Flash&, ota::flash_region);
  ota::result<void> check_successor(const info&, const info&);
};

struct device : good_device {
  using image = ota::image_slots<map, ota::two_slots, any_image>;
};

std::size_t size = sizeof(ota::updater<device>);
