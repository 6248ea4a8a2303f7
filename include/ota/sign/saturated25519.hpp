#pragma once

#include <cstddef>
#include <cstdint>

namespace ota::detail {

/// Integers modulo p = 2^255 - 19 in limbs as wide as the processor multiplies and full to the last
/// bit: `Wide` holds a product of two and both carries. An element is any number a little above
/// 2^255 or below.
template <class Limb, class Wide>
class saturated25519 {
 public:
  using limb_type = Limb;
  static constexpr unsigned bits = 8 * sizeof(Limb);

  saturated25519() = default;
  /// A constant, as four words of 64 bits, the lowest first.
  constexpr saturated25519(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)
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
    saturated25519 least = *this;
    Wide over = least.add_small(19) >> (bits - 1);
    least = *this;
    least.limb_[last] = static_cast<Limb>(least.add_small(19 * over) & half_max);
    for (unsigned i = 0; i < 32; ++i)
      out[i] = static_cast<std::uint8_t>(least.limb_[i / sizeof(Limb)] >> (8 * i % bits));
  }

  void add(const saturated25519& a, const saturated25519& b) {
    Wide top = Wide{a.limb_[last]} + b.limb_[last];
    Wide carry = fold(top);
    for (unsigned i = 0; i < last; ++i) put(limb_[i], carry, Wide{a.limb_[i]} + b.limb_[i]);
    limb_[last] = static_cast<Limb>(top + carry);
  }

  void subtract(const saturated25519& a, const saturated25519& b) {
    // a + 4p - b: 4p is 2^257 - 76, twice the highest value in every limb, less 74.
    Wide top = 2 * Wide{limb_max} + a.limb_[last] - b.limb_[last];
    Wide carry = fold(top) - 74;
    for (unsigned i = 0; i < last; ++i)
      put(limb_[i], carry, 2 * Wide{limb_max} + a.limb_[i] - b.limb_[i]);
    limb_[last] = static_cast<Limb>(top + carry);
  }

  void multiply(const saturated25519& a, const saturated25519& b) {
    Limb product[2 * count];
    clear_half(product);
    for (unsigned i = 0; i < count; ++i) add_row(product + i, a.limb_[i], b.limb_, b.limb_ + count);
    reduce(product);
  }

  void square(const saturated25519& a) {
    // What is off the diagonal once, then twice that and the diagonal.
    Limb product[2 * count];
    clear_half(product);
    for (unsigned i = 0; i < count; ++i)
      add_row(product + 2 * i + 1, a.limb_[i], a.limb_ + i + 1, a.limb_ + count);
    Wide carry = 0;
    for (unsigned i = 0; i < count; ++i) {
      const Wide squared = Wide{a.limb_[i]} * a.limb_[i];
      carry += 2 * Wide{product[2 * i]} + static_cast<Limb>(squared);
      product[2 * i] = static_cast<Limb>(carry);
      carry = (carry >> bits) + 2 * Wide{product[2 * i + 1]} + (squared >> bits);
      product[2 * i + 1] = static_cast<Limb>(carry);
      carry >>= bits;
    }
    reduce(product);
  }

  /// Becomes `other` where `mask` has all bits, stays where it has none.
  void choose(const saturated25519& other, Limb mask) {
    for (unsigned i = 0; i < count; ++i)
      limb_[i] = static_cast<Limb>(limb_[i] ^ ((limb_[i] ^ other.limb_[i]) & mask));
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
    for (Limb& each : limb_) put(each, carry, each);
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

}  // namespace ota::detail
