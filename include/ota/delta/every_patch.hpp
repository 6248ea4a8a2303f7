#pragma once

#include "all_codes.hpp"
#include "patch_decoder.hpp"

namespace ota {

/// What a computer gives for patches: whatever they need. As in `delta_patches<every_patch>`.
struct every_patch : patch_limits {
  using codes = all_codes;
  static constexpr unsigned literal_bits = patch_header::max_literal_bits;
};

}  // namespace ota
