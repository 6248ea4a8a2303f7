// expect: the delta policy must be ota::no_delta or an ota::delta_patches<
#include "device.hpp"

struct device : good_device {
  using delta = ota::patch_limits;
};

static_assert(ota::check_delta<device::delta>::ok);
