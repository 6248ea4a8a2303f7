#include <ota/image/mcuboot_slots.hpp>

#include "still_flash.hpp"

struct map {
  using flash = still_flash;
  static constexpr ota::flash_region primary{0, 32 * 1024}, secondary{32 * 1024, 32 * 1024};
};

extern "C" int program() {
  still_flash flash;
  ota::mcuboot_slots<map> slots(flash);
  if (!slots.load() || !slots.begin({}) || !slots.confirm()) return 1;
  return static_cast<int>(slots.phase());
}
