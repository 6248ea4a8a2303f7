#pragma once

#include <string_view>

#include "../core/bytes.hpp"
#include "../core/fixed_vector.hpp"
#include "../core/text.hpp"
#include "../format/url.hpp"

namespace ota {

/// Whom a TLS connection trusts. A plain struct of views: what they show lives with whoever fills
/// it, as long as the connection.
struct tls_settings {
  /// A file of certificate authorities in PEM; empty: the system's own, where it has them.
  std::string_view ca_file;
  /// Certificate authorities in memory, instead of a file: one PEM text with its terminating zero,
  /// or certificates in DER, one behind the other.
  bytes ca;
  /// Public keys of which the proved chain, from the server's certificate to its authority, must
  /// hold one: `sha256/` and the base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4).
  /// Empty: any key.
  list_view<std::string_view> pins;
};

namespace detail {

/// The base64 of a pin; empty where the text is no pin. curl writes a second `/`, which may also be
/// the first character of the base64: the length tells.
constexpr std::string_view pin_digest(std::string_view pin) {
  if (!starts_with(pin, "sha256/"sv)) return {};
  const std::string_view digest = slice(pin, pin.size() == 52 && pin[7] == '/' ? 8 : 7);
  if (digest.size() != 44 || digest[43] != '=') return {};
  for (char c : slice(digest, 0, 43))
    if (!is_alphanumeric(c) && c != '+' && c != '/') return {};
  return digest;
}

}  // namespace detail

/// Whether a text has the form of a pin: `sha256/` and 44 characters of base64.
constexpr bool is_tls_pin(std::string_view pin) { return !detail::pin_digest(pin).empty(); }

}  // namespace ota
