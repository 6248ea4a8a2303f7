// expect: the flash policy's geometry has a run without sectors, or sectors that are not whole
// program units
#include <ota/flash/flash_policy.hpp>

struct odd_flash {
  static constexpr ota::flash_geometry<1> geometry{{{16, 1000}}, 256};
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
  ota::result<void> program(std::uint32_t, ota::bytes);
  ota::result<void> erase(std::uint32_t);
};

static_assert(ota::check_flash<odd_flash>::ok);
