#pragma once

#include <utility>

#include "block_hash.hpp"
#include "hash_cpu.hpp"

namespace ota::detail {

/// The rounds of SHA-2 (FIPS 180-4, 6.2.2 and 6.4.2), which are the same for both widths of a word
/// but for the constants and how far is rotated. `Compress` has `word`, `constants` (one a round),
/// and the distances `sum_a`, `sum_e` (in rising order), `mix_first` and `mix_last` (two rotations
/// and a shift).
template <class Compress, class Word>
struct sha2_rounds {
  using word = Word;
  static constexpr std::size_t words = 8;

  template <class Distances>
  OTA_HASH_INLINE static word sum(word x, const Distances& by) {
    if constexpr (unroll_hashes)
      return rotate_right(x, by[0]) ^ rotate_right(x, by[1]) ^ rotate_right(x, by[2]);
    return rotate_right(rotate_right(rotate_right(x, by[2] - by[1]) ^ x, by[1] - by[0]) ^ x, by[0]);
  }

  template <class Distances>
  OTA_HASH_INLINE static word mix(word x, const Distances& by) {
    return rotate_right(rotate_right(x, by[1] - by[0]) ^ x, by[0]) ^ x >> by[2];
  }

  // The working variables are a window of eight words that moves up by one a round: s[0..7] are
  // h, g, f, e, d, c, b, a, so none has to be copied to the next. The words of the schedule lie
  // in a row likewise, w[0] being the round's.
  OTA_HASH_INLINE static void round(word* s, const word* w, word k) {
    const word e = s[3], a = s[7];
    const word t = s[0] + (k + w[0]) + (s[1] ^ (e & (s[2] ^ s[1]))) + sum(e, Compress::sum_e);
    s[4] += t;
    s[8] = t + sum(a, Compress::sum_a) + (((a ^ s[6]) & (s[6] ^ s[5])) ^ s[6]);
  }

  OTA_HASH_INLINE static void extend(word* w) {
    w[16] = w[0] + mix(w[1], Compress::mix_first) + w[9] + mix(w[14], Compress::mix_last);
  }

  template <std::size_t... I>
  static void unrolled_rounds(word* s, word* w, std::index_sequence<I...>) {
    ((I + 16 < sizeof...(I) ? extend(w + I) : void(), round(s + I, w + I, Compress::constants[I])),
     ...);
  }

  static void portable_block(word* state, const std::uint8_t* data) {
    constexpr std::size_t rounds = sizeof Compress::constants / sizeof(word);
    word s[unroll_hashes ? rounds + 8 : 24], w[unroll_hashes ? rounds : 32];
    for (std::size_t i = 0; i < 16; ++i) w[i] = load_big_endian<word>(data + sizeof(word) * i);
    for (int i = 0; i < 8; ++i) s[i] = state[7 - i];
    if constexpr (unroll_hashes) {
      unrolled_rounds(s, w, std::make_index_sequence<rounds>());
      for (std::size_t i = 0; i < 8; ++i) state[i] += s[rounds + 7 - i];
    } else {
      const word* k = Compress::constants;
      for (std::size_t done = 0; done != rounds; done += 16) {
        for (int i = 0; i < 16; ++i) {
          if (done + 16 != rounds) extend(w + i);
          round(s + i, w + i, *k++);
        }
        std::memcpy(s, s + 16, 8 * sizeof(word));
        std::memcpy(w, w + 16, 16 * sizeof(word));
      }
      for (int i = 0; i < 8; ++i) state[i] += s[7 - i];
    }
  }
};

}  // namespace ota::detail
