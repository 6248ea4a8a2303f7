#pragma once

#include <cstddef>
#include <cstdint>

namespace ota::detail {

/// Integers modulo p = 2^255 - 19 (RFC 8032, 5.1), in limbs as wide as the processor multiplies:
/// `Wide` holds a product of two and both carries. An element is any number a little above 2^255
/// or below; only `store` gives the least. Results may be put where an operand lies. Neither the
/// time nor an address depends on a value.
template <class Limb, class Wide>
class field25519 {
 public:
  using limb_type = Limb;
  static constexpr unsigned bits = 8 * sizeof(Limb);

  field25519() = default;
  /// A constant, as four words of 64 bits, the lowest first.
  constexpr field25519(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)
      : limb_{} {
    const std::uint64_t words[] = {a, b, c, d};
    for (unsigned i = 0; i < count; ++i)
      limb_[i] = static_cast<Limb>(words[i * bits / 64] >> (i * bits % 64));
  }

  /// A number in 32 bytes, the lowest first. Its highest bit is left out.
  void load(const std::uint8_t* in) {
    for (unsigned i = 0; i < count; ++i) {
      limb_[i] = 0;
      for (unsigned byte = sizeof(Limb); byte-- != 0;)
        limb_[i] = static_cast<Limb>(limb_[i] << 8 | in[i * sizeof(Limb) + byte]);
    }
    limb_[last] &= half_max;
  }

  /// The least number that it equals, in 32 bytes, the lowest first.
  void store(std::uint8_t* out) const {
    // Below 2p, it is to be less by p if 19 more reach 2^255.
    field25519 least = *this;
    Wide over = least.add_small(19) >> (bits - 1);
    least = *this;
    least.limb_[last] = static_cast<Limb>(least.add_small(19 * over) & half_max);
    for (unsigned i = 0; i < 32; ++i)
      out[i] = static_cast<std::uint8_t>(least.limb_[i / sizeof(Limb)] >> (8 * i % bits));
  }

  void add(const field25519& a, const field25519& b) {
    Wide top = Wide{a.limb_[last]} + b.limb_[last];
    Wide carry = fold(top);
    for (unsigned i = 0; i < last; ++i) put(limb_[i], carry, Wide{a.limb_[i]} + b.limb_[i]);
    limb_[last] = static_cast<Limb>(top + carry);
  }

  void subtract(const field25519& a, const field25519& b) {
    // a + 4p - b: 4p is 2^257 - 76, twice the highest value in every limb, less 74.
    Wide top = 2 * Wide{limb_max} + a.limb_[last] - b.limb_[last];
    Wide carry = fold(top) - 74;
    for (unsigned i = 0; i < last; ++i)
      put(limb_[i], carry, 2 * Wide{limb_max} + a.limb_[i] - b.limb_[i]);
    limb_[last] = static_cast<Limb>(top + carry);
  }

  void multiply(const field25519& a, const field25519& b) {
    Limb product[2 * count];
    clear_half(product);
    for (unsigned i = 0; i < count; ++i) add_row(product + i, a.limb_[i], b.limb_, b.limb_ + count);
    reduce(product);
  }

  void square(const field25519& a) {
    if constexpr (count == 4) return multiply(a, a);  // too short for the detour to pay
    // What is off the diagonal once, then twice that and the diagonal.
    Limb product[2 * count];
    clear_half(product);
    for (unsigned i = 0; i < count; ++i)
      add_row(product + 2 * i + 1, a.limb_[i], a.limb_ + i + 1, a.limb_ + count);
    Wide carry = 0;
    for (unsigned i = 0; i < count; ++i) {
      const Wide square = Wide{a.limb_[i]} * a.limb_[i];
      carry += 2 * Wide{product[2 * i]} + static_cast<Limb>(square);
      product[2 * i] = static_cast<Limb>(carry);
      carry = (carry >> bits) + 2 * Wide{product[2 * i + 1]} + (square >> bits);
      product[2 * i + 1] = static_cast<Limb>(carry);
      carry >>= bits;
    }
    reduce(product);
  }

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
    multiply(all_ones, a);
  }

  /// The inverse of `a`; 0 for 0.
  void invert(const field25519& a) {
    // p - 2 = 8 (2^252 - 3) + 3
    field25519 raised;
    raised.power(a);
    for (int i = 0; i < 3; ++i) raised.square(raised);
    raised.multiply(raised, a);
    raised.multiply(raised, a);
    multiply(raised, a);
  }

  /// Becomes `other` where `mask` has all bits, stays where it has none.
  void choose(const field25519& other, Limb mask) {
    for (unsigned i = 0; i < count; ++i)
      limb_[i] = static_cast<Limb>(limb_[i] ^ ((limb_[i] ^ other.limb_[i]) & mask));
  }

  bool is_zero() const {
    std::uint8_t least[32], any = 0;
    store(least);
    for (const std::uint8_t byte : least) any |= byte;
    return any == 0;
  }

  /// Whether the least number that it equals is odd: what an encoded point tells of its x.
  bool is_odd() const {
    std::uint8_t least[32];
    store(least);
    return (least[0] & 1) != 0;
  }

 private:
  static constexpr unsigned count = 32 / sizeof(Limb), last = count - 1;
  static constexpr Limb limb_max = static_cast<Limb>(~Limb{0}), half_max = limb_max >> 1;

  __attribute__((always_inline)) static inline void put(Limb& out, Wide& carry, Wide more) {
    carry += more;
    out = static_cast<Limb>(carry);
    carry >>= bits;
  }

  /// Takes from the highest limb what is 2^255 and above; gives that modulo p.
  static Wide fold(Wide& top) {
    const Wide over = top >> (bits - 1);
    top &= half_max;
    return 19 * over;
  }

  /// Adds a small number; gives the highest limb.
  Limb add_small(Wide carry) {
    for (Limb& limb : limb_) put(limb, carry, limb);
    return limb_[last];
  }

  static void clear_half(Limb* product) {
    for (unsigned i = 0; i < count; ++i) product[i] = 0;
  }

  /// Adds a * b to the limbs of `out`, for b up to `end`; what is carried becomes the next limb.
  static void add_row(Limb* out, Limb a, const Limb* b, const Limb* end) {
    Wide carry = 0;
    for (; (end - b) % 4 != 0; ++b, ++out) put(*out, carry, Wide{a} * *b + *out);
    for (; b != end; b += 4, out += 4) {
      put(out[0], carry, Wide{a} * b[0] + out[0]);
      put(out[1], carry, Wide{a} * b[1] + out[1]);
      put(out[2], carry, Wide{a} * b[2] + out[2]);
      put(out[3], carry, Wide{a} * b[3] + out[3]);
    }
    *out = static_cast<Limb>(carry);
  }

  void reduce(const Limb* product) {
    // 2^256 is 38 modulo p.
    Wide top = Wide{38} * product[2 * count - 1] + product[last];
    Wide carry = fold(top);
    for (unsigned i = 0; i < last; ++i)
      put(limb_[i], carry, Wide{38} * product[i + count] + product[i]);
    limb_[last] = static_cast<Limb>(top + carry);
  }

  Limb limb_[count];
};

#if defined(__SIZEOF_INT128__)
__extension__ using uint128 = unsigned __int128;
using native_field25519 = field25519<std::uint64_t, uint128>;
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)  // a product has 32 bits
using native_field25519 = field25519<std::uint16_t, std::uint32_t>;
#else
using native_field25519 = field25519<std::uint32_t, std::uint64_t>;
#endif

}  // namespace ota::detail
