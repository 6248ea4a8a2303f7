// expect: otadata is two sectors of 4096 bytes
#include <ota/image/esp_otadata.hpp>

struct flash_chip {
  static constexpr ota::flash_geometry<1> geometry{{{16, 4096}}};
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
  ota::result<void> program(std::uint32_t, ota::bytes);
  ota::result<void> erase(std::uint32_t);
};

struct map {
  using flash = flash_chip;
  static constexpr ota::flash_region otadata{0, 4096};
  static constexpr std::uint32_t app_slots = 2;
};

template class ota::esp_otadata<map>;
