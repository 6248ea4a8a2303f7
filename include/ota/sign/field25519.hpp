#pragma once

#include "saturated25519.hpp"
#include "unsaturated25519.hpp"

namespace ota::detail {

/// Integers modulo p = 2^255 - 19 (RFC 8032, 5.1), in the limbs that suit the processor; only
/// `store` gives the least number. Results may be put where an operand lies. Neither the time nor
/// an address depends on a value.
template <class Limbs>
class field25519 : public Limbs {
 public:
  using Limbs::Limbs;

  /// `a` to the power of (p - 5) / 8 = 2^252 - 3, from which square roots and inverses are made.
  void power(const field25519& a) {
    // a^(2^n - 1) for n = 1, 3, 7, 15, 31, 62, 125, 250: doubled by n squarings, one more by one.
    field25519 all_ones = a, shifted;
    for (int bit = 6; bit >= 0; --bit) {
      shifted = all_ones;
      for (int n = 250 >> (bit + 1); n != 0; --n) shifted.square(shifted);
      all_ones.multiply(all_ones, shifted);
      if ((250 >> bit & 1) == 0) continue;
      all_ones.square(all_ones);
      all_ones.multiply(all_ones, a);
    }
    all_ones.square(all_ones);
    all_ones.square(all_ones);
    this->multiply(all_ones, a);
  }

  /// The inverse of `a`; 0 for 0.
  void invert(const field25519& a) {
    // p - 2 = 8 (2^252 - 3) + 3
    field25519 raised;
    raised.power(a);
    for (int i = 0; i < 3; ++i) raised.square(raised);
    raised.multiply(raised, a);
    raised.multiply(raised, a);
    this->multiply(raised, a);
  }

  bool is_zero() const {
    std::uint8_t least[32], any = 0;
    this->store(least);
    for (const std::uint8_t byte : least) any |= byte;
    return any == 0;
  }

  /// Whether the least number that it equals is odd: what an encoded point tells of its x.
  bool is_odd() const {
    std::uint8_t least[32];
    this->store(least);
    return (least[0] & 1) != 0;
  }
};

#if defined(__SIZEOF_INT128__)
using native_limbs25519 = unsaturated25519;
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)  // a product has 32 bits
using native_limbs25519 = saturated25519<std::uint16_t, std::uint32_t>;
#else
using native_limbs25519 = saturated25519<std::uint32_t, std::uint64_t>;
#endif
using native_field25519 = field25519<native_limbs25519>;

}  // namespace ota::detail
