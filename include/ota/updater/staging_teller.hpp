#pragma once

#include "../core/text.hpp"
#include "../hardware/led.hpp"
#include "../stager/downloader.hpp"

namespace ota::detail {

/// Tells what happens to the file at hand, in words and by the LED, where there is either.
template <bool Tells>
class staging_teller {
 public:
  /// The download has broken off.
  void reset() { downloading_ = false; }

  /// After each step: `staged` is how far staging is, `files` and `bytes` how far it was before.
  template <class Log, class Light>
  void tell(const staging_progress& staged, std::uint32_t files, std::size_t bytes,
            std::string_view subject, Log& log, Light& light) {
    if (staged.files != files) {
      downloading_ = false;
      log.debug("Hash OK for "sv, subject);
      light.show(led_pattern::file_done);
    } else if (staged.bytes_moved != bytes) {
      if (downloading_) return light.chunk();
      downloading_ = true;
      log.debug("Downloading: "sv, subject);
      light.show(led_pattern::downloading);
    }
  }

 private:
  bool downloading_ = false;
};
template <>
class staging_teller<false> {
 public:
  void reset() {}
  template <class Log, class Light>
  void tell(const staging_progress&, std::uint32_t, std::size_t, std::string_view, Log&, Light&) {}
};

}  // namespace ota::detail
