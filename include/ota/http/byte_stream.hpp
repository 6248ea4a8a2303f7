#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace ota {

// The contract of a byte stream policy, which TCP, TLS and modems fill:
//
//   result<void> connect(host, port, secure, timeout_ms)
//   result<size_t> read(out, timeout_ms)   at least one byte; 0: the other side has closed;
//                                          errc::timeout when nothing came in time
//   result<void> write(data, timeout_ms)   all of it
//   void close()
//   static constexpr bool can_secure       whether `connect` understands `secure` (TLS)

namespace detail {

template <class S, class = void>
struct has_connect : std::false_type {};
template <class S>
struct has_connect<S, std::enable_if_t<std::is_same_v<decltype(std::declval<S&>().connect(
                                                          std::string_view{}, std::uint16_t{},
                                                          false, std::uint32_t{})),
                                                      result<void>>>> : std::true_type {};

template <class S, class = void>
struct has_stream_read : std::false_type {};
template <class S>
struct has_stream_read<
    S,
    std::enable_if_t<std::is_same_v<
        decltype(std::declval<S&>().read(mutable_bytes{}, std::uint32_t{})), result<std::size_t>>>>
    : std::true_type {};

template <class S, class = void>
struct has_stream_write : std::false_type {};
template <class S>
struct has_stream_write<
    S, std::enable_if_t<std::is_same_v<decltype(std::declval<S&>().write(bytes{}, std::uint32_t{})),
                                       result<void>>>> : std::true_type {};

template <class S, class = void>
struct has_close : std::false_type {};
template <class S>
struct has_close<S, std::void_t<decltype(std::declval<S&>().close())>> : std::true_type {};

template <class S, class = void>
struct has_can_secure : std::false_type {};
template <class S>
struct has_can_secure<S, std::void_t<std::bool_constant<S::can_secure>>> : std::true_type {};

}  // namespace detail

/// Checks a byte stream policy against the contract, one sentence for each missing member.
template <class Stream>
struct check_byte_stream {
  static_assert(detail::has_connect<Stream>::value,
                "the byte stream policy needs: ota::result<void> connect(std::string_view host, "
                "std::uint16_t port, bool secure, std::uint32_t timeout_ms)");
  static_assert(detail::has_stream_read<Stream>::value,
                "the byte stream policy needs: ota::result<std::size_t> read(ota::mutable_bytes "
                "out, std::uint32_t timeout_ms)");
  static_assert(detail::has_stream_write<Stream>::value,
                "the byte stream policy needs: ota::result<void> write(ota::bytes data, "
                "std::uint32_t timeout_ms)");
  static_assert(detail::has_close<Stream>::value, "the byte stream policy needs: void close()");
  static_assert(detail::has_can_secure<Stream>::value,
                "the byte stream policy needs: static constexpr bool can_secure");
};

}  // namespace ota
