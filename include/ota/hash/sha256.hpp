#pragma once

#include <utility>

#include "block_hash.hpp"
#include "hash_cpu.hpp"

namespace ota {
namespace detail {

struct sha256_compress {
  static constexpr std::size_t words = 8;
  static constexpr std::uint32_t initial[words] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  alignas(16) static constexpr std::uint32_t constants[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
      0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
      0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
      0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
      0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
      0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
      0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
      0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
      0xc67178f2};

  static void blocks(std::uint32_t* state, const std::uint8_t* data, std::size_t count) {
#if defined(OTA_HASH_X86) || defined(OTA_HASH_ARM)
    if (has_sha_instructions()) return blocks_by_instructions(state, data, count);
#endif
    for (; count != 0; --count, data += 64) portable_block(state, data);
  }

  OTA_HASH_INLINE static std::uint32_t rotations(std::uint32_t x, int p, int q, int r) {
    if constexpr (unroll_hashes)
      return rotate_right(x, p) ^ rotate_right(x, q) ^ rotate_right(x, r);
    return rotate_right(rotate_right(rotate_right(x, r - q) ^ x, q - p) ^ x, p);
  }

  // The working variables are a window of eight words that moves up by one a round: s[0..7] are
  // h, g, f, e, d, c, b, a, so none has to be copied to the next. The words of the schedule lie
  // in a row likewise, w[0] being the round's.
  OTA_HASH_INLINE static void round(std::uint32_t* s, const std::uint32_t* w, std::uint32_t k) {
    const std::uint32_t e = s[3], a = s[7];
    const std::uint32_t t =
        s[0] + (k + w[0]) + (s[1] ^ (e & (s[2] ^ s[1]))) + rotations(e, 6, 11, 25);
    s[4] += t;
    s[8] = t + rotations(a, 2, 13, 22) + (((a ^ s[6]) & (s[6] ^ s[5])) ^ s[6]);
  }

  OTA_HASH_INLINE static void extend(std::uint32_t* w) {
    const std::uint32_t x = w[1], y = w[14];
    w[16] = w[0] + (rotate_right(rotate_right(x, 11) ^ x, 7) ^ x >> 3) + w[9] +
            (rotate_right(rotate_right(y, 2) ^ y, 17) ^ y >> 10);
  }

  template <std::size_t... I>
  static void unrolled_rounds(std::uint32_t* s, std::uint32_t* w, std::index_sequence<I...>) {
    ((I < 48 ? extend(w + I) : void(), round(s + I, w + I, constants[I])), ...);
  }

  static void portable_block(std::uint32_t* state, const std::uint8_t* data) {
    if constexpr (unroll_hashes) {
      std::uint32_t s[72], w[64];
      for (int i = 0; i < 16; ++i) w[i] = load_big_endian(data + 4 * i);
      for (int i = 0; i < 8; ++i) s[i] = state[7 - i];
      unrolled_rounds(s, w, std::make_index_sequence<64>());
      for (int i = 0; i < 8; ++i) state[i] += s[71 - i];
    } else {
      std::uint32_t s[24], w[32];
      for (int i = 0; i < 16; ++i) w[i] = load_big_endian(data + 4 * i);
      for (int i = 0; i < 8; ++i) s[i] = state[7 - i];
      const std::uint32_t* k = constants;
      for (int part = 0; part < 4; ++part) {
        for (int i = 0; i < 16; ++i) {
          if (part != 3) extend(w + i);
          round(s + i, w + i, *k++);
        }
        std::memcpy(s, s + 16, 32);
        std::memcpy(w, w + 16, 64);
      }
      for (int i = 0; i < 8; ++i) state[i] += s[7 - i];
    }
  }

#if defined(OTA_HASH_X86)
  __attribute__((target("sha,sse4.1,ssse3"))) static void blocks_by_instructions(
      std::uint32_t* state, const std::uint8_t* data, std::size_t count) {
    const lanes8 swap = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
    const lanes32 low = load_lanes(state), high = load_lanes(state + 4);
    lanes32 abef = __builtin_shufflevector(low, high, 5, 4, 1, 0);
    lanes32 cdgh = __builtin_shufflevector(low, high, 7, 6, 3, 2);
    for (; count != 0; --count, data += 64) {
      const lanes32 abef_before = abef, cdgh_before = cdgh;
      lanes32 w[4];
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) {
        lanes32& now = w[i & 3];
        if (i < 4) {
          now = (lanes32)__builtin_ia32_pshufb128((lanes8)load_lanes(data + 16 * i), swap);
        } else {
          const lanes32 last = w[(i + 3) & 3], before = w[(i + 2) & 3];
          const lanes32 sum = (lanes32)__builtin_ia32_sha256msg1((signed_lanes32)now,
                                                                 (signed_lanes32)w[(i + 1) & 3]) +
                              __builtin_shufflevector(before, last, 1, 2, 3, 4);
          now = (lanes32)__builtin_ia32_sha256msg2((signed_lanes32)sum, (signed_lanes32)last);
        }
        const lanes32 sum = now + load_lanes(constants + 4 * i);
        cdgh = (lanes32)__builtin_ia32_sha256rnds2((signed_lanes32)cdgh, (signed_lanes32)abef,
                                                   (signed_lanes32)sum);
        abef = (lanes32)__builtin_ia32_sha256rnds2(
            (signed_lanes32)abef, (signed_lanes32)cdgh,
            (signed_lanes32)__builtin_shufflevector(sum, sum, 2, 3, 0, 0));
      }
      abef += abef_before;
      cdgh += cdgh_before;
    }
    const lanes32 abcd = __builtin_shufflevector(abef, cdgh, 3, 2, 7, 6);
    const lanes32 efgh = __builtin_shufflevector(abef, cdgh, 1, 0, 5, 4);
    __builtin_memcpy(state, &abcd, 16);
    __builtin_memcpy(state + 4, &efgh, 16);
  }
#elif defined(OTA_HASH_ARM)
  __attribute__((target("+crypto"))) static void blocks_by_instructions(std::uint32_t* state,
                                                                        const std::uint8_t* data,
                                                                        std::size_t count) {
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
    for (; count != 0; --count, data += 64) {
      const uint32x4_t abcd_before = abcd, efgh_before = efgh;
      uint32x4_t w[4];
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) {
        uint32x4_t& now = w[i & 3];
        if (i < 4)
          now = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data + 16 * i)));
        else
          now =
              vsha256su1q_u32(vsha256su0q_u32(now, w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
        const uint32x4_t sum = vaddq_u32(now, vld1q_u32(constants + 4 * i));
        const uint32x4_t before = abcd;
        abcd = vsha256hq_u32(abcd, efgh, sum);
        efgh = vsha256h2q_u32(efgh, before, sum);
      }
      abcd = vaddq_u32(abcd, abcd_before);
      efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
  }
#endif
};

}  // namespace detail

/// SHA-256 (FIPS 180-4). `update(bytes)` any number of times, then `finish()`: 32 bytes.
/// Hosts whose processor has SHA instructions (x86-64, ARMv8) use them.
class sha256 : public detail::block_hash<detail::sha256_compress> {};

}  // namespace ota
