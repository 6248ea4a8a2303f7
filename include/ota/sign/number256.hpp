#pragma once

#include <string_view>
#include <utility>

#include "../core/hex.hpp"
#include "limb.hpp"

namespace ota::detail {

/// A number below 2^256.
struct number256 {
  static constexpr std::size_t count = 256 / limb_bits;
  limb limbs[count];

  /// From 64 hexadecimal digits, as standards print it.
  static constexpr number256 of(std::string_view digits) {
    number256 number{};
    for (std::size_t i = 0; i < 64; ++i)
      number.limbs[(63 - i) * 4 / limb_bits] |=
          static_cast<limb>(static_cast<limb>(hex_digit(digits[i])) << ((63 - i) * 4 % limb_bits));
    return number;
  }
  static number256 of(bytes big_endian) {
    number256 number;
    load_limbs(number.limbs, count, big_endian);
    return number;
  }

  bool zero() const { return is_zero(limbs, count); }
  /// A bit; those below the lowest are 0.
  unsigned bit(int i) const {
    if (i < 0 || i > 255) return 0;
    const auto place = static_cast<std::size_t>(i);
    return static_cast<unsigned>(limbs[place / limb_bits] >> (place % limb_bits)) & 1;
  }

  number256& operator-=(const number256& b) {
    subtract(limbs, limbs, b.limbs, count);
    return *this;
  }
  friend bool operator<(const number256& a, const number256& b) {
    return less(a.limbs, b.limbs, count);
  }
  friend bool operator==(const number256& a, const number256& b) {
    limb different = 0;
    for (std::size_t i = 0; i < count; ++i) different |= a.limbs[i] ^ b.limbs[i];
    return different == 0;
  }
};

/// sum = a + b modulo m, both below m.
inline void add_modulo(number256& sum, const number256& a, const number256& b, const number256& m) {
  if (add(sum.limbs, a.limbs, b.limbs, sum.count) != 0 || !(sum < m)) sum -= m;
}

/// difference = a - b modulo m, both below m.
inline void subtract_modulo(number256& difference, const number256& a, const number256& b,
                            const number256& m) {
  if (subtract(difference.limbs, a.limbs, b.limbs, m.count) != 0)
    add(difference.limbs, difference.limbs, m.limbs, m.count);
}

/// a / b modulo the odd prime m, for b other than 0: Euclid's algorithm by halves. What is left of
/// b and of m keeps its quotient by its side: u / b = x / a and v / b = y / a.
inline number256 divide_modulo(const number256& a, const number256& b, const number256& m) {
  struct side {
    number256 rest, quotient;
  };
  side one{b, a}, two{m, {}};
  side *u = &one, *v = &two;
  for (;;) {
    while ((u->rest.limbs[0] & 1) == 0) {
      halve(u->rest.limbs, 0, number256::count);
      limb* const x = u->quotient.limbs;
      halve(x, (x[0] & 1) != 0 ? add(x, x, m.limbs, number256::count) : 0, number256::count);
    }
    if (u->rest < v->rest) std::swap(u, v);
    u->rest -= v->rest;
    subtract_modulo(u->quotient, u->quotient, v->quotient, m);
    if (u->rest.zero()) return v->quotient;
  }
}

}  // namespace ota::detail
