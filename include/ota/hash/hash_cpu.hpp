#pragma once

#include <cstdint>

// Which hash instructions this build can use, and whether the processor it runs on has them.
// On a target without a hosted operating system there are none, and nothing here is compiled.

#if defined(__x86_64__) && defined(__has_builtin) && !defined(OTA_NO_HASH_INSTRUCTIONS)
#if __has_builtin(__builtin_shufflevector)  // clang, and g++ from 12 on
#define OTA_HASH_X86 1
#include <cpuid.h>
#endif
#elif defined(__aarch64__) && defined(__linux__) && !defined(OTA_NO_HASH_INSTRUCTIONS)
#define OTA_HASH_ARM 1
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

#define OTA_HASH_INLINE __attribute__((always_inline)) inline
namespace ota::detail {
#if !defined(__OPTIMIZE_SIZE__) && (defined(__unix__) || defined(__APPLE__) || defined(_WIN32))
inline constexpr bool unroll_hashes = true;
#else
inline constexpr bool unroll_hashes = false;
#endif

#if defined(OTA_HASH_X86) || defined(OTA_HASH_ARM)
inline bool ask_cpu_for_sha() {
#if defined(OTA_HASH_X86)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return false;
  const bool shuffles = (c & 1u << 9) != 0 && (c & 1u << 19) != 0;  // SSSE3, SSE4.1
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  return shuffles && (b & 1u << 29) != 0;
#else
  constexpr unsigned long sha1_and_sha2 = 1ul << 5 | 1ul << 6;
  return (getauxval(AT_HWCAP) & sha1_and_sha2) == sha1_and_sha2;
#endif
}

/// 0: not asked yet, 1: no, 2: yes. Two threads that ask at once write the same answer. A test
/// sets it to 1 to take the portable way.
inline int sha_instructions = 0;

inline bool has_sha_instructions() {
  int answer = __atomic_load_n(&sha_instructions, __ATOMIC_RELAXED);
  if (answer == 0) {
    answer = ask_cpu_for_sha() ? 2 : 1;
    __atomic_store_n(&sha_instructions, answer, __ATOMIC_RELAXED);
  }
  return answer == 2;
}
#endif

#if defined(OTA_HASH_X86)
using lanes32 = std::uint32_t __attribute__((vector_size(16)));
using signed_lanes32 = int __attribute__((vector_size(16)));
using lanes8 = char __attribute__((vector_size(16)));

inline lanes32 load_lanes(const void* from) {
  lanes32 value;
  __builtin_memcpy(&value, from, 16);
  return value;
}
#endif

}  // namespace ota::detail
