#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/backoff.hpp"
#include "../format/config.hpp"
#include "../http/status.hpp"

namespace ota {

/// Decides whether a failed request is made again, and how long to wait before.
class retry {
 public:
  /// Forgets what failed before.
  void reset() {
    attempts_ = 0;
    best_ = 0;
  }

  /// Begins to count anew: what failed now is another request.
  void next_request() { attempts_ = 0; }

  /// Seconds still to wait.
  std::uint32_t pause() const { return pause_; }
  void pass_a_second() { --pause_; }

  /// After a failure, with `answer` the head of the last answer: true when to try again after
  /// `pause()`. More `brought` than ever before, in any measure, is progress, and begins the count
  /// anew.
  template <class Hardware>
  bool again(const error& failure, const http_response& answer, std::size_t brought,
             const retry_limits& limits, const config& settings, Hardware& hardware) {
    if (brought > best_) best_ = brought, attempts_ = 0;
    if (++attempts_ >= limits.tries) return false;
    // What the server asks for wins over everything else.
    std::uint32_t wait;
    if (failure.code == errc::rate_limited ||
        (failure.code == errc::server_trouble && answer.has_retry_after)) {
      wait = rate_limit_wait(answer, hardware.now());
      if (wait > settings.max_backoff_sec) return false;
    } else {
      if (!is_transient(failure)) return false;
      wait = backoff_seconds(attempts_, limits.first_wait, settings.max_backoff_sec);
      if (settings.jitter) wait = with_jitter(wait, hardware.random());
    }
    pause_ = wait;
    return true;
  }

 private:
  std::size_t best_ = 0;
  std::uint32_t attempts_ = 0;
  std::uint32_t pause_ = 0;
};

}  // namespace ota
