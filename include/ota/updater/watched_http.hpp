#pragma once

#include <type_traits>

#include "../core/bytes.hpp"
#include "../core/result.hpp"
#include "../format/config.hpp"
#include "../hardware/no_hardware.hpp"
#include "../http/message.hpp"

namespace ota {

/// The device's HTTP policy, and an eye on how fast bytes come. A server that sends one byte just
/// before each time limit could hold a device for ever, and updates back.
template <class Http, class Hardware, bool HasClock = has_clock<Hardware>>
class watched_http {
 public:
  watched_http(Http& http, Hardware& hardware, const config& settings)
      : http_(http), hardware_(hardware), settings_(settings) {}

  result<void> open(const http_request& request) {
    begin_window();
    return http_.open(request);
  }

  result<std::size_t> read(mutable_bytes out) {
    const auto size = http_.read(out);
    if (size && is_too_slow(*size)) return too_slow;
    return size;
  }

  const http_response& response() const { return http_.response(); }
  std::string_view etag() const { return http_.etag(); }
  std::string_view location() const { return http_.location(); }
  void close() { http_.close(); }

 private:
  static constexpr error too_slow{
      errc::too_slow, "http",
      "the server sends fewer than min_bytes_per_sec; the next update goes on from here"};

  static constexpr std::uint32_t window_ms = 30000;

  void begin_window() {
    begin_ = hardware_.ticks_ms();
    bytes_ = 0;
  }

  bool is_too_slow(std::size_t size) {
    bytes_ += size;
    if (size == 0 || hardware_.ticks_ms() - begin_ < window_ms) return false;
    const bool slow = bytes_ < std::uint64_t{settings_.min_bytes_per_sec} * (window_ms / 1000);
    begin_window();
    return slow;
  }

  Http& http_;
  Hardware& hardware_;
  const config& settings_;
  std::uint64_t begin_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Without a clock there is nothing to watch by.
template <class Http, class Hardware>
class watched_http<Http, Hardware, false> {
 public:
  watched_http(Http&, Hardware&, const config&) {}
};

}  // namespace ota
