#pragma once

#include "sha2.hpp"

namespace ota {
namespace detail {

struct sha256_compress : sha2_rounds<sha256_compress, std::uint32_t> {
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
  static constexpr int sum_a[] = {2, 13, 22}, sum_e[] = {6, 11, 25};
  static constexpr int mix_first[] = {7, 18, 3}, mix_last[] = {17, 19, 10};

  static void blocks(std::uint32_t* state, const std::uint8_t* data, std::size_t count) {
#if defined(OTA_HASH_X86) || defined(OTA_HASH_ARM)
    if (has_sha_instructions()) return blocks_by_instructions(state, data, count);
#endif
    for (; count != 0; --count, data += 64) portable_block(state, data);
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
