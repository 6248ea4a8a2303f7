#pragma once

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_PSA_CRYPTO_C)
#include <psa/crypto.h>
#endif

#include "../core/bytes.hpp"
#include "mbedtls_failure.hpp"
#include "mbedtls_trust.hpp"

namespace ota::detail {

/// What carries the records of a channel: calls of mbedtls's form on a transport, and the error
/// where the last of them failed.
struct mbedtls_carrier {
  void* transport;
  mbedtls_ssl_send_t* send;
  mbedtls_ssl_recv_t* receive;
  const error* const* failure;
};

/// The TLS client (RFC 5246, RFC 8446) in terms of mbedtls: one connection at a time, and the
/// session of the last one, with which the next to the same host begins sooner.
class mbedtls_channel {
 public:
  explicit mbedtls_channel(const tls_settings& settings) : trust_(settings) {
    mbedtls_entropy_init(&entropy_);
    mbedtls_ctr_drbg_init(&random_);
    mbedtls_ssl_config_init(&config_);
    mbedtls_ssl_init(&ssl_);
    mbedtls_ssl_session_init(&session_);
  }
  ~mbedtls_channel() {
    mbedtls_ssl_session_free(&session_);
    mbedtls_ssl_free(&ssl_);
    mbedtls_ssl_config_free(&config_);
    mbedtls_ctr_drbg_free(&random_);
    mbedtls_entropy_free(&entropy_);
  }
  mbedtls_channel(const mbedtls_channel&) = delete;
  mbedtls_channel& operator=(const mbedtls_channel&) = delete;

  const tls_settings& settings() const { return trust_.settings(); }

  /// Shakes hands over a transport that is connected to the host.
  result<void> open(std::string_view host, std::uint16_t port, const mbedtls_carrier& carrier) {
    carrier_ = carrier;
    if (auto done = prepare(); !done) return done;
    report_.findings().clear();
    server_.assign(host);
    server_.append(':').append_number(std::uint32_t{port});
    trust_.begin(host, report_.findings());
    mbedtls_ssl_set_bio(&ssl_, carrier.transport, carrier.send, carrier.receive, nullptr);
    int status = mbedtls_ssl_setup(&ssl_, &config_);
    const fixed_string<255> name(host);
    if (status == 0) status = mbedtls_ssl_set_hostname(&ssl_, name.c_str());
    if (status == 0) status = shake_hands();
    if (status == 0) return {};
    forget_session();
    return fail(status);
  }

  /// As a byte stream's: at least one byte; 0 when the other side has said that it is done.
  result<std::size_t> read(mutable_bytes out) {
    // Between the data, a server may send messages that carry none; but not without end.
    for (int messages = 0; messages < 32; ++messages) {
      const int status = mbedtls_ssl_read(&ssl_, out.data(), out.size());
      if (status > 0) return static_cast<std::size_t>(status);
      if (status == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return std::size_t{0};
      if (status == 0) return cut;
      if (is_ticket(status))
        keep_session();
      else if (status != MBEDTLS_ERR_SSL_WANT_READ)
        return fail(status);
    }
    return no_data;
  }

  /// As a byte stream's: all of it.
  result<void> write(bytes data) {
    while (!data.empty()) {
      const int status = mbedtls_ssl_write(&ssl_, data.data(), data.size());
      if (status < 0) return fail(status);
      data = data.drop(static_cast<std::size_t>(status));
    }
    return {};
  }

  /// Says that this side is done.
  void say_farewell() { (void)mbedtls_ssl_close_notify(&ssl_); }

  /// Frees what the connection needed, but for its session.
  void close() {
    mbedtls_ssl_free(&ssl_);
    mbedtls_ssl_init(&ssl_);
  }

 private:
  static constexpr error no_data{errc::malformed, "tls",
                                 "the server sends TLS messages without data, and no end"};
  static constexpr error no_random{errc::unsupported, "tls",
                                   "mbedtls finds no source of randomness on this system"};
  static constexpr error cut{errc::connection, "tls",
                             "the connection was cut before TLS ended it: the answer may be short"};

  // What is made once and stays.
  result<void> prepare() {
    if (auto done = trust_.load(); !done) return done;
    if (prepared_) return {};
#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_PSA_CRYPTO_C)
    if (psa_crypto_init() != PSA_SUCCESS) return no_random;  // TLS 1.3 needs it
#endif
    if (mbedtls_ctr_drbg_seed(&random_, mbedtls_entropy_func, &entropy_, nullptr, 0) != 0)
      return no_random;
    mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config_, trust_.authorities(), nullptr);
    mbedtls_ssl_conf_verify(&config_, mbedtls_trust::judge, &trust_);
    mbedtls_ssl_conf_rng(&config_, mbedtls_ctr_drbg_random, &random_);
#if MBEDTLS_VERSION_MAJOR < 3  // later ones have nothing older than TLS 1.2
    mbedtls_ssl_conf_min_version(&config_, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
#endif
#if defined(MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED) && \
    defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        &config_, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
    prepared_ = true;
    return {};
  }

  int shake_hands() {
    if (has_session_ && server_.view() == session_of_.view())
      (void)mbedtls_ssl_set_session(&ssl_, &session_);  // a new one does as well
    const int status = mbedtls_ssl_handshake(&ssl_);
    if (status == 0 && !is_tls13()) keep_session();
    return status;
  }

  // In TLS 1.3 a session can be resumed only with the ticket that comes later.
  bool is_tls13() const { return mbedtls_ssl_get_version(&ssl_) == "TLSv1.3"sv; }

  static bool is_ticket(int status) {
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
    return status == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
#else
    (void)status;
    return false;
#endif
  }

  void keep_session() {
    forget_session();
    has_session_ = mbedtls_ssl_get_session(&ssl_, &session_) == 0;
    session_of_ = server_;
  }

  void forget_session() {
    mbedtls_ssl_session_free(&session_);
    mbedtls_ssl_session_init(&session_);
    has_session_ = false;
  }

  const error& fail(int status) {
    return *carrier_.failure != nullptr ? **carrier_.failure : report_.tell(status, ssl_);
  }

  mbedtls_trust trust_;
  mbedtls_failure report_;
  mbedtls_carrier carrier_{};
  bool prepared_ = false;
  bool has_session_ = false;
  fixed_string<255 + 6> server_;  // host:port
  fixed_string<255 + 6> session_of_;
  mbedtls_entropy_context entropy_;
  mbedtls_ctr_drbg_context random_;
  mbedtls_ssl_config config_;
  mbedtls_ssl_context ssl_;
  mbedtls_ssl_session session_;
};

}  // namespace ota::detail
