// expect: the flash map's slots need sectors of one size, to be swapped by moving
#include <ota/image/image_swapper.hpp>
#include <ota/image/swap_by_moving.hpp>

#include "flash_chip.hpp"

struct map {
  using flash = chip;
  static constexpr ota::flash_region journal{0, 3 * 1024};
  static constexpr ota::flash_region primary{56 * 1024, 16 * 1024};
  static constexpr ota::flash_region secondary{72 * 1024, 8 * 1024};
  static constexpr ota::flash_region scratch{19 * 1024, 1024};
};
template struct ota::swap_by_moving<map>;
