#pragma once

#include "field25519.hpp"

namespace ota::detail {

/// A point as it is added to another: y + x, y - x and 2dxy where z is 1.
template <class Field>
struct edwards_addend {
  Field sum, difference, product;
};

/// The same with any z: all three times z, and 2z.
template <class Field>
struct edwards_projective_addend : edwards_addend<Field> {
  Field twice_z;
};

/// Points of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, 5.1) as x/z, y/z and t = xy/z, with
/// the formulas of Hisil, Wong, Carter and Dawson (2008): complete, so no case is special.
template <class Field>
class edwards25519 {
 public:
  using addend = edwards_addend<Field>;
  using projective_addend = edwards_projective_addend<Field>;

  /// The neutral point.
  edwards25519() : x_(zero), y_(one), z_(one), t_(zero) {}

  /// Reads 32 bytes (RFC 8032, 5.1.3). False when they are no point, or y is not the least. The two
  /// points with x = 0 pass with either sign: they are of small order.
  bool load(const std::uint8_t* in) {
    y_.load(in);
    z_ = one;
    if (!is_least(in)) return false;
    // x^2 = u / v with u = y^2 - 1 and v = dy^2 + 1; a root is u (uv)^((p-5)/8), or that times the
    // root of -1.
    Field u, v, check;
    v.square(y_);
    u.subtract(v, one);
    v.multiply(v, d);
    v.add(v, one);
    t_.multiply(u, v);
    x_.power(t_);
    x_.multiply(x_, u);
    check.square(x_);
    check.multiply(check, v);
    t_.add(check, u);
    check.subtract(u, check);
    if (!check.is_zero()) {
      if (!t_.is_zero()) return false;
      x_.multiply(x_, root_of_minus_one);
    }
    if (x_.is_odd() != (in[31] >> 7 != 0)) x_.subtract(zero, x_);
    t_.multiply(x_, y_);
    return true;
  }

  /// The only encoding of the point, in 32 bytes.
  void store(std::uint8_t* out) const {
    Field inverse, coordinate;
    inverse.invert(z_);
    coordinate.multiply(x_, inverse);
    const bool sign = coordinate.is_odd();
    coordinate.multiply(y_, inverse);
    coordinate.store(out);
    out[31] = static_cast<std::uint8_t>(out[31] | sign << 7);
  }

  /// Doubles. \param with_t  whether an addition comes next: only that needs t
  void twice(bool with_t) {
    Field e, f, g, h;
    e.add(x_, y_);
    e.square(e);
    x_.square(x_);
    y_.square(y_);
    h.add(x_, y_);
    e.subtract(h, e);
    g.subtract(x_, y_);
    z_.square(z_);
    f.add(z_, z_);
    f.add(f, g);
    complete(e, f, g, h, with_t);
  }

  /// Adds a point, or takes it away; `twice_z` may be null for 2.
  void add(const addend& q, const Field* twice_z, bool negative, bool with_t) {
    Field e, f, g, h;
    e.subtract(y_, x_);
    h.add(y_, x_);
    x_.multiply(e, negative ? q.sum : q.difference);
    y_.multiply(h, negative ? q.difference : q.sum);
    t_.multiply(t_, q.product);
    if (twice_z != nullptr)
      z_.multiply(z_, *twice_z);
    else
      z_.add(z_, z_);
    e.subtract(y_, x_);
    h.add(y_, x_);
    f.subtract(z_, t_);
    g.add(z_, t_);
    if (negative)
      complete(e, g, f, h, with_t);
    else
      complete(e, f, g, h, with_t);
  }

  /// The point in the form to be added. It needs t.
  void prepare(projective_addend& out) const {
    out.sum.add(y_, x_);
    out.difference.subtract(y_, x_);
    out.product.multiply(t_, d);
    out.product.add(out.product, out.product);
    out.twice_z.add(z_, z_);
  }

  /// Whether eight times the point is the neutral one: four times it has x = 0 then. The point is
  /// used up.
  bool is_of_small_order() {
    twice(false);
    twice(false);
    return x_.is_zero();
  }

  /// The neutral point to be added.
  static constexpr addend neutral{{1, 0, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 0}};

  /// 1, 3, 5 and 7 times the base point.
  static constexpr addend base[4] = {
      {{0x2fbc93c6f58c3b85, 0xcf932dc6fb8c0e19, 0x270b4898643d42c2, 0x07cf9d3a33d4ba65},
       {0x9d103905d740913e, 0xfd399f05d140beb3, 0xa5c18434688f8a09, 0x44fd2f9298f81267},
       {0xabc91205877aaa68, 0x26d9e823ccaac49e, 0x5a1b7dcbdd43598c, 0x6f117b689f0c65a8}},
      {{0xaf25b0a84cee9730, 0x025a8430e8864b8a, 0xc11b50029f016732, 0x7a164e1b9a80f8f4},
       {0x56611fe8a4fcd265, 0x3bd353fde5c1ba7d, 0x8131f31a214bd6bd, 0x2ab91587555bda62},
       {0x14ae933f0dd0d889, 0x589423221c35da62, 0xd170e5458cf2db4c, 0x5a2826af12b9b4c6}},
      {{0xa212bc4408a5bb33, 0x8d5048c3c75eed02, 0xdd1beb0c5abfec44, 0x2945ccf146e206eb},
       {0x7f9182c3a447d6ba, 0xd50014d14b2729b7, 0xe33cf11cb864a087, 0x154a7e73eb1b55f3},
       {0xbcbbdbf1812a8285, 0x270e0807d0bdd1fc, 0xb41b670b1bbda72d, 0x43aabe696b3bb69a}},
      {{0x6b1a5cd0944ea3bf, 0x7470353ab39dc0d2, 0x71b2528228542e49, 0x461bea69283c927e},
       {0xba6f2c9aaa3221b1, 0x6ca021533bba23a7, 0x9dea764f92192c3a, 0x1d6edd5d2e5317e0},
       {0xf1836dc801b8b3a2, 0xb3035f47053ea49a, 0x529c41ba5877adf3, 0x7a9fbb1c6a0f90a7}}};

 private:
  static constexpr Field zero{0, 0, 0, 0}, one{1, 0, 0, 0};
  static constexpr Field d{0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898,
                           0x52036cee2b6ffe73};
  static constexpr Field root_of_minus_one{0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478,
                                           0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b};

  /// Whether y is below p as it was encoded.
  bool is_least(const std::uint8_t* in) const {
    std::uint8_t least[32];
    y_.store(least);
    for (int i = 0; i < 31; ++i)
      if (least[i] != in[i]) return false;
    return least[31] == (in[31] & 0x7f);
  }

  void complete(const Field& e, const Field& f, const Field& g, const Field& h, bool with_t) {
    x_.multiply(e, f);
    y_.multiply(g, h);
    z_.multiply(f, g);
    if (with_t) t_.multiply(e, h);
  }

  Field x_, y_, z_, t_;
};

}  // namespace ota::detail
