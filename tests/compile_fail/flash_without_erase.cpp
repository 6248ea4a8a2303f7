// expect: the flash policy needs: ota::result<void> erase(std::uint32_t address)
#include <ota/flash/flash_policy.hpp>

struct write_once {
  static constexpr ota::flash_geometry<1> geometry{{{16, 4096}}};
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
  ota::result<void> program(std::uint32_t, ota::bytes);
};

static_assert(ota::check_flash<write_once>::ok);
