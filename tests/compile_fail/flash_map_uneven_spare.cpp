// expect: the patch limits' block and spare must be whole sectors
#include <ota/image/patch_in_place.hpp>

#include "flash_chip.hpp"

struct map {
  struct patch_limits : ota::flash_patch_limits {
    static constexpr std::uint32_t spare = 10 * 1024;
  };
  using flash = chip;
  static constexpr ota::flash_region journal{0, 3 * 1024};
  static constexpr ota::flash_region patch_state{3 * 1024, 16 * 1024};
  static constexpr ota::flash_region patch{19 * 1024, 2 * 1024};
  static constexpr ota::flash_region primary{64 * 1024, 32 * 1024};
};
template struct ota::patch_in_place<map>;
