// expect: joined flashes must have the same erased value
#include <ota/flash/joined_flash.hpp>

template <std::uint8_t Erased>
struct flash {
  static constexpr ota::flash_geometry<1> geometry{{{16, 4096}}, 4, Erased};
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
  ota::result<void> program(std::uint32_t, ota::bytes);
  ota::result<void> erase(std::uint32_t);
};

std::size_t size = sizeof(ota::joined_flash<flash<0xff>, flash<0x00>>);
