#pragma once

#include <cstddef>
#include <cstdint>

namespace ota::detail {

// What both sides of a patch know of its bits: each kind of decision has a probability that learns
// from every bit coded with it. The functions here are written once for both sides: a coder's
// `bit(model, value)` codes the value and gives it back; a decoder's ignores what it is given.

/// How likely a bit is zero. One 16-bit word: 14 bits of probability, and a count of visits, since
/// a new model has to learn faster than one that has seen much.
///
/// A new model is all zeros, and so is all that is made of models: `{}` makes them new.
class bit_model {
 public:
  static constexpr unsigned precision = 14;

  constexpr std::uint32_t zero() const { return (word_ ^ even_chance) >> count_bits; }

  /// \param rate  how slowly one that has seen much learns: a 2^rate-th of the way a bit
  constexpr void learn(bool bit, unsigned rate) {
    const std::uint32_t seen = word_ & seen_much;
    const unsigned shift = seen < seen_much ? seen + 1 : rate;
    std::uint32_t p = zero();
    p = bit ? p - (p >> shift) : p + (((1U << precision) - p) >> shift);
    const std::uint32_t word = p << count_bits | (seen < seen_much ? seen + 1 : seen);
    word_ = static_cast<std::uint16_t>(word ^ even_chance);
  }

 private:
  static constexpr unsigned count_bits = 2;
  static constexpr std::uint32_t seen_much = (1U << count_bits) - 1;
  static constexpr std::uint32_t even_chance = 1U << 15;

  std::uint16_t word_;
};

/// A symbol of so many bits, the highest first, each in the context of those before it.
template <unsigned Bits>
class bit_tree {
 public:
  template <class Coder>
  std::uint32_t code(Coder& coder, std::uint32_t symbol) {
    std::uint32_t node = 1;
    for (unsigned i = Bits; i-- > 0;)
      node =
          node << 1 | static_cast<std::uint32_t>(coder.bit(nodes_[node], (symbol >> i & 1) != 0));
    return node - (1U << Bits);
  }

 private:
  bit_model nodes_[1U << Bits];  // the first is not used
};

/// A number below 2^32 - 1: how many bits it has, then the bits, of which the first learns.
class number_model {
 public:
  static constexpr std::uint32_t max = 0xffff'fffe;

  template <class Coder>
  std::uint32_t code(Coder& coder, std::uint32_t number) {
    const std::uint32_t width = width_.code(coder, Coder::encodes ? width_of(number + 1) : 0);
    if (width == 0) return 0;
    std::uint32_t value = 2;
    value |= static_cast<std::uint32_t>(coder.bit(first_[width], bit_at(number + 1, width - 1)));
    if (width > 1) value = value << (width - 1) | coder.direct(number + 1, width - 1);
    return value - 1;
  }

 private:
  static constexpr bool bit_at(std::uint32_t value, unsigned i) { return (value >> i & 1) != 0; }
  static constexpr std::uint32_t width_of(std::uint32_t value) {
    std::uint32_t width = 0;
    while (value >>= 1) ++width;
    return width;
  }

  bit_tree<5> width_;
  bit_model first_[32];
};

/// Numbers of both signs as numbers: 0, -1, 1, -2, …
constexpr std::uint32_t fold_sign(std::uint32_t value) {
  return value << 1 ^ (value >> 31 != 0 ? 0xffff'ffff : 0);
}
constexpr std::uint32_t unfold_sign(std::uint32_t folded) {
  return folded >> 1 ^ (0 - (folded & 1));
}

}  // namespace ota::detail
