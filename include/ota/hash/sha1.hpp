#pragma once

#include "block_hash.hpp"
#include "hash_cpu.hpp"

namespace ota {
namespace detail {

struct sha1_compress {
  using word = std::uint32_t;
  static constexpr std::size_t words = 5;
  static constexpr std::uint32_t initial[words] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                                   0xc3d2e1f0};

  static void blocks(std::uint32_t* state, const std::uint8_t* data, std::size_t count) {
#if defined(OTA_HASH_X86) || defined(OTA_HASH_ARM)
    if (has_sha_instructions()) return blocks_by_instructions(state, data, count);
#endif
    for (; count != 0; --count, data += 64) portable_block(state, data);
  }

  // What differs between the four parts of 20 rounds.
  static std::uint32_t mix(unsigned i, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    if (i < 20) return (d ^ (b & (c ^ d))) + 0x5a827999;
    if (i < 40) return (b ^ c ^ d) + 0x6ed9eba1;
    if (i < 60) return (((b ^ c) & (c ^ d)) ^ c) + 0x8f1bbcdc;
    return (b ^ c ^ d) + 0xca62c1d6;
  }

#if defined(__OPTIMIZE_SIZE__)
  // The working variables are a window of five words that moves up by one a round: s[i] to s[i + 4]
  // are e, d, c, b, a, so none has to be copied to the next. It moves over the words of the
  // schedule, of which each is read last by the round that replaces it.
  static void portable_block(std::uint32_t* state, const std::uint8_t* data) {
    std::uint32_t s[5 + 80];
    std::uint32_t* const w = s + 5;
    for (int i = 0; i < 5; ++i) s[4 - i] = state[i];
    for (int i = 0; i < 16; ++i) w[i] = load_big_endian(data + 4 * i);
    for (int i = 16; i < 80; ++i)
      w[i] = rotate_left(w[i - 16] ^ w[i - 14] ^ w[i - 8] ^ w[i - 3], 1);
    for (unsigned i = 0; i < 80; ++i) {
      w[i] += s[i] + rotate_left(s[i + 4], 5) + mix(i, s[i + 3], s[i + 2], s[i + 1]);
      s[i + 3] = rotate_left(s[i + 3], 30);
    }
    for (int i = 0; i < 5; ++i) state[i] += s[84 - i];
  }
#else
  static std::uint32_t scheduled(std::uint32_t* w, unsigned i) {
    std::uint32_t& now = w[i & 15];
    if (i >= 16) now = rotate_left(now ^ w[(i + 2) & 15] ^ w[(i + 8) & 15] ^ w[(i + 13) & 15], 1);
    return now;
  }

  // The loop is turned out: five rounds bring every variable back to its place, so nothing is
  // moved.
  static void portable_block(std::uint32_t* state, const std::uint8_t* data) {
    std::uint32_t w[16];
    std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; ++i) w[i] = load_big_endian(data + 4 * i);
    const auto round = [&w](unsigned i, std::uint32_t a1, std::uint32_t& b1, std::uint32_t c1,
                            std::uint32_t d1, std::uint32_t& e1) {
      e1 += rotate_left(a1, 5) + scheduled(w, i) + mix(i, b1, c1, d1);
      b1 = rotate_left(b1, 30);
    };
#pragma GCC unroll 16
    for (unsigned i = 0; i < 80; i += 5) {
      round(i, a, b, c, d, e);
      round(i + 1, e, a, b, c, d);
      round(i + 2, d, e, a, b, c);
      round(i + 3, c, d, e, a, b);
      round(i + 4, b, c, d, e, a);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
  }
#endif

#if defined(OTA_HASH_X86)
  // The four rounds' function is part of the instruction, hence a template.
  template <int Function>
  __attribute__((target("sha,sse4.1,ssse3"), always_inline)) static inline void five_groups(
      lanes32& abcd, lanes32& e, lanes32* w, const std::uint8_t* data, lanes8 reverse) {
#pragma GCC unroll 5
    for (int step = 0; step < 5; ++step) {
      const int i = Function * 5 + step;
      lanes32& now = w[i & 3];
      if (i < 4) {
        now = (lanes32)__builtin_ia32_pshufb128((lanes8)load_lanes(data + 16 * i), reverse);
      } else {
        const lanes32 mixed =
            (lanes32)__builtin_ia32_sha1msg1((signed_lanes32)now, (signed_lanes32)w[(i + 1) & 3]) ^
            w[(i + 2) & 3];
        now =
            (lanes32)__builtin_ia32_sha1msg2((signed_lanes32)mixed, (signed_lanes32)w[(i + 3) & 3]);
      }
      const lanes32 sum =
          i == 0 ? e + now
                 : (lanes32)__builtin_ia32_sha1nexte((signed_lanes32)e, (signed_lanes32)now);
      e = abcd;
      abcd = (lanes32)__builtin_ia32_sha1rnds4((signed_lanes32)abcd, (signed_lanes32)sum, Function);
    }
  }

  __attribute__((target("sha,sse4.1,ssse3"))) static void blocks_by_instructions(
      std::uint32_t* state, const std::uint8_t* data, std::size_t count) {
    const lanes8 reverse = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    lanes32 abcd = load_lanes(state);
    abcd = __builtin_shufflevector(abcd, abcd, 3, 2, 1, 0);
    lanes32 e = {0, 0, 0, state[4]};
    for (; count != 0; --count, data += 64) {
      const lanes32 abcd_before = abcd, e_before = e;
      lanes32 w[4];
      five_groups<0>(abcd, e, w, data, reverse);
      five_groups<1>(abcd, e, w, data, reverse);
      five_groups<2>(abcd, e, w, data, reverse);
      five_groups<3>(abcd, e, w, data, reverse);
      e = (lanes32)__builtin_ia32_sha1nexte((signed_lanes32)e, (signed_lanes32)e_before);
      abcd += abcd_before;
    }
    abcd = __builtin_shufflevector(abcd, abcd, 3, 2, 1, 0);
    __builtin_memcpy(state, &abcd, 16);
    state[4] = e[3];
  }
#elif defined(OTA_HASH_ARM)
  __attribute__((target("+crypto"))) static void blocks_by_instructions(std::uint32_t* state,
                                                                        const std::uint8_t* data,
                                                                        std::size_t count) {
    constexpr std::uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32x4_t abcd = vld1q_u32(state);
    std::uint32_t e = state[4];
    for (; count != 0; --count, data += 64) {
      const uint32x4_t abcd_before = abcd;
      const std::uint32_t e_before = e;
      uint32x4_t w[4];
#pragma GCC unroll 20
      for (int i = 0; i < 20; ++i) {
        uint32x4_t& now = w[i & 3];
        if (i < 4)
          now = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data + 16 * i)));
        else
          now = vsha1su1q_u32(vsha1su0q_u32(now, w[(i + 1) & 3], w[(i + 2) & 3]), w[(i + 3) & 3]);
        const uint32x4_t sum = vaddq_u32(now, vdupq_n_u32(constants[i / 5]));
        const std::uint32_t next = vsha1h_u32(vgetq_lane_u32(abcd, 0));
        if (i < 5)
          abcd = vsha1cq_u32(abcd, e, sum);
        else if (i >= 10 && i < 15)
          abcd = vsha1mq_u32(abcd, e, sum);
        else
          abcd = vsha1pq_u32(abcd, e, sum);
        e = next;
      }
      abcd = vaddq_u32(abcd, abcd_before);
      e += e_before;
    }
    vst1q_u32(state, abcd);
    state[4] = e;
  }
#endif
};

}  // namespace detail

/// SHA-1 (FIPS 180-4). `update(bytes)` any number of times, then `finish()`: 20 bytes. For Git's
/// object ids; it does not hold against an attacker who prepares both contents.
class sha1 : public detail::block_hash<detail::sha1_compress> {};

}  // namespace ota
