// expect: the slots overlap
#include <ota/image/mcuboot_slots.hpp>

struct flash_chip {
  static constexpr ota::flash_geometry<1> geometry{{{16, 4096}}};
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
  ota::result<void> program(std::uint32_t, ota::bytes);
  ota::result<void> erase(std::uint32_t);
};

struct map {
  using flash = flash_chip;
  static constexpr ota::flash_region primary{0, 32768}, secondary{28672, 32768};
};

template class ota::mcuboot_slots<map>;
