#pragma once

#include <cstdint>

#include "../core/result.hpp"
#include "message.hpp"

namespace ota {

/// Turns the status of an answer into an error, unless it is one of success (2xx) or 304.
/// `now` is the device's time in epoch seconds; 0, not known, takes the server's.
inline result<void> check_status(const http_response& answer, std::uint64_t now) {
  const std::uint16_t status = answer.status;
  if ((status >= 200 && status < 300) || status == 304) return {};
  if (now == 0) now = answer.date;
  const bool exhausted = answer.has_rate_remaining && answer.rate_remaining == 0;
  if (status == 429 || (status == 403 && (exhausted || answer.has_retry_after))) {
    std::uint64_t wait = 60;  // what GitHub asks for when it names no time
    if (answer.has_retry_after)
      wait = answer.retry_after;
    else if (exhausted && now != 0 && answer.rate_reset > now)
      wait = answer.rate_reset - now;
    if (wait > 86400) wait = 86400;
    return error{errc::rate_limited, "http",
                 "the server's rate limit is reached; wait, or use a token, which has a larger one",
                 static_cast<std::int32_t>(wait)};
  }
  const auto failed = [status](const char* text) {
    return error{errc::http_status, "http", text, status};
  };
  if (status == 401) return failed("the server does not accept the token");
  if (status == 403) return failed("the server forbids it; a private repository needs a token");
  if (status == 404)
    return failed("not found on the server; check owner, repo, branch or tag, and the token");
  return failed("the server answered with an error");
}

/// Whether trying again may help: a connection that broke, a server in trouble, damaged bytes.
inline bool is_transient(const error& failure) {
  switch (failure.code) {
    case errc::connection:
    case errc::timeout:
    case errc::mismatch:
      return true;
    case errc::http_status:
      return failure.detail >= 500 || failure.detail == 408;
    default:
      return false;
  }
}

}  // namespace ota
