#include <ota/image/mcuboot_slots.hpp>

#include "part.hpp"

/// A flash that programs and erases nothing.
struct still_flash {
  static constexpr ota::flash_geometry<1> geometry{{{64, 1024}}};

  ota::result<void> read(std::uint32_t, ota::mutable_bytes out) {
    std::uint8_t* const data = out.data();
    for (std::size_t i = 0; i < out.size(); ++i) data[i] = unknown_input()[i];
    return {};
  }
  ota::result<void> program(std::uint32_t, ota::bytes data) {
    asm volatile("" : : "r"(data.data()) : "memory");
    return {};
  }
  ota::result<void> erase(std::uint32_t) { return {}; }
};

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
