#pragma once

#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include <string_view>

#include "../core/fixed_string.hpp"
#include "../core/log.hpp"
#include "../core/result.hpp"

namespace ota::detail {

/// What mbedtls has failed at, as an error whose text is made for the occasion: it names the
/// certificate or the alert, and quotes mbedtls. The text stays until the next one.
class mbedtls_failure {
 public:
  using text = fixed_string<max_log_line>;

  /// The text as it begins, with what was found wrong with certificates.
  text& findings() { return text_; }

  const error& tell(int status, const mbedtls_ssl_context& ssl) {
    if (status == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) return tell_certificate(ssl);
    text_.clear();
    if (status == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) return tell_alert(ssl);
    if (status == too_old)
      text_.append("the server chose a version of TLS that is too old");
    else if (status == MBEDTLS_ERR_SSL_CONN_EOF)
      text_.append("the server closed the connection during the TLS handshake");
    else if (status == MBEDTLS_ERR_SSL_INVALID_RECORD)
      text_.append("the server does not speak TLS on this port, or what it sent was damaged");
    else
      text_.append("TLS failed");
#ifdef MBEDTLS_ERROR_C
    char words[100] = "";
    mbedtls_strerror(status, words, sizeof words);
    quote(words);
#endif
    return make(status == too_old ? errc::unsupported : errc::connection);
  }

 private:
  // For programs that keep no texts.
  static constexpr error bad_certificate{errc::untrusted, "tls",
                                         "the server's certificate is not acceptable"};
  static constexpr error no_agreement{
      errc::unsupported, "tls", "the server and this device do not agree on how to speak TLS"};
  static constexpr error tls_failed{errc::connection, "tls",
                                    "TLS failed: see docs/tls.md for what may be wrong"};

#if MBEDTLS_VERSION_MAJOR >= 3
  static constexpr int too_old = MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION;
#else
  static constexpr int too_old = MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION;
#endif

  const error& make(errc code) {
    if constexpr (!error::has_text)
      return code == errc::untrusted     ? bad_certificate
             : code == errc::unsupported ? no_agreement
                                         : tls_failed;
    failure_ = {code, "tls", text_.c_str()};
    return failure_;
  }

  const error& tell_certificate(const mbedtls_ssl_context& ssl) {
    if (text_.empty()) text_.append("the server's certificate is not acceptable");
#ifndef MBEDTLS_X509_REMOVE_INFO
    char words[200] = "";
    mbedtls_x509_crt_verify_info(words, sizeof words, "", mbedtls_ssl_get_verify_result(&ssl));
    quote(words);
#else
    (void)ssl;
#endif
    return make(errc::untrusted);
  }

  // A level and a description (RFC 8446, 6).
  const error& tell_alert(const mbedtls_ssl_context& ssl) {
#ifdef MBEDTLS_PRIVATE
    const unsigned char alert = ssl.MBEDTLS_PRIVATE(in_msg)[1];
#else
    const unsigned char alert = ssl.in_msg[1];
#endif
    text_.append("the server ended TLS with alert ").append_number(std::uint32_t{alert});
    text_.append(name_of(alert));
    return make(errc::unsupported);
  }

  // The alerts that a client meets, and what they mean here.
  static const char* name_of(unsigned char alert) {
    switch (alert) {
      case MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE:
        return ", handshake_failure: nothing that both sides can use, or a client certificate is "
               "asked for";
      case MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION:
        return ", protocol_version: it speaks no version of TLS that this program does";
      case MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR:
        return ", internal_error";
      case MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME:
        return ", unrecognized_name: it does not serve this host name";
      default:
        return "";
    }
  }

  // mbedtls's own words: of certificates a line for each thing that is wrong.
  void quote(const char* words) {
    text_.append(" (mbedtls: ");
    for (; *words != '\0'; ++words)
      if (*words != '\n')
        text_.append(*words);
      else if (words[1] != '\0')
        text_.append("; ");
    text_.append(')');
  }

  text text_;
  error failure_;
};

}  // namespace ota::detail
