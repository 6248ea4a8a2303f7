#pragma once

#include <type_traits>
#include <utility>

#include "../format/config.hpp"
#include "../http/message.hpp"
#include "../storage/file_storage.hpp"

namespace ota {

// The contract of an HTTP policy; `http_client` fills it over any byte stream.
//
//   result<http_response> open(const http_request&)   sends it and reads the head of the answer
//   result<size_t> read(mutable_bytes)                the body; 0 at its end
//   string_view etag(), location()                    of the answer
//   void close()                                      gives up the connection
//   void set_timeouts(const http_timeouts&)           optional

namespace detail {

template <class Http, class = void>
struct has_open : std::false_type {};
template <class Http>
struct has_open<Http, std::enable_if_t<std::is_same_v<decltype(std::declval<Http&>().open(
                                                          std::declval<const http_request&>())),
                                                      result<http_response>>>> : std::true_type {};

template <class Http, class = void>
struct has_body_read : std::false_type {};
template <class Http>
struct has_body_read<
    Http, std::enable_if_t<std::is_same_v<decltype(std::declval<Http&>().read(mutable_bytes{})),
                                          result<std::size_t>>>> : std::true_type {};

template <class Http, class = void>
struct has_set_timeouts : std::false_type {};
template <class Http>
struct has_set_timeouts<Http,
                        std::void_t<decltype(std::declval<Http&>().set_timeouts(http_timeouts{}))>>
    : std::true_type {};

template <class Hardware, class = void>
struct has_hardware : std::false_type {};
template <class Hardware>
struct has_hardware<Hardware,
                    std::void_t<decltype(std::declval<Hardware&>().now()),
                                decltype(std::declval<Hardware&>().hour()),
                                decltype(std::declval<Hardware&>().wait(std::uint32_t{})),
                                decltype(std::declval<Hardware&>().feed_watchdog()),
                                decltype(std::declval<Hardware&>().led(true)),
                                decltype(std::declval<Hardware&>().battery_raw()),
                                decltype(std::declval<Hardware&>().free_memory()),
                                decltype(std::declval<Hardware&>().signal_dbm()),
                                decltype(std::declval<Hardware&>().random()),
                                decltype(std::declval<Hardware&>().unique_id()),
                                decltype(std::declval<Hardware&>().reset(reset_mode::hard))>>
    : std::true_type {};

template <class Http>
void set_timeouts(Http& http, const config& settings) {
  if constexpr (has_set_timeouts<Http>::value) {
    const std::uint32_t read = settings.http_timeout_sec * 1000;
    const std::uint32_t connect = settings.connect_timeout_sec * 1000;
    http.set_timeouts({connect != 0 ? connect : read, read});
  }
}

}  // namespace detail

/// Checks that a device's policies keep their contracts: one sentence for whatever is missing.
template <class Policies>
struct check_policies {
  static_assert(check_file_storage<typename Policies::storage>::ok);
  static_assert(detail::has_open<typename Policies::http>::value,
                "the HTTP policy needs: ota::result<ota::http_response> open(const "
                "ota::http_request&)");
  static_assert(detail::has_body_read<typename Policies::http>::value,
                "the HTTP policy needs: ota::result<std::size_t> read(ota::mutable_bytes out)");
  static_assert(detail::has_hardware<typename Policies::hardware>::value,
                "the hardware policy needs every member of ota::no_hardware: derive from it");
  static_assert(Policies::hash::digest_size >= 20,
                "the hash policy needs a digest of 20 bytes (ota::sha1) or 32 (ota::sha256)");
  static_assert(Policies::chunk_size >= 256 && Policies::chunk_size <= 65536,
                "chunk_size must lie between 256 and 65536 bytes");
};

}  // namespace ota
