#pragma once

#include <cstdint>

#include "../core/result.hpp"
#include "message.hpp"

namespace ota {
namespace detail::http_errors {

inline constexpr error rate_limit{
    errc::rate_limited, "http",
    "the server's rate limit is reached; wait, or use a token, which has a larger one"};
inline constexpr error bad_token{errc::http_status, "http", "the server does not accept the token"};
inline constexpr error forbidden{errc::http_status, "http",
                                 "the server forbids it; a private repository needs a token"};
inline constexpr error not_found{
    errc::http_status, "http",
    "not found on the server; check owner, repo, branch or tag, and the token"};
inline constexpr error trouble{errc::server_trouble, "http", "the server cannot answer now"};
inline constexpr error refused{errc::http_status, "http", "the server answered with an error"};

}  // namespace detail::http_errors

/// Turns the status of an answer into an error, unless it is one of success (2xx) or 304.
inline result<void> check_status(const http_response& answer) {
  namespace errors = detail::http_errors;
  const unsigned status = answer.status;
  if ((status >= 200 && status < 300) || status == 304) return {};
  if (status == 429) return errors::rate_limit;
  if (status == 401) return errors::bad_token;
  if (status == 403) {
    const bool exhausted = answer.has_rate_remaining && answer.rate_remaining == 0;
    return exhausted || answer.has_retry_after ? errors::rate_limit : errors::forbidden;
  }
  if (status == 404) return errors::not_found;
  if (status == 408 || status >= 500) return errors::trouble;
  return errors::refused;
}

/// The seconds to wait after an answer with `Retry-After` or a rate limit, at most a day. `now` is
/// the device's time in epoch seconds; 0, not known, takes the server's.
inline std::uint32_t rate_limit_wait(const http_response& answer, std::uint64_t now) {
  std::uint32_t wait = answer.retry_after;
  if (!answer.has_retry_after) {
    const std::uint32_t time = now != 0 ? static_cast<std::uint32_t>(now) : answer.date;
    const bool exhausted = answer.has_rate_remaining && answer.rate_remaining == 0;
    // A minute is what GitHub asks for.
    if (!exhausted || time == 0 || answer.rate_reset <= time) return 60;
    wait = answer.rate_reset - time;
  }
  return wait < 86400 ? wait : 86400;
}

/// Whether trying again may help: a connection that broke, a server in trouble, damaged bytes.
inline bool is_transient(const error& failure) {
  return failure.code == errc::connection || failure.code == errc::timeout ||
         failure.code == errc::mismatch || failure.code == errc::server_trouble;
}

}  // namespace ota
