#pragma once

#include "p256_point.hpp"

namespace ota::detail {

/// One summand of a sum of products: a factor, and the odd multiples of its point. The factor is
/// read from its highest bit on as signed digits (wMOF, Okeya and others 2004): odd, below
/// 2^(width - 1), and with `width` zeros on average between two that are not.
class p256_summand {
 public:
  /// `odd` holds the multiples 1, 3, … 2^(width - 1) - 1.
  p256_summand(const number256& factor, const p256_affine* odd, int width)
      : factor_(factor), odd_(odd), width_(width) {}

  /// Adds what the digit at `bit` stands for. To be asked for every bit from 256 down to 0.
  void add_to(p256_point& sum, int bit) {
    if (bit < window_ && factor_.bit(bit) != factor_.bit(bit - 1)) take_window(bit);
    if (bit != place_) return;
    if (digit_ > 0)
      sum.add(odd_[digit_ / 2]);
    else
      sum.add(odd_[-digit_ / 2].negated());
  }

 private:
  // The bits b, b - 1 … of 2k - k, taken together: b's own bit counts as negative.
  void take_window(int bit) {
    window_ = bit - width_ + 1;
    int low = 0;
    for (int i = bit - 1; i >= bit - width_; --i) low = 2 * low + static_cast<int>(factor_.bit(i));
    digit_ = (low + 1) / 2 - (static_cast<int>(factor_.bit(bit)) << (width_ - 1));
    for (place_ = window_; digit_ % 2 == 0; ++place_) digit_ /= 2;
  }

  const number256& factor_;
  const p256_affine* odd_;
  int width_;
  int window_ = 257, place_ = 257, digit_ = 0;
};

/// a * G + b * point, G being the generator of P-256.
inline p256_point p256_combine(const number256& a, const number256& b, const p256_affine& point) {
  static constexpr p256_affine generator[] = {
      {{number256::of("18905f76a53755c679fb732b7762251075ba95fc5fedb60179e730d418a9143c")},
       {number256::of("8571ff1825885d85d2e88688dd21f3258b4ab8e4ba19e45cddf25357ce95560a")}},
      {{number256::of("26936a3fb6ff747e66ad77dd87cbbc98b027f84a087d81fbffac3f904eebc127")},
       {number256::of("d5f06a29e587cc07788208311a2ee98e583e47ad0861fe1ab04c5c1fc983a7eb")}},
      {{number256::of("c9079605890523c8941cb5aad076c20c90ec649a94b9537dbe1b8aaec45c61f5")},
       {number256::of("73a076bb2dd1e9163540a9877e7a1f6873c568efe5eb882beb309b4ae7ba4f10")}},
      {{number256::of("13ba5119c3123e03f43eaab50c23bb082bd20213d23c00f70746354ea0173b4f")},
       {number256::of("eaedd9156e240867ef933bdc77c941956742f2f25da67bdd2847d0303f5b9d4d")}}};
  p256_point sum;
  sum.add(point);
  sum.double_it();
  sum.add(point);
  const p256_affine odd[] = {point, sum.affine()};

  sum = {};
  p256_summand first(a, generator, 4), second(b, odd, 3);
  for (int bit = 256; bit >= 0; --bit) {
    sum.double_it();
    first.add_to(sum, bit);
    second.add_to(sum, bit);
  }
  return sum;
}

}  // namespace ota::detail
