#pragma once

#include "p256_field.hpp"

namespace ota::detail {

/// A point of P-256 other than the one at infinity.
struct p256_affine {
  p256_element x, y;

  p256_affine negated() const { return {x, p256_element{} - y}; }

  /// The point that a key holds uncompressed (SEC 1, 2.3.4); false when it holds none.
  bool load(bytes key) {
    if (key.size() != 65 || key[0] != 4) return false;
    const number256 a = number256::of(key.drop(1).first(32)), b = number256::of(key.drop(33));
    if (!(a < p256_prime) || !(b < p256_prime)) return false;
    x = p256_element::of(a);
    y = p256_element::of(b);
    return on_curve();
  }

  /// Whether y^2 = x^3 - 3x + b (FIPS 186-4, D.1.2.3).
  bool on_curve() const {
    constexpr p256_element b = {
        number256::of("dc30061d04874834e5a220abf7212ed6acf005cd78843090d89cdf6229c4bddf")};
    return y.squared() == x.squared() * x - (x + x + x) + b;
  }
};

/// A point in Jacobian coordinates: x = X / Z^2, y = Y / Z^3; at infinity where Z = 0, as it is at
/// first. The formulas are dbl-2001-b and madd of the Explicit-Formulas Database, for a = -3.
class p256_point {
 public:
  void double_it() {
    const p256_element delta = z_.squared();
    p256_element gamma = y_.squared(), beta = x_ * gamma, alpha = (x_ - delta) * (x_ + delta);
    alpha += alpha + alpha;  // 3 (X - delta) (X + delta)
    z_ += y_;
    z_ = z_.squared();
    z_ -= gamma;
    z_ -= delta;
    beta += beta;
    beta += beta;  // 4 beta from here on
    x_ = alpha.squared();
    x_ -= beta;
    x_ -= beta;
    gamma += gamma;
    gamma = gamma.squared();  // 4 gamma^2
    beta -= x_;
    y_ = alpha * beta;
    y_ -= gamma;
    y_ -= gamma;
  }

  void add(const p256_affine& other) {
    if (at_infinity()) {
      x_ = other.x;
      y_ = other.y;
      z_ = one();
      return;
    }
    p256_element square = z_.squared(), h = other.x * square, r = other.y * square;
    r *= z_;
    r -= y_;
    h -= x_;
    if (h.zero() && r.zero()) return double_it();
    z_ *= h;  // 0, which is infinity, where the two are opposite
    square = h.squared();
    p256_element v = x_ * square;
    h *= square;  // h^3
    x_ = r.squared();
    x_ -= h;
    x_ -= v;
    x_ -= v;
    v -= x_;
    r *= v;
    y_ *= h;
    y_ = r - y_;
  }

  bool at_infinity() const { return z_.zero(); }

  p256_affine affine() const {
    const p256_element inverse = one() / z_, square = inverse.squared();
    return {x_ * square, y_ * square * inverse};
  }

  /// Whether the affine x is this number below p.
  bool x_is(const number256& x) const { return p256_element::of(x) * z_.squared() == x_; }

 private:
  static p256_element one() { return p256_element::of(number256{{1}}); }

  p256_element x_{}, y_{}, z_{};
};

}  // namespace ota::detail
