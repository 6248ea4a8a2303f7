// expect: two regions of the flash map overlap
#include <ota/image/image_swapper.hpp>
#include <ota/image/swap_with_scratch.hpp>

#include "flash_chip.hpp"

struct map {
  using flash = chip;
  static constexpr ota::flash_region journal{0, 3 * 1024};
  static constexpr ota::flash_region primary{3 * 1024, 8 * 1024};
  static constexpr ota::flash_region secondary{10 * 1024, 8 * 1024};
  static constexpr ota::flash_region scratch{19 * 1024, 1024};
};
template struct ota::swap_with_scratch<map>;
