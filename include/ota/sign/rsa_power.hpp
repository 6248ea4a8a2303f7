#pragma once

#include "der.hpp"
#include "montgomery.hpp"

namespace ota::detail {

/// A public key of exactly `Bits` bits: the odd modulus, and an odd exponent above 1.
template <std::size_t Bits>
struct rsa_key {
  static_assert(Bits >= 2048 && Bits <= 4096 && Bits % 256 == 0,
                "RSA keys have 2048 to 4096 bits, a multiple of 256");
  static constexpr std::size_t count = Bits / limb_bits;

  limb modulus[count];
  std::uint32_t exponent;

  /// Reads an RSAPublicKey (RFC 8017, A.1.1) in DER; false when it is none of this size.
  bool load(bytes key) {
    der_reader whole(key);
    der_reader pair(whole.sequence());
    const bytes n = pair.integer(), e = pair.integer();
    if (!whole.done() || !pair.done() || n.size() != Bits / 8 || e.size() > 4) return false;
    load_limbs(modulus, count, n);
    exponent = 0;
    for (const std::uint8_t byte : e) exponent = exponent << 8 | byte;
    return (n[0] & 0x80) != 0 && (modulus[0] & 1) != 0 && exponent > 1 && (exponent & 1) != 0;
  }
};

/// square = (2^Bits)^2 modulo m, which takes a number to Montgomery's form.
template <std::size_t Bits>
void montgomery_square_of_form(limb (&square)[Bits / limb_bits], const limb* m, limb inverse) {
  constexpr std::size_t count = Bits / limb_bits, squarings = 4;
  // 2^Bits modulo m is 1 in that form. Doubled it becomes 2^(Bits / 16), and squared 2^Bits.
  for (std::size_t i = 0; i < count; ++i) square[i] = 0;
  subtract(square, square, m, count);
  for (std::size_t i = 0; i < Bits >> squarings; ++i)
    if (add(square, square, square, count) != 0 || !less(square, m, count))
      subtract(square, square, m, count);
  for (std::size_t i = 0; i < squarings; ++i)
    montgomery_multiply<count>(square, square, square, m, inverse);
}

/// power = signature ^ exponent modulo the modulus (RSAVP1 of RFC 8017, 5.2.2); false when key or
/// signature are not as they must be.
template <std::size_t Bits>
bool rsa_power(limb (&power)[Bits / limb_bits], bytes public_key, bytes signature) {
  constexpr std::size_t count = Bits / limb_bits;
  rsa_key<Bits> key;
  if (!key.load(public_key) || signature.size() != Bits / 8) return false;
  load_limbs(power, count, signature);
  if (!less(power, key.modulus, count)) return false;

  const limb inverse = montgomery_inverse(key.modulus[0]);
  const auto times = [&](const limb* factor) {
    montgomery_multiply<count>(power, power, factor, key.modulus, inverse);
  };
  limb base[count];
  montgomery_square_of_form<Bits>(base, key.modulus, inverse);
  times(base);
  for (std::size_t i = 0; i < count; ++i) base[i] = power[i];
  std::uint32_t bit = 0x80000000;
  while ((key.exponent & bit) == 0) bit >>= 1;
  while ((bit >>= 1) != 1) {
    times(power);
    if ((key.exponent & bit) != 0) times(base);
  }
  // The exponent's last bit is 1: multiplied by what is not in the form, the power leaves it too.
  times(power);
  load_limbs(base, count, signature);
  times(base);
  return true;
}

}  // namespace ota::detail
