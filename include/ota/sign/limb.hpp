#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/bytes.hpp"

// Numbers of many limbs, the lowest first, for signatures. What is computed with is public, so
// nothing here takes a constant time.
namespace ota::detail {

// The widest whose product the machine has in an instruction or two. OTA_LIMB_LOOP is how an inner
// loop is compiled: into its place where speed is all, by itself where registers are few.
#if !defined(OTA_LIMB_BITS)  // a test tries the others
#if defined(__SIZEOF_INT128__)
#define OTA_LIMB_BITS 64
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)  // 32 x 32 bits give the lower 32
#define OTA_LIMB_BITS 16
#else
#define OTA_LIMB_BITS 32
#endif
#endif

#if OTA_LIMB_BITS == 64
using limb = std::uint64_t;
__extension__ using wide_limb = unsigned __int128;
#define OTA_LIMB_LOOP __attribute__((always_inline, flatten)) inline
#elif OTA_LIMB_BITS == 32
using limb = std::uint32_t;
using wide_limb = std::uint64_t;
#define OTA_LIMB_LOOP __attribute__((flatten)) inline
#else
using limb = std::uint16_t;
using wide_limb = std::uint32_t;
#define OTA_LIMB_LOOP __attribute__((noinline, flatten)) inline
#endif
inline constexpr std::size_t limb_bits = 8 * sizeof(limb);

// Four at a time, for counting costs a small machine half as much as a limb does.
template <class Step>
__attribute__((always_inline)) inline void for_each_limb(std::size_t count, Step&& step) {
  std::size_t i = 0;
  do {
    step(i);
    step(i + 1);
    step(i + 2);
    step(i + 3);
    i += 4;
  } while (i != count);
}

// In these three the count is a multiple of four.

/// sum = c + a * b, where `a` is one limb; the carry. `sum` may also begin one limb before `c`.
OTA_LIMB_LOOP limb multiply_add(limb* sum, const limb* c, limb a, const limb* b,
                                std::size_t count) {
  limb carry = 0;
  for_each_limb(count, [&](std::size_t i) {
    const wide_limb at = wide_limb{a} * b[i] + c[i] + carry;  // never more than two limbs
    sum[i] = static_cast<limb>(at);
    carry = static_cast<limb>(at >> limb_bits);
  });
  return carry;
}

/// sum = a + b; the carry.
OTA_LIMB_LOOP limb add(limb* sum, const limb* a, const limb* b, std::size_t count) {
  limb carry = 0;
  for_each_limb(count, [&](std::size_t i) {
    const wide_limb at = wide_limb{a[i]} + b[i] + carry;
    sum[i] = static_cast<limb>(at);
    carry = static_cast<limb>(at >> limb_bits);
  });
  return carry;
}

/// difference = a - b; the borrow.
OTA_LIMB_LOOP limb subtract(limb* difference, const limb* a, const limb* b, std::size_t count) {
  limb borrow = 0;
  for_each_limb(count, [&](std::size_t i) {
    const wide_limb at = wide_limb{a[i]} - b[i] - borrow;
    difference[i] = static_cast<limb>(at);
    borrow = static_cast<limb>(at >> (2 * limb_bits - 1));
  });
  return borrow;
}

inline bool less(const limb* a, const limb* b, std::size_t count) {
  while (count != 0 && a[count - 1] == b[count - 1]) --count;
  return count != 0 && a[count - 1] < b[count - 1];
}

inline bool is_zero(const limb* a, std::size_t count) {
  limb any = 0;
  for (std::size_t i = 0; i < count; ++i) any |= a[i];
  return any == 0;
}

/// Shifts right by a bit; `top` comes in above.
inline void halve(limb* a, limb top, std::size_t count) {
  for (std::size_t i = count; i-- != 0;) {
    const auto low = static_cast<limb>(a[i] & 1);
    a[i] = static_cast<limb>(a[i] >> 1 | top << (limb_bits - 1));
    top = low;
  }
}

/// The number that bytes hold, the highest first; they are no more than the limbs have.
inline void load_limbs(limb* a, std::size_t count, bytes in) {
  for (std::size_t i = 0; i < count; ++i) a[i] = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::size_t place = in.size() - 1 - i;
    a[place / sizeof(limb)] |= static_cast<limb>(limb{in[i]} << (8 * (place % sizeof(limb))));
  }
}

/// Turns a number into its bytes, the highest first, in its own memory; `count` is even.
inline std::uint8_t* to_big_endian(limb* a, std::size_t count) {
  const auto put = [](std::uint8_t* out, limb value) {
    for (std::size_t shift = limb_bits; shift != 0;)
      *out++ = static_cast<std::uint8_t>(value >> (shift -= 8));
  };
  auto* const out = reinterpret_cast<std::uint8_t*>(a);
  for (std::size_t i = 0, j = count - 1; i < j; ++i, --j) {
    const limb low = a[i], high = a[j];
    put(out + i * sizeof(limb), high);
    put(out + j * sizeof(limb), low);
  }
  return out;
}

}  // namespace ota::detail
