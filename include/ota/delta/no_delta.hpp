#pragma once

#include <type_traits>

namespace ota {

/// A device that takes no patches; nothing about them is in its program.
struct no_delta {};

template <class Delta>
inline constexpr bool takes_patches = !std::is_same_v<Delta, no_delta>;

}  // namespace ota
