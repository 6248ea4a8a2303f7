#pragma once

#include <cstdint>

namespace ota {

/// How a device starts again after an update.
enum class reset_mode : std::uint8_t {
  hard,  ///< the whole chip
  soft,  ///< the program only, where there is such a thing
  none   ///< not by itself
};

}  // namespace ota
