#pragma once

#include "limb.hpp"

namespace ota::detail {

/// -1 / m modulo 2^limb_bits for an odd m, of which the lowest limb is enough.
inline limb montgomery_inverse(limb m) {
  limb inverse = m;  // right in 3 bits; each step doubles them
  for (int bits = 3; bits < static_cast<int>(limb_bits); bits *= 2)
    inverse = static_cast<limb>(inverse * (2 - wide_limb{m} * inverse));
  return static_cast<limb>(-wide_limb{inverse});
}

/// product = a * b / 2^(Count * limb_bits) modulo the odd m, for a and b below m, by Montgomery's
/// way (1985), a limb of `a` at a time. `inverse` is that of m.
template <std::size_t Count>
inline void montgomery_multiply(limb* product, const limb* a, const limb* b, const limb* m,
                                limb inverse) {
  limb space[Count + 1] = {};  // its first takes the limb that becomes 0
  limb* const sum = space + 1;
  limb top = 0;
  for (std::size_t i = 0; i < Count; ++i) {
    const limb high = multiply_add(sum, sum, a[i], b, Count);
    const auto factor = static_cast<limb>(wide_limb{sum[0]} * inverse);
    const wide_limb highest = wide_limb{top} + high + multiply_add(space, sum, factor, m, Count);
    sum[Count - 1] = static_cast<limb>(highest);
    top = static_cast<limb>(highest >> limb_bits);
  }
  const bool over = top != 0 || !less(sum, m, Count);
  if (over) subtract(sum, sum, m, Count);
  for (std::size_t i = 0; i < Count; ++i) product[i] = sum[i];
}

}  // namespace ota::detail
