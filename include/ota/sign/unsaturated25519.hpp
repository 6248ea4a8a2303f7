#pragma once

#include <cstdint>

#if defined(__SIZEOF_INT128__)
namespace ota::detail {

__extension__ using uint128 = unsigned __int128;

/// Integers modulo p = 2^255 - 19 for processors that multiply 64 bits: five limbs of 51 bits, with
/// room for what is not carried yet. A product's limbs are below 2^51 + 2^13. Only products are
/// carried, so: what is multiplied has limbs below 2^54, which the sum of two products and one
/// difference of two keeps; and what is subtracted is a product or the sum of two.
class unsaturated25519 {
 public:
  using limb_type = std::uint64_t;

  unsaturated25519() = default;
  /// A constant, as four words of 64 bits, the lowest first.
  constexpr unsaturated25519(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)
      : limb_{a & mask, (a >> 51 | b << 13) & mask, (b >> 38 | c << 26) & mask,
              (c >> 25 | d << 39) & mask, d >> 12 & mask} {}

  /// A number in 32 bytes, the lowest first. Its highest bit is left out.
  void load(const std::uint8_t* in) {
    std::uint64_t words[4] = {};
    for (int i = 32; i-- != 0;) words[i / 8] = words[i / 8] << 8 | in[i];
    *this = unsaturated25519(words[0], words[1], words[2], words[3]);
  }

  /// The least number that it equals, in 32 bytes, the lowest first.
  void store(std::uint8_t* out) const {
    unsaturated25519 least = *this;
    least.carry();
    least.carry();
    // Below 2p, it is to be less by p if 19 more reach 2^255.
    std::uint64_t over = 19;
    for (const std::uint64_t each : least.limb_) over = (each + over) >> 51;
    std::uint64_t carried = 19 * over;
    for (std::uint64_t& each : least.limb_) {
      carried += each;
      each = carried & mask;
      carried >>= 51;
    }
    const std::uint64_t* l = least.limb_;
    const std::uint64_t words[] = {l[0] | l[1] << 51, l[1] >> 13 | l[2] << 38,
                                   l[2] >> 26 | l[3] << 25, l[3] >> 39 | l[4] << 12};
    for (int i = 0; i < 32; ++i) out[i] = static_cast<std::uint8_t>(words[i / 8] >> (i % 8 * 8));
  }

  void add(const unsaturated25519& a, const unsaturated25519& b) {
    for (int i = 0; i < 5; ++i) limb_[i] = a.limb_[i] + b.limb_[i];
  }

  void subtract(const unsaturated25519& a, const unsaturated25519& b) {
    // a + 4p - b
    limb_[0] = a.limb_[0] + 4 * (mask - 18) - b.limb_[0];
    for (int i = 1; i < 5; ++i) limb_[i] = a.limb_[i] + 4 * mask - b.limb_[i];
  }

  void multiply(const unsaturated25519& a, const unsaturated25519& b) {
    const std::uint64_t *x = a.limb_, *y = b.limb_;
    // What stands at 2^255 and above comes back times 19.
    const std::uint64_t y1 = 19 * y[1], y2 = 19 * y[2], y3 = 19 * y[3], y4 = 19 * y[4];
    reduce(product(x[0], y[0]) + product(x[1], y4) + product(x[2], y3) + product(x[3], y2) +
               product(x[4], y1),
           product(x[0], y[1]) + product(x[1], y[0]) + product(x[2], y4) + product(x[3], y3) +
               product(x[4], y2),
           product(x[0], y[2]) + product(x[1], y[1]) + product(x[2], y[0]) + product(x[3], y4) +
               product(x[4], y3),
           product(x[0], y[3]) + product(x[1], y[2]) + product(x[2], y[1]) + product(x[3], y[0]) +
               product(x[4], y4),
           product(x[0], y[4]) + product(x[1], y[3]) + product(x[2], y[2]) + product(x[3], y[1]) +
               product(x[4], y[0]));
  }

  void square(const unsaturated25519& a) {
    const std::uint64_t* x = a.limb_;
    const std::uint64_t x0 = 2 * x[0], x1 = 2 * x[1], x3 = 19 * x[3], x4 = 19 * x[4];
    reduce(product(x[0], x[0]) + product(x1, x4) + product(2 * x[2], x3),
           product(x0, x[1]) + product(2 * x[2], x4) + product(x[3], x3),
           product(x0, x[2]) + product(x[1], x[1]) + product(2 * x[3], x4),
           product(x0, x[3]) + product(x1, x[2]) + product(x[4], x4),
           product(x0, x[4]) + product(x1, x[3]) + product(x[2], x[2]));
  }

  /// Becomes `other` where `mask` has all bits, stays where it has none.
  void choose(const unsaturated25519& other, std::uint64_t which) {
    for (int i = 0; i < 5; ++i) limb_[i] ^= (limb_[i] ^ other.limb_[i]) & which;
  }

 private:
  static constexpr std::uint64_t mask = (std::uint64_t{1} << 51) - 1;

  static uint128 product(std::uint64_t a, std::uint64_t b) { return uint128{a} * b; }

  void reduce(uint128 c0, uint128 c1, uint128 c2, uint128 c3, uint128 c4) {
    c1 += static_cast<std::uint64_t>(c0 >> 51);
    c2 += static_cast<std::uint64_t>(c1 >> 51);
    c3 += static_cast<std::uint64_t>(c2 >> 51);
    c4 += static_cast<std::uint64_t>(c3 >> 51);
    limb_[0] = static_cast<std::uint64_t>(c0) & mask;
    limb_[1] = static_cast<std::uint64_t>(c1) & mask;
    limb_[2] = static_cast<std::uint64_t>(c2) & mask;
    limb_[3] = static_cast<std::uint64_t>(c3) & mask;
    limb_[4] = static_cast<std::uint64_t>(c4) & mask;
    limb_[0] += 19 * static_cast<std::uint64_t>(c4 >> 51);
    limb_[1] += limb_[0] >> 51;
    limb_[0] &= mask;
  }

  void carry() {
    for (int i = 0; i < 4; ++i) {
      limb_[i + 1] += limb_[i] >> 51;
      limb_[i] &= mask;
    }
    limb_[0] += 19 * (limb_[4] >> 51);
    limb_[4] &= mask;
  }

  std::uint64_t limb_[5];
};

}  // namespace ota::detail
#endif
