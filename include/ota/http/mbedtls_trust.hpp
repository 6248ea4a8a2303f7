#pragma once

#include <mbedtls/base64.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>

#include <cstdint>
#include <string_view>

#include "../core/fixed_string.hpp"
#include "../core/log.hpp"
#include "../core/result.hpp"
#include "../hash/mbedtls.hpp"
#include "tls_settings.hpp"

namespace ota::detail {

/// Judges a server's certificates: mbedtls proves the chain, the pins are added, and what is wrong
/// is put in words.
class mbedtls_trust {
 public:
  using text = fixed_string<max_log_line>;

  explicit mbedtls_trust(const tls_settings& settings) : settings_(settings) {
    mbedtls_x509_crt_init(&authorities_);
  }
  ~mbedtls_trust() { mbedtls_x509_crt_free(&authorities_); }
  mbedtls_trust(const mbedtls_trust&) = delete;
  mbedtls_trust& operator=(const mbedtls_trust&) = delete;

  const tls_settings& settings() const { return settings_; }
  mbedtls_x509_crt* authorities() { return &authorities_; }

  /// Reads the authorities, once.
  result<void> load() {
    for (std::string_view pin : settings_.pins)
      if (!is_tls_pin(pin)) return bad_pin;
    if (authorities_.raw.p != nullptr) return {};
    if (!settings_.ca.empty())
      read(settings_.ca);
    else if (!settings_.ca_file.empty())
      read_file(settings_.ca_file);
    else
      for (std::string_view file : system_files) read_file(file);
    if (authorities_.raw.p != nullptr) return {};
    if (!settings_.ca.empty()) return bad_ca;
    return settings_.ca_file.empty() ? no_ca : bad_ca_file;
  }

  /// What is found wrong from now on is told to `out`.
  void begin(std::string_view host, text& out) {
    host_ = host;
    out_ = &out;
    pinned_ = settings_.pins.empty();
  }

  /// For `mbedtls_ssl_conf_verify`: called for each certificate of the chain, the server's own last
  /// and at depth 0.
  static int judge(void* self, mbedtls_x509_crt* one, int depth, std::uint32_t* flags) {
    static_cast<mbedtls_trust*>(self)->judge(*one, depth == 0, *flags);
    return 0;
  }

 private:
  static constexpr error bad_pin{errc::invalid_argument, "tls",
                                 "a pin must be sha256/ and 44 characters of base64"};
  static constexpr error bad_ca{errc::invalid_argument, "tls",
                                "the certificate authorities given are neither PEM nor DER"};
  static constexpr error bad_ca_file{errc::invalid_argument, "tls",
                                     "the CA file cannot be read or holds no certificate in PEM"};
  static constexpr error no_ca{errc::invalid_argument, "tls",
                               "this system has no certificate authorities: install "
                               "ca-certificates, or name a CA file"};

  // Debian, Alpine, Arch; Fedora; openSUSE; BSD, macOS.
  static constexpr const char* system_files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                                 "/etc/pki/tls/certs/ca-bundle.crt",
                                                 "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

  void read(bytes ca) {
    bytes rest = ca;
    while (mbedtls_x509_crt_parse_der_nocopy(&authorities_, rest.data(), rest.size()) == 0) {
      const mbedtls_x509_crt* last = &authorities_;
      while (last->next != nullptr) last = last->next;
      rest = rest.drop(last->raw.len);
    }
    if (authorities_.raw.p == nullptr)
      (void)mbedtls_x509_crt_parse(&authorities_, ca.data(), ca.size());
  }

  // In a bundle, mbedtls passes over what it does not understand.
  void read_file(std::string_view path) {
#ifdef MBEDTLS_FS_IO
    if (authorities_.raw.p != nullptr) return;
    (void)mbedtls_x509_crt_parse_file(&authorities_, fixed_string<255>(path).c_str());
#else
    (void)path;
#endif
  }

  void judge(const mbedtls_x509_crt& one, bool is_server, std::uint32_t& flags) {
    fixed_string<44> key;
    if (!pinned_) pinned_ = is_pinned(one, key);
    if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
      append_date(begin_clause(one, is_server).append(" expired on "), one.valid_to);
    if (flags & MBEDTLS_X509_BADCERT_FUTURE)
      append_date(begin_clause(one, is_server).append(" is not valid before "), one.valid_from)
          .append(": is this device's clock right?");
    if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
      append_names(begin_clause(one, is_server).append(" is for "), one);
      out_->append(", not for ").append(host_);
    }
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) describe_issuer(one, is_server);
    if (is_server && !pinned_) {
      flags |= MBEDTLS_X509_BADCERT_OTHER;
      begin_clause(one, true).append(" has another key than the pins: sha256/").append(key);
    }
  }

  void describe_issuer(const mbedtls_x509_crt& one, bool is_server) {
    const bool signs_itself =
        equal({one.issuer_raw.p, one.issuer_raw.len}, {one.subject_raw.p, one.subject_raw.len});
    string_buffer& out = begin_clause(one, is_server);
    if (signs_itself)
      out.append(" is self-signed and not among the trusted ones");
    else
      append_name(out.append(" is issued by "), one.issuer).append(", which is not trusted");
  }

  string_buffer& begin_clause(const mbedtls_x509_crt& one, bool is_server) {
    if (!out_->empty()) out_->append("; ");
    out_->append("the certificate");
    return is_server ? *out_ : append_name(out_->append(" of "), one.subject);
  }

  bool is_pinned(const mbedtls_x509_crt& one, fixed_string<44>& key) const {
    mbedtls_sha256 hash;
    hash.update({one.pk_raw.p, one.pk_raw.len});
    const auto digest = hash.finish();
    unsigned char base64[45];
    std::size_t size = 0;
    if (hash.failed() ||
        mbedtls_base64_encode(base64, sizeof base64, &size, digest.data(), digest.size()) != 0)
      return false;
    key.assign(as_text({base64, size}));
    for (std::string_view pin : settings_.pins)
      if (pin_digest(pin) == key.view()) return true;
    return false;
  }

  // A name that others have chosen, as far as a line can bear it.
  static string_buffer& append_printable(string_buffer& out, const mbedtls_asn1_buf& name) {
    for (char c : as_text(bytes(name.p, name.len).first(40)))
      out.append(c >= ' ' && c < 0x7f ? c : '?');
    return out;
  }

  static string_buffer& append_name(string_buffer& out, const mbedtls_x509_name& whose) {
    for (const mbedtls_x509_name* at = &whose; at != nullptr; at = at->next)
      if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &at->oid) == 0) return append_printable(out, at->val);
    return out.append("an authority without a name");
  }

  // The DNS names of a certificate; the name of its subject where it has none.
  static void append_names(string_buffer& out, const mbedtls_x509_crt& one) {
    constexpr int dns_name = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2;  // RFC 5280, 4.2.1.6
    int count = 0;
    for (auto* at = &one.subject_alt_names; at != nullptr && count != 2; at = at->next)
      if (at->buf.tag == dns_name) append_printable(count++ == 0 ? out : out.append(", "), at->buf);
    if (count == 0) append_name(out, one.subject);
  }

  static string_buffer& append_date(string_buffer& out, const mbedtls_x509_time& time) {
    append_two(append_number(out, time.year).append('-'), time.mon).append('-');
    return append_two(out, time.day);
  }
  static string_buffer& append_two(string_buffer& out, int number) {
    return append_number(number < 10 ? out.append('0') : out, number);
  }
  static string_buffer& append_number(string_buffer& out, int number) {
    return out.append_number(static_cast<std::uint32_t>(number));
  }

  tls_settings settings_;
  std::string_view host_;
  text* out_ = nullptr;
  bool pinned_ = true;
  mbedtls_x509_crt authorities_;
};

}  // namespace ota::detail
