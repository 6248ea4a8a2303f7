#pragma once

#include "aarch64_code.hpp"
#include "arm_code.hpp"
#include "code_set.hpp"
#include "riscv_code.hpp"
#include "thumb2_code.hpp"
#include "thumb_code.hpp"
#include "x86_64_code.hpp"
#include "xtensa_code.hpp"

namespace ota {

/// Every kind of code that there is: what a computer has, which makes patches for all.
using all_codes = code_set<words_code, thumb_code, thumb2_code, arm_code, riscv_code, xtensa_code,
                           aarch64_code, x86_64_code>;

}  // namespace ota
