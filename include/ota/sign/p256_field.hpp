#pragma once

#include <type_traits>

#include "montgomery.hpp"
#include "number256.hpp"

namespace ota::detail {

inline constexpr number256 p256_prime =
    number256::of("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

/// An element of the field that P-256 lies in, as x * 2^256 modulo p (Montgomery's form): p ends in
/// 96 one bits, so a product is brought back below p with additions only.
struct p256_element {
  number256 value;

  /// From a number below p.
  static p256_element of(const number256& number) {
    constexpr p256_element square_of_form = {
        number256::of("00000004fffffffdfffffffffffffffefffffffbffffffff0000000000000003")};
    return p256_element{number} * square_of_form;
  }

  p256_element& operator+=(const p256_element& b) {
    add_modulo(value, value, b.value, p256_prime);
    return *this;
  }
  p256_element& operator-=(const p256_element& b) {
    subtract_modulo(value, value, b.value, p256_prime);
    return *this;
  }
  p256_element& operator*=(const p256_element& b) {
    multiply(*this, *this, b);
    return *this;
  }
  friend p256_element operator+(const p256_element& a, const p256_element& b) {
    p256_element sum;
    add_modulo(sum.value, a.value, b.value, p256_prime);
    return sum;
  }
  friend p256_element operator-(const p256_element& a, const p256_element& b) {
    p256_element difference;
    subtract_modulo(difference.value, a.value, b.value, p256_prime);
    return difference;
  }
  friend p256_element operator*(const p256_element& a, const p256_element& b) {
    p256_element product;
    multiply(product, a, b);
    return product;
  }
  friend p256_element operator/(const p256_element& a, const p256_element& b) {
    return of(divide_modulo(a.value, b.value, p256_prime));
  }
  friend bool operator==(const p256_element& a, const p256_element& b) {
    return a.value == b.value;
  }
  p256_element squared() const { return *this * *this; }
  bool zero() const { return value.zero(); }

 private:
  static void multiply(p256_element& product, const p256_element& a, const p256_element& b) {
    constexpr std::size_t count = number256::count;
    limb* const out = product.value.limbs;
    if constexpr (limb_bits == 64) {
      montgomery_multiply<count>(out, a.value.limbs, b.value.limbs, p256_prime.limbs, 1);
    } else {
      limb space[3 * count] = {};
      for (std::size_t i = 0; i < count; ++i) {
        limb* const at = space + count + i;
        at[count] = multiply_add(at, at, a.value.limbs[i], b.value.limbs, count);
      }
      const bool over = reduce(space);
      for (std::size_t i = 0; i < count; ++i) out[i] = space[count + i];
      if (over || !(product.value < p256_prime)) product.value -= p256_prime;
    }
  }

  /// Divides a product by 2^256; it begins after as many zeros as its half is long, and the
  /// quotient is there in the end. Each limb of its lower half becomes 0 when its turn comes by
  /// adding p times itself, where p = 2^256 - 2^224 + 2^192 + 2^96 - 1; its place keeps the factor
  /// for the limbs above it. True when the quotient has a bit more.
  template <class Limb>  // a template, so that it is compiled where it is used only
  __attribute__((flatten)) static bool reduce(Limb* space) {
    constexpr std::size_t bits = 8 * sizeof(Limb), count = 256 / bits;
    std::conditional_t<bits == 16, std::int32_t, std::int64_t> sum = 0;
    const auto next = [&](std::size_t i) {
      sum += space[i];
      sum += space[i - 96 / bits];
      sum += space[i - 192 / bits];
      sum -= space[i - 224 / bits];
      sum += space[i - 256 / bits];
      const auto at = static_cast<Limb>(sum);
      sum >>= bits;
      return at;
    };
    for (std::size_t i = count; i < 2 * count; ++i) space[i] = next(i);
    for (std::size_t i = 2 * count; i < 3 * count; ++i) {
      space[i - count] = next(i);
      space[i] = 0;
    }
    return sum != 0;
  }
};

}  // namespace ota::detail
