#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/error.hpp"
#include "staging_progress.hpp"

namespace ota {

/// What patches have come to.
struct patch_figures {
  std::uint32_t made = 0;               ///< files made by them
  std::uint32_t failed = 0;             ///< patches that were given up: their files come in full
  const error* last_fault = &no_error;  ///< of such a one
  std::size_t bytes = 0;                ///< bytes brought of patches, or made by them if more
  std::size_t bytes_moved = 0;          ///< bytes of patches that came over the network
};

namespace detail {

/// A stager's figures, where the device takes patches.
template <bool TakesPatches>
struct kept_figures {
  patch_figures patches_;
  staging_progress brought_;  // without what patches have come to
};
template <>
struct kept_figures<false> {};

}  // namespace detail
}  // namespace ota
