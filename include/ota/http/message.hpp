#pragma once

#include <cstdint>
#include <string_view>

namespace ota {

/// How long to wait for a connection and for the next bytes.
struct http_timeouts {
  std::uint32_t connect_ms = 10000;
  std::uint32_t read_ms = 10000;
};

/// A GET request. Views need to live until `open` returns.
struct http_request {
  std::string_view url;            ///< absolute, http or https, already percent-encoded
  std::string_view accept;         ///< empty: no such header
  std::string_view user_agent;     ///< empty: `ota-updater`
  std::string_view token;          ///< `Authorization: token …`; never follows to another host
  std::string_view if_none_match;  ///< an ETag, as the server wrote it
  std::size_t range_from = 0;      ///< over 0: only the bytes from there on
  std::string_view if_range;       ///< with `range_from`: the ETag that the bytes must still have
  bool follow_redirects = true;    ///< false: a redirect is an answer, its target in `location()`
};

/// The head of an answer, as far as it matters here.
struct http_response {
  std::uint16_t status = 0;
  bool has_length = false;
  bool has_range = false;
  bool has_retry_after = false;
  bool has_rate_remaining = false;
  std::size_t content_length = 0;    ///< bytes of this body
  std::size_t range_start = 0;       ///< of a 206: where its body begins
  std::size_t range_total = 0;       ///< of a 206: the whole size; 0: not told
  std::uint32_t retry_after = 0;     ///< seconds, as told; `rate_limit_wait` has a limit
  std::uint32_t rate_remaining = 0;  ///< requests left
  std::uint32_t rate_reset = 0;      ///< epoch seconds when there are new ones
  std::uint32_t date = 0;            ///< the server's time in epoch seconds; 0: not told
};

}  // namespace ota
