#pragma once

#include <cstdint>

namespace ota {

/// How far the change from one image to the next is.
enum class image_phase : std::uint8_t {
  idle,      ///< one image, nothing to put back
  staging,   ///< the new image is being written beside the running one
  staged,    ///< it is complete and checked
  swapping,  ///< it is being made the running one
  trial,     ///< it runs and is not confirmed yet
  kept,      ///< it is confirmed; the old one can still be put back
  restoring  ///< the old one is being made the running one again
};

}  // namespace ota
