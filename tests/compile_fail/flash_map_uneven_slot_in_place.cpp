// expect: the flash map's primary slot needs sectors of one size, to be patched in place
#include <ota/image/patch_in_place.hpp>

#include "flash_chip.hpp"

struct map {
  using patch_limits = ota::flash_patch_limits;
  using flash = chip;
  static constexpr ota::flash_region journal{0, 3 * 1024};
  static constexpr ota::flash_region patch_state{3 * 1024, 16 * 1024};
  static constexpr ota::flash_region patch{19 * 1024, 2 * 1024};
  static constexpr ota::flash_region primary{32 * 1024, 48 * 1024};
};
template struct ota::patch_in_place<map>;
