#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "http_message.hpp"

namespace ota::host {

/// Addresses that grant what they lead to for a few minutes, as the storage behind GitHub's
/// downloads has them: over 1 KB long, on another host, and no use to a resume some time later.
class signed_urls {
 public:
  using content = std::function<server_response()>;
  using clock = std::chrono::steady_clock;

  /// A new address's path and query, good for five minutes.
  /// \param once  it is good for one request
  std::string add(content what, bool once) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto now = clock::now();
    for (auto one = granted_.begin(); one != granted_.end();)
      one = one->second.until < now ? granted_.erase(one) : std::next(one);
    const std::string id = text(32);
    granted_[id] = {std::move(what), now + std::chrono::minutes(5), once};
    return "/signed/" + id +
           "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=300&X-Amz-Signature=" + text(1024);
  }

  /// What an address leads to; nothing when it is unknown or no longer good.
  std::optional<server_response> open(const std::string& id) {
    content what;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = granted_.find(id);
      if (found == granted_.end() || found->second.until < clock::now()) return std::nullopt;
      what = found->second.what;
      if (found->second.once) granted_.erase(found);
    }
    return what();
  }

 private:
  struct grant {
    content what;
    clock::time_point until;
    bool once = false;
  };

  std::string text(std::size_t size) {
    std::string digits;
    while (digits.size() < size) digits += "0123456789abcdef"[random_() & 15];
    return digits;
  }

  std::mutex mutex_;
  std::mt19937_64 random_{std::random_device{}()};
  std::map<std::string, grant> granted_;
};

}  // namespace ota::host
