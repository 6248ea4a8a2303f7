#pragma once

#include <cstdint>

namespace ota::detail {

/// A scalar below 2^253 as a sum of odd digits from -7 to 7 times powers of two, at most every
/// fourth of which is there; told from the highest place to the lowest, without a table of them. A
/// scalar s is 2s - s: the bits of that difference are -1, 0 and 1, and what stands within four
/// places makes one digit (Okeya, Schmidt-Samoa, Spahn, Takagi: Signed Binary Representations
/// Revisited, 2004).
class signed_windows {
 public:
  static constexpr int highest = 253;

  /// \param scalar  32 bytes, the lowest first; they must outlive the object
  explicit signed_windows(const std::uint8_t* scalar) : scalar_(scalar) {}

  /// The digit at a place, or 0. To be asked for every place from `highest` down to 0.
  int digit(int place) {
    if (digit_ == 0 && difference(place) != 0) open(place);
    if (digit_ == 0 || place != place_) return 0;
    const int digit = digit_;
    digit_ = 0;
    return digit;
  }

 private:
  void open(int from) {
    place_ = from < 3 ? 0 : from - 3;
    for (int i = from; i >= place_; --i) digit_ = 2 * digit_ + difference(i);
    for (; digit_ % 2 == 0; ++place_) digit_ /= 2;
  }

  int difference(int place) const { return bit(place - 1) - bit(place); }
  int bit(int i) const { return i < 0 ? 0 : scalar_[i >> 3] >> (i & 7) & 1; }

  const std::uint8_t* scalar_;
  int digit_ = 0;
  int place_ = 0;
};

}  // namespace ota::detail
