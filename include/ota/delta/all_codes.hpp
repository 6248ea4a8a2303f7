#pragma once

#include "code_set.hpp"
#include "thumb_code.hpp"

namespace ota {

/// Every kind of code that there is: what a computer has, which makes patches for all.
using all_codes = code_set<words_code, thumb_code>;

}  // namespace ota
