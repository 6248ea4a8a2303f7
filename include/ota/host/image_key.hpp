#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "../core/hex.hpp"
#include "../core/text.hpp"
#include "../image/image_signature.hpp"
#include "base64.hpp"

namespace ota::host {

/// A public key that may verify images.
struct image_key {
  image_tlv kind{};                ///< of the signatures that it verifies
  std::vector<std::uint8_t> data;  ///< as the device has it
};

namespace detail {

inline bytes view_of(const std::vector<std::uint8_t>& data) { return {data.data(), data.size()}; }

template <class Kind>
bool is_kind(const std::vector<std::uint8_t>& der, std::size_t size) {
  const bytes prefix = Kind::key_prefix();
  return der.size() == prefix.size() + size && equal(view_of(der).first(prefix.size()), prefix);
}

/// A SubjectPublicKeyInfo (RFC 5280, 4.1) of one of the kinds that MCUboot knows.
inline image_key image_key_of_der(const std::vector<std::uint8_t>& der) {
  const auto without = [&](std::size_t size) {
    return std::vector<std::uint8_t>(der.begin() + static_cast<std::ptrdiff_t>(size), der.end());
  };
  if (is_kind<image_ed25519>(der, 32)) return {image_ed25519::tlv, without(12)};
  if (is_kind<image_ecdsa_p256>(der, 65)) return {image_ecdsa_p256::tlv, without(26)};
  // RSA: SEQUENCE, rsaEncryption, and a BIT STRING that holds the RSAPublicKey (RFC 8017, A.1).
  static constexpr std::uint8_t rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                         0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82};
  if (der.size() > 24 && std::equal(std::begin(rsa), std::end(rsa), der.begin() + 4)) {
    const std::vector<std::uint8_t> key = without(24);
    ota::detail::rsa_key<2048> small;
    ota::detail::rsa_key<3072> large;
    if (small.load(view_of(key))) return {image_rsa<2048>::tlv, key};
    if (large.load(view_of(key))) return {image_rsa<3072>::tlv, key};
  }
  throw std::invalid_argument("not a public key that verifies images");
}

}  // namespace detail

/// The key in a file: in PEM, as `imgtool getpub -e pem` and `openssl pkey -pubout` write it, or
/// one of this library (docs/keys.md). Throws std::invalid_argument where there is none.
inline image_key image_key_of(std::string_view text) {
  static constexpr std::string_view begin = "-----BEGIN PUBLIC KEY-----", end = "-----END";
  std::string digits;
  if (const std::size_t at = text.find(begin); at != text.npos) {
    for (const char c : slice(text, at + begin.size(), text.find(end, at) - at - begin.size()))
      if (c != '\n' && c != '\r') digits += c;
    if (const auto der = from_base64(digits)) return detail::image_key_of_der(*der);
  }
  const std::size_t space = text.find(' ');
  const std::string_view kind = text.substr(0, space);
  image_key key;
  if (kind == ed25519::name) key = {image_tlv::ed25519, std::vector<std::uint8_t>(32)};
  if (kind == ecdsa_p256::name) key = {image_tlv::ecdsa, std::vector<std::uint8_t>(65)};
  digits = slice(text, space + 1);
  digits.resize(std::min(digits.find_first_of("\r\n"), digits.size()));
  if (key.data.empty() || !from_lowercase_hex(digits, {key.data.data(), key.data.size()}))
    throw std::invalid_argument("not a public key that verifies images");
  return key;
}

}  // namespace ota::host
