#pragma once

#include "../core/error_text.hpp"
#include "../core/log.hpp"
#include "../core/text.hpp"
#include "../stager/patch_figures.hpp"

namespace ota::detail {

/// Tells what becomes of patches, in the words of 0x687931/ota, where the device takes them.
template <bool TakesPatches>
class patch_teller {
 public:
  /// After each step: `now` is what patches have come to.
  template <class Log>
  void tell(const patch_figures& now, std::string_view subject, Log& log) {
    if (now.made > told_.made) log.debug("Delta update successful for "sv, subject);
    if (now.failed > told_.failed) {
      fixed_string<max_log_line> why;
      append_text(why, *now.last_fault);
      log.debug("Delta update failed: "sv, why);
    }
    told_ = now;
  }

 private:
  patch_figures told_;
};
template <>
class patch_teller<false> {};

}  // namespace ota::detail
