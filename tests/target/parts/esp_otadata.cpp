#include <ota/image/esp_otadata.hpp>

#include "still_flash.hpp"

struct map {
  using flash = still_flash;
  static constexpr ota::flash_region otadata{0, 8192};
  static constexpr std::uint32_t app_slots = 2;
};

extern "C" int program() {
  still_flash flash;
  ota::esp_otadata<map> next(flash);
  if (!next.load() || !next.begin(1) || !next.confirm()) return 1;
  return static_cast<int>(next.phase());
}
