#pragma once

#include "../core/bytes.hpp"
#include "../hash/sha512.hpp"
#include "edwards25519.hpp"
#include "scalar25519.hpp"
#include "signed_windows.hpp"

namespace ota {
namespace detail {

/// The verification of Ed25519 over any field of integers modulo 2^255 - 19.
template <class Field>
struct ed25519_verifier {
  using point = edwards25519<Field>;

  static bool verify(const std::uint8_t* key, bytes message, const std::uint8_t* signature) {
    const std::uint8_t *const r = signature, *const s = signature + 32;
    std::uint8_t number[32];  // S modulo L, then k, then what R must be
    reduce_scalar({s, 32}, number);
    if (!equal({s, 32}, number)) return false;
    point sum;
    if (!sum.load(key) || !has_large_order(sum)) return false;
    challenge(key, message, r, number);
    combine(sum, number, s);
    sum.store(number);
    return equal({r, 32}, number) && has_large_order(sum);
  }

 private:
  /// k of RFC 8032, 5.1.7: SHA-512 of R, A and the message. Apart, for its memory is needed no more
  /// when that of `combine` is.
  [[gnu::noinline]] static void challenge(const std::uint8_t* key, bytes message,
                                          const std::uint8_t* r, std::uint8_t* k) {
    sha512 hash;
    hash.update({r, 32});
    hash.update({key, 32});
    hash.update(message);
    const auto digest = hash.finish();
    reduce_scalar({digest.data(), digest.size()}, k);
  }

  static bool has_large_order(point copy) { return !copy.is_of_small_order(); }

  /// Makes [s]B - [k]A of A, with doublings in common (Strauss).
  static void combine(point& a, const std::uint8_t* k, const std::uint8_t* s) {
    // 1, 3, 5 and 7 times A. The last place holds 2A until its turn comes.
    typename point::projective_addend multiple[4];
    a.prepare(multiple[0]);
    a.twice(true);
    a.prepare(multiple[3]);
    for (int i = 1; i < 4; ++i) {
      const auto& more = multiple[i == 1 ? 0 : 3];
      a.add(more, &more.twice_z, false, true);
      a.prepare(multiple[i]);
    }
    signed_windows of_a(k), of_base(s);
    a = point();
    for (int place = signed_windows::highest; place >= 0; --place) {
      const int by_a = of_a.digit(place), by_base = of_base.digit(place);
      a.twice(by_a != 0 || by_base != 0);
      if (by_a != 0) {
        const auto& q = multiple[(by_a < 0 ? -by_a : by_a) / 2];
        a.add(q, &q.twice_z, by_a > 0, by_base != 0);  // taken away, where the digit is positive
      }
      if (by_base != 0)
        a.add(point::base[(by_base < 0 ? -by_base : by_base) / 2], nullptr, by_base < 0, false);
    }
  }
};

}  // namespace detail

/// Verifies Ed25519 signatures (RFC 8032, 5.1.7, without a context), strictly: what is not the only
/// encoding of a point or of S is refused, and so are keys and R of small order, with which a
/// signature says nothing. The equation is the one without the cofactor. In memory: under 1.5 KB
/// of stack.
struct ed25519 {
  static constexpr std::string_view name = "ed25519";
  static constexpr std::size_t public_key_size = 32;
  static constexpr std::size_t signature_size = 64;

  /// Whether the signature of the message was made by the owner of the key. False for a key or a
  /// signature of another size.
  static bool verify(bytes public_key, bytes message, bytes signature) {
    return public_key.size() == public_key_size && signature.size() == signature_size &&
           detail::ed25519_verifier<detail::native_field25519>::verify(public_key.data(), message,
                                                                       signature.data());
  }
};

}  // namespace ota
