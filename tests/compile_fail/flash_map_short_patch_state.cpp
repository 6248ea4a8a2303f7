// expect: the flash map's patch_state is too short: its banks do not hold a decoder's state
#include <ota/image/image_patcher.hpp>
#include <ota/image/two_slots.hpp>

#include "flash_chip.hpp"

struct map {
  using flash = chip;
  static constexpr ota::flash_region journal{0, 3 * 1024};
  static constexpr ota::flash_region patch_state{3 * 1024, 2 * 1024};
  static constexpr ota::flash_region primary{64 * 1024, 8 * 1024};
  static constexpr ota::flash_region secondary{72 * 1024, 8 * 1024};
};
struct image {};
using swapper = ota::image_swapper<map, ota::two_slots, image>;
template class ota::flash_patcher<swapper, ota::flash_source<chip>, ota::flash_patch_limits>;
