#pragma once

#include "../core/bytes.hpp"
#include "../core/result.hpp"
#include "byte_stream.hpp"
#include "mbedtls_channel.hpp"
#include "tls_settings.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include "posix_socket.hpp"
#endif

namespace ota {

class posix_socket;  // where there is none, a transport is named

/// A byte stream that speaks TLS 1.2 or 1.3, by mbedtls 2.28 or 3.x, where the address is https,
/// and is the plain `Transport` where it is http.
///
/// The server's certificate is checked against the authorities and the pins of `tls_settings`, its
/// names against the host's. Of each error `text` says what is wrong with which certificate; it
/// stays until the next connection. The session of the last connection is resumed by the next to
/// the same host.
///
/// The library itself takes no memory from the heap here; mbedtls does. Its randomness, memory and
/// time are those that mbedtls is configured with; see docs/tls.md.
template <class Transport = posix_socket>
class mbedtls_tls : private check_byte_stream<Transport> {
 public:
  static constexpr bool can_secure = true;

  explicit mbedtls_tls(const tls_settings& settings = {}, Transport transport = {})
      : channel_(settings), transport_(static_cast<Transport&&>(transport)) {}
  ~mbedtls_tls() { close(); }

  /// Takes the settings and the transport over; what was connected is closed.
  mbedtls_tls(mbedtls_tls&& other) noexcept
      : mbedtls_tls(other.channel_.settings(), static_cast<Transport&&>(other.released())) {}
  mbedtls_tls& operator=(mbedtls_tls&&) = delete;

  result<void> connect(std::string_view host, std::uint16_t port, bool secure,
                       std::uint32_t timeout_ms) {
    close();
    begin(timeout_ms);
    if (auto done = transport_.connect(host, port, false, timeout_ms); !done || !secure)
      return done;
    const auto done = channel_.open(host, port, {this, send, receive, &failure_});
    secure_ = done.has_value();
    if (!secure_) drop();
    return done;
  }

  result<std::size_t> read(mutable_bytes out, std::uint32_t timeout_ms) {
    if (!secure_) return transport_.read(out, timeout_ms);
    begin(timeout_ms);
    return channel_.read(out);
  }

  result<void> write(bytes data, std::uint32_t timeout_ms) {
    if (!secure_) return transport_.write(data, timeout_ms);
    begin(timeout_ms);
    return channel_.write(data);
  }

  void close() {
    if (secure_) channel_.say_farewell();
    drop();
  }

 private:
  // Any negative number: what really happened is in `failure_`.
  static constexpr int failed = -1;

  static int send(void* self, const unsigned char* data, std::size_t size) {
    auto& me = *static_cast<mbedtls_tls*>(self);
    const auto done = me.transport_.write({data, size}, me.timeout_ms_);
    return done ? static_cast<int>(size) : me.fail(done.error());
  }

  static int receive(void* self, unsigned char* out, std::size_t size) {
    auto& me = *static_cast<mbedtls_tls*>(self);
    const auto done = me.transport_.read({out, size}, me.timeout_ms_);
    return done ? static_cast<int>(*done) : me.fail(done.error());
  }

  int fail(const error& failure) {
    failure_ = &failure;
    return failed;
  }

  void begin(std::uint32_t timeout_ms) {
    timeout_ms_ = timeout_ms;
    failure_ = nullptr;
  }

  void drop() {
    channel_.close();
    transport_.close();
    secure_ = false;
  }

  Transport& released() {
    close();
    return transport_;
  }

  bool secure_ = false;
  std::uint32_t timeout_ms_ = 0;
  const error* failure_ = nullptr;
  detail::mbedtls_channel channel_;
  Transport transport_;
};

}  // namespace ota
