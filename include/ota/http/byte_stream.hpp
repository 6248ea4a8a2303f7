#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "../core/bytes.hpp"
#include "../core/contract.hpp"
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

template <class S>
using connect_of = decltype(std::declval<S&>().connect(std::string_view{}, std::uint16_t{}, false,
                                                       std::uint32_t{}));
template <class S>
using stream_read_of = decltype(std::declval<S&>().read(mutable_bytes{}, std::uint32_t{}));
template <class S>
using stream_write_of = decltype(std::declval<S&>().write(bytes{}, std::uint32_t{}));
template <class S>
using close_of = decltype(std::declval<S&>().close());
template <class S>
using can_secure_of = std::bool_constant<S::can_secure || true>;

}  // namespace detail

/// Checks a byte stream policy against the contract, one sentence for each missing member.
template <class Stream>
struct check_byte_stream {
  template <class Result, template <class> class Call>
  static constexpr bool has = detail::gives<Result, Call, Stream>::value;

  static_assert(has<result<void>, detail::connect_of>,
                "the byte stream policy needs: ota::result<void> connect(std::string_view host, "
                "std::uint16_t port, bool secure, std::uint32_t timeout_ms)");
  static_assert(has<result<std::size_t>, detail::stream_read_of>,
                "the byte stream policy needs: ota::result<std::size_t> read(ota::mutable_bytes "
                "out, std::uint32_t timeout_ms)");
  static_assert(has<result<void>, detail::stream_write_of>,
                "the byte stream policy needs: ota::result<void> write(ota::bytes data, "
                "std::uint32_t timeout_ms)");
  static_assert(has<void, detail::close_of>, "the byte stream policy needs: void close()");
  static_assert(has<std::true_type, detail::can_secure_of>,
                "the byte stream policy needs: static constexpr bool can_secure");
};

}  // namespace ota
