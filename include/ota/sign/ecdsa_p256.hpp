#pragma once

#include <string_view>

#include "../hash/sha256.hpp"
#include "der.hpp"
#include "p256_combine.hpp"

namespace ota {
namespace detail {

inline constexpr number256 p256_order =
    number256::of("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

inline number256 modulo_order(bytes digest) {
  number256 e = number256::of(digest);
  if (!(e < p256_order)) e -= p256_order;
  return e;
}

inline number256 digest_modulo_order(bytes message) {
  sha256 hash;
  hash.update(message);
  const auto digest = hash.finish();
  return modulo_order({digest.data(), digest.size()});
}

/// ECDSA's verification (FIPS 186-5, 6.4.2) over P-256: of the digest `e`, modulo the order, and of
/// a signature in its two numbers.
inline bool verify_p256(bytes public_key, const number256& e, number256 r, const number256& s) {
  p256_affine key;
  if (r.zero() || s.zero() || !(r < p256_order) || !(s < p256_order) || !key.load(public_key))
    return false;
  const p256_point sum =
      p256_combine(divide_modulo(e, s, p256_order), divide_modulo(r, s, p256_order), key);
  if (sum.at_infinity()) return false;
  if (sum.x_is(r)) return true;
  // r is x modulo the order, which is a little less than p.
  return add(r.limbs, r.limbs, p256_order.limbs, r.count) == 0 && r < p256_prime && sum.x_is(r);
}

}  // namespace detail

/// ECDSA over P-256 with SHA-256 (FIPS 186-5). The key is the point uncompressed (SEC 1, 2.3.3):
/// 0x04, X and Y, which is how `openssl ec -pubout -outform DER` ends; the signature is r and s, 32
/// bytes each, the highest first (IEEE P1363).
struct ecdsa_p256 {
  static constexpr std::string_view name = "ecdsa-p256";
  static constexpr std::size_t public_key_size = 65;
  static constexpr std::size_t signature_size = 64;

  static bool verify(bytes public_key, bytes message, bytes signature) {
    return signature.size() == signature_size &&
           detail::verify_p256(public_key, detail::digest_modulo_order(message),
                               detail::number256::of(signature.first(32)),
                               detail::number256::of(signature.drop(32)));
  }
};

/// The same with a signature in DER (RFC 3279, 2.2.3), which is what openssl makes: a SEQUENCE of r
/// and s. Only the shortest form is taken.
struct ecdsa_p256_der {
  static constexpr std::string_view name = "ecdsa-p256-der";
  static constexpr std::size_t public_key_size = 65;
  static constexpr std::size_t signature_size = 72;  ///< the greatest

  static bool verify(bytes public_key, bytes message, bytes signature) {
    return verify_number(public_key, detail::digest_modulo_order(message), signature);
  }

  /// The same, where the SHA-256 of the message is known already.
  static bool verify_digest(bytes public_key, bytes digest, bytes signature) {
    return digest.size() == 32 &&
           verify_number(public_key, detail::modulo_order(digest), signature);
  }

 private:
  static bool verify_number(bytes public_key, const detail::number256& e, bytes signature) {
    detail::der_reader whole(signature);
    detail::der_reader pair(whole.sequence());
    const bytes r = pair.integer(), s = pair.integer();
    return whole.done() && pair.done() && r.size() <= 32 && s.size() <= 32 &&
           detail::verify_p256(public_key, e, detail::number256::of(r), detail::number256::of(s));
  }
};

}  // namespace ota
