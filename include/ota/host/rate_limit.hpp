#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <string>

#include "http_message.hpp"

namespace ota::host {

/// Counts the requests without a token, an hour at a time, and tells of it as GitHub does.
class rate_limiter {
 public:
  /// \param limit  requests an hour; 0: any number
  explicit rate_limiter(std::uint64_t limit) : limit_(limit) {}

  /// Counts a request; false: it is one too many. As on GitHub, one without a token counts even
  /// when its answer is a 304.
  bool take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto now = static_cast<std::uint64_t>(std::time(nullptr));
    if (now >= reset_) {
      reset_ = now + 3600;
      used_ = 0;
    }
    if (limit_ != 0 && used_ == limit_) return false;
    ++used_;
    return true;
  }

  /// Adds the headers that tell of the limit. \param authorized  the request had a token
  void tell(server_response& response, bool authorized) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool counts = limit_ != 0 && !authorized;
    const std::uint64_t limit = counts ? limit_ : authorized ? 5000 : 60;
    const std::uint64_t used = counts ? used_ : 1;
    const std::uint64_t reset =
        counts ? reset_ : static_cast<std::uint64_t>(std::time(nullptr)) + 3600;
    response.headers["X-RateLimit-Limit"] = std::to_string(limit);
    response.headers["X-RateLimit-Remaining"] = std::to_string(limit - std::min(limit, used));
    response.headers["X-RateLimit-Used"] = std::to_string(used);
    response.headers["X-RateLimit-Reset"] = std::to_string(reset);
    response.headers["X-RateLimit-Resource"] = "core";
  }

 private:
  std::mutex mutex_;
  std::uint64_t limit_;
  std::uint64_t used_ = 0;
  std::uint64_t reset_ = 0;
};

}  // namespace ota::host
