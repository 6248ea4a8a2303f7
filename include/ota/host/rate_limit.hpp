#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <string>

#include "http_message.hpp"

namespace ota::host {

/// What is left of an hour's requests.
struct rate_state {
  std::uint64_t limit = 0;
  std::uint64_t used = 0;
  std::uint64_t reset = 0;  ///< epoch seconds

  std::uint64_t remaining() const { return limit - std::min(limit, used); }
};

/// Counts the requests without a token, an hour at a time, and tells of it as GitHub does.
class rate_limiter {
 public:
  /// \param limit  requests an hour; 0: any number
  explicit rate_limiter(std::uint64_t limit) : limit_(limit) {}

  /// Counts a request; false: it is one too many. As on GitHub, one without a token counts even
  /// when its answer is a 304.
  bool take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    begin_hour();
    if (limit_ != 0 && used_ == limit_) return false;
    ++used_;
    return true;
  }

  /// How much is left. \param authorized  the request had a token
  rate_state state(bool authorized) {
    const std::lock_guard<std::mutex> lock(mutex_);
    begin_hour();
    if (limit_ != 0 && !authorized) return {limit_, used_, reset_};
    return {authorized ? 5000u : 60u, 1, reset_};
  }

  /// Adds the headers that tell of the limit.
  void tell(server_response& response, bool authorized) {
    const rate_state now = state(authorized);
    response.headers["X-RateLimit-Limit"] = std::to_string(now.limit);
    response.headers["X-RateLimit-Remaining"] = std::to_string(now.remaining());
    response.headers["X-RateLimit-Used"] = std::to_string(now.used);
    response.headers["X-RateLimit-Reset"] = std::to_string(now.reset);
    response.headers["X-RateLimit-Resource"] = "core";
  }

 private:
  void begin_hour() {
    const auto now = static_cast<std::uint64_t>(std::time(nullptr));
    if (now < reset_) return;
    reset_ = now + 3600;
    used_ = 0;
  }

  std::mutex mutex_;
  std::uint64_t limit_;
  std::uint64_t used_ = 0;
  std::uint64_t reset_ = 0;
};

}  // namespace ota::host
