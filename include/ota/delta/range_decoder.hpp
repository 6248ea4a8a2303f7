#pragma once

#include <cstdint>

#include "bit_model.hpp"

namespace ota::detail {

struct range_decoder_state {
  std::uint32_t range = 0xffff'ffff;
  std::uint32_t code = 0;
  unsigned rate = 4;
};

/// Takes bits out of a range-coded stream (G. N. N. Martin, 1979; the carry is resolved by the
/// encoder, as in LZMA). `Input` gives one byte after the other: `std::uint8_t next()`.
template <class Input>
class range_decoder {
 public:
  static constexpr bool encodes = false;

  range_decoder(range_decoder_state& s, Input& input) : s_(s), input_(input) {}

  /// Reads the first four bytes.
  void start() {
    for (int i = 0; i < 4; ++i) take_byte();
  }

  bool bit(bit_model& model, bool /*to encode*/ = false) {
    const std::uint32_t bound = (s_.range >> bit_model::precision) * model.zero();
    const bool one = s_.code >= bound;
    if (one) {
      s_.code -= bound;
      s_.range -= bound;
    } else {
      s_.range = bound;
    }
    model.learn(one, s_.rate);
    fill();
    return one;
  }

  /// Bits without a model, the highest first.
  std::uint32_t direct(std::uint32_t /*to encode*/, unsigned count) {
    std::uint32_t value = 0;
    while (count-- > 0) {
      s_.range >>= 1;
      const bool one = s_.code >= s_.range;
      if (one) s_.code -= s_.range;
      value = value << 1 | static_cast<std::uint32_t>(one);
      fill();
    }
    return value;
  }

 private:
  void fill() {
    while (s_.range < 1U << 24) {
      s_.range <<= 8;
      take_byte();
    }
  }
  void take_byte() { s_.code = s_.code << 8 | input_.next(); }

  range_decoder_state& s_;
  Input& input_;
};

}  // namespace ota::detail
