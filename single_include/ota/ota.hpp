// ota 0.1.0: updates a device over the air.
// Made by tools/single_header.py from the headers in include/ota; change those.
//
// MIT License
//
// Copyright (c) 2026 the ota authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

// ota/ota.hpp

// Everything a device needs. See README.md for the first ten lines of a program.

// ota/core/bytes.hpp

namespace ota {

/// A view of bytes that somebody else owns, to read from.
class bytes {
 public:
  constexpr bytes() = default;
  constexpr bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr bytes(const std::uint8_t (&array)[N]) : data_(array), size_(N) {}

  constexpr const std::uint8_t* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const std::uint8_t* begin() const { return data_; }
  constexpr const std::uint8_t* end() const { return data_ + size_; }
  constexpr std::uint8_t operator[](std::size_t i) const { return data_[i]; }

  /// The first `n` bytes, or all when there are fewer.
  constexpr bytes first(std::size_t n) const { return {data_, n < size_ ? n : size_}; }
  /// All but the first `n` bytes; empty when there are fewer.
  constexpr bytes drop(std::size_t n) const {
    if (n > size_) n = size_;
    return {data_ + n, size_ - n};
  }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A view of bytes that somebody else owns, to write into.
class mutable_bytes {
 public:
  constexpr mutable_bytes() = default;
  constexpr mutable_bytes(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr mutable_bytes(std::uint8_t (&array)[N]) : data_(array), size_(N) {}

  constexpr std::uint8_t* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr std::uint8_t* begin() const { return data_; }
  constexpr std::uint8_t* end() const { return data_ + size_; }
  constexpr std::uint8_t& operator[](std::size_t i) const { return data_[i]; }
  constexpr operator bytes() const { return {data_, size_}; }

  constexpr mutable_bytes first(std::size_t n) const { return {data_, n < size_ ? n : size_}; }
  constexpr mutable_bytes drop(std::size_t n) const {
    if (n > size_) n = size_;
    return {data_ + n, size_ - n};
  }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The characters of a text as bytes.
inline bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Bytes as the characters of a text.
inline std::string_view as_text(bytes data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Whether two views hold the same bytes. Not for secrets: it stops at the first difference.
constexpr bool equal(bytes a, bytes b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}

}  // namespace ota

// ota/core/contract.hpp

namespace ota::detail {

/// Whether a call on a policy compiles and gives exactly `Result`. Not something like it: a clock
/// of 32 bits would wrap, a text in a temporary would dangle.
template <class Result, template <class> class Call, class Policy, class = void>
struct gives : std::false_type {};
template <class Result, template <class> class Call, class Policy>
struct gives<Result, Call, Policy, std::void_t<Call<Policy>>> : std::is_same<Result, Call<Policy>> {
};

}  // namespace ota::detail

// ota/sign/signature_policy.hpp

namespace ota {

// The contract of a signature policy. It has no state; whatever it is given may be hostile. A
// device with a secure element hands the work to that.
//
//   static constexpr std::string_view name        as documents call this kind of key
//   static constexpr std::size_t public_key_size   bytes of a public key
//   static constexpr std::size_t signature_size    bytes of a signature
//   static bool verify(ota::bytes public_key, ota::bytes message, ota::bytes signature)
//                                                  false also for keys and signatures of other
//                                                  sizes

namespace detail {

template <class S>
using public_key_size_of = std::integral_constant<std::size_t, S::public_key_size>;
template <class S>
using signature_size_of = std::integral_constant<std::size_t, S::signature_size>;
template <class S>
using signature_name_of = decltype(std::string_view(S::name));
template <class S>
using verify_of = decltype(S::verify(bytes{}, bytes{}, bytes{}));

template <template <class> class Size, class Policy, class = void>
struct has_size : std::false_type {};
template <template <class> class Size, class Policy>
struct has_size<Size, Policy, std::void_t<Size<Policy>>> : std::true_type {};

}  // namespace detail

/// Checks a signature policy against the contract, one sentence for each missing member.
template <class Signature>
struct check_signature {
  static_assert(detail::has_size<detail::public_key_size_of, Signature>::value,
                "the signature policy needs: static constexpr std::size_t public_key_size");
  static_assert(detail::has_size<detail::signature_size_of, Signature>::value,
                "the signature policy needs: static constexpr std::size_t signature_size");
  static_assert(detail::gives<bool, detail::verify_of, Signature>::value,
                "the signature policy needs: static bool verify(ota::bytes public_key, "
                "ota::bytes message, ota::bytes signature)");
  static_assert(detail::gives<std::string_view, detail::signature_name_of, Signature>::value,
                "the signature policy needs: static constexpr std::string_view name");
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/delta/no_delta.hpp

namespace ota {

/// A device that takes no patches; nothing about them is in its program.
struct no_delta {};

template <class Delta>
inline constexpr bool takes_patches = !std::is_same_v<Delta, no_delta>;

}  // namespace ota

// ota/core/hex.hpp

namespace ota {
namespace detail {
inline constexpr char hex_digits[] = "0123456789abcdef";
}

/// The value of a hexadecimal digit of either case, or -1.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int letter = (c | 0x20) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

/// Writes `data` as lowercase hexadecimal digits, two a byte, without a terminator.
inline void to_hex(bytes data, char* out) {
  for (std::uint8_t byte : data) {
    *out++ = detail::hex_digits[byte >> 4];
    *out++ = detail::hex_digits[byte & 15];
  }
}

/// Reads exactly `out.size()` bytes from hexadecimal digits of either case;
/// false when `text` has another length or another character.
inline bool from_hex(std::string_view text, mutable_bytes out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

/// As `from_hex`, where there must be one way to write a value: lowercase digits alone.
inline bool from_lowercase_hex(std::string_view text, mutable_bytes out) {
  for (char c : text)
    if (c < '0' || (c > '9' && c < 'a')) return false;
  return from_hex(text, out);
}

}  // namespace ota

// ota/core/text.hpp

namespace ota {

// A literal text with its length: without, every use would count its characters at run time.
using std::literals::operator""sv;

/// Part of a text: as `text.substr(first, count)`, but a `first` behind the end gives an empty
/// text. The standard one throws there, which without exceptions still links the means to abort.
constexpr std::string_view slice(std::string_view text, std::size_t first,
                                 std::size_t count = std::string_view::npos) {
  if (first > text.size()) first = text.size();
  const std::size_t rest = text.size() - first;
  return {text.data() + first, count < rest ? count : rest};
}

/// Whether a text begins with another.
constexpr bool starts_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() &&
         std::string_view(text.data(), beginning.size()) == beginning;
}

namespace detail {

/// Where the first of `stops` is between two places; the end where there is none.
constexpr const char* find_any(const char* at, const char* end, const char* stops) {
  for (; at != end; ++at)
    for (const char* stop = stops; *stop != '\0'; ++stop)
      if (*at == *stop) return at;
  return at;
}

/// Which of the words of `list`, each with a space behind it, `word` is: counted from 1; 0 for none
/// of them. An enumeration in the same order names them.
constexpr std::uint8_t find_word(std::string_view word, const char* list) {
  for (std::uint8_t number = 1; *list != '\0'; ++number) {
    std::size_t same = 0;
    while (same < word.size() && list[same] != ' ' && list[same] == word[same]) ++same;
    if (same == word.size() && list[same] == ' ') return number;
    while (*list++ != ' ') {
    }
  }
  return 0;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a whole text has a form: `#` is a number in decimal digits, `?` any character, `*` at
/// the end any rest, a small letter itself in either case, another character itself. The numbers go
/// to `numbers`; one that is too large is none.
constexpr bool has_form(std::string_view text, const char* form, std::size_t* numbers = nullptr) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; *form != '\0'; ++form) {
    if (*form == '*') return true;
    if (at == end) return false;
    const char c = *at++;
    if (*form == '#') {
      if (!is_digit(c)) return false;
      std::size_t number = static_cast<std::size_t>(c - '0');
      for (; at != end && is_digit(*at); ++at) {
        if (number > (SIZE_MAX - 9) / 10) return false;
        number = number * 10 + static_cast<std::size_t>(*at - '0');
      }
      *numbers++ = number;
    } else if (c != *form && *form != '?' && (*form < 'a' || (c | 0x20) != *form)) {
      return false;
    }
  }
  return at == end;
}

}  // namespace detail
}  // namespace ota

// ota/hash/block_hash.hpp

namespace ota::detail {

inline std::uint32_t rotate_left(std::uint32_t x, int n) { return x << n | x >> (32 - n); }

template <class Word>
Word rotate_right(Word x, int n) {
  return x >> n | x << (8 * static_cast<int>(sizeof(Word)) - n);
}

template <class Word = std::uint32_t>
Word load_big_endian(const std::uint8_t* in) {
  const std::uint32_t word = std::uint32_t{in[0]} << 24 | std::uint32_t{in[1]} << 16 |
                             std::uint32_t{in[2]} << 8 | std::uint32_t{in[3]};
  if constexpr (sizeof(Word) == 4)
    return word;
  else
    return Word{word} << 32 | load_big_endian(in + 4);
}

inline void store_big_endian(std::uint32_t value, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

inline void store_big_endian(std::uint64_t value, std::uint8_t* out) {
  store_big_endian(static_cast<std::uint32_t>(value >> 32), out);
  store_big_endian(static_cast<std::uint32_t>(value), out + 4);
}

/// What SHA-1 and SHA-2 have in common (FIPS 180-4): blocks of 16 words, a state of words, and a
/// padding that ends with the length. `Compress` has `word`, `words`, `initial` and
/// `void blocks(word* state, const uint8_t* data, size_t count)`.
template <class Compress>
class block_hash {
  using word = typename Compress::word;

 public:
  static constexpr std::size_t digest_size = sizeof(word) * Compress::words;
  static constexpr std::size_t block_size = 16 * sizeof(word);
  using digest_type = std::array<std::uint8_t, digest_size>;

  block_hash() {
    for (std::size_t i = 0; i < Compress::words; ++i) state_[i] = Compress::initial[i];
  }

  /// Adds bytes to what is hashed.
  void update(bytes data) {
    const std::uint8_t* next = data.data();
    std::size_t left = data.size();
    std::size_t used = static_cast<std::size_t>(length_ % block_size);
    length_ += left;
    if (const std::size_t room = block_size - used; used != 0 && left >= room) {
      std::memcpy(block_ + used, next, room);
      Compress::blocks(state_, block_, 1);
      next += room;
      left -= room;
      used = 0;
    }
    if (left >= block_size) {
      Compress::blocks(state_, next, left / block_size);
      next += left / block_size * block_size;
      left %= block_size;
    }
    if (left != 0) std::memcpy(block_ + used, next, left);
  }

  /// The digest of all that was added. The object is used up: a new one begins the next.
  digest_type finish() {
    // The length has two words; its bits in 64 are counted, the rest is zero.
    constexpr std::size_t padded = block_size - 2 * sizeof(word);
    std::size_t used = static_cast<std::size_t>(length_ % block_size);
    block_[used++] = 0x80;
    for (;; used = 0) {
      std::memset(block_ + used, 0, block_size - used);
      if (used <= padded) break;
      Compress::blocks(state_, block_, 1);
    }
    store_big_endian(length_ * 8, block_ + block_size - 8);
    Compress::blocks(state_, block_, 1);
    digest_type digest;
    for (std::size_t i = 0; i < Compress::words; ++i)
      store_big_endian(state_[i], digest.data() + sizeof(word) * i);
    return digest;
  }

 private:
  std::uint64_t length_ = 0;
  word state_[Compress::words];
  std::uint8_t block_[block_size];
};

}  // namespace ota::detail

// ota/hash/hash_cpu.hpp

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

// ota/hash/sha2.hpp

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

// ota/hash/sha256.hpp

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

// ota/core/fixed_string.hpp

namespace ota {
namespace detail {

/// Writes a number into the end of `digits`. A small machine has no division, and its compiler's is
/// larger than all else here: a tenth is 0.8 / 8, and 0.8 the sum of 1/2 + 1/4 and, each time, what
/// there is shifted twice as far. The sum is a little too small, which the remainder shows.
template <class Unsigned>
std::string_view decimal(Unsigned number, char (&digits)[20]) {
  static_assert(!std::numeric_limits<Unsigned>::is_signed);
  std::size_t first = sizeof digits;
  do {
    Unsigned tenth = (number >> 1) + (number >> 2);
    for (int shift = 4; shift < std::numeric_limits<Unsigned>::digits; shift *= 2)
      tenth += tenth >> shift;
    tenth >>= 3;
    for (number -= tenth * 10; number > 9; number -= 10) ++tenth;
    digits[--first] = static_cast<char>('0' + number);
    number = tenth;
  } while (number != 0);
  return {digits + first, sizeof digits - first};
}

}  // namespace detail

/// A `fixed_string` of any capacity, for functions that only add to one.
class string_buffer {
 public:
  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const char* c_str() const { return text(); }
  char* data() { return text(); }
  std::string_view view() const { return {text(), size_}; }
  operator std::string_view() const { return view(); }
  char operator[](std::size_t i) const { return text()[i]; }

  /// Whether something did not fit since the last `clear` or `assign`.
  bool overflowed() const { return overflowed_ != 0; }

  void clear() {
    size_ = overflowed_ = 0;
    text()[0] = '\0';
  }

  /// Shortens the text to `size` characters; a larger size changes nothing.
  void resize(std::size_t size) {
    if (size <= size_) size_ = static_cast<std::uint16_t>(size);
    text()[size_] = '\0';
  }

  /// Replaces the text; false when it did not fit whole.
  bool assign(std::string_view text) {
    clear();
    append(text);
    return overflowed_ == 0;
  }

  string_buffer& append(std::string_view more) {
    const std::size_t room = capacity_ - std::size_t{size_};
    std::size_t count = more.size();
    if (count > room) {
      count = room;
      overflowed_ = 1;
    }
    if (count != 0) std::memmove(text() + size_, more.data(), count);
    size_ = static_cast<std::uint16_t>(size_ + count);
    text()[size_] = '\0';
    return *this;
  }

  string_buffer& append(const string_buffer& more) { return append(more.view()); }

  /// Appends a text up to its terminator. A call takes less code than that of a view.
  string_buffer& append(const char* more) {
    const char* end = more;
    while (*end != '\0') ++end;
    return append(std::string_view(more, static_cast<std::size_t>(end - more)));
  }

  string_buffer& append(char c) { return append(std::string_view(&c, 1)); }

  /// Appends a number in decimal digits.
  template <class Unsigned>
  string_buffer& append_number(Unsigned number) {
    using wide = std::conditional_t<(sizeof(Unsigned) > 4), std::uint64_t, std::uint32_t>;
    return append_decimal(static_cast<wide>(number));
  }

 protected:
  explicit string_buffer(std::uint16_t capacity) : capacity_(capacity) { text_[0] = '\0'; }
  string_buffer(const string_buffer&) = default;
  string_buffer& operator=(const string_buffer&) = default;

 private:
  template <class Wide>
  string_buffer& append_decimal(Wide number) {
    char digits[20];
    return append(detail::decimal(number, digits));
  }

  char* text() { return text_; }
  const char* text() const { return text_; }

  // The first two are cleared together, as one word.
  alignas(4) std::uint16_t size_ = 0;
  std::uint16_t overflowed_ = 0;
  std::uint16_t capacity_;
  // The first of the characters; the others follow, in the `fixed_string` that this is a part of.
  // So a program has one `append`, not one for each capacity.
  char text_[1];
};

/// A text of at most `Capacity` characters, kept in place and always terminated.
///
/// Appending more than fits keeps what fits and sets `overflowed()`, so that a
/// chain of appends is checked once at its end.
template <std::size_t Capacity>
class fixed_string : public string_buffer {
 public:
  static_assert(Capacity < 65535, "a fixed_string keeps its length in 16 bits");

  fixed_string() : string_buffer(Capacity) {}
  // By reference: a view handed on by value, from an inlined function, is copied in memory.
  explicit fixed_string(const std::string_view& text) : fixed_string() { append(text); }
  explicit fixed_string(const char* text) : fixed_string() { append(text); }

  static constexpr std::size_t capacity() { return Capacity; }

 private:
  char rest_[Capacity];
};

}  // namespace ota

// ota/core/little_endian.hpp

// Numbers in bytes, the lowest first, at any address.

namespace ota::detail {

inline std::uint16_t get_u16(const std::uint8_t* in) {
  return static_cast<std::uint16_t>(in[0] | in[1] << 8);
}

inline std::uint32_t get_u32(const std::uint8_t* in) {
  return std::uint32_t{in[0]} | std::uint32_t{in[1]} << 8 | std::uint32_t{in[2]} << 16 |
         std::uint32_t{in[3]} << 24;
}

inline void put_u16(std::uint8_t* out, std::uint16_t value) {
  out[0] = static_cast<std::uint8_t>(value);
  out[1] = static_cast<std::uint8_t>(value >> 8);
}

inline void put_u32(std::uint8_t* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> 8 * i);
}

}  // namespace ota::detail

// ota/hash/crc32.hpp

namespace ota {
namespace detail {

// What `bits` zeros more make of a sum.
constexpr std::uint32_t crc32_shift(std::uint32_t sum, int bits) {
  for (; bits != 0; --bits) sum = sum >> 1 ^ (0xedb88320u & (0 - (sum & 1)));
  return sum;
}

constexpr std::array<std::uint32_t, 16> crc32_table() {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t i = 0; i < 16; ++i) table[i] = crc32_shift(i, 4);
  return table;
}

}  // namespace detail

/// CRC-32 as zlib and Ethernet have it (reflected polynomial 0xedb88320). Finds accidents only.
/// A table of 64 bytes, two steps a byte; without it, bit by bit, in code optimised for size.
class crc32 {
 public:
  static constexpr std::size_t digest_size = 4;
  using digest_type = std::array<std::uint8_t, digest_size>;

  /// Adds the characters of a text, also while compiling.
  constexpr void update(std::string_view text) {
    std::uint32_t sum = ~sum_;
    for (char c : text) sum = detail::crc32_shift(sum ^ static_cast<std::uint8_t>(c), 8);
    sum_ = ~sum;
  }

  /// Adds bytes to what is summed.
  void update(bytes data) {
    std::uint32_t sum = ~sum_;
#if defined(__OPTIMIZE_SIZE__)  // the same sums from the same object, whichever file brings it
    for (std::uint8_t byte : data) sum = detail::crc32_shift(sum ^ byte, 8);
#else
    static constexpr auto table = detail::crc32_table();
    for (std::uint8_t byte : data) {
      sum ^= byte;
      sum = sum >> 4 ^ table[sum & 15];
      sum = sum >> 4 ^ table[sum & 15];
    }
#endif
    sum_ = ~sum;
  }

  /// The sum of all that was added so far.
  constexpr std::uint32_t value() const { return sum_; }

  /// The sum as four bytes, the highest first.
  digest_type finish() const {
    const std::uint32_t sum = value();
    return {static_cast<std::uint8_t>(sum >> 24), static_cast<std::uint8_t>(sum >> 16),
            static_cast<std::uint8_t>(sum >> 8), static_cast<std::uint8_t>(sum)};
  }

 private:
  std::uint32_t sum_ = 0;
};

}  // namespace ota

// ota/hash/digest.hpp

namespace ota {

/// How the content of a file is named by whoever promises it.
enum class digest_kind : std::uint8_t {
  none,    ///< not at all: only its size can be checked
  git_id,  ///< SHA-1 of "blob ", the decimal size, NUL and the content
  sha256,
  crc32  ///< big-endian; finds accidents, stops nobody
};

namespace detail {
inline constexpr std::uint8_t digest_sizes[] = {0, 20, 32, 4};
}

/// Bytes in a digest of that kind.
constexpr std::size_t digest_size(digest_kind kind) {
  return detail::digest_sizes[static_cast<std::uint8_t>(kind) & 3];
}

/// What the content of a file is promised to be.
struct digest {
  digest_kind kind = digest_kind::none;
  std::uint8_t value[32] = {};

  bytes view() const { return {value, digest_size(kind)}; }
};

}  // namespace ota

// ota/core/error.hpp

namespace ota {

/// What kind of thing went wrong. The kind decides what the library does next
/// (retry, wait, give up); the text of the `error` is for people.
enum class errc : std::uint8_t {
  none,              ///< nothing went wrong
  invalid_argument,  ///< the caller or the configuration asked for something impossible
  invalid_path,      ///< a path that is absolute, climbs with `..`, or holds forbidden bytes
  too_long,          ///< a text or list that does not fit its fixed memory
  malformed,         ///< outside bytes that break their format
  damaged,           ///< what the library itself keeps on storage is not whole
  unsupported,       ///< understood, but not built in or not allowed
  not_found,         ///< a file, version or resource that is not there
  exists,            ///< something is in the way
  not_empty,         ///< a directory that still holds something
  no_space,          ///< storage is full, or would be
  storage,           ///< storage refused to read or write
  connection,        ///< no connection, or it broke
  timeout,           ///< the other side was silent for too long
  too_slow,          ///< the other side sends too little in a time
  http_status,       ///< the server answered with a status that ends the request
  server_trouble,    ///< the server answered that it cannot now: trying again may help
  rate_limited,      ///< the server asks to wait
  mismatch,          ///< bytes are not what was promised: size or hash differs
  untrusted,         ///< a signature is missing or wrong
  rejected,          ///< this version was tried and put back before
  wrong_state,       ///< not possible now: nothing on trial, nothing to put back, …
  power_cut          ///< a test storage has cut the power
};

namespace detail {

/// The number of an error, of 24 bits, made from its texts: FNV-1a of 32 bits, folded, over the
/// part, a zero byte and the text. `ota explain` tells which error it is.
constexpr std::uint32_t error_number(const char* where, const char* text) {
  std::uint32_t sum = 0x811c9dc5;
  for (; *where != '\0'; ++where) sum = (sum ^ static_cast<std::uint8_t>(*where)) * 0x01000193;
  sum *= 0x01000193;
  for (; *text != '\0'; ++text) sum = (sum ^ static_cast<std::uint8_t>(*text)) * 0x01000193;
  return (sum >> 24) ^ (sum & 0xffffff);
}

}  // namespace detail

#ifndef OTA_ERROR_NUMBERS

/// A failure: its kind, the part where it happened, and a short English text that a person can
/// act on.
///
/// Errors are constants, and a `result` holds the address of one: an error costs a device one
/// register on its way up. Whoever returns one declares it `static constexpr`:
///
/// ```
/// static constexpr ota::error worn_out{ota::errc::storage, "flash", "a sector is worn out"};
/// if (erase_failed) return worn_out;
/// ```
///
/// Where their texts take too much of a small flash, `OTA_ERROR_NUMBERS`, defined for every file of
/// the program, leaves them out: an error is then told as a number, which `ota explain` looks up.
struct error {
  errc code = errc::none;
  const char* where = "";  ///< the part: "http", "json", "stager", …
  const char* text = "";   ///< what happened, and what to do about it

  /// Whether programs keep texts; false with `OTA_ERROR_NUMBERS`.
  static constexpr bool has_text = true;
  /// What `ota explain` knows the error by. `append_text` tells it where there is no text.
  constexpr std::uint32_t number() const { return detail::error_number(where, text); }
};

#else

// A name of its own: files of a program with texts and without do not link with each other.
inline namespace error_numbers {

/// A failure that keeps of its texts a number alone.
struct error {
  constexpr error() = default;
  constexpr error(errc kind, const char* part, const char* words)
      : error(kind, detail::error_number(part, words)) {}

  errc code = errc::none;

  // What is told by programs that do not know of numbers.
  static constexpr const char* where = "error";
  static constexpr const char* text = "this program keeps no texts; its report has a number";

  static constexpr bool has_text = false;
  constexpr std::uint32_t number() const { return std::uint32_t{high_} << 16 | low_; }

 private:
  constexpr error(errc kind, std::uint32_t number)
      : code(kind),
        high_(static_cast<std::uint8_t>(number >> 16)),
        low_(static_cast<std::uint16_t>(number)) {}

  std::uint8_t high_ = 0;
  std::uint16_t low_ = 0;
};

}  // namespace error_numbers

#endif

/// What `result::error()` gives where there is none.
inline constexpr error no_error{};

}  // namespace ota

// ota/core/result.hpp

namespace ota {

/// A value, or the `error` that stands in its place. Everything that can fail returns one; the
/// compiler warns when it is ignored.
///
/// `T` must be default constructible; value and error are kept side by side, which on small
/// targets costs less code than a union with managed lifetimes. The error must be a constant that
/// stays: a temporary one does not compile.
template <class T, class = void>
class [[nodiscard]] result {
 public:
  using value_type = T;

  constexpr result(const T& value) : value_(value) {}
  constexpr result(const ota::error& failure) : error_(&failure) {}
  result(ota::error&&) = delete;
  result(const ota::error&&) = delete;

  /// True when there is a value.
  constexpr explicit operator bool() const { return error_ == nullptr; }
  constexpr bool has_value() const { return error_ == nullptr; }

  constexpr const T& value() const { return value_; }
  constexpr T& value() { return value_; }
  constexpr const T& operator*() const { return value_; }
  constexpr T& operator*() { return value_; }
  constexpr const T* operator->() const { return &value_; }
  constexpr T* operator->() { return &value_; }
  constexpr T value_or(const T& other) const { return has_value() ? value_ : other; }

  /// The failure; `no_error` when there is a value.
  constexpr const ota::error& error() const { return error_ == nullptr ? no_error : *error_; }

 private:
  T value_{};
  const ota::error* error_ = nullptr;
};

/// Success without a value, or an `error`. One machine word.
template <>
class [[nodiscard]] result<void, void> {
 public:
  using value_type = void;

  constexpr result() = default;
  constexpr result(const ota::error& failure) : error_(&failure) {}
  result(ota::error&&) = delete;
  result(const ota::error&&) = delete;

  constexpr explicit operator bool() const { return error_ == nullptr; }
  constexpr bool has_value() const { return error_ == nullptr; }
  constexpr const ota::error& error() const { return error_ == nullptr ? no_error : *error_; }

 private:
  const ota::error* error_ = nullptr;
};

/// A yes or no, an enumerator of one byte, or an `error`. One machine word: what most steps return,
/// kept in one register.
template <class T>
class [[nodiscard]] result<
    T, std::enable_if_t<std::is_same_v<T, bool> || (std::is_enum_v<T> && sizeof(T) == 1)>> {
 public:
  using value_type = T;

  constexpr result(T value) : word_(encode(value)) {}
  result(const ota::error& failure) : word_(reinterpret_cast<std::uintptr_t>(&failure)) {}
  result(ota::error&&) = delete;
  result(const ota::error&&) = delete;

  constexpr explicit operator bool() const { return has_value(); }
  constexpr bool has_value() const { return is_bool ? word_ <= 1 : (word_ & 1) != 0; }
  constexpr T value() const { return static_cast<T>(is_bool ? word_ : word_ >> 1); }
  constexpr T operator*() const { return value(); }
  constexpr T value_or(T other) const { return has_value() ? value() : other; }
  const ota::error& error() const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): what went in as an address comes out as one
    return has_value() ? no_error : *reinterpret_cast<const ota::error*>(word_);
  }

 private:
  // No error lies at address 0, nor at an odd one.
  static_assert(alignof(ota::error) % 2 == 0);
  static constexpr bool is_bool = std::is_same_v<T, bool>;
  static constexpr std::uintptr_t encode(T value) {
    const std::uintptr_t number = static_cast<std::uint8_t>(value);
    return is_bool ? number : number * 2 + 1;
  }

  std::uintptr_t word_;
};

/// What a step says that did something: that there is more to do, or why it failed.
inline result<bool> more_after(const result<void>& done) {
  return done ? result<bool>(true) : done.error();
}

}  // namespace ota

// ota/storage/file_storage.hpp

namespace ota {

/// What a path names. `other` is a symbolic link, a device or a socket; storage never follows it.
enum class file_kind : std::uint8_t { none, file, directory, other };

/// What storage knows of a path.
struct file_info {
  file_kind kind = file_kind::none;
  std::size_t size = 0;     ///< bytes, for a file
  bool executable = false;  ///< for a file, where storage keeps modes
};

// The contract of a file storage policy. Paths are relative to the device's root, parts divided
// by `/`, and valid by `is_valid_path`; the empty path names the root, for `list` alone.
//
//   result<file_info> stat(path)            absent, or below what is no directory: kind `none`
//   result<size_t> read(path, offset, out)  fills `out`, less only at the end of the file
//   result<void> write(path, offset, data)  offset 0 creates or empties the file first and makes
//                                           missing directories; any other is the file's size
//   result<void> rename(from, to)           a file, in one atomic step, over whatever file `to`
//                                           was; makes missing directories
//   result<void> remove(path)               a file or an empty directory; absent is fine; one
//                                           that holds something: errc::not_empty
//   result<void> sync()                     a barrier: all done before it survives a power cut
//   result<uint64_t> free_space()           bytes
//   result<void> list(directory, visit)     bool visit(name, kind) for each entry until it says
//                                           false; `visit` changes nothing on storage
//   result<void> set_executable(path, on)   optional; without it file modes are not kept
//
// Paths, `out` and `data` are views, given by value or by `const &`: by reference the many calls
// take less code, an address instead of two words.
//
// Between two barriers a power cut may lose or reorder whatever was done; only a single rename
// stays whole. `ota::testing::prove_power_safe` tries just that on a policy.

namespace detail {

struct any_visitor {
  bool operator()(std::string_view, file_kind) const { return true; }
};

template <class S>
using stat_of = decltype(std::declval<S&>().stat(std::string_view{}));
template <class S>
using file_read_of =
    decltype(std::declval<S&>().read(std::string_view{}, std::size_t{}, mutable_bytes{}));
template <class S>
using file_write_of =
    decltype(std::declval<S&>().write(std::string_view{}, std::size_t{}, bytes{}));
template <class S>
using rename_of = decltype(std::declval<S&>().rename(std::string_view{}, std::string_view{}));
template <class S>
using remove_of = decltype(std::declval<S&>().remove(std::string_view{}));
template <class S>
using sync_of = decltype(std::declval<S&>().sync());
template <class S>
using free_space_of = decltype(std::declval<S&>().free_space());
template <class S>
using list_of = decltype(std::declval<S&>().list(std::string_view{}, any_visitor{}));
template <class S>
using set_executable_of = decltype(std::declval<S&>().set_executable(std::string_view{}, true));

/// What stands at a path: of what `stat` tells as much as fits into a register.
template <class Storage>
result<file_kind> kind_at(Storage& storage, std::string_view path) {
  const auto there = storage.stat(path);
  return there ? result<file_kind>(there->kind) : there.error();
}

}  // namespace detail

/// Whether a storage policy keeps the executable bit.
template <class Storage>
inline constexpr bool keeps_modes =
    detail::gives<result<void>, detail::set_executable_of, Storage>::value;

/// Checks a file storage policy against the contract, one sentence for each missing member.
template <class Storage>
struct check_file_storage {
  template <class Result, template <class> class Call>
  static constexpr bool has = detail::gives<Result, Call, Storage>::value;

  static_assert(
      has<result<file_info>, detail::stat_of>,
      "the storage policy needs: ota::result<ota::file_info> stat(std::string_view path)");
  static_assert(has<result<std::size_t>, detail::file_read_of>,
                "the storage policy needs: ota::result<std::size_t> read(std::string_view path, "
                "std::size_t offset, ota::mutable_bytes out)");
  static_assert(has<result<void>, detail::file_write_of>,
                "the storage policy needs: ota::result<void> write(std::string_view path, "
                "std::size_t offset, ota::bytes data)");
  static_assert(has<result<void>, detail::rename_of>,
                "the storage policy needs: ota::result<void> rename(std::string_view from, "
                "std::string_view to)");
  static_assert(has<result<void>, detail::remove_of>,
                "the storage policy needs: ota::result<void> remove(std::string_view path)");
  static_assert(has<result<void>, detail::sync_of>,
                "the storage policy needs: ota::result<void> sync()");
  static_assert(has<result<std::uint64_t>, detail::free_space_of>,
                "the storage policy needs: ota::result<std::uint64_t> free_space()");
  static_assert(has<result<void>, detail::list_of>,
                "the storage policy needs: template <class Visit> ota::result<void> "
                "list(std::string_view directory, Visit&& visit)");
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/manifest/entry.hpp

namespace ota {

/// The longest path of a managed file, in bytes.
inline constexpr std::size_t max_path = 255;

/// What an entry of a list stands for.
enum class entry_kind : std::uint8_t {
  file,       ///< a file of the version
  keep,       ///< as `file`, but its content is installed already and only its mode differs
  remove,     ///< a file the version no longer has
  directory,  ///< a directory of the source that is still to be listed
  image,      ///< a firmware image; its path is the image's name
  patch       ///< read of a manifest, never kept: a file of the release that makes another one
};

/// One line of what a version consists of.
struct entry {
  entry_kind kind = entry_kind::file;
  bool executable = false;
  bool has_size = true;  ///< false: whoever promised the file did not say how long it is
  std::size_t size = 0;  ///< bytes
  digest hash;
  fixed_string<max_path> path;
};

namespace detail {

inline constexpr std::size_t entry_head_size = 12;
inline constexpr std::size_t max_entry_size = entry_head_size + 32 + max_path;

/// A size, in 8 bytes whatever the machine counts in.
inline void put_size(std::uint8_t* out, std::size_t size) {
  put_u32(out, static_cast<std::uint32_t>(size));
  put_u32(out + 4, static_cast<std::uint32_t>(std::uint64_t{size} >> 32));
}

inline std::size_t get_size(const std::uint8_t* in) {
  return static_cast<std::size_t>(get_u32(in) | std::uint64_t{get_u32(in + 4)} << 32);
}

/// Writes an entry as bytes: kind | flags, digest kind, path length, size, digest, path.
inline std::size_t encode_entry(const entry& value, std::uint8_t* out) {
  const bytes hash = value.hash.view();
  const std::string_view path = value.path;
  out[0] =
      static_cast<std::uint8_t>(static_cast<unsigned>(value.kind) |
                                (value.executable ? 0x10u : 0u) | (value.has_size ? 0x20u : 0u));
  out[1] = static_cast<std::uint8_t>(value.hash.kind);
  out[2] = static_cast<std::uint8_t>(path.size());
  out[3] = 0xa5;  // finds a reader that has lost its place
  put_size(out + 4, value.size);
  std::uint8_t* const rest = out + entry_head_size;
  std::memcpy(rest, hash.data(), hash.size());
  std::memcpy(rest + hash.size(), path.data(), path.size());
  return entry_head_size + hash.size() + path.size();
}

/// Reads an entry back; the bytes it took, or 0 when `in` does not begin with a whole one.
inline std::size_t decode_entry(bytes in, entry& value) {
  const std::uint8_t* const head = in.data();
  if (in.size() < entry_head_size || head[3] != 0xa5) return 0;
  const unsigned kind = head[0] & 0x0fu;
  const unsigned hash_kind = head[1];
  if (kind > 4 || hash_kind > 3) return 0;
  value.kind = static_cast<entry_kind>(kind);
  value.executable = (head[0] & 0x10) != 0;
  value.has_size = (head[0] & 0x20) != 0;
  value.hash.kind = static_cast<digest_kind>(hash_kind);
  value.size = get_size(head + 4);
  const std::size_t hash_size = value.hash.view().size();
  const std::size_t path_size = head[2];
  const std::size_t total = entry_head_size + hash_size + path_size;
  if (in.size() < total) return 0;
  const std::uint8_t* const hash = head + entry_head_size;
  std::memcpy(value.hash.value, hash, hash_size);
  value.path.assign(as_text({hash + hash_size, path_size}));
  return total;
}

}  // namespace detail

/// Adds an entry to the list at `path`, which has `size` bytes, without gathering.
template <class Storage>
result<void> append_entry(Storage& storage, const std::string_view& path, std::uint32_t& size,
                          const entry& value) {
  std::uint8_t record[detail::max_entry_size];
  const std::size_t added = detail::encode_entry(value, record);
  if (auto done = storage.write(path, size, {record, added}); !done) return done;
  size += static_cast<std::uint32_t>(added);
  return {};
}

/// Writes a list of entries to a file, gathering small entries into few writes.
class entry_writer {
 public:
  /// Begins the list at `path`, a literal; what was there is replaced.
  void begin(const std::string_view& path) {
    path_ = path;
    flushed_ = 0;
    used_ = 0;
    count_ = 0;
    sum_ = {};
  }

  /// Goes on with a list that has `size` bytes on storage already.
  void resume(const std::string_view& path, std::uint32_t size) {
    begin(path);
    flushed_ = size;
  }

  template <class Storage>
  result<void> add(Storage& storage, const entry& value) {
    if (used_ > sizeof buffer_ - detail::max_entry_size)
      if (auto done = flush(storage); !done) return done;
    used_ = static_cast<std::uint16_t>(used_ + detail::encode_entry(value, buffer_ + used_));
    ++count_;
    return {};
  }

  /// Writes what is still gathered; an empty list becomes an empty file.
  template <class Storage>
  result<void> flush(Storage& storage) {
    if (used_ == 0 && flushed_ != 0) return {};
    const bytes gathered(buffer_, used_);
    if (auto done = storage.write(path_, flushed_, gathered); !done) return done;
    sum_.update(gathered);
    flushed_ += used_;
    used_ = 0;
    return {};
  }

  std::uint32_t count() const { return count_; }           ///< entries so far
  std::uint32_t size() const { return flushed_ + used_; }  ///< bytes so far
  std::uint32_t sum() const { return sum_.value(); }       ///< CRC-32 of what was flushed

 private:
  std::string_view path_;
  std::uint32_t flushed_ = 0;
  std::uint32_t count_ = 0;
  crc32 sum_;
  std::uint16_t used_ = 0;
  std::uint8_t buffer_[384];
};

/// Reads a list of entries from a file, one at a time.
class entry_reader {
 public:
  /// Begins at the first entry, or at one whose `offset()` is known.
  void begin(const std::string_view& path, std::uint32_t offset = 0) {
    path_ = path;
    offset_ = offset;
    sum_ = {};
  }

  /// Where the next entry begins.
  std::uint32_t offset() const { return offset_; }

  /// CRC-32 of what was read.
  std::uint32_t sum() const { return sum_.value(); }

  /// Fills `value` with the next entry; false at the end of the list or when there is no list.
  template <class Storage>
  result<bool> next(Storage& storage, entry& value) {
    std::uint8_t buffer[detail::max_entry_size];
    const auto size = storage.read(path_, offset_, buffer);
    if (!size) {
      if (size.error().code == errc::not_found) return false;
      return size.error();
    }
    if (*size == 0) return false;
    const std::size_t taken = detail::decode_entry({buffer, *size}, value);
    if (taken == 0) return damaged_list;
    sum_.update({buffer, taken});
    offset_ += static_cast<std::uint32_t>(taken);
    return true;
  }

 private:
  static constexpr error damaged_list{errc::damaged, "list",
                                      "a list kept on storage is damaged; it will be made anew"};

  std::string_view path_;
  std::uint32_t offset_ = 0;
  crc32 sum_;
};

}  // namespace ota

// ota/manifest/document_lines.hpp

namespace ota {

inline constexpr std::uint64_t never_expires = ~std::uint64_t{0};

/// The lines that a kind of signed document has, in their order.
struct document_grammar {
  const char* words;       ///< what lines begin with, each with a space behind it
  std::uint32_t required;  ///< bit N: word N, counted from 1, must be there
  std::uint32_t repeated;  ///< bit N: it may be there more than once
};

/// Reads one signed document from a file on storage, line by line.
///
/// A document is text: lines that end with one line feed, words divided by one space, each kind of
/// line at its place. So there is one way to write a content, and none to hide another in it. What
/// is signed is every byte before the first line `signature`; docs/signed-updates.md has the rest.
class document_lines {
 public:
  /// `line` is memory for the longest line. What it holds need not be kept between calls of `next`.
  explicit document_lines(string_buffer& line) : line_(line) {}

  /// Begins with the document at `offset` of the file at `path`, a literal.
  void begin(std::string_view path, std::uint32_t offset, const document_grammar& grammar) {
    path_ = path;
    offset_ = offset;
    grammar_ = &grammar;
    last_ = 0;
    seen_ = 0;
  }

  /// Goes to the next line: the number of its first word, counted from 1; 0 at the document's end,
  /// which is the end of the file or the first line of another document.
  template <class Storage>
  result<std::uint8_t> next(Storage& storage) {
    const std::uint32_t begin = offset_;
    const auto more = read_line(storage);
    if (!more) return more.error();
    if (!*more || (last_ != 0 && starts_with(line_, "ota-"sv))) {
      offset_ = begin;
      return (grammar_->required & ~seen_) == 0 ? result<std::uint8_t>(std::uint8_t{0})
                                                : incomplete;
    }
    rest_ = line_;
    const std::uint8_t word = detail::find_word(take_word(), grammar_->words);
    const std::uint32_t bit = std::uint32_t{1} << word;
    if (word == 0) return unknown_line;
    if (word < last_ || (word == last_ && (grammar_->repeated & bit) == 0)) return wrong_order;
    last_ = word;
    seen_ |= bit;
    return word;
  }

  /// Where the next line begins, in the file.
  std::uint32_t offset() const { return offset_; }

  /// What of the line was not taken yet.
  std::string_view rest() const { return rest_; }

  /// Takes the next word; empty where there is none.
  std::string_view take_word() {
    const std::string_view word = slice(rest_, 0, rest_.find(' '));
    rest_ = slice(rest_, word.size() + 1);
    return word;
  }

  /// Takes a number in decimal digits without leading zeros.
  template <class Unsigned>
  bool take_number(Unsigned& number) {
    std::uint64_t value = 0;
    if (!take_large(value)) return false;
    number = static_cast<Unsigned>(value);
    return number == value;
  }

  /// Takes the second that a document ends at: a number, or `never`.
  bool take_expiry(std::uint64_t& time) {
    if (rest_ != "never"sv) return take_number(time);
    rest_ = {};
    time = never_expires;
    return true;
  }

  /// Takes exactly `out.size()` bytes in lowercase hexadecimal digits.
  bool take_hex(mutable_bytes out) { return from_lowercase_hex(take_word(), out); }

  /// Takes all that is left.
  std::string_view take_rest() {
    const std::string_view rest = rest_;
    rest_ = {};
    return rest;
  }

  /// Adds the line at hand to a hash.
  void hash_line(sha256& hash) const {
    hash.update(as_bytes(line_));
    hash.update(as_bytes("\n"sv));
  }

  static constexpr error bad_line{errc::malformed, "manifest",
                                  "a line of the signed document is not as it must be"};

 private:
  bool take_large(std::uint64_t& number) {
    constexpr std::uint64_t most = ~std::uint64_t{0};
    const std::string_view word = take_word();
    for (char c : word) {
      const auto digit = static_cast<std::uint64_t>(c - '0');
      if (!detail::is_digit(c) || number > most / 10) return false;
      number = (number << 3) + (number << 1);  // small machines call a function to multiply
      if (digit > most - number) return false;
      number += digit;
    }
    return !word.empty() && (word.size() == 1 || word.front() != '0');
  }

  static constexpr error bad_byte{errc::malformed, "manifest",
                                  "the signed document holds a control character"};
  static constexpr error too_long{errc::too_long, "manifest",
                                  "a line of the signed document is too long for this device"};
  static constexpr error no_line_feed{errc::malformed, "manifest",
                                      "the signed document ends within a line"};
  static constexpr error unknown_line{
      errc::malformed, "manifest", "the signed document has a line that this device does not know"};
  static constexpr error wrong_order{errc::malformed, "manifest",
                                     "a line of the signed document stands at the wrong place"};
  static constexpr error incomplete{errc::malformed, "manifest",
                                    "the signed document lacks a line that it must have"};

  // False at the end of the file.
  template <class Storage>
  result<bool> read_line(Storage& storage) {
    std::uint8_t piece[128];
    line_.clear();
    for (;;) {
      const auto size = storage.read(path_, offset_, piece);
      if (!size) return size.error();
      if (*size == 0) return line_.empty() ? result<bool>(false) : no_line_feed;
      std::size_t taken = 0;
      while (taken < *size && piece[taken] >= 0x20 && piece[taken] != 0x7f) ++taken;
      line_.append(as_text({piece, taken}));
      offset_ += static_cast<std::uint32_t>(taken);
      if (line_.overflowed()) return too_long;  // it may be the whole file
      if (taken == *size) continue;
      if (piece[taken] != '\n') return bad_byte;
      ++offset_;
      if (!line_.empty() && line_.view().back() == ' ') return bad_line;
      return true;
    }
  }

  std::string_view path_;
  std::string_view rest_;
  const document_grammar* grammar_ = nullptr;
  std::uint32_t offset_ = 0;  // of the next byte that is not in `line_`
  std::uint32_t seen_ = 0;
  std::uint8_t last_ = 0;
  string_buffer& line_;
};

}  // namespace ota

// ota/manifest/release_document.hpp

namespace ota {

/// What a release document says of the version as a whole.
struct release_head {
  sha256::digest_type chain{};  ///< SHA-256 of the root documents before it
  bool has_chain = false;       ///< there are some
  fixed_string<128> version;
  std::uint32_t epoch = 0;    ///< the root document's, under which it was signed
  std::uint32_t counter = 0;  ///< of security: a device never takes one with a lower
  std::uint64_t created = 0;  ///< epoch seconds
  std::uint64_t expires = 0;  ///< epoch seconds, the first that is too late; `never_expires`
  bool fits_product = false;  ///< it is for the product that `begin` was given
  bool fits_hardware = true;  ///< no hardware is named, or the one that `begin` was given
};

/// What a release document must be for.
struct device_name {
  std::string_view product;
  std::string_view hardware;
};

/// What a line of a release document brings.
enum class release_line : std::uint8_t {
  end,        ///< nothing: the document is complete
  head,       ///< something of the head
  minimum,    ///< `lines()` has the version left that must be installed before
  item,       ///< a file of the version, or a path to be removed
  image,      ///< a firmware image
  patch,      ///< a patch that makes one of the files
  signature,  ///< `lines()` has its key's id and the signature left
};

namespace detail {

inline constexpr document_grammar release_grammar{
    "ota-release chain product hardware version minimum epoch counter created expires hook "
    "delete file image delta signature ",
    // all but chain, hardware, minimum and the lists
    1u << 1 | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 16,
    1u << 4 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 15 | 1u << 16};

}  // namespace detail

/// Reads a release document (docs/signed-updates.md), which says what a version consists of, from
/// a file on storage.
class release_document {
 public:
  /// `line` is as for `document_lines`.
  explicit release_document(string_buffer& line) : lines_(line) {}

  /// Begins with the document at `offset` of a file.
  void begin(std::string_view path, std::uint32_t offset, const device_name& device) {
    lines_.begin(path, offset, detail::release_grammar);
    device_ = device;
    head_ = {};
    names_hardware_ = false;
    last_.clear();
    kind_ = 0;
  }

  /// The next line; `item` is filled where it is one.
  /// \tparam Delta  the device's policy: patches that it takes are told
  template <class Delta = no_delta, class Storage>
  result<release_line> next(Storage& storage, entry& item) {
    const auto word = lines_.next(storage);
    if (!word) return word.error();
    if (*word == 0) return release_line::end;
    if (*word == signature) return release_line::signature;
    if (*word == minimum)
      return lines_.rest().empty() ? lines_.bad_line : result<release_line>(release_line::minimum);
    if (*word != kind_) last_.clear();
    kind_ = *word;
    if constexpr (takes_patches<Delta>)
      if (*word == delta) return take_patch<Delta>(item);
    if (!take(*word, item) || !lines_.rest().empty()) return lines_.bad_line;
    if (*word == image) return release_line::image;
    return *word == removal || *word == file ? release_line::item : release_line::head;
  }

  /// Complete once the first item, or the signature, was read.
  const release_head& head() const { return head_; }

  document_lines& lines() { return lines_; }

 private:
  // In the order of the grammar.
  enum : std::uint8_t {
    format = 1,
    chain,
    product,
    hardware,
    version,
    minimum,
    epoch,
    counter,
    created,
    expires,
    hook,
    removal,
    file,
    image,
    delta,
    signature
  };

  bool take(std::uint8_t word, entry& item) {
    switch (word) {
      case format:
        return lines_.take_rest() == "1"sv;
      case chain:
        head_.has_chain = true;
        return lines_.take_hex({head_.chain.data(), head_.chain.size()});
      case product:
        head_.fits_product = lines_.rest() == device_.product;
        return !lines_.take_rest().empty();
      case hardware:
        return take_hardware(lines_.take_rest());
      case version:
        return head_.version.assign(lines_.take_rest()) && !head_.version.empty();
      case epoch:
        return lines_.take_number(head_.epoch);
      case counter:
        return lines_.take_number(head_.counter);
      case created:
        return lines_.take_number(head_.created);
      case expires:
        return lines_.take_expiry(head_.expires);
      case removal:
        item = {};
        item.kind = entry_kind::remove;
        return take_path(item);
      case file:
        return take_content(item) && take_mode(item) && take_path(item);
      case image:
        return take_content(item) && take_path(item);
      default:  // hooks and patches are for devices that know them
        return !lines_.take_rest().empty();
    }
  }

  bool take_hardware(std::string_view name) {
    if (!names_hardware_) head_.fits_hardware = false;
    names_hardware_ = true;
    head_.fits_hardware |= name == device_.hardware;
    return is_ordered(name);
  }

  bool take_content(entry& item) {
    item = {};
    item.hash.kind = digest_kind::sha256;
    return lines_.take_number(item.size) && lines_.take_hex({item.hash.value, 32});
  }

  template <class Delta>
  result<release_line> take_patch(entry& item) {
    std::uint32_t memory = 0, code = 0;
    if (!take_content(item) || !lines_.take_number(memory) || !lines_.take_number(code) ||
        !take_path(item))
      return lines_.bad_line;
    return Delta::takes(memory, code) ? release_line::patch : release_line::head;
  }

  bool take_mode(entry& item) {
    const std::string_view mode = lines_.take_word();
    item.executable = mode == "x"sv;
    return item.executable || mode == "-"sv;
  }

  bool take_path(entry& item) {
    const std::string_view path = lines_.take_rest();
    return item.path.assign(path) && is_ordered(path);
  }

  // Lines of a kind stand in the order of their bytes: so none stands twice.
  bool is_ordered(std::string_view text) {
    const bool ordered = !text.empty() && last_.view() < text;
    return last_.assign(text) && ordered;
  }

  document_lines lines_;
  release_head head_;
  device_name device_;
  bool names_hardware_ = false;
  std::uint8_t kind_ = 0;
  fixed_string<max_path> last_;
};

}  // namespace ota

// ota/manifest/release_reader.hpp

namespace ota {

/// Reads the files, the images and the paths to be removed out of the release document of a signed
/// manifest.
template <std::size_t Longest>
class release_reader {
 public:
  /// Begins with the document at `offset` of the manifest at `path`.
  void begin(std::string_view path, std::uint32_t offset) { document_.begin(path, offset, {}); }

  /// Of the version, once its first file was read.
  std::string_view version() const { return document_.head().version; }

  /// The next path to be removed (`entry_kind::remove`), file (`file`) or firmware image (`image`),
  /// in the document's order; false at its end. Only a device that takes images asks for them, and
  /// only one with a policy for patches for those (`patch`) that it takes.
  template <bool Images = false, class Delta = no_delta, class Storage>
  result<bool> next(Storage& storage, entry& out) {
    for (;;) {
      const auto line = document_.template next<Delta>(storage, out);
      if (!line) return line.error();
      if (*line == release_line::image) {
        if constexpr (!Images) return no_slots;
        out.kind = entry_kind::image;
        return true;
      }
      if constexpr (takes_patches<Delta>) {
        if (*line == release_line::patch) {
          out.kind = entry_kind::patch;
          return true;
        }
      }
      if (*line == release_line::item) return true;
      if (*line == release_line::end) return false;
    }
  }

 private:
  static constexpr error no_slots{errc::unsupported, "manifest",
                                  "the version holds a firmware image, and this device takes none"};

  fixed_string<Longest> line_;
  release_document document_{line_};
};

}  // namespace ota

// ota/core/version_order.hpp

namespace ota {

namespace detail {

/// Takes what stands before the next dot off a version.
constexpr std::string_view take_identifier(std::string_view& rest) {
  const std::string_view first = slice(rest, 0, rest.find('.'));
  rest = slice(rest, first.size() + 1);
  return first;
}

constexpr bool is_number(std::string_view text) {
  for (char c : text)
    if (!is_digit(c)) return false;
  return true;
}

/// Digits of any length are numbers, nothing is 0; a number comes before a text.
constexpr int compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_is_number = is_number(a), b_is_number = is_number(b);
  if (a_is_number != b_is_number) return a_is_number ? -1 : 1;
  if (!a_is_number) return a.compare(b);
  while (!a.empty() && a.front() == '0') a.remove_prefix(1);
  while (!b.empty() && b.front() == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

constexpr int compare_dotted(std::string_view a, std::string_view b) {
  int order = 0;
  while (order == 0 && !(a.empty() && b.empty()))
    order = compare_identifiers(take_identifier(a), take_identifier(b));
  return order;
}

}  // namespace detail

/// Which of two versions is the newer, by the precedence of Semantic Versioning 2.0.0 (semver.org,
/// 11): below 0 when `a` comes before `b`, 0 when they are the same. A `v` in front and the build
/// behind a `+` do not count; there may be any number of numbers, and one that is missing is 0.
constexpr int compare_versions(std::string_view a, std::string_view b) {
  std::string_view rest[2] = {};
  std::string_view numbers[2] = {};
  const std::string_view versions[] = {a, b};
  for (int i = 0; i < 2; ++i) {
    std::string_view version = slice(versions[i], 0, versions[i].find('+'));
    if (starts_with(version, "v"sv) || starts_with(version, "V"sv)) version.remove_prefix(1);
    numbers[i] = slice(version, 0, version.find('-'));
    rest[i] = slice(version, numbers[i].size() + 1);
  }
  if (const int order = detail::compare_dotted(numbers[0], numbers[1]); order != 0) return order;
  // A prerelease comes before its release.
  if (rest[0].empty() != rest[1].empty()) return rest[0].empty() ? 1 : -1;
  return detail::compare_dotted(rest[0], rest[1]);
}

}  // namespace ota

// ota/core/fixed_vector.hpp

namespace ota {

/// A list of at most `Capacity` values, kept in place.
template <class T, std::size_t Capacity>
class fixed_vector {
 public:
  using value_type = T;

  static constexpr std::size_t capacity() { return Capacity; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr bool full() const { return size_ == Capacity; }

  constexpr T& operator[](std::size_t i) { return values_[i]; }
  constexpr const T& operator[](std::size_t i) const { return values_[i]; }
  constexpr T& back() { return values_[size_ - 1]; }
  constexpr const T* data() const { return values_; }
  constexpr T* begin() { return values_; }
  constexpr T* end() { return values_ + size_; }
  constexpr const T* begin() const { return values_; }
  constexpr const T* end() const { return values_ + size_; }

  /// Adds a value at the end; false when the list is full.
  [[nodiscard]] constexpr bool push_back(const T& value) {
    if (full()) return false;
    values_[size_++] = value;
    return true;
  }

  constexpr void pop_back() { --size_; }
  constexpr void clear() { size_ = 0; }

 private:
  T values_[Capacity]{};
  std::size_t size_ = 0;
};

/// A view of values that somebody else owns.
template <class T>
class list_view {
 public:
  constexpr list_view() = default;
  constexpr list_view(const T* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr list_view(const T (&array)[N]) : data_(array), size_(N) {}
  template <std::size_t N>
  constexpr list_view(const fixed_vector<T, N>& list) : data_(list.data()), size_(list.size()) {}

  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const T& operator[](std::size_t i) const { return data_[i]; }
  constexpr const T* begin() const { return data_; }
  constexpr const T* end() const { return data_ + size_; }

 private:
  const T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ota

// ota/core/path.hpp

namespace ota {

/// Whether `path` may name a file below a device's root: relative, parts divided
/// by `/`, no empty part, no `.` or `..`, no control character and no backslash
/// (which some file systems take for a divider).
constexpr bool is_valid_path(const std::string_view& path) {
  std::size_t size = 0, dots = 0;  // of the part at hand
  for (std::size_t i = 0;; ++i) {
    if (i == path.size() || path[i] == '/') {
      if (size == dots && size <= 2) return false;
      if (i == path.size()) return true;
      size = dots = 0;
      continue;
    }
    const auto c = static_cast<unsigned char>(path[i]);
    if (c < 0x20 || c == 0x7f || c == '\\') return false;
    ++size;
    if (c == '.') ++dots;
  }
}

/// Everything before the last `/`; empty for a path without one.
constexpr std::string_view parent_path(const std::string_view& path) {
  std::size_t size = path.size();
  while (size != 0 && path[--size] != '/') {
  }
  return {path.data(), size};
}

/// `text` without `/` at either end: `lib` and `/lib/` name the same directory.
constexpr std::string_view trim_slashes(std::string_view text) {
  while (!text.empty() && text.front() == '/') text.remove_prefix(1);
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  return text;
}

/// Whether `path` is `entry` itself or lies in the directory `entry`.
constexpr bool is_within(const std::string_view& path, const std::string_view& entry) {
  const std::string_view place = trim_slashes(entry);
  if (place.empty() || !starts_with(path, place)) return false;
  return path.size() == place.size() || path[place.size()] == '/';
}

/// Whether `path` is, or lies in, one of `entries`.
constexpr bool is_within_any(const std::string_view& path, list_view<std::string_view> entries) {
  for (const std::string_view& entry : entries)
    if (is_within(path, entry)) return true;
  return false;
}

}  // namespace ota

// ota/format/reset_mode.hpp

namespace ota {

/// How a device starts again after an update.
enum class reset_mode : std::uint8_t {
  hard,  ///< the whole chip
  soft,  ///< the program only, where there is such a thing
  none   ///< not by itself
};

}  // namespace ota

// ota/format/url.hpp

namespace ota {

/// An absolute http or https URL taken apart (RFC 3986). The members view the URL's own text.
struct url_view {
  bool secure = false;         ///< https
  std::uint16_t port = 0;      ///< as given, or 80 or 443
  std::string_view authority;  ///< host and port as written, for a `Host` header
  std::string_view host;       ///< without the brackets of an IPv6 address
  std::string_view target;     ///< path and query, beginning with `/`; without a fragment
};

namespace detail {

constexpr bool is_alphanumeric(char c) {
  return is_digit(c) || (static_cast<char>(c | 0x20) >= 'a' && static_cast<char>(c | 0x20) <= 'z');
}

/// Whether `text` holds ASCII from `lowest` on and what is beyond ASCII, but no control character.
constexpr bool is_printable(std::string_view text, unsigned char lowest) {
  for (char c : text)
    if (static_cast<unsigned char>(c) < lowest || c == 0x7f) return false;
  return true;
}

/// Whether nothing in `text` could end a request line or a header early.
constexpr bool is_url_text(std::string_view text) { return is_printable(text, '!'); }

constexpr bool is_host(std::string_view host, bool in_brackets) {
  for (char c : host)
    if (!is_alphanumeric(c) && c != '.' && c != (in_brackets ? ':' : '-') &&
        (in_brackets || c != '_'))
      return false;
  return !host.empty();
}

constexpr std::string_view text_between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

namespace bad_url {

inline constexpr error forbidden_character{errc::invalid_argument, "url",
                                           "a space or control character in the URL"};
inline constexpr error unknown_scheme{errc::invalid_argument, "url",
                                      "the URL must begin with http:// or https://"};
inline constexpr error no_slash{errc::invalid_argument, "url", "the URL lacks a / after its host"};
inline constexpr error has_user{errc::invalid_argument, "url",
                                "a user name or password in the URL: use `token` instead"};
inline constexpr error no_bracket{errc::invalid_argument, "url",
                                  "the URL lacks the ] of an IPv6 address"};
inline constexpr error bad_host{errc::invalid_argument, "url", "the URL has no valid host"};
inline constexpr error bad_port{errc::invalid_argument, "url", "the URL has no valid port"};

}  // namespace bad_url

/// As `parse_url`, into `parts`.
constexpr result<void> split_url(std::string_view url, url_view& parts) {
  if (!is_url_text(url)) return bad_url::forbidden_character;
  parts.secure = has_form(url, "https://*");
  if (!parts.secure && !has_form(url, "http://*")) return bad_url::unknown_scheme;
  parts.port = parts.secure ? 443 : 80;

  const char* at = url.data() + (parts.secure ? 8 : 7);
  const char* const last = url.data() + url.size();
  const char* const end = find_any(at, last, "/?#");
  parts.authority = text_between(at, end);
  parts.target = text_between(end, find_any(end, last, "#"));
  if (parts.target.empty()) parts.target = "/"sv;
  if (parts.target.front() != '/') return bad_url::no_slash;
  if (find_any(at, end, "@") != end) return bad_url::has_user;

  const bool in_brackets = at != end && *at == '[';
  if (in_brackets) ++at;
  const char* host_end = find_any(at, end, in_brackets ? "]" : ":");
  parts.host = text_between(at, host_end);
  if (in_brackets && host_end++ == end) return bad_url::no_bracket;
  if (!is_host(parts.host, in_brackets)) return bad_url::bad_host;
  const std::string_view rest = text_between(host_end, end);
  if (rest.empty() || has_form(rest, ":")) return {};  // "host:" means the scheme's own port
  std::size_t port = 0;
  if (!has_form(rest, ":#", &port) || port == 0 || port > 65535) return bad_url::bad_port;
  parts.port = static_cast<std::uint16_t>(port);
  return {};
}

}  // namespace detail

/// Takes an absolute URL apart. Refused (`errc::invalid_argument`): schemes other than http and
/// https, user names in the URL, spaces and control characters, a bad host or port.
constexpr result<url_view> parse_url(std::string_view url) {
  url_view parts;
  if (auto done = detail::split_url(url, parts); !done) return done.error();
  return parts;
}

/// Appends a path with everything but RFC 3986's unreserved characters and `/` percent-encoded.
inline void append_escaped(string_buffer& out, std::string_view path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (char c : path) {
    if (detail::is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/') {
      out.append(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append('%').append(digits[byte >> 4]).append(digits[byte & 15]);
  }
}

}  // namespace ota

// ota/format/config.hpp

namespace ota {

/// When an update may happen. In a document its keys stand at the top level or under
/// `update_scheduling`.
struct scheduling_config {
  bool present = false;  ///< the document holds `update_scheduling`: the scheduler is asked

  std::uint32_t min_update_interval_sec = 3600;  ///< between two checks
  std::int32_t update_window_start_hour = -1;    ///< 0 to 23, local time; -1: any hour
  std::int32_t update_window_end_hour = -1;      ///< the first hour outside; -1: any hour
  std::string_view power_source;                 ///< `solar`: only from 10 to 16 o'clock
  std::uint32_t min_battery_percent = 0;         ///< 0: any charge
  std::uint32_t max_crashes_before_delay = 3;    ///< within the last 24 hours
  std::uint32_t rollout_percent = 100;           ///< part of all devices that takes a version
  std::uint32_t error_history_limit = 100;       ///< events kept of a kind
};

/// The base of GitHub's own REST API.
inline constexpr std::string_view github_api = "https://api.github.com";

/// All that a device can be told, with the names and defaults of 0x687931/ota's configuration.
///
/// A plain struct of views: the texts live with whoever fills it, a `config_document` or the
/// program's own literals. A pin of -1 is no pin. What is asked for most comes first: a Cortex-M0+
/// reaches it by shorter code.
struct config {
  // ---- yes or no ----
  bool force = false;                   ///< update although nothing is new
  bool debug = false;                   ///< tell more
  bool allow_links = false;             ///< take a symbolic link as a file that holds its target
  bool enable_delta_updates = false;    ///< use the patches in the tree of a version
  bool metered = false;                 ///< bytes cost: the same
  bool jitter = false;                  ///< waits vary by chance, so that a fleet spreads
  reset_mode reset = reset_mode::hard;  ///< key `reset_mode`

  // ---- what to follow ----
  std::string_view owner;               ///< account on the Git host; required
  std::string_view repo;                ///< repository; required
  std::string_view channel = "stable";  ///< `stable`: releases; `developer`: a branch's tip
  std::string_view branch = "main";     ///< of the developer channel
  std::string_view tag;                 ///< a fixed release; empty: the latest
  std::string_view token;               ///< for private repositories; empty: none
  std::string_view api = github_api;    ///< base of the REST API
  std::string_view raw = "https://raw.githubusercontent.com";  ///< base of the raw files
  std::string_view web;  ///< base of the web site; see `web_base`
  std::string_view user_agent = "ota-updater";

  // ---- how ----
  std::uint64_t min_free_storage = 0;     ///< bytes
  std::uint32_t min_free_mem = 0;         ///< bytes
  std::uint32_t max_tree_size_kb = 0;     ///< longest list of files; 0: 256 MB, a manifest 32 MB
  std::uint32_t max_tree_files = 0;       ///< longest list; 0: any
  std::uint32_t chunk = 1024;             ///< bytes moved at a time; see `effective_chunk`
  std::uint32_t http_retries = 3;         ///< attempts of a request
  std::uint32_t backoff_sec = 3;          ///< before the second attempt; doubled each time …
  std::uint32_t max_backoff_sec = 60;     ///< … up to this
  std::uint32_t trial_boots = 1;          ///< starts that an unconfirmed version has
  std::uint32_t retries = 5;              ///< attempts to join a network
  std::uint32_t connect_timeout_sec = 0;  ///< 0: as the HTTP policy has it
  std::uint32_t http_timeout_sec = 10;
  std::uint32_t min_bytes_per_sec = 8;  ///< a server that sends less for 30 s is given up
  std::uint32_t min_cpu_mhz = 0;
  std::uint32_t watchdog_timeout_ms = 0;        ///< 0: no watchdog
  std::string_view stage_dir = ".ota_stage";    ///< of the original client, for a changeover
  std::string_view backup_dir = ".ota_backup";  ///< of the original client, for a changeover

  // ---- which files ----
  list_view<std::string_view> allow;            ///< paths and directories; empty: all
  list_view<std::string_view> ignore;           ///< wins over `allow`
  list_view<std::string_view> delete_patterns;  ///< below these, what is not in the version goes

  // ---- whom to trust ----
  std::string_view manifest_key;  ///< of the manifest's HMAC; empty: not checked
  std::string_view trusted_root;  ///< root document of signed manifests; see docs/signed-updates.md
  std::string_view product = "default";  ///< what a signed manifest must be for
  std::string_view hardware;             ///< the same, where the manifest names hardware
  std::string_view tls_ca_file;          ///< authorities that https trusts; empty: the system's
  list_view<std::string_view> tls_pins;  ///< public keys that https trusts; empty: any

  // ---- where `ota update` finds secrets and keys that are not in the document ----
  std::string_view token_file;  ///< a file that holds the token
  std::string_view token_env;   ///< the name of an environment variable that does
  std::string_view manifest_key_file;
  std::string_view manifest_key_env;
  std::string_view trusted_root_file;  ///< a file that holds the root document

  // ---- when ----
  scheduling_config scheduling;

  // ---- board ----
  std::int32_t status_led_pin = -1;
  std::int32_t battery_adc_pin = -1;
  std::uint32_t battery_divider_ratio_milli = 1000;  ///< key `battery_divider_ratio`, thousandths
  std::uint32_t battery_v_max_milli = 4200;          ///< key `battery_v_max`, in mV
  std::uint32_t battery_v_min_milli = 3000;          ///< key `battery_v_min`, in mV

  // ---- links ----
  bool wifi_enabled = true;
  bool cellular_enabled = false;
  bool lora_enabled = false;
  std::string_view ssid;      ///< older name of `wifi_ssid`
  std::string_view password;  ///< older name of `wifi_password`
  std::string_view wifi_ssid;
  std::string_view wifi_password;
  std::uint32_t wifi_timeout_sec = 20;
  std::string_view cellular_apn;
  std::string_view cellular_tech;  ///< `nbiot`, `lte-m` or other
  std::int32_t cellular_uart = 1;
  std::int32_t cellular_tx_pin = 4;
  std::int32_t cellular_rx_pin = 5;
  std::uint32_t cellular_baud = 115200;
  std::uint32_t cellular_cost_per_mb_milli = 500;  ///< key `cellular_cost_per_mb`, thousandths
  std::int32_t lora_spi_pins[3] = {18, 19, 16};    ///< SCK, MOSI, MISO
  std::int32_t lora_cs_pin = 17;
  std::int32_t lora_rst_pin = 20;
  std::uint32_t lora_freq = 915000000;  ///< Hz
};

/// Bytes to move at a time: what was configured, at most 4096 and a quarter of the free memory
/// (in bytes; 0: unknown), at least 256.
constexpr std::size_t effective_chunk(std::uint32_t configured, std::size_t free_memory) {
  std::size_t size = configured < 4096 ? configured : 4096;
  if (free_memory != 0 && free_memory / 4 < size) size = free_memory / 4;
  return size < 256 ? 256 : size;
}

/// A number of KB in bytes; more than the machine can count is as much as it can.
constexpr std::size_t kilobytes(std::uint32_t count) {
  const std::uint64_t size = std::uint64_t{count} * 1024;
  return size < SIZE_MAX ? static_cast<std::size_t>(size) : SIZE_MAX;
}

/// Whether versions are releases, the latest or a fixed one; otherwise they are a branch's tips.
constexpr bool follows_release(const config& settings) {
  return settings.channel == "stable"sv || !settings.tag.empty();
}

/// The base of the Git host's web site, or nothing where it is not known: `web`, or GitHub's own
/// where the API is GitHub's own.
constexpr std::string_view web_base(const config& settings) {
  const bool is_github = settings.web.empty() && settings.api == github_api;
  return is_github ? "https://github.com"sv : settings.web;
}

namespace detail {

constexpr bool is_repository_name(std::string_view name) {
  for (char c : name)
    if (!is_alphanumeric(c) && c != '-' && c != '_' && c != '.') return false;
  return !name.empty() && name != "."sv && name != ".."sv;
}

/// What `validate` finds: `where` is the key at fault.
namespace bad_config {

inline constexpr error no_owner{errc::invalid_argument, "owner",
                                "`owner` must name the account that holds the repository"};
inline constexpr error no_repo{errc::invalid_argument, "repo",
                               "`repo` must name the repository to follow"};
inline constexpr error bad_owner{errc::invalid_argument, "owner",
                                 "`owner` may hold letters, digits and - _ . only"};
inline constexpr error bad_repo{errc::invalid_argument, "repo",
                                "`repo` may hold letters, digits and - _ . only"};
inline constexpr error bad_channel{errc::invalid_argument, "channel",
                                   "`channel` must be stable or developer"};
inline constexpr error bad_branch{
    errc::invalid_argument, "branch",
    "`branch` must name the branch that the developer channel follows"};
inline constexpr error bad_api{errc::invalid_argument, "api", "`api` must be an http or https URL"};
inline constexpr error bad_raw{errc::invalid_argument, "raw", "`raw` must be an http or https URL"};
inline constexpr error bad_web{errc::invalid_argument, "web",
                               "`web` must be an http or https URL, or empty"};
inline constexpr error bad_stage_dir{errc::invalid_argument, "stage_dir",
                                     "`stage_dir` must be a relative path"};
inline constexpr error bad_backup_dir{errc::invalid_argument, "backup_dir",
                                      "`backup_dir` must be a relative path"};
inline constexpr error bad_token{errc::invalid_argument, "token",
                                 "`token` holds a space or a control character"};
inline constexpr error bad_user_agent{errc::invalid_argument, "user_agent",
                                      "`user_agent` holds a control character"};
inline constexpr error bad_update_window_start_hour{errc::invalid_argument,
                                                    "update_window_start_hour",
                                                    "`update_window_start_hour` must be 0 to 23"};
inline constexpr error bad_update_window_end_hour{errc::invalid_argument, "update_window_end_hour",
                                                  "`update_window_end_hour` must be 0 to 24"};
inline constexpr error bad_trial_boots{errc::invalid_argument, "trial_boots",
                                       "`trial_boots` must be at least 1: the start that confirms"};

}  // namespace bad_config

}  // namespace detail

/// Whether an update can be made with these settings. The error's `where` is the key at fault.
constexpr result<void> validate(const config& settings) {
  namespace bad_config = detail::bad_config;
  if (settings.owner.empty() || detail::has_form(settings.owner, "your_github_username"))
    return bad_config::no_owner;
  if (settings.repo.empty() || detail::has_form(settings.repo, "your_repo_name"))
    return bad_config::no_repo;
  if (!detail::is_repository_name(settings.owner)) return bad_config::bad_owner;
  if (!detail::is_repository_name(settings.repo)) return bad_config::bad_repo;
  if (settings.channel != "stable"sv && settings.channel != "developer"sv)
    return bad_config::bad_channel;
  if (settings.tag.empty() && settings.channel == "developer"sv && settings.branch.empty())
    return bad_config::bad_branch;
  if (!parse_url(settings.api)) return bad_config::bad_api;
  if (!parse_url(settings.raw)) return bad_config::bad_raw;
  if (!settings.web.empty() && !parse_url(settings.web)) return bad_config::bad_web;
  if (!is_valid_path(settings.stage_dir)) return bad_config::bad_stage_dir;
  if (!is_valid_path(settings.backup_dir)) return bad_config::bad_backup_dir;
  if (!detail::is_url_text(settings.token)) return bad_config::bad_token;
  if (!detail::is_printable(settings.user_agent, ' ')) return bad_config::bad_user_agent;
  if (settings.scheduling.update_window_start_hour > 23)
    return bad_config::bad_update_window_start_hour;
  if (settings.scheduling.update_window_end_hour > 24)
    return bad_config::bad_update_window_end_hour;
  if (settings.trial_boots == 0) return bad_config::bad_trial_boots;
  return {};
}

}  // namespace ota

// ota/manifest/root_document.hpp

namespace ota {

/// What a root document says beside its keys.
struct root_head {
  std::uint32_t version = 0;
  std::uint32_t epoch = 0;    ///< a new one makes counters begin anew
  std::uint64_t expires = 0;  ///< epoch seconds, the first that is too late; `never_expires`
};

/// Who signs what.
enum class signing_role : std::uint8_t { root, release };

/// Names a key: the first 8 bytes of SHA-256 over its line behind `key `.
using key_id = std::array<std::uint8_t, 8>;

inline key_id id_of_key(std::string_view key) {
  sha256 hash;
  hash.update(as_bytes(key));
  const auto digest = hash.finish();
  key_id id;
  std::memcpy(id.data(), digest.data(), id.size());
  return id;
}

/// What a line of a root document brings.
enum class root_line : std::uint8_t {
  end,      ///< nothing: the document is complete
  head,     ///< something of the head
  root,     ///< `lines()` has the ids of the keys whose word counts for the next root document left
  release,  ///< the same for release documents
  key,      ///< `lines()` has a key left: the name of its kind, and its bytes
  signature
};

namespace detail {

inline constexpr document_grammar root_grammar{
    "ota-root version epoch expires root release key signature ",
    1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8,
    1u << 7 | 1u << 8};

}  // namespace detail

/// Reads a root document (docs/signed-updates.md), which says whose word counts, from a file on
/// storage.
class root_document {
 public:
  /// `line` is as for `document_lines`.
  explicit root_document(string_buffer& line) : lines_(line) {}

  /// Begins with the document at `offset` of a file.
  void begin(std::string_view path, std::uint32_t offset) {
    lines_.begin(path, offset, detail::root_grammar);
    head_ = {};
    thresholds_[0] = thresholds_[1] = 0;
    key_ = {};
  }

  /// The next line.
  template <class Storage>
  result<root_line> next(Storage& storage) {
    const auto word = lines_.next(storage);
    if (!word) return word.error();
    if (*word == 0) return root_line::end;
    if (*word == signature) return root_line::signature;
    switch (*word) {
      case root:
      case release:
        if (!take_role(*word - root)) return lines_.bad_line;
        return *word == root ? root_line::root : root_line::release;
      case key:
        if (!is_ordered_key()) return lines_.bad_line;
        return root_line::key;
      default:
        if (!take(*word) || !lines_.rest().empty()) return lines_.bad_line;
        return root_line::head;
    }
  }

  /// Complete once the first key was read.
  const root_head& head() const { return head_; }
  std::uint32_t threshold(signing_role role) const {
    return thresholds_[static_cast<std::size_t>(role)];
  }

  document_lines& lines() { return lines_; }

 private:
  // In the order of the grammar.
  enum : std::uint8_t { format = 1, version, epoch, expires, root, release, key, signature };

  bool take(std::uint8_t word) {
    switch (word) {
      case format:
        return lines_.take_rest() == "1"sv;
      case version:
        return lines_.take_number(head_.version);
      case epoch:
        return lines_.take_number(head_.epoch);
      default:
        return lines_.take_expiry(head_.expires);
    }
  }

  // A threshold that takes more keys than there are would never be reached.
  bool take_role(int role) {
    std::uint32_t& threshold = thresholds_[role];
    if (!lines_.take_number(threshold) || threshold == 0) return false;
    return (lines_.rest().size() + 1) / 17 >= threshold;
  }

  // In the order of their ids: so none stands twice.
  bool is_ordered_key() {
    const key_id id = id_of_key(lines_.rest());
    const bool ordered = key_ < id;
    key_ = id;
    return ordered;
  }

  document_lines lines_;
  root_head head_;
  std::uint32_t thresholds_[2] = {};
  key_id key_{};
};

}  // namespace ota

// ota/core/version_id.hpp

namespace ota {

/// Names one version exactly: a SHA-1 over all that its source says of it. All zero: no version.
using version_id = std::array<std::uint8_t, 20>;

/// Whether an id names a version.
inline bool names_version(const version_id& id) {
  for (const std::uint8_t byte : id)
    if (byte != 0) return true;
  return false;
}

}  // namespace ota

// ota/manifest/trust_context.hpp

namespace ota {

/// What a trust policy has to know of the device, and what it finds out.
struct trust_context {
  std::uint64_t now = 0;            ///< epoch seconds; 0: not known
  std::uint32_t least_counter = 0;  ///< a hardware counter's, below which nothing is taken
  std::string_view name;            ///< the source's, of the version; empty: it has none
  version_id id{};                  ///< of the version; replaced by that which it is known under
  version_id manifest{};            ///< the beginning of the signed document's SHA-256
  std::uint32_t offset = 0;         ///< where in the manifest the list of files is
};

namespace detail {

inline constexpr error manifest_expired{
    errc::untrusted, "manifest",
    "the newest manifest has expired: its maker must renew it, or somebody holds newer ones back"};

}  // namespace detail
}  // namespace ota

// ota/storage/atomic_file.hpp

namespace ota {

/// Puts what was written to `temporary` in the place of `path`: after a power cut that holds the
/// old content or the new one, whole.
template <class Storage>
result<void> replace_file(Storage& storage, const std::string_view& path,
                          const std::string_view& temporary) {
  if (auto done = storage.sync(); !done) return done;
  if (auto done = storage.rename(temporary, path); !done) return done;
  return storage.sync();
}

/// Replaces the file at `path` so that after a power cut it holds the old content or the new one,
/// whole: writes `temporary`, syncs, renames it over `path`, syncs.
template <class Storage>
result<void> write_atomically(Storage& storage, const std::string_view& path,
                              const std::string_view& temporary, bytes content) {
  if (auto done = storage.write(temporary, 0, content); !done) return done;
  return replace_file(storage, path, temporary);
}

/// Whether the file at `path` holds exactly `content`. Reads 64 bytes at a time.
template <class Storage>
result<bool> same_content(Storage& storage, const std::string_view& path, bytes content) {
  const auto there = storage.stat(path);
  if (!there) return there.error();
  if (there->size != content.size() || there->kind != decltype(there->kind)::file) return false;
  std::uint8_t piece[64];
  for (std::size_t at = 0; at < content.size();) {
    const auto size = storage.read(path, at, piece);
    if (!size) return size.error();
    if (*size == 0 || !equal({piece, *size}, content.drop(at).first(*size))) return false;
    at += *size;
  }
  return true;
}

/// As `write_atomically`, but a file that holds `content` already is left untouched, to spare
/// flash.
template <class Storage>
result<void> write_if_changed(Storage& storage, const std::string_view& path,
                              const std::string_view& temporary, bytes content) {
  const auto same = same_content(storage, path, content);
  if (!same) return same.error();
  if (*same) return {};
  return write_atomically(storage, path, temporary, content);
}

/// Replaces a file as `write_atomically` does, with content of any length that comes in small
/// pieces: call the object with each of them, then `replace`. Pieces are gathered, because storage
/// is slow with small ones.
template <class Storage>
class atomic_file {
 public:
  atomic_file(Storage& storage, std::string_view temporary)
      : storage_(storage), temporary_(temporary) {}

  /// Adds a piece. A failure is told by `replace`.
  void operator()(std::string_view text) {
    while (!text.empty()) {
      const std::size_t room = sizeof piece_ - size_;
      const std::size_t count = text.size() < room ? text.size() : room;
      std::memcpy(piece_ + size_, text.data(), count);
      size_ += count;
      text.remove_prefix(count);
      if (size_ == sizeof piece_) flush();
    }
  }

  /// Ends the content and puts it in the place of `path`, which stays as it was if anything failed.
  result<void> replace(std::string_view path) {
    if (size_ != 0 || written_ == 0) flush();
    if (!done_) return done_;
    return replace_file(storage_, path, temporary_);
  }

 private:
  void flush() {
    if (done_) done_ = storage_.write(temporary_, written_, {piece_, size_});
    written_ += size_;
    size_ = 0;
  }

  Storage& storage_;
  std::string_view temporary_;
  std::size_t written_ = 0;
  std::size_t size_ = 0;
  result<void> done_;
  std::uint8_t piece_[128];
};

}  // namespace ota

// ota/storage/layout.hpp

namespace ota {

/// Where the library keeps what is its own, relative to the device's root. The state files in
/// the root are those of 0x687931/ota, so that a device may change over and back.
namespace layout {

inline constexpr std::string_view version = "version.json";
inline constexpr std::string_view errors = "ota_error.json";
inline constexpr std::string_view state = ".ota/state";    // how far the swap is
inline constexpr std::string_view target = ".ota/target";  // what is being staged
inline constexpr std::string_view listing = ".ota/next";   // files of the version being staged
inline constexpr std::string_view expanded =
    ".ota/next.more";                                       // the same, truncated parts filled in
inline constexpr std::string_view part = ".ota/next.part";  // one such part
inline constexpr std::string_view candidates =
    ".ota/gone";  // what may have to go, unless the new version has it
inline constexpr std::string_view plan = ".ota/plan";            // what the swap will do
inline constexpr std::string_view manifest = ".ota/manifest";    // the manifest being read
inline constexpr std::string_view installed = ".ota/installed";  // files of the installed version
inline constexpr std::string_view trust = ".ota/trust";          // whose word counts, what was seen
inline constexpr std::string_view known = ".ota/known";          // what the last check found
inline constexpr std::string_view reserve = ".ota/reserve";      // room for a put-back
inline constexpr std::string_view temporary = ".ota/tmp";        // of every atomic write
inline constexpr std::string_view patches = ".ota/patches";      // that the new version brings
inline constexpr std::string_view patching = ".ota/patch";       // those that are applied
inline constexpr std::string_view chosen = ".ota/patch/chosen";  // which: one for each of the plan
inline constexpr std::string_view patch_state = ".ota/patch/state";  // how far one is applied
inline constexpr std::string_view patched = ".ota/patch/out";        // what it has made so far
inline constexpr std::string_view staged = ".ota/new";
inline constexpr std::string_view replaced = ".ota/old";

}  // namespace layout

namespace detail {

using own_path = fixed_string<32>;

/// The file of entry `index` below `.ota/new` or `.ota/old`; 256 to a directory, so that file
/// systems with flat directories stay fast.
inline own_path numbered_path(std::string_view directory, std::uint32_t index) {
  own_path path;
  path.append(directory)
      .append('/')
      .append_number(index / 256)
      .append('/')
      .append_number(index % 256);
  return path;
}

inline own_path staged_path(std::uint32_t index) { return numbered_path(layout::staged, index); }
inline own_path replaced_path(std::uint32_t index) {
  return numbered_path(layout::replaced, index);
}

inline own_path patch_path(std::uint32_t index) { return numbered_path(layout::patching, index); }

/// Whether a path is the library's own, which no update may replace: in any case of its letters,
/// as some file systems make no difference.
inline bool is_own_path(const std::string_view& path) {
  static constexpr const char* own[] = {".ota*", layout::version.data(), layout::errors.data(),
                                        "ota_health.json", "ota_last_check.json"};
  for (const char* form : own)
    if (has_form(path, form)) return true;
  return false;
}

/// Removes the directories above `path` that hold nothing any more.
template <class Storage>
void remove_empty_parents(Storage& storage, std::string_view path) {
  for (path = parent_path(path); !path.empty(); path = parent_path(path))
    if (!storage.remove(path)) return;
}

using tree_path = fixed_string<255>;

inline constexpr error path_too_long{errc::too_long, "storage",
                                     "a path on storage is too long to be removed"};

/// Goes down from directory `path` to the first file or empty directory in it; `path` becomes its
/// path. The way down is at most as long as a path.
template <class Storage>
result<file_kind> first_leaf(Storage& storage, tree_path& path) {
  for (;;) {
    file_kind found = file_kind::none;
    const auto listed = storage.list(path, [&](std::string_view name, file_kind kind) {
      path.append('/').append(name);
      found = kind;
      return false;
    });
    if (!listed) return listed.error();
    if (path.overflowed()) return path_too_long;
    if (found == file_kind::none) return file_kind::directory;
    if (found != file_kind::directory) return found;
  }
}

/// Removes one file or empty directory of the tree at `directory`; false when nothing is left.
template <class Storage>
result<bool> remove_tree_step(Storage& storage, const std::string_view& directory) {
  const auto there = kind_at(storage, directory);
  if (!there) return there.error();
  if (*there == file_kind::none) return false;
  tree_path path(directory);
  if (*there == file_kind::directory)
    if (auto found = first_leaf(storage, path); !found) return found.error();
  if (auto done = storage.remove(path); !done) return done.error();
  return true;
}

/// Removes what can be had again from the server.
template <class Storage>
void make_room(Storage& storage) {
  static constexpr std::string_view paths[] = {layout::listing,    layout::expanded, layout::part,
                                               layout::candidates, layout::manifest, layout::known};
  for (const std::string_view& path : paths) (void)storage.remove(path);
}

}  // namespace detail
}  // namespace ota

// ota/storage/sealed_record.hpp

namespace ota::detail {

// What the library keeps of itself on storage: the bytes of `Record` as this machine has them, and
// a CRC-32. `Record::format` is a number that changes with the meaning of those bytes.

inline std::uint32_t seal_of(const bytes& record, std::uint32_t format) {
  crc32 sum;
  sum.update(record);
  return sum.value() ^ format;
}

/// Puts the seal of a record of `size` bytes behind it.
inline void put_seal(std::uint8_t* record, std::size_t size, std::uint32_t format) {
  const std::uint32_t seal = seal_of({record, size}, format);
  std::memcpy(record + size, &seal, sizeof seal);
}

/// Writes a record and its seal to `sizeof(Record) + 4` bytes.
template <class Record>
void seal_record(const Record& value, std::uint8_t* out) {
  static_assert(
      std::is_trivially_copyable_v<Record> && std::has_unique_object_representations_v<Record>,
      "a record must be plain data without gaps");
  std::memcpy(out, &value, sizeof value);
  put_seal(out, sizeof value, Record::format);
}

/// Puts a record in the place of the one at `path`.
template <class Storage, class Record>
result<void> store_record(Storage& storage, const std::string_view& path, const Record& value) {
  std::uint8_t record[sizeof value + 4];
  seal_record(value, record);
  return write_atomically(storage, path, layout::temporary, record);
}

/// Reads a record with its seal; false when there is none, or none that is whole.
template <class Storage>
result<bool> read_sealed(Storage& storage, const std::string_view& path, std::uint32_t format,
                         mutable_bytes record) {
  const auto size = storage.read(path, 0, record);
  if (!size) return size.error().code == errc::not_found ? result<bool>(false) : size.error();
  if (*size != record.size()) return false;
  const std::size_t end = record.size() - sizeof(std::uint32_t);
  const std::uint32_t seal = seal_of({record.data(), end}, format);
  return std::memcmp(record.data() + end, &seal, sizeof seal) == 0;
}

/// False when there is none, or none that is whole; `value` is untouched then.
template <class Storage, class Record>
result<bool> load_record(Storage& storage, const std::string_view& path, Record& value) {
  std::uint8_t record[sizeof value + 4];
  const auto whole = read_sealed(storage, path, Record::format, record);
  if (whole.value_or(false)) std::memcpy(&value, record, sizeof value);
  return whole;
}

}  // namespace ota::detail

// ota/manifest/trust_file.hpp

namespace ota {

/// What a device has seen of its maker's word, so that nothing older is taken for new.
struct trust_record {
  static constexpr std::uint32_t format = 1;

  std::uint32_t root_size = 0;     ///< bytes of the trusted root document
  std::uint32_t root_sum = 0;      ///< CRC-32 of it
  std::uint32_t root_version = 0;  ///< the newest that was ever trusted
  std::uint32_t anchor_sum = 0;    ///< CRC-32 of the root document that the device was made with
  std::uint32_t epoch = 0;         ///< of the newest release document, as the three below
  std::uint32_t counter = 0;
  std::uint64_t created = 0;
  std::uint64_t expires = ~std::uint64_t{0};
  version_id manifest{};  ///< the beginning of its SHA-256
  version_id source{};    ///< what names that version: the source's id, or `manifest`
};

/// The file `.ota/trust`: a `trust_record`, its seal, and the trusted root document. All of it is
/// replaced at once, so a power cut leaves the old or the new.
template <class Storage>
class trust_file {
 public:
  /// Where the root document begins in the file.
  static constexpr std::uint32_t root_offset = sizeof(trust_record) + 4;

  explicit trust_file(Storage& storage) : storage_(storage) {}

  /// Reads the record; one that is not there, or not whole, is that of a new device. False when the
  /// root document is not whole.
  result<bool> load(trust_record& record) {
    record = {};
    const auto found = detail::load_record(storage_, layout::trust, record);
    if (!found || !*found) return found;
    crc32 sum;
    const auto done = visit(layout::trust, root_offset, record.root_size,
                            [&sum](bytes piece) { sum.update(piece); });
    if (!done) return done.error();
    return sum.value() == record.root_sum && record.root_size != 0;
  }

  /// Replaces the record, and keeps the root document.
  result<void> store(const trust_record& record) {
    return replace(record, [this, &record](auto& out) {
      return copy(out, layout::trust, root_offset, record.root_size);
    });
  }

  /// Replaces both; the root document is `size` bytes at `offset` of another file.
  result<void> store(trust_record& record, std::string_view path, std::uint32_t offset,
                     std::uint32_t size) {
    crc32 sum;
    if (auto done = visit(path, offset, size, [&sum](bytes piece) { sum.update(piece); }); !done)
      return done;
    record.root_size = size;
    record.root_sum = sum.value();
    return replace(record, [&](auto& out) { return copy(out, path, offset, size); });
  }

  /// Replaces both; the root document is a text in memory.
  result<void> store(trust_record& record, std::string_view root) {
    crc32 sum;
    sum.update(as_bytes(root));
    record.root_size = static_cast<std::uint32_t>(root.size());
    record.root_sum = sum.value();
    return replace(record, [root](auto& out) {
      out(root);
      return result<void>{};
    });
  }

 private:
  using writer = atomic_file<Storage>;

  template <class Append>
  result<void> replace(const trust_record& record, Append&& append) {
    writer out(storage_, layout::temporary);
    std::uint8_t head[root_offset];
    detail::seal_record(record, head);
    out(as_text(head));
    if (auto done = append(out); !done) return done;
    return out.replace(layout::trust);
  }

  result<void> copy(writer& out, std::string_view path, std::uint32_t offset, std::uint32_t size) {
    return visit(path, offset, size, [&out](bytes piece) { out(as_text(piece)); });
  }

  template <class Visit>
  result<void> visit(std::string_view path, std::uint32_t offset, std::uint32_t size,
                     Visit&& take) {
    std::uint8_t piece[64];
    while (size != 0) {
      const auto read = storage_.read(path, offset, mutable_bytes(piece).first(size));
      if (!read) return read.error();
      if (*read == 0) return {};  // what is missing shows in the sum
      take(bytes(piece, *read));
      offset += static_cast<std::uint32_t>(*read);
      size -= static_cast<std::uint32_t>(*read);
    }
    return {};
  }

  Storage& storage_;
};

namespace detail {

/// Whether the newest signed manifest still holds: where the source says that there is no newer,
/// somebody may be holding it back. `now` in epoch seconds; 0: not known.
template <class Storage>
result<void> check_fresh(Storage& storage, std::uint64_t now) {
  trust_record record;
  const auto found = load_record(storage, layout::trust, record);
  if (!found) return found.error();
  if (*found && now >= record.expires) return manifest_expired;
  return {};
}

}  // namespace detail
}  // namespace ota

// ota/format/json_text.hpp

namespace ota::detail {

/// Appends a text as what a JSON string has between its quotes. For the few small files that every
/// device writes; what needs the form of Python's `json.dumps` takes a `json_writer`. Characters
/// beyond ASCII stay UTF-8, as MicroPython writes them.
inline void append_json_text(string_buffer& out, std::string_view text) {
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out.append("\\u00").append(hex_digits[byte >> 4]).append(hex_digits[byte & 15]);
      continue;
    }
    if (c == '"' || c == '\\') out.append('\\');
    out.append(c);
  }
}

}  // namespace ota::detail

// ota/format/json_event.hpp

namespace ota {

/// What a `json_reader` met.
enum class json_event : std::uint8_t {
  need_input,  ///< all that was fed is read: feed more, or say `finish`
  begin_object,
  end_object,
  begin_array,
  end_array,
  key,
  string,
  number,
  boolean,
  null,
  end  ///< the document is complete
};

}  // namespace ota

// ota/format/utf8.hpp

namespace ota::detail {

/// Checks one character of UTF-8 byte by byte (RFC 3629, section 4): no overlong form, no
/// surrogate, nothing above U+10FFFF.
struct utf8_check {
  std::uint8_t missing = 0;  ///< bytes that the character still lacks
  std::uint8_t low = 0;      ///< the next byte lies between these two
  std::uint8_t high = 0;

  /// Takes the first byte of a character beyond ASCII; false when none begins with it.
  bool begin(std::uint8_t lead) {
    low = 0x80;
    high = 0xbf;
    if (lead < 0xc2 || lead > 0xf4) return false;
    missing = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    return true;
  }

  /// Takes a further byte; false when it does not belong there.
  bool take(std::uint8_t byte) {
    if (byte < low || byte > high) return false;
    low = 0x80;
    high = 0xbf;
    --missing;
    return true;
  }
};

/// A code point as UTF-8, 1 to 4 bytes in `out`.
inline std::string_view encode_utf8(std::uint32_t code, char (&out)[4]) {
  char* at = out + sizeof out;
  if (code >= 0x80) {
    // The first byte has one bit of the code less for each byte that follows.
    std::uint32_t most = 0x3f;
    do {
      *--at = static_cast<char>(0x80 | (code & 0x3f));
      code >>= 6;
      most >>= 1;
    } while (code > most);
    code |= ~most << 1;
  }
  *--at = static_cast<char>(code);
  return {at, static_cast<std::size_t>(out + sizeof out - at)};
}

/// What stands for bytes that are no character.
inline constexpr std::uint32_t replacement_character = 0xfffd;

/// Reads the first character of `text`, which is not empty, and returns its size in bytes.
/// Where none begins, `code` is the replacement character and the size what to pass over.
inline std::size_t decode_utf8(std::string_view text, std::uint32_t& code) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  code = lead;
  if (lead < 0x80) return 1;
  utf8_check check;
  code = replacement_character;
  if (!check.begin(lead)) return 1;
  std::uint32_t value = lead & (0x3fu >> check.missing);
  std::size_t size = 1;
  while (check.missing != 0) {
    if (size == text.size()) return size;
    const auto byte = static_cast<std::uint8_t>(text[size]);
    if (!check.take(byte)) return size;
    value = value << 6 | (byte & 0x3fu);
    ++size;
  }
  code = value;
  return size;
}

}  // namespace ota::detail

// ota/format/json_machine.hpp

namespace ota {

namespace detail {

/// The memory that a `json_machine` works in. It is lent for each call, so that the machine
/// holds no pointer into its owner and the owner can be copied.
struct json_memory {
  char* text;
  std::size_t text_size;
  std::uint8_t* nesting;  ///< the brackets that will close what the innermost container lies in
  std::size_t max_depth;
};

/// The one machine behind every `json_reader`, whatever its capacities.
class json_machine {
 public:
  void feed(bytes piece) {
    if (state_ == state::broken) return;  // the offset of the error stays
    next_ = piece.begin();
    end_ = piece.end();
    fed_ += piece.size();
  }
  void finish() { finished_ = true; }

  bool truncated() const { return truncated_; }
  bool boolean() const { return boolean_; }
  std::size_t depth() const { return depth_; }
  std::size_t offset() const { return fed_ - static_cast<std::size_t>(end_ - next_); }
  std::size_t text_size() const { return text_size_; }

  result<json_event> next(const json_memory& memory) {
    if (state_ == state::broken) return *failure_;
    if (state_ == state::between) {
      text_size_ = 0;
      truncated_ = false;
    }
    auto event = read(memory);
    if (event && *event == json_event::need_input) {
      if (!finished_) return event;
      event = broken_off;
    }
    if (!event) {
      state_ = state::broken;
      failure_ = &event.error();
      return event;
    }
    state_ = state::between;
    may_close_ = true;
    if (*event == json_event::key) {
      expect_ = ':';
      may_close_ = false;
    } else if (*event != json_event::begin_object && *event != json_event::begin_array) {
      expect_ = closing_ == nothing ? nothing : ',';
    }
    return event;
  }

 private:
  static constexpr error too_deep{errc::too_long, "json", "nested deeper than this reader allows"};
  static constexpr error raw_control{errc::malformed, "json",
                                     "a control character in a string must be escaped"};
  static constexpr error unknown_escape{errc::malformed, "json", "an unknown escape in a string"};
  static constexpr error bad_unicode{errc::malformed, "json", "\\u needs four hexadecimal digits"};
  static constexpr error bad_number{errc::malformed, "json", "a number that breaks off"};
  static constexpr error broken_off{errc::malformed, "json", "the document breaks off"};
  static constexpr error unexpected_character{errc::malformed, "json",
                                              "an unexpected character: not JSON"};
  static constexpr error not_utf8_text{errc::malformed, "json", "a string that is not UTF-8"};
  static constexpr error half_surrogate{errc::malformed, "json",
                                        "half of a surrogate pair in a string"};

  // Where the machine stands. Below `literal` it is inside a string, above inside a number, which
  // may end from `zero` on; every one of these may be where a piece of input ends.
  enum class state : std::uint8_t {
    between,        // tokens
    plain,          // characters of a string
    utf8,           // inside a character of several bytes
    escape,         // after a backslash
    unicode,        // inside \uXXXX
    low_surrogate,  // must follow as an escape
    literal,        // true, false, null
    number,         // before its first character
    minus,
    point,
    exponent_mark,
    exponent_sign,
    zero,
    integer,
    fraction,
    exponent,
    broken
  };

  // The character that must come next, unless it is one that closes: a comma, a colon, or the quote
  // of a key. NUL stands for a value, which is none of them; a space, which is passed over, for
  // nothing.
  static constexpr std::uint8_t value = '\0';
  static constexpr std::uint8_t nothing = ' ';

  result<json_event> read(const json_memory& memory) {
    if (state_ == state::between) {
      const auto event = read_token(memory);
      if (state_ == state::between) return event;
    }
    if (state_ < state::literal) return read_string(memory);
    return state_ == state::literal ? read_literal() : read_number(memory);
  }

  result<json_event> read_token(const json_memory& memory) {
    while (next_ != end_) {
      const std::uint8_t c = *next_++;
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
      if (c == closing_ && may_close_) return close(memory);
      if (expect_ == value) return begin_value(memory, c);
      if (c != expect_) return unexpected_character;
      if (c == '"') return begin(state::plain);
      expect_ = c == ',' && closing_ == '}' ? '"' : value;
      may_close_ = false;
    }
    if (finished_ && expect_ == nothing) return json_event::end;
    return json_event::need_input;
  }

  result<json_event> begin_value(const json_memory& memory, std::uint8_t c) {
    if (c == '"') return begin(state::plain);
    if (c == '{' || c == '[') return open(memory, c);
    if (c == '-' || static_cast<std::uint8_t>(c - '0') < 10) {
      --next_;
      return begin(state::number);
    }
    if (c == 't')
      literal_ = "rue";
    else if (c == 'f')
      literal_ = "alse";
    else if (c == 'n')
      literal_ = "ull";
    else
      return unexpected_character;
    boolean_ = c == 't';
    return begin(state::literal);
  }

  // `read` goes on with it.
  json_event begin(state token) {
    state_ = token;
    return json_event::need_input;
  }

  result<json_event> read_literal() {
    for (; *literal_ != '\0'; ++literal_) {
      if (next_ == end_) return json_event::need_input;
      if (*next_ != static_cast<std::uint8_t>(*literal_)) return unexpected_character;
      ++next_;
    }
    // All three end differently: true and false in "e", null in "l".
    return literal_[-1] == 'e' ? json_event::boolean : json_event::null;
  }

  // ---- containers ---------------------------------------------------------------------------

  result<json_event> open(const json_memory& memory, std::uint8_t bracket) {
    if (depth_ == memory.max_depth) return too_deep;
    memory.nesting[depth_++] = closing_;
    closing_ = static_cast<std::uint8_t>(bracket + 2);  // as ASCII has them
    const bool object = bracket == '{';
    expect_ = object ? '"' : value;
    return object ? json_event::begin_object : json_event::begin_array;
  }

  result<json_event> close(const json_memory& memory) {
    const bool object = closing_ == '}';
    closing_ = memory.nesting[--depth_];
    return object ? json_event::end_object : json_event::end_array;
  }

  // ---- strings ------------------------------------------------------------------------------

  result<json_event> read_string(const json_memory& memory) {
    for (;;) {
      if (state_ == state::plain) {
        const std::uint8_t* const first = next_;
        next_ = end_of_plain(first, end_);
        append(memory, first, static_cast<std::size_t>(next_ - first));
      }
      if (next_ == end_) return json_event::need_input;
      const std::uint8_t c = *next_++;
      if (state_ != state::plain) {
        if (auto done = read_special(memory, c); !done) return done.error();
      } else if (c == '"') {
        return expect_ == value ? json_event::string : json_event::key;
      } else if (c == '\\') {
        state_ = state::escape;
      } else if (c < 0x20) {
        return raw_control;
      } else {
        if (!utf8_.begin(c)) return not_utf8_text;
        reserve(memory, utf8_.missing + 1u);
        append(memory, next_ - 1, 1);
        state_ = state::utf8;
      }
    }
  }

  // One byte of what is not a plain character.
  result<void> read_special(const json_memory& memory, std::uint8_t c) {
    switch (state_) {
      case state::utf8:
        if (!utf8_.take(c)) return not_utf8_text;
        append(memory, next_ - 1, 1);
        if (utf8_.missing == 0) state_ = state::plain;
        return {};
      case state::escape:
        return read_escape(memory, c);
      case state::unicode:
        return read_unicode(memory, static_cast<char>(c));
      default:
        if (c != '\\') return half_surrogate;
        state_ = state::escape;
        return {};
    }
  }

  result<void> read_escape(const json_memory& memory, std::uint8_t c) {
    if (c == 'u') {
      state_ = state::unicode;
      unit_ = 1;  // a mark that four digits push out at the top
      return {};
    }
    if (high_ != 0) return half_surrogate;
    // What follows the backslash, and behind it what it stands for.
    for (const char* pair = "\"\"\\\\//b\bf\fn\nr\rt\t"; *pair != '\0'; pair += 2) {
      if (c != static_cast<std::uint8_t>(*pair)) continue;
      append(memory, pair + 1, 1);
      state_ = state::plain;
      return {};
    }
    return unknown_escape;
  }

  result<void> read_unicode(const json_memory& memory, char c) {
    const int digit = hex_digit(c);
    if (digit < 0) return bad_unicode;
    unit_ = unit_ << 4 | static_cast<std::uint32_t>(digit);
    if (unit_ < 0x10000) return {};
    std::uint32_t code = unit_ & 0xffff;
    const std::uint32_t top = code >> 10;
    if (high_ != 0) {
      if (top != 0xdc00 >> 10) return half_surrogate;
      code = 0x10000u + ((high_ - 0xd800u) << 10) + (code - 0xdc00u);
      high_ = 0;
    } else if (top == 0xdc00 >> 10) {
      return half_surrogate;
    } else if (top == 0xd800 >> 10) {
      high_ = static_cast<std::uint16_t>(code);
      state_ = state::low_surrogate;
      return {};
    }
    char utf8[4];
    const std::string_view character = encode_utf8(code, utf8);
    reserve(memory, character.size());
    append(memory, character.data(), character.size());
    state_ = state::plain;
    return {};
  }

  // The first byte that is not a plain ASCII character of a string.
  static const std::uint8_t* end_of_plain(const std::uint8_t* at, const std::uint8_t* end) {
    if constexpr (sizeof(std::size_t) == 8) {
      // Eight bytes at a time: the top bit of a byte of `hit` is set where the byte is below
      // 0x20, a quote, a backslash or not ASCII, or where a lower byte is one of these.
      constexpr std::uint64_t ones = 0x0101010101010101;
      for (; end - at >= 8; at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        const std::uint64_t hit = (word - ones * 0x20) | ((word ^ ones * '"') - ones) |
                                  ((word ^ ones * '\\') - ones) | word;
        if ((hit & ones << 7) != 0) break;
      }
    }
    while (at != end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') ++at;
    return at;
  }

  // A character goes in whole or not at all.
  void reserve(const json_memory& memory, std::size_t size) {
    if (memory.text_size - text_size_ < size) truncated_ = true;
  }

  void append(const json_memory& memory, const void* data, std::size_t size) {
    if (truncated_) return;
    const std::size_t room = memory.text_size - text_size_;
    if (size > room) {
      size = room;
      truncated_ = true;
    }
    if (size != 0) std::memcpy(memory.text + text_size_, data, size);
    text_size_ += size;
  }

  // ---- numbers ------------------------------------------------------------------------------

  result<json_event> read_number(const json_memory& memory) {
    const std::uint8_t* const first = next_;
    for (; next_ != end_; ++next_) {
      const state after = after_digit(state_, *next_);
      if (after == state::between) break;
      state_ = after;
    }
    append(memory, first, static_cast<std::size_t>(next_ - first));
    const bool complete = state_ >= state::zero;
    if (next_ == end_ && !(complete && finished_)) return json_event::need_input;
    if (!complete) return bad_number;
    return json_event::number;
  }

  // Where one more character leads; `between` when it does not belong to the number.
  static state after_digit(state now, std::uint8_t c) {
    if (static_cast<std::uint8_t>(c - '0') < 10) {
      if (now <= state::minus) return c == '0' ? state::zero : state::integer;
      if (now == state::zero) return state::between;
      if (now == state::point) return state::fraction;
      return now < state::zero ? state::exponent : now;
    }
    if (now >= state::zero) {
      if (c == '.' && now <= state::integer) return state::point;
      if ((c | 0x20) == 'e' && now != state::exponent) return state::exponent_mark;
    } else if (c == '-' || c == '+') {
      if (c == '-' && now == state::number) return state::minus;
      if (now == state::exponent_mark) return state::exponent_sign;
    }
    return state::between;
  }

  // The small ones first: a Cortex-M0+ reaches bytes that are near the beginning with less code.
  state state_ = state::between;
  std::uint8_t expect_ = value;
  std::uint8_t closing_ = nothing;  // what closes the innermost container
  bool may_close_ = false;
  bool finished_ = false;
  bool truncated_ = false;
  bool boolean_ = false;
  utf8_check utf8_;
  std::uint16_t high_ = 0;  // a first surrogate that waits for its second
  std::uint32_t depth_ = 0;
  std::uint32_t unit_ = 0;  // of \uXXXX
  const std::uint8_t* next_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  std::size_t fed_ = 0;
  union {
    const char* literal_ = nullptr;  // what must still come of true, false, null
    const error* failure_;
  };
  std::size_t text_size_ = 0;
};

}  // namespace detail
}  // namespace ota

// ota/format/json_number.hpp

namespace ota::detail {

inline constexpr error number_too_large{errc::too_long, "json",
                                        "a number is larger than can be kept"};
inline constexpr error not_a_whole_number{errc::malformed, "json",
                                          "a whole number is expected here"};

/// Reads a number of decimal digits only, exactly.
template <class Unsigned>
result<Unsigned> parse_unsigned(std::string_view text, bool truncated = false) {
  constexpr Unsigned most = std::numeric_limits<Unsigned>::max();
  Unsigned value = 0;
  for (char c : text) {
    const auto digit = static_cast<std::uint8_t>(c - '0');
    if (digit > 9) return not_a_whole_number;
    if (value > most / 10 || (value == most / 10 && digit > most % 10)) return number_too_large;
    value = value * 10 + digit;
  }
  if (truncated) return number_too_large;
  if (text.empty()) return not_a_whole_number;
  return value;
}

inline result<std::uint64_t> parse_u64(std::string_view text, bool truncated = false) {
  return parse_unsigned<std::uint64_t>(text, truncated);
}

/// The same with an optional minus sign.
inline result<std::int64_t> parse_i64(std::string_view text, bool truncated = false) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto size = parse_u64(text, truncated);
  if (!size) return size.error();
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (*size > most + (negative ? 1 : 0)) return number_too_large;
  // Two's complement by arithmetic that cannot overflow: -n = -(n - 1) - 1.
  if (negative && *size != 0) return -static_cast<std::int64_t>(*size - 1) - 1;
  return static_cast<std::int64_t>(*size);
}

}  // namespace ota::detail

// ota/format/json_reader.hpp

namespace ota {

/// Reads a JSON document (RFC 8259, strictly) that arrives in pieces of any size, without
/// keeping it: one event at a time, in the same memory whatever the document's length.
///
/// ```
/// json_reader<> reader;
/// reader.feed(piece);
/// for (;;) {
///   const auto event = reader.next();
///   if (!event) return event.error();
///   if (*event == json_event::end) break;
///   if (*event == json_event::need_input) { … reader.feed(more); or reader.finish(); }
/// }
/// ```
///
/// Strings are checked to be UTF-8 and arrive decoded; half a surrogate pair, a byte-order mark
/// and anything after the one value but space are refused. Repeated keys are not noticed.
///
/// \tparam TextCapacity  bytes kept of a key, string or number
/// \tparam MaxDepth      containers that may be open at a time, a byte each
template <std::size_t TextCapacity = 256, std::size_t MaxDepth = 32>
class json_reader {
 public:
  static_assert(TextCapacity > 0 && MaxDepth > 0 && MaxDepth < 65536,
                "a json_reader needs room for text and for 1 to 65535 levels");

  /// Gives the next bytes. They must stay in place until `next` says `need_input`, and must not
  /// be given before that.
  void feed(bytes piece) { machine_.feed(piece); }

  /// Says that no more input will come.
  void finish() { machine_.finish(); }

  /// The next event. Errors: `errc::malformed` for what is not JSON, `errc::too_long` for nesting
  /// over `MaxDepth`; `detail` is the offset. After an error only `reset` helps.
  result<json_event> next() { return machine_.next({text_, TextCapacity, nesting_, MaxDepth}); }

  /// Of a key or string the decoded UTF-8, of a number its source text; empty after other
  /// events. Valid until the next call of `next`.
  std::string_view text() const { return {text_, machine_.text_size()}; }

  /// Whether the text was longer than `TextCapacity`: the rest, from a whole character on, was
  /// checked and dropped.
  bool truncated() const { return machine_.truncated(); }

  /// The value of the last `boolean`.
  bool boolean() const { return machine_.boolean(); }

  /// The last `number`, if it is an integer of 64 bits without fraction and exponent: 1.0 and
  /// 1e3 are not. Errors: `errc::malformed`, `errc::too_long` when it does not fit.
  result<std::uint64_t> as_u64() const { return detail::parse_u64(text(), truncated()); }
  /// The same for a size: as wide as the machine counts bytes.
  result<std::size_t> as_size() const {
    return detail::parse_unsigned<std::size_t>(text(), truncated());
  }
  result<std::int64_t> as_i64() const { return detail::parse_i64(text(), truncated()); }

  /// How many containers are open: after a `begin_…` it counts, after its `end_…` no longer.
  std::size_t depth() const { return machine_.depth(); }

  /// Bytes read since the beginning: the place right after the last event's token.
  std::size_t offset() const { return machine_.offset(); }

  /// Begins a new document.
  void reset() { ::new (&machine_) detail::json_machine; }

 private:
  detail::json_machine machine_;
  std::uint8_t nesting_[MaxDepth];
  char text_[TextCapacity];
};

}  // namespace ota

// ota/storage/json_file.hpp

namespace ota::detail {

/// The events of a JSON file on storage, read a piece at a time.
template <std::size_t TextCapacity, std::size_t Piece = 64>
class json_file {
 public:
  json_file() = default;
  explicit json_file(const std::string_view& path) : path_(path) {}

  /// Begins at a byte of a file.
  void begin(const std::string_view& path, std::size_t offset = 0) {
    path_ = path;
    offset_ = offset;
    reader_.reset();
  }

  /// As `json_reader::next`, but never `need_input`. Errors of storage as they are.
  template <class Storage>
  result<json_event> next(Storage& storage) {
    for (;;) {
      const auto event = reader_.next();
      if (!event || *event != json_event::need_input) return event;
      const auto size = storage.read(path_, offset_, piece_);
      if (!size) return size.error();
      offset_ += *size;
      if (*size == 0)
        reader_.finish();
      else
        reader_.feed({piece_, *size});
    }
  }

  const json_reader<TextCapacity>& reader() const { return reader_; }

 private:
  std::string_view path_;
  std::size_t offset_ = 0;
  json_reader<TextCapacity> reader_;
  std::uint8_t piece_[Piece];
};

}  // namespace ota::detail

// ota/manifest/release_target.hpp

namespace ota {

/// The version a source offers, or the one a device has.
struct release_target {
  version_id id{};          ///< names it exactly, also where a tag or a manifest was moved
  fixed_string<64> commit;  ///< 40 or 64 hexadecimal digits
  fixed_string<128> ref;    ///< tag or branch
};

/// What a check has found: the newest version, and the server's name for its answer.
struct known_version {
  release_target version;
  fixed_string<128> etag;
};

}  // namespace ota

// ota/manifest/version_file.hpp

namespace ota::detail {

/// The text of version.json, as 0x687931/ota writes it: {"ref": "…", "commit": "…"}.
inline fixed_string<900> version_json(std::string_view ref, std::string_view commit) {
  fixed_string<900> text;
  text.append("{\"ref\": \"");
  append_json_text(text, ref);
  text.append("\", \"commit\": \"");
  append_json_text(text, commit);
  text.append("\"}");
  return text;
}

/// Reads version.json. A file that is not there or says something else is no version.
template <class Storage>
release_target read_version(Storage& storage) {
  release_target version;
  json_file<128> file(layout::version);
  unsigned member = 0;
  for (;;) {
    const auto event = file.next(storage);
    if (!event) {
      version.ref.clear();
      version.commit.clear();
    }
    if (!event || *event == json_event::end) return version;
    if (file.reader().depth() != 1 || file.reader().truncated()) continue;
    const std::string_view text = file.reader().text();
    if (*event == json_event::key) member = find_word(text, "ref commit ");
    if (*event == json_event::string && member == 1) version.ref.assign(text);
    if (*event == json_event::string && member == 2) version.commit.assign(text);
  }
}

}  // namespace ota::detail

// ota/manifest/signed_check.hpp

namespace ota {

/// Checks the signed manifest at `.ota/manifest`: root documents, each signed by the keys of the
/// one before it, and the release document, signed by the keys of the last.
///
/// \tparam Keys  a `signed_by`
template <class Storage, class Keys>
class signed_check {
 public:
  signed_check(Storage& storage, const config& settings, trust_context& context)
      : storage_(storage),
        settings_(settings),
        context_(context),
        file_(storage),
        trusted_(line_),
        root_(line_) {}

  /// One line further, which may be one signature; false: the manifest is trusted.
  result<bool> step(mutable_bytes) {
    switch (task_) {
      case task::load:
        return load();
      case task::read_trusted:
        return read_trusted();
      case task::next_document:
        return next_document();
      case task::read_root:
        return read_root();
      case task::read_release:
        return read_release();
    }
    return false;
  }

 private:
  static constexpr error no_anchor{
      errc::invalid_argument, "manifest",
      "`trusted_root` must hold a root document: without one no signature counts"};
  static constexpr error no_release{errc::malformed, "manifest",
                                    "the manifest holds no release document"};
  static constexpr error bad_anchor{errc::invalid_argument, "manifest",
                                    "`trusted_root` is not a root document"};
  static constexpr error gap{
      errc::untrusted, "manifest",
      "the manifest lacks a root document between the one trusted here and its own"};
  static constexpr error unsigned_root{
      errc::untrusted, "manifest",
      "a new root document is not signed by enough keys of the old one and its own"};
  static constexpr error old_root{errc::untrusted, "manifest",
                                  "the manifest's root document is older than one seen before"};
  static constexpr error too_many_signatures{errc::untrusted, "manifest",
                                             "a document has more than 16 signatures"};
  static constexpr error bad_signature_line{errc::malformed, "manifest",
                                            "a signature line is not as it must be"};
  static constexpr error unsigned_release{
      errc::untrusted, "manifest",
      "the manifest is not signed by enough keys that this device trusts"};
  static constexpr error other_product{errc::untrusted, "manifest",
                                       "the manifest is for another product than `product`"};
  static constexpr error other_hardware{errc::untrusted, "manifest",
                                        "the manifest is for other hardware than `hardware`"};
  static constexpr error other_epoch{errc::untrusted, "manifest",
                                     "the manifest is of another epoch than the root document"};
  static constexpr error low_counter{
      errc::untrusted, "manifest",
      "the version is too old: its security counter is below one seen before"};
  static constexpr error older{errc::untrusted, "manifest",
                               "the manifest is older than one seen before"};
  static constexpr error other_chain{
      errc::untrusted, "manifest",
      "the root documents are not those that the release was made for"};
  static constexpr error root_expired{errc::untrusted, "manifest",
                                      "the root document has expired; its maker must renew it"};
  static constexpr error minimum_not_met{
      errc::unsupported, "manifest",
      "the version needs a newer one installed before it; see `minimum` in the manifest"};

  static constexpr error root_too_long{errc::too_long, "manifest",
                                       "a root document is longer than 64 KB"};

  static constexpr int most_signatures = 16;
  static constexpr std::uint32_t longest_root = 65536;
  enum class task : std::uint8_t { load, read_trusted, next_document, read_root, read_release };

  // ---- the root document that is trusted ------------------------------------------------------

  // The number behind "ota-root 1\nversion ".
  static std::uint32_t version_in(std::string_view text) {
    constexpr std::string_view beginning = "ota-root 1\nversion ";
    std::uint64_t version = 0;
    if (starts_with(text, beginning))
      for (char c : slice(text, beginning.size(), 10)) {
        if (!detail::is_digit(c)) break;
        version = (version << 3) + (version << 1) + static_cast<std::uint32_t>(c - '0');
      }
    return static_cast<std::uint32_t>(version);
  }

  // Sees to it that storage has a root document: one that a later one led to, or the device's own,
  // its anchor. An anchor that was changed replaces what is not newer.
  result<bool> load() {
    const auto whole = file_.load(record_);
    if (!whole) return whole;
    const std::string_view anchor = settings_.trusted_root;
    crc32 sum;
    sum.update(as_bytes(anchor));
    if (!*whole || sum.value() != record_.anchor_sum) {
      const std::uint32_t version = version_in(anchor);
      if (version == 0) return anchor.empty() ? no_anchor : bad_anchor;
      record_.anchor_sum = sum.value();
      if (!*whole || version >= record_.root_version) {
        if (version > record_.root_version) record_.root_version = version;
        if (auto done = file_.store(record_, anchor); !done) return done.error();
      }
    }
    begin_trusted();
    return true;
  }

  void begin_trusted() {
    trusted_.begin(layout::trust, file_.root_offset);
    task_ = task::read_trusted;
  }

  result<bool> read_trusted() {
    const auto line = trusted_.next(storage_);
    if (!line) return line.error().code == errc::malformed ? bad_anchor : line.error();
    if (*line != root_line::end) return true;
    trusted_head_ = trusted_.head();
    for (const signing_role role : {signing_role::root, signing_role::release})
      thresholds_[static_cast<std::size_t>(role)] = trusted_.threshold(role);
    task_ = task::next_document;
    return true;
  }

  // ---- documents ------------------------------------------------------------------------------

  result<bool> next_document() {
    char beginning[9] = {};
    const auto size = storage_.read(layout::manifest, offset_,
                                    {reinterpret_cast<std::uint8_t*>(beginning), sizeof beginning});
    if (!size) return size.error();
    if (*size == 0) return no_release;
    signatures_ = 0;
    by_trusted_ = by_itself_ = 0;
    last_id_ = {};
    body_ = {};
    minimum_is_met_ = true;
    if (std::string_view(beginning, *size) == "ota-root "sv) {
      ::new (&root_) root_document(line_);
      root_.begin(layout::manifest, offset_);
      task_ = task::read_root;
    } else {
      ::new (&release_) release_document(line_);
      release_.begin(layout::manifest, offset_, {settings_.product, settings_.hardware});
      task_ = task::read_release;
    }
    return true;
  }

  result<bool> read_root() {
    const auto line = root_.next(storage_);
    if (!line) return line.error();
    if (root_.lines().offset() - offset_ > longest_root) return root_too_long;
    auto& lines = root_.lines();
    if (*line != root_line::end) lines.hash_line(chain_);
    if (*line != root_line::end && *line != root_line::signature) lines.hash_line(body_);
    const bool is_known = root_.head().version <= trusted_head_.version;
    if (*line == root_line::end) return is_known ? pass_root() : accept_root();
    if (*line != root_line::signature || is_known) return true;
    if (root_.head().version != trusted_head_.version + 1) return gap;
    signature one;
    if (auto fine = take_signature(lines, one); !fine) return fine.error();
    const auto old_key = is_signed(layout::trust, file_.root_offset, signing_role::root, one);
    if (!old_key) return old_key;
    const auto own_key = is_signed(layout::manifest, offset_, signing_role::root, one);
    if (!own_key) return own_key;
    by_trusted_ += *old_key;
    by_itself_ += *own_key;
    return true;
  }

  result<bool> pass_root() {
    offset_ = root_.lines().offset();
    task_ = task::next_document;
    return true;
  }

  // A new root document counts from here on, whatever becomes of the release.
  result<bool> accept_root() {
    const root_head& head = root_.head();
    if (by_trusted_ < threshold(signing_role::root) ||
        by_itself_ < root_.threshold(signing_role::root) || head.epoch < trusted_head_.epoch)
      return unsigned_root;
    const std::uint32_t end = root_.lines().offset();
    if (head.version > record_.root_version) record_.root_version = head.version;
    if (auto done = file_.store(record_, layout::manifest, offset_, end - offset_); !done)
      return done.error();
    offset_ = end;
    begin_trusted();
    return true;
  }

  result<bool> read_release() {
    entry item;
    const auto line = release_.next(storage_, item);
    if (!line) return line.error();
    if (*line == release_line::end) return judge();
    auto& lines = release_.lines();
    if (*line != release_line::signature) {
      lines.hash_line(body_);
      if (*line == release_line::minimum) minimum_is_met_ = is_met(lines.rest());
      return true;
    }
    signature one;
    if (auto fine = take_signature(lines, one); !fine) return fine.error();
    if (by_trusted_ >= threshold(signing_role::release)) return true;
    const auto valid = is_signed(layout::trust, file_.root_offset, signing_role::release, one);
    if (valid) by_trusted_ += *valid;
    return valid ? result<bool>(true) : valid;
  }

  // ---- signatures -----------------------------------------------------------------------------

  std::uint32_t threshold(signing_role role) const {
    return thresholds_[static_cast<std::size_t>(role)];
  }

  struct signature {
    key_id id{};
    std::size_t size = 0;
    std::uint8_t value[Keys::signature_size];
  };

  // Signatures stand in the order of their keys' ids: so no key counts twice. One that is too long
  // is of a kind of key that this device does not know.
  result<void> take_signature(document_lines& lines, signature& one) {
    if (!lines.take_hex({one.id.data(), one.id.size()}) || !(last_id_ < one.id))
      return bad_signature_line;
    last_id_ = one.id;
    const std::size_t size = lines.rest().size() / 2;
    one.size = size <= sizeof one.value ? size : 0;
    if (size == one.size && (!lines.take_hex({one.value, size}) || !lines.rest().empty()))
      return bad_signature_line;
    if (++signatures_ > most_signatures) return too_many_signatures;
    return {};
  }

  // Whether a signature's key has the role, in the root document at a place, and has signed.
  result<bool> is_signed(std::string_view path, std::uint32_t offset, signing_role role,
                         const signature& one) {
    bool has_role = false;
    trusted_.begin(path, offset);
    for (;;) {
      const auto line = trusted_.next(storage_);
      if (!line) return line.error();
      auto& lines = trusted_.lines();
      if (*line == (role == signing_role::root ? root_line::root : root_line::release)) {
        key_id id;
        while (!lines.rest().empty())
          has_role |= lines.take_hex({id.data(), id.size()}) && id == one.id;
      } else if (*line == root_line::key) {
        if (!has_role) return false;
        if (id_of_key(lines.rest()) != one.id) continue;
        const std::string_view kind = lines.take_word();
        return Keys::verify(kind, lines.rest(), sha256(body_).finish(), {one.value, one.size});
      } else if (*line != root_line::head && *line != root_line::root &&
                 *line != root_line::release) {
        return false;
      }
    }
  }

  // ---- what the release document says ---------------------------------------------------------

  result<bool> judge() {
    if (by_trusted_ < threshold(signing_role::release)) return unsigned_release;
    const release_head& head = release_.head();
    if (trusted_head_.version < record_.root_version) return old_root;
    const bool is_chain = head.has_chain && head.chain == chain_.finish();
    if (offset_ != 0 ? !is_chain : head.has_chain) return other_chain;
    if (!head.fits_product) return other_product;
    if (!head.fits_hardware) return other_hardware;
    if (head.epoch != trusted_head_.epoch) return other_epoch;
    if (head.counter < context_.least_counter) return low_counter;
    trust_record next = record_;
    const auto digest = body_.finish();
    std::memcpy(next.manifest.data(), digest.data(), next.manifest.size());
    if (head.epoch == record_.epoch && record_.manifest != version_id{}) {
      if (head.counter < record_.counter) return low_counter;
      // Two of the same second could be shown in turns, and a device would never be done.
      if (head.counter == record_.counter && head.created <= record_.created &&
          next.manifest != record_.manifest)
        return older;
    }
    // A device without a clock knows at least that it is later than what it has seen.
    const std::uint64_t seen = head.epoch == record_.epoch ? record_.created : 0;
    const std::uint64_t now = context_.now > seen ? context_.now : seen;
    if (now >= trusted_head_.expires) return root_expired;
    if (now >= head.expires) return detail::manifest_expired;
    if (!minimum_is_met_) return minimum_not_met;
    return remember(head, next);
  }

  // Whether what is installed is new enough; nothing is.
  bool is_met(std::string_view minimum) {
    const release_target installed = detail::read_version(storage_);
    return installed.ref.empty() || compare_versions(installed.ref, minimum) >= 0;
  }

  // The same manifest under another name of the source is the version that it was before. One that
  // is shown as a version that it is not is known by itself: else the version that does have that
  // name would pass for installed, or for put back.
  result<bool> remember(const release_head& head, trust_record& next) {
    const bool is_named = context_.name.empty() || context_.name == head.version.view();
    if (next.manifest != record_.manifest) next.source = is_named ? context_.id : next.manifest;
    context_.offset = offset_;
    context_.id = next.source;
    context_.manifest = next.manifest;
    next.epoch = head.epoch;
    next.counter = head.counter;
    next.created = head.created;
    next.expires = head.expires < trusted_head_.expires ? head.expires : trusted_head_.expires;
    if (std::memcmp(&next, &record_, sizeof next) != 0)
      if (auto done = file_.store(next); !done) return done.error();
    return false;
  }

  Storage& storage_;
  const config& settings_;
  trust_context& context_;
  trust_file<Storage> file_;
  trust_record record_;
  task task_ = task::load;
  std::uint32_t offset_ = 0;  // of the document at hand, in the manifest
  int signatures_ = 0;
  std::uint32_t by_trusted_ = 0;  // signatures by keys of the trusted root document
  std::uint32_t by_itself_ = 0;   // signatures of a new root document by its own keys
  std::uint32_t thresholds_[2] = {};
  root_head trusted_head_;
  sha256 chain_;  // over the root documents of the manifest
  sha256 body_;   // over what is signed of the document at hand
  bool minimum_is_met_ = true;
  key_id last_id_{};
  fixed_string<Keys::longest_line> line_;
  root_document trusted_;
  union {
    root_document root_;
    release_document release_;
  };
};

}  // namespace ota

// ota/manifest/statement.hpp

namespace ota::detail {

/// What the holder of a key signs: a text with the SHA-256 of the document, so that the document
/// itself can be of any length, and is read once.
using signed_statement = std::array<char, 81>;

inline signed_statement statement_of(const sha256::digest_type& digest) {
  signed_statement text;
  std::memcpy(text.data(), "ota-signature 1\n", 16);
  to_hex({digest.data(), digest.size()}, text.data() + 16);
  text.back() = '\n';
  return text;
}

}  // namespace ota::detail

// ota/manifest/signed_by.hpp

namespace ota {

namespace detail {

template <class Signature>
bool verifies(std::string_view kind, std::string_view digits, bytes statement, bytes signature) {
  if (kind != Signature::name) return false;
  std::uint8_t room[Signature::public_key_size];
  const mutable_bytes key = mutable_bytes(room).first(digits.size() / 2);
  return from_lowercase_hex(digits, key) && Signature::verify(key, statement, signature);
}

template <std::size_t First, std::size_t... Rest>
inline constexpr std::size_t greatest = First > greatest<Rest...> ? First : greatest<Rest...>;
template <std::size_t Only>
inline constexpr std::size_t greatest<Only> = Only;

}  // namespace detail

/// Takes only what enough holders of the device's keys have signed, for this product and hardware,
/// not expired, and nothing older than what was seen before (docs/signed-updates.md). The keys
/// are those of the root document `trusted_root`, or of one that it leads to.
///
/// \tparam Signatures  the kinds of keys the device knows: `ed25519`, `ecdsa_p256`, …
template <class... Signatures>
struct signed_by {
  static_assert((check_signature<Signatures>::ok && ...));

  static constexpr bool reads_manifests = true;
  static constexpr bool requires_manifest = true;
  static constexpr std::string_view manifest_name = "manifest.ota";

  /// Bytes of the longest signature.
  static constexpr std::size_t signature_size = detail::greatest<Signatures::signature_size...>;

  // A path with its hashes; a key or a signature in hexadecimal digits, with what stands around it.
  static constexpr std::size_t longest_line =
      detail::greatest<400, 2 * signature_size + 32, (2 * Signatures::public_key_size + 32)...>;

  using reader = release_reader<longest_line>;
  template <class Storage>
  using check = signed_check<Storage, signed_by>;

  /// Whether the holder of a key, of that kind and with these hexadecimal digits, has signed the
  /// document with that digest.
  static bool verify(std::string_view kind, std::string_view key, const sha256::digest_type& digest,
                     bytes signature) {
    const auto statement = detail::statement_of(digest);
    const bytes text = as_bytes({statement.data(), statement.size()});
    return (detail::verifies<Signatures>(kind, key, text, signature) || ...);
  }
};

}  // namespace ota

// ota/core/log.hpp

namespace ota {

/// How much an event matters. `debug` events are told only where the
/// configuration asks for them (`debug`: true).
enum class log_level : std::uint8_t { error, warning, info, debug };

/// The longest line of the event log; longer ones are cut.
inline constexpr std::size_t max_log_line = 160;

/// A log policy that tells nothing and costs nothing.
///
/// A log policy is a struct with one member, `void write(log_level, std::string_view)`.
/// Give it `static constexpr bool enabled = false` and the compiler drops every event.
struct no_log {
  static constexpr bool enabled = false;
  void write(log_level, std::string_view) {}
};

}  // namespace ota

// ota/hardware/no_hardware.hpp

namespace ota {

/// The contract of a hardware policy, and its answers where there is none. Derive from it and
/// give the members that the device has; what stays means "not known" and switches off what needs
/// it. Only `wait` should be given by every device: here time does not pass.
///
/// A device with a fuel gauge may have one member more, which then is asked instead of
/// `battery_raw`:
///
///     int battery_charge();  // percent, 0 to 100; -1: not known
///
/// One with a counter that never goes back, in fuses or a secure element, may have these two: no
/// signed version whose security counter is lower is taken any more, whatever becomes of storage.
///
///     std::uint32_t security_counter();
///     void raise_security_counter(std::uint32_t least);  // once a version with it is confirmed
struct no_hardware {
  /// Epoch seconds; 0: not known, and rules about the time are left out.
  std::uint64_t now() { return 0; }
  /// Milliseconds of a clock that never goes back.
  std::uint64_t ticks_ms() { return 0; }
  /// The hour of local time, 0 to 23; -1: not known.
  int hour() { return -1; }
  /// Passes the time; never called with more than 1000.
  void wait(std::uint32_t /*milliseconds*/) {}
  /// Called at least once a second while the library waits, and once a step.
  void feed_watchdog() {}
  /// Switches the status LED.
  void led(bool /*on*/) {}
  /// The battery's voltage as a 16-bit reading of 3.3 V; -1: no battery.
  int battery_raw() { return -1; }
  /// Bytes of memory that could be had; 0: not known.
  std::size_t free_memory() { return 0; }
  /// Strength of the radio signal in dBm; 0: not known.
  int signal_dbm() { return 0; }
  /// A number that other devices do not have at the same moment.
  std::uint32_t random() { return 0; }
  /// What tells this device from all others, and stays; "unknown" when there is none. A gradual
  /// rollout goes by it. Valid as long as the policy.
  std::string_view unique_id() { return "unknown"; }
  /// Starts the device again, so that the new version runs; it may return.
  void reset(reset_mode /*mode*/) {}
};

namespace detail {

template <class H>
using now_of = decltype(std::declval<H&>().now());
template <class H>
using ticks_of = decltype(std::declval<H&>().ticks_ms());
template <class H>
using hour_of = decltype(std::declval<H&>().hour());
template <class H>
using wait_of = decltype(std::declval<H&>().wait(std::uint32_t{}));
template <class H>
using feed_of = decltype(std::declval<H&>().feed_watchdog());
template <class H>
using led_of = decltype(std::declval<H&>().led(true));
template <class H>
using battery_of = decltype(std::declval<H&>().battery_raw());
template <class H>
using charge_of = decltype(std::declval<H&>().battery_charge());
template <class H>
using counter_of = decltype(std::declval<H&>().security_counter());
template <class H>
using memory_of = decltype(std::declval<H&>().free_memory());
template <class H>
using signal_of = decltype(std::declval<H&>().signal_dbm());
template <class H>
using random_of = decltype(std::declval<H&>().random());
template <class H>
using id_of = decltype(std::declval<H&>().unique_id());
template <class H>
using reset_of = decltype(std::declval<H&>().reset(reset_mode::hard));

}  // namespace detail

/// Whether a hardware policy knows the battery's charge in percent by itself.
template <class Hardware>
inline constexpr bool has_fuel_gauge = detail::gives<int, detail::charge_of, Hardware>::value;

/// Whether a hardware policy keeps a security counter.
template <class Hardware>
inline constexpr bool has_security_counter =
    detail::gives<std::uint32_t, detail::counter_of, Hardware>::value;

/// Whether a hardware policy has a status LED: it gives `led` itself.
template <class Hardware>
inline constexpr bool has_led =
    !std::is_same_v<decltype(&Hardware::led), void (no_hardware::*)(bool)>;

/// Whether a hardware policy measures time: it gives `ticks_ms` itself.
template <class Hardware>
inline constexpr bool has_clock =
    !std::is_same_v<decltype(&Hardware::ticks_ms), std::uint64_t (no_hardware::*)()>;

/// Checks a hardware policy against the contract, one sentence for each missing member.
template <class Hardware>
struct check_hardware {
  template <class Result, template <class> class Call>
  static constexpr bool has = detail::gives<Result, Call, Hardware>::value;

  static_assert(has<std::uint64_t, detail::now_of>,
                "the hardware policy needs: std::uint64_t now()");
  static_assert(has<std::uint64_t, detail::ticks_of>,
                "the hardware policy needs: std::uint64_t ticks_ms()");
  static_assert(has<int, detail::hour_of>, "the hardware policy needs: int hour()");
  static_assert(has<void, detail::wait_of>,
                "the hardware policy needs: void wait(std::uint32_t milliseconds)");
  static_assert(has<void, detail::feed_of>, "the hardware policy needs: void feed_watchdog()");
  static_assert(has<void, detail::led_of>, "the hardware policy needs: void led(bool on)");
  static_assert(has<int, detail::battery_of>, "the hardware policy needs: int battery_raw()");
  static_assert(has<std::size_t, detail::memory_of>,
                "the hardware policy needs: std::size_t free_memory()");
  static_assert(has<int, detail::signal_of>, "the hardware policy needs: int signal_dbm()");
  static_assert(has<std::uint32_t, detail::random_of>,
                "the hardware policy needs: std::uint32_t random()");
  static_assert(has<std::string_view, detail::id_of>,
                "the hardware policy needs: std::string_view unique_id()");
  static_assert(has<void, detail::reset_of>,
                "the hardware policy needs: void reset(ota::reset_mode mode)");
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/image/image_state.hpp

namespace ota {

/// How far the change from one image to the next is. Kept in the boot journal; see docs/flash.md.
enum class image_phase : std::uint8_t {
  idle,      ///< one image, nothing to put back
  staging,   ///< the new image is being written beside the running one
  staged,    ///< it is complete and checked
  swapping,  ///< it is being made the running one
  trial,     ///< it runs and is not confirmed yet
  kept,      ///< it is confirmed; the old one can still be put back
  restoring  ///< the old one is being made the running one again
};

/// Names one image: the first bytes of its SHA-256. All zero: none.
using image_id = std::array<std::uint8_t, 8>;

inline image_id id_of(const sha256::digest_type& digest) {
  image_id id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = digest[i];
  return id;
}

/// What the boot journal keeps.
struct image_state {
  static constexpr std::uint32_t format = 1;

  image_phase phase = image_phase::idle;
  std::uint8_t boots = 0;    ///< starts of the image on trial so far
  std::uint8_t allowed = 1;  ///< starts without being confirmed, before it is put back
  std::uint8_t slot = 0;     ///< which of two slots runs, where images run where they lie
  std::uint32_t step = 0;    ///< sectors staged, or copies done
  std::uint32_t size = 0;    ///< of the image being staged, bytes
  std::uint32_t used = 0;    ///< of each slot, by the larger of the two images, bytes
  image_id id{};             ///< being staged, swapped in, on trial or kept
  image_id rejected{};       ///< put back before, or refused: not to be tried again
};

}  // namespace ota

// ota/image/image_policy.hpp

namespace ota {

/// Where one image of a device stands.
enum class image_standing : std::uint8_t {
  unknown,    ///< nothing is known of it: not staged, or given up
  staged,     ///< complete beside the running one
  swapping,   ///< the next start of the device makes it run
  trial,      ///< it runs and is not confirmed yet
  kept,       ///< it runs and is confirmed; the one before it can still be put back
  alone,      ///< it runs, because the one before it could not be put back
  restoring,  ///< the next start of the device puts the one before it back
  put_back    ///< it was put back or refused
};

/// A device whose updates hold no firmware image; nothing about images is in its program.
struct no_image {};

template <class Image>
inline constexpr bool takes_images = !std::is_same_v<Image, no_image>;

// The contract of an image policy, which keeps firmware images and has them swapped at a start of
// the device; `image_slots` fills it on raw flash.
//
//   static constexpr std::string_view name   of the manifest's `image` line that is this device's
//   result<void> load()                      reads how far it is; before anything else. What is
//                                            told after it must be so after a power cut as well
//   result<image_standing> standing_of(const image_id&)
//   result<bool> runs(uint32_t size, const sha256::digest_type&)
//                                            whether the running image is that one, to the byte
//   result<uint32_t> begin(uint32_t size, const sha256::digest_type&)
//                                            begins to stage it, or goes on: the first byte wanted
//   result<void> write(bytes)                the next bytes; one more than `size` is an error
//   result<void> finish()                    all were written: checks them; `staged` from now on
//   result<void> swap(uint32_t allowed)      asks for the staged image: `swapping`. It may start
//                                            that often without being confirmed
//   result<void> confirm()                   `trial` becomes `kept`
//   result<bool> can_revert()                whether the one before is there, and whole
//   result<void> revert()                    asks for the one before: `restoring`
//
// finish, swap, confirm and revert are each one change that a power cut leaves done or not done.
// After a failure nothing is known of it until `load()`.
//
// The updater keeps account of versions that were put back: `begin` is only called where the image
// may be tried, maybe once more.

namespace detail {

template <class I>
using image_name_of = decltype(std::string_view(I::name));
template <class I>
using image_load_of = decltype(std::declval<I&>().load());
template <class I>
using image_standing_of = decltype(std::declval<I&>().standing_of(std::declval<const image_id&>()));
template <class I>
using image_runs_of =
    decltype(std::declval<I&>().runs(std::uint32_t{}, std::declval<const sha256::digest_type&>()));
template <class I>
using image_begin_of =
    decltype(std::declval<I&>().begin(std::uint32_t{}, std::declval<const sha256::digest_type&>()));
template <class I>
using image_write_of = decltype(std::declval<I&>().write(bytes{}));
template <class I>
using image_finish_of = decltype(std::declval<I&>().finish());
template <class I>
using image_swap_of = decltype(std::declval<I&>().swap(std::uint32_t{}));
template <class I>
using image_confirm_of = decltype(std::declval<I&>().confirm());
template <class I>
using image_can_revert_of = decltype(std::declval<I&>().can_revert());
template <class I>
using image_revert_of = decltype(std::declval<I&>().revert());

}  // namespace detail

/// Checks an image policy against the contract, one sentence for each missing member.
template <class Image>
struct check_image_slots {
  static_assert(detail::gives<std::string_view, detail::image_name_of, Image>::value,
                "the image policy needs: static constexpr std::string_view name");
  static_assert(detail::gives<result<void>, detail::image_load_of, Image>::value,
                "the image policy needs: ota::result<void> load()");
  static_assert(detail::gives<result<image_standing>, detail::image_standing_of, Image>::value,
                "the image policy needs: ota::result<ota::image_standing> standing_of(const "
                "ota::image_id& id)");
  static_assert(detail::gives<result<bool>, detail::image_runs_of, Image>::value,
                "the image policy needs: ota::result<bool> runs(std::uint32_t size, const "
                "ota::sha256::digest_type& digest)");
  static_assert(detail::gives<result<std::uint32_t>, detail::image_begin_of, Image>::value,
                "the image policy needs: ota::result<std::uint32_t> begin(std::uint32_t size, "
                "const ota::sha256::digest_type& digest)");
  static_assert(detail::gives<result<void>, detail::image_write_of, Image>::value,
                "the image policy needs: ota::result<void> write(ota::bytes data)");
  static_assert(detail::gives<result<void>, detail::image_finish_of, Image>::value,
                "the image policy needs: ota::result<void> finish()");
  static_assert(detail::gives<result<void>, detail::image_swap_of, Image>::value,
                "the image policy needs: ota::result<void> swap(std::uint32_t allowed)");
  static_assert(detail::gives<result<void>, detail::image_confirm_of, Image>::value,
                "the image policy needs: ota::result<void> confirm()");
  static_assert(detail::gives<result<bool>, detail::image_can_revert_of, Image>::value,
                "the image policy needs: ota::result<bool> can_revert()");
  static_assert(detail::gives<result<void>, detail::image_revert_of, Image>::value,
                "the image policy needs: ota::result<void> revert()");
  static constexpr bool ok = true;
};
template <>
struct check_image_slots<no_image> {
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/hash/hmac.hpp

namespace ota {

/// Whether two views hold the same bytes, in a time that does not tell where they differ.
inline bool equal_constant_time(bytes a, bytes b) {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

/// HMAC (RFC 2104) over a hash that tells its `block_size`. Keys may have any length.
template <class Hash>
class hmac {
 public:
  static constexpr std::size_t digest_size = Hash::digest_size;
  using digest_type = typename Hash::digest_type;

  explicit hmac(bytes key) {
    std::uint8_t pad[Hash::block_size] = {};
    if (key.size() > sizeof pad) {
      Hash hash;
      hash.update(key);
      const auto digest = hash.finish();
      std::memcpy(pad, digest.data(), digest.size());
    } else if (!key.empty()) {
      std::memcpy(pad, key.data(), key.size());
    }
    for (std::uint8_t& byte : pad) byte ^= 0x36;
    inner_.update(pad);
    for (std::uint8_t& byte : pad) byte ^= 0x36 ^ 0x5c;
    outer_.update(pad);
  }

  void update(bytes data) { inner_.update(data); }

  digest_type finish() {
    const auto digest = inner_.finish();
    outer_.update({digest.data(), digest.size()});
    return outer_.finish();
  }

 private:
  Hash inner_;
  Hash outer_;
};

using hmac_sha256 = hmac<sha256>;

}  // namespace ota

// ota/manifest/canonical_number.hpp

namespace ota::detail {

/// Brings a JSON number to the text that Python's json module writes after reading it, by its
/// decimal digits alone.
///
/// Up to 15 significant digits name a double that no other number of up to 15 digits names, so
/// Python's shortest text has just these digits. For more digits, and next to the ends of a
/// double's range, only a text that has Python's form already is taken.
class canonical_number {
 public:
  using text_type = fixed_string<28>;

  /// Python reads no integer with more digits.
  static constexpr std::size_t max_length = 4300;

  /// Takes the next character of a valid number.
  void take(char c) {
    ++length_;
    source_.append(c);
    if (c == '.') {
      in_fraction_ = true;
    } else if ((c | 0x20) == 'e') {
      in_exponent_ = true;
    } else if (c == '-') {
      (in_exponent_ ? exponent_negative_ : negative_) = true;
    } else if (c != '+') {
      const auto digit = static_cast<std::uint8_t>(c - '0');
      in_exponent_ ? take_exponent(digit) : take_digit(digit);
    }
  }

  std::size_t length() const { return length_; }

  /// Whether the number keeps the text that it has.
  bool keeps_text() const { return is_integer() && (count_ != 0 || !negative_); }

  /// The beginning of the text that was taken.
  std::string_view source() const { return source_; }

  /// Python's text of a number that does not keep its own; empty when it is not certain.
  text_type text() const {
    if (is_integer()) return text_type("0");  // of "-0"
    text_type out;
    if (negative_) out.append('-');
    if (count_ == 0) {
      out.append("0.0");
      return out;
    }
    const std::int32_t power = point_ - 1 + (exponent_negative_ ? -exponent_ : exponent_);
    if (count_ > sizeof digits_ || power > 308 || power < -324) return {};
    if (power < -4 || power >= 16)
      append_scientific(out, power);
    else
      append_plain(out, power);
    const bool doubtful = count_ > 15 || power >= 308 || power <= -308;
    if (doubtful && (length_ != source_.size() || out.view() != source_.view())) return {};
    return out;
  }

 private:
  bool is_integer() const { return !in_fraction_ && !in_exponent_; }

  void take_digit(std::uint8_t digit) {
    if (digit == 0 && count_ == 0) {
      if (in_fraction_) --point_;
      return;
    }
    if (!in_fraction_) ++point_;
    if (digit == 0) {
      ++zeros_;
      return;
    }
    for (; zeros_ != 0; --zeros_) keep('0');
    keep(static_cast<char>('0' + digit));
  }

  void keep(char digit) {
    if (count_ < sizeof digits_) digits_[count_] = digit;
    ++count_;
  }

  void take_exponent(std::uint8_t digit) {
    if (exponent_ < 100000) exponent_ = exponent_ * 10 + digit;
  }

  std::string_view digits(std::size_t from, std::size_t count) const {
    return slice({digits_, count_}, from, count);
  }

  void append_plain(text_type& out, std::int32_t power) const {
    if (power < 0) {
      out.append("0.").append(std::string_view("000", static_cast<std::size_t>(-1 - power)));
      out.append(digits(0, count_));
      return;
    }
    const auto whole = static_cast<std::size_t>(power) + 1;
    out.append(digits(0, whole));
    for (std::size_t i = count_; i < whole; ++i) out.append('0');
    out.append('.').append(whole < count_ ? digits(whole, count_) : std::string_view("0"));
  }

  void append_scientific(text_type& out, std::int32_t power) const {
    out.append(digits_[0]);
    if (count_ > 1) out.append('.').append(digits(1, count_));
    out.append(power < 0 ? "e-" : "e+");
    const auto size = static_cast<std::uint32_t>(power < 0 ? -power : power);
    if (size < 10) out.append('0');
    out.append_number(size);
  }

  // The number is 0.digits x 10^point, times 10^exponent.
  char digits_[17] = {};
  text_type source_;
  std::size_t length_ = 0;
  std::size_t count_ = 0;  // of digits from the first to the last that is not 0
  std::size_t zeros_ = 0;  // met after those
  std::int32_t point_ = 0;
  std::int32_t exponent_ = 0;
  bool negative_ = false;
  bool exponent_negative_ = false;
  bool in_fraction_ = false;
  bool in_exponent_ = false;
};

}  // namespace ota::detail

// ota/manifest/document_cursor.hpp

namespace ota::detail {

/// Whether JSON allows `c` between tokens.
inline bool is_json_space(int c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// A place in a document on storage, and what memory holds of the bytes from there on. The memory
/// is lent for one step at a time; only the place outlives it.
template <class Storage>
class document_cursor {
 public:
  document_cursor(Storage& storage, std::string_view path) : storage_(storage), path_(path) {}

  /// Begins a step. Nothing is read yet.
  void lend(mutable_bytes scratch) {
    start_ = offset();
    scratch_ = scratch.first(0x10000);
    at_ = size_ = 0;
  }

  std::uint32_t offset() const { return start_ + at_; }

  /// What memory holds from here on.
  bytes ahead() const { return {scratch_.data() + at_, std::size_t{size_} - at_}; }
  bool empty() const { return at_ == size_; }
  void advance(std::size_t count) { at_ += static_cast<std::uint32_t>(count); }

  /// Goes to a place; a far one drops what memory holds.
  void seek(std::uint32_t offset) {
    if (offset - start_ <= size_) {
      at_ = offset - start_;
    } else {
      start_ = offset;
      at_ = size_ = 0;
    }
  }

  /// Reads on when nothing is ahead; false at the end of the document, or with `failure()` set.
  bool load() {
    if (!empty()) return true;
    start_ = offset();
    at_ = size_ = 0;
    if (scratch_.empty())
      fail(no_buffer);
    else if (start_ > 0xffffffff - scratch_.size())
      fail(too_large);
    if (failed()) return false;
    const auto size = storage_.read(path_, start_, scratch_);
    if (!size) return fail(size.error()), false;
    size_ = static_cast<std::uint32_t>(*size < scratch_.size() ? *size : scratch_.size());
    return size_ != 0;
  }

  /// The next byte, read from storage where needed; -1 where `load` says false.
  int peek() { return load() ? scratch_[at_] : -1; }
  int get() { return load() ? scratch_[at_++] : -1; }

  /// Passes over space that is in memory; false when nothing else is.
  bool skip_space() {
    while (!empty() && is_json_space(scratch_[at_])) ++at_;
    return !empty();
  }

  bool failed() const { return failure_ != nullptr; }
  const error& failure() const { return *failure_; }

  /// For a document that is not what it was when it was checked.
  void lose() {
    if (!failed()) fail(changed);
  }
  void fail(const error& why) { failure_ = &why; }

 private:
  static constexpr error no_buffer{errc::invalid_argument, "manifest",
                                   "a manifest is read with a buffer, not without"};
  static constexpr error too_large{errc::too_long, "manifest", "a manifest may have up to 4 GiB"};
  static constexpr error changed{errc::damaged, "manifest",
                                 "the manifest changed while it was read; fetch it again"};

  Storage& storage_;
  std::string_view path_;
  mutable_bytes scratch_;
  std::uint32_t start_ = 0;  // of the bytes in memory
  std::uint32_t at_ = 0;
  std::uint32_t size_ = 0;
  const error* failure_ = nullptr;
};

}  // namespace ota::detail

// ota/manifest/canonical_string.hpp

namespace ota {

/// The longest key of a canonical document, in bytes of UTF-8.
inline constexpr std::size_t max_canonical_key = 64;

namespace detail {

/// Whether a character stands for itself in a canonical string.
inline bool is_canonical(std::uint32_t c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

/// A character as it stands in a canonical string, in ASCII.
class canonical_character {
 public:
  explicit canonical_character(std::uint32_t code) { write(code); }

  bytes view() const { return {text_, size_}; }

 private:
  void write(std::uint32_t code) {
    constexpr char names[] = "\"\\bfnrt";
    constexpr char values[] = "\"\\\b\f\n\r\t";
    if (is_canonical(code)) return append(code);
    append('\\');
    for (std::size_t i = 0; i != sizeof names - 1; ++i)
      if (code == static_cast<std::uint8_t>(values[i]))
        return append(static_cast<std::uint8_t>(names[i]));
    if (code < 0x10000) return append_unit(code);
    append_unit(0xd7c0 + (code >> 10));
    append('\\');
    append_unit(0xdc00 + (code & 0x3ff));
  }

  void append(std::uint32_t c) { text_[size_++] = static_cast<std::uint8_t>(c); }

  void append_unit(std::uint32_t unit) {
    append('u');
    for (int shift = 12; shift >= 0; shift -= 4) {
      const std::uint32_t digit = unit >> shift & 15;
      append(digit < 10 ? '0' + digit : 'a' - 10 + digit);
    }
  }

  std::uint8_t text_[12];
  std::size_t size_ = 0;
};

/// Reads the strings of a document that was checked before.
template <class Storage>
class string_reader {
 public:
  explicit string_reader(document_cursor<Storage>& cursor) : cursor_(cursor) {}

  /// The code point of the next character.
  std::uint32_t character() {
    const std::uint32_t c = next();
    if (c == '\\') return escape();
    if (c < 0x80) return c;
    const int more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    std::uint32_t code = c & (0x3fu >> more);
    for (int i = 0; i < more; ++i) code = code << 6 | (next() & 0x3f);
    return code;
  }

 private:
  // At the end of a document that breaks off, the cursor keeps the error.
  std::uint32_t next() {
    const int c = cursor_.get();
    if (c < 0) cursor_.lose();
    return static_cast<std::uint32_t>(c) & 0xff;
  }

  std::uint32_t escape() {
    constexpr char names[] = "bfnrt";
    constexpr char values[] = "\b\f\n\r\t";
    const std::uint32_t c = next();
    if (c == 'u') return unicode();
    for (std::size_t i = 0; i != sizeof names - 1; ++i)
      if (c == static_cast<std::uint8_t>(names[i])) return static_cast<std::uint8_t>(values[i]);
    return c;
  }

  std::uint32_t unicode() {
    const std::uint32_t high = unit();
    if (high < 0xd800 || high >= 0xdc00) return high;
    next();
    next();
    return 0x10000u + ((high - 0xd800u) << 10) + (unit() & 0x3ff);
  }

  std::uint32_t unit() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
      value = value << 4 | (static_cast<std::uint32_t>(hex_digit(static_cast<char>(next()))) & 15);
    return value;
  }

  document_cursor<Storage>& cursor_;
};

/// A key of an object, decoded: the order of its bytes is the order of its code points.
class canonical_key {
 public:
  std::string_view view() const { return {text_, size_}; }

  /// Reads the key that begins at the cursor, with its quotes.
  template <class Storage>
  void read(document_cursor<Storage>& cursor) {
    size_ = 0;
    if (cursor.get() != '"') return cursor.lose();
    string_reader<Storage> reader(cursor);
    while (cursor.peek() != '"') {
      char utf8[4];
      const std::string_view character = encode_utf8(reader.character(), utf8);
      if (max_canonical_key - size_ < character.size()) cursor.lose();
      if (cursor.failed()) return;
      std::memcpy(text_ + size_, character.data(), character.size());
      size_ += character.size();
    }
    cursor.advance(1);
  }

 private:
  char text_[max_canonical_key] = {};
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace ota

// ota/manifest/json_skipper.hpp

namespace ota::detail {

/// Passes over the value of a member, from behind its key on, in pieces of any size. The document
/// must have been checked before: only quotes and brackets are looked at.
class json_skipper {
 public:
  void begin() { *this = {}; }

  bool done() const { return done_; }

  /// How much of `piece` belongs to the value; all of it unless `done`.
  std::size_t skip(bytes piece) {
    done_ = false;
    std::size_t at = 0;
    while (at < piece.size() && !done_) {
      if (in_string_)
        at = skip_string(piece, at);
      else if (belongs(piece[at]))
        ++at;
    }
    return at;
  }

 private:
  std::size_t skip_string(bytes piece, std::size_t at) {
    if (escaped_) {
      escaped_ = false;
      return at + 1;
    }
    while (piece[at] != '"' && piece[at] != '\\')
      if (++at == piece.size()) return at;
    escaped_ = piece[at] == '\\';
    in_string_ = escaped_;
    done_ = !in_string_ && nested_ == 0;
    return at + 1;
  }

  bool belongs(std::uint8_t c) {
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++nested_;
    } else if (c == ',') {
      done_ = nested_ == 0;
      return !done_;
    } else if (c == '}' || c == ']') {
      done_ = nested_ <= 1;
      if (nested_ == 0) return false;
      --nested_;
    }
    return true;
  }

  std::uint32_t nested_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool done_ = false;
};

}  // namespace ota::detail

// ota/manifest/canonical_json.hpp

namespace ota {

/// How deep a manifest may be nested.
inline constexpr std::size_t max_manifest_depth = 8;

/// How many members an object may have whose keys are not in order: each costs one more look at
/// the whole object. An object with its keys in order may have any number.
inline constexpr std::size_t max_unsorted_members = 64;

/// Brings a JSON document on storage to the one form that is signed, without holding it: what
/// Python's `json.dumps(document, sort_keys=True, separators=(",", ":"))` writes after
/// `json.loads`, without the top-level member `signature`.
///
/// Keys are sorted by code point, the last of equal keys wins, everything but printable ASCII is
/// escaped, numbers have Python's form. The document is checked as a whole before anything is
/// told, so that the sink sees valid JSON only.
///
/// Errors: `errc::malformed` for what is not JSON; `errc::too_long` for nesting over
/// `max_manifest_depth`, a key over `max_canonical_key` or over `max_unsorted_members` unsorted
/// members; `errc::unsupported` for a number whose form in Python is not certain; and those of
/// storage.
template <class Storage>
class canonical_json {
 public:
  /// \param path  of the document; it must stay in place
  canonical_json(Storage& storage, std::string_view path) : cursor_(storage, path) {}

  /// Goes on with about one buffer, of any size. What it holds need not be kept between steps.
  /// \param sink  called as `sink(bytes)` with the next bytes of the canonical form
  /// \return true: there is more to do; false: the form is complete
  template <class Sink>
  result<bool> step(mutable_bytes scratch, Sink&& sink) {
    cursor_.lend(scratch);
    if (!cursor_.load() && task_ != task::check && task_ != task::done) cursor_.lose();
    while (task_ != task::done && !cursor_.failed()) {
      run(sink);
      if (cursor_.empty()) break;
    }
    if (cursor_.failed()) return cursor_.failure();
    return task_ != task::done;
  }

  /// Whether the whole document was found to be valid. From then on `signature` is known.
  bool checked() const { return task_ != task::check; }

  /// The top-level member `signature`; empty where there is none or it is no text. One of over 64
  /// bytes is cut to 65.
  std::string_view signature() const { return {signature_, signature_size_}; }

 private:
  static constexpr error key_too_long{errc::too_long, "manifest",
                                      "a key of over 64 bytes; use shorter keys"};
  static constexpr error number_too_long{errc::unsupported, "manifest",
                                         "a number of over 4300 characters"};
  static constexpr error number_unsure{
      errc::unsupported, "manifest",
      "a number with more digits than can be checked; write it as Python does"};
  static constexpr error too_many_unsorted{
      errc::too_long, "manifest",
      "an object of over 64 members whose keys are not in order; sort them"};

  enum class task : std::uint8_t {
    check,    // the whole document
    value,    // tell the value that begins here
    string,   // tell the rest of a string
    colon,    // between a key and its value
    element,  // between the elements of an array
    member,   // between the members of a sorted object, told in one go
    scan,     // between members, looking for the one to tell next
    skip,     // pass over a value
    done
  };

  enum class order : std::uint8_t { array, unknown, sorted, unsorted };

  struct level {
    std::uint32_t begin = 0;     // of what is in the container
    std::uint32_t last_key = 0;  // of the member told last
    order kind = order::array;
    bool first = true;  // no member is told yet
  };

  template <class Sink>
  static void tell(Sink& sink, std::string_view text) {
    sink(as_bytes(text));
  }

  template <class Sink>
  void run(Sink& sink) {
    if (task_ == task::check) return check();
    if (task_ == task::string) return tell_string(sink);
    if (task_ == task::skip) return skip_value();
    if (!cursor_.skip_space()) return;
    switch (task_) {
      case task::value:
        return tell_value(sink);
      case task::colon:
        if (cursor_.get() != ':') return cursor_.lose();
        tell(sink, ":");
        task_ = task::value;
        return;
      case task::element:
        return next_element(sink);
      case task::member:
        return next_member(sink);
      default:
        return scan_member(sink);
    }
  }

  // ---- the check ----------------------------------------------------------------------------

  void check() {
    const bytes piece = cursor_.ahead();
    if (piece.empty())
      reader_.finish();
    else
      reader_.feed(piece);
    cursor_.advance(piece.size());
    for (;;) {
      const auto event = reader_.next();
      if (!event) return cursor_.fail(event.error());
      if (*event == json_event::need_input) return;
      if (*event == json_event::end) break;
      const bool key = *event == json_event::key;
      if (key && reader_.truncated()) return cursor_.fail(key_too_long);
      if (at_signature_) keep_signature(*event);
      at_signature_ = key && reader_.depth() == 1 && is_signature(reader_.text());
    }
    cursor_.seek(0);
    task_ = task::value;
  }

  static bool is_signature(std::string_view key) { return key == "signature"; }

  void keep_signature(json_event event) {
    const std::string_view text = event == json_event::string ? reader_.text() : std::string_view{};
    if (!text.empty()) std::memcpy(signature_, text.data(), text.size());
    // A cut text is made longer than a signature can be, wherever it was cut.
    signature_size_ = reader_.truncated() && !text.empty() ? sizeof signature_
                                                           : static_cast<std::uint8_t>(text.size());
  }

  // ---- values -------------------------------------------------------------------------------

  template <class Sink>
  void tell_value(Sink& sink) {
    const int c = cursor_.peek();
    if (c == '{' || c == '[') return open(sink, c == '{');
    if (c == '"') return begin_string(sink, false);
    if (c == '-' || (c >= '0' && c <= '9')) return tell_number(sink);
    tell_literal(sink, c == 't' ? "true" : c == 'f' ? "false" : "null");
  }

  template <class Sink>
  void open(Sink& sink, bool object) {
    cursor_.advance(1);
    level opened;
    opened.begin = cursor_.offset();
    opened.kind = object ? order::unknown : order::array;
    if (!levels_.push_back(opened)) return cursor_.lose();
    tell(sink, object ? "{" : "[");
    if (object)
      begin_scan();
    else
      task_ = task::element;
  }

  template <class Sink>
  void close(Sink& sink, bool object) {
    cursor_.advance(1);
    levels_.pop_back();
    tell(sink, object ? "}" : "]");
    after_value();
  }

  // Goes on in the innermost container.
  void after_value() {
    if (levels_.empty()) {
      task_ = task::done;
      return;
    }
    const level& inner = levels_.back();
    if (inner.kind == order::array) {
      task_ = task::element;
    } else if (inner.kind == order::sorted) {
      task_ = task::member;
    } else {
      cursor_.seek(inner.last_key);
      last_.read(cursor_);
      cursor_.seek(inner.begin);
      begin_scan();
    }
  }

  template <class Sink>
  void next_element(Sink& sink) {
    const int c = cursor_.peek();
    if (c == ']') return close(sink, false);
    if (c == ',') {
      cursor_.advance(1);
      tell(sink, ",");
    }
    task_ = task::value;
  }

  template <class Sink>
  void tell_literal(Sink& sink, std::string_view text) {
    for (char expected : text)
      if (cursor_.get() != expected) return cursor_.lose();
    tell(sink, text);
    after_value();
  }

  template <class Sink>
  void tell_number(Sink& sink) {
    const std::uint32_t begin = cursor_.offset();
    detail::canonical_number number;
    for (int c = cursor_.peek(); belongs_to_number(c); c = cursor_.peek()) {
      if (number.length() == number.max_length) return cursor_.fail(number_too_long);
      number.take(static_cast<char>(c));
      cursor_.advance(1);
    }
    if (number.keeps_text()) {
      if (number.length() == number.source().size())
        tell(sink, number.source());
      else
        tell_source(sink, begin, number.length());
    } else {
      const auto text = number.text();
      if (text.empty()) return cursor_.fail(number_unsure);
      tell(sink, text);
    }
    after_value();
  }

  static bool belongs_to_number(int c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  }

  template <class Sink>
  void tell_source(Sink& sink, std::uint32_t begin, std::size_t size) {
    cursor_.seek(begin);
    while (size != 0) {
      if (!cursor_.load()) return cursor_.lose();
      const bytes part = cursor_.ahead().first(size);
      sink(part);
      cursor_.advance(part.size());
      size -= part.size();
    }
  }

  template <class Sink>
  void begin_string(Sink& sink, bool key) {
    if (cursor_.get() != '"') return cursor_.lose();
    tell(sink, "\"");
    string_is_key_ = key;
    task_ = task::string;
  }

  template <class Sink>
  void tell_string(Sink& sink) {
    const bytes here = cursor_.ahead();
    std::size_t plain = 0;
    while (plain < here.size() && detail::is_canonical(here[plain])) ++plain;
    if (plain != 0) sink(here.first(plain));
    cursor_.advance(plain);
    if (plain == here.size()) return;
    if (here[plain] != '"') {
      const std::uint32_t code = detail::string_reader<Storage>(cursor_).character();
      return sink(detail::canonical_character(code).view());
    }
    cursor_.advance(1);
    tell(sink, "\"");
    if (string_is_key_)
      task_ = task::colon;
    else
      after_value();
  }

  // ---- objects ------------------------------------------------------------------------------

  // A member of an object that is told from its beginning to its end.
  template <class Sink>
  void next_member(Sink& sink) {
    const int c = cursor_.peek();
    if (c == '}') return close(sink, true);
    if (c == ',') return cursor_.advance(1);
    const std::uint32_t begin = cursor_.offset();
    if (levels_.size() == 1) {
      current_.read(cursor_);
      if (is_signature(current_.view())) return begin_skip(task::member);
    }
    tell_member(sink, begin);
  }

  template <class Sink>
  void tell_member(Sink& sink, std::uint32_t key) {
    level& object = levels_.back();
    if (!object.first) tell(sink, ",");
    object.first = false;
    object.last_key = key;
    cursor_.seek(key);
    begin_string(sink, true);
  }

  void begin_scan() {
    members_ = 0;
    best_found_ = false;
    task_ = task::scan;
  }

  // Looks at one member, for the smallest key after the one told last.
  template <class Sink>
  void scan_member(Sink& sink) {
    const int c = cursor_.peek();
    if (c == '}') return end_scan(sink);
    if (c == ',') return cursor_.advance(1);
    const std::uint32_t begin = cursor_.offset();
    current_.read(cursor_);
    begin_skip(task::scan);
    if (levels_.size() == 1 && is_signature(current_.view())) return;
    level& object = levels_.back();
    const bool follows = current_.view() > last_.view();
    if (object.first) {
      // The first look learns whether the keys are in order; `last_` is the one before.
      if (members_ != 0 && !follows) object.kind = order::unsorted;
      last_ = current_;
    }
    ++members_;
    if (!object.first && !follows) return;
    if (best_found_ && current_.view() > best_.view()) return;
    best_ = current_;
    best_key_ = begin;
    best_found_ = true;
  }

  template <class Sink>
  void end_scan(Sink& sink) {
    level& object = levels_.back();
    if (object.kind == order::unknown) {
      object.kind = order::sorted;
      cursor_.seek(object.begin);
      task_ = task::member;
    } else if (members_ > max_unsorted_members) {
      cursor_.fail(too_many_unsorted);
    } else if (best_found_) {
      tell_member(sink, best_key_);
    } else {
      close(sink, true);
    }
  }

  void begin_skip(task after) {
    after_skip_ = after;
    skipper_.begin();
    task_ = task::skip;
  }

  void skip_value() {
    cursor_.advance(skipper_.skip(cursor_.ahead()));
    if (skipper_.done()) task_ = after_skip_;
  }

  detail::document_cursor<Storage> cursor_;
  json_reader<max_canonical_key, max_manifest_depth> reader_;
  fixed_vector<level, max_manifest_depth> levels_;
  detail::canonical_key current_;
  detail::canonical_key last_;
  detail::canonical_key best_;
  std::uint32_t best_key_ = 0;
  std::uint32_t members_ = 0;  // seen in this look
  detail::json_skipper skipper_;
  task task_ = task::check;
  task after_skip_ = task::scan;
  bool best_found_ = false;
  bool string_is_key_ = false;
  bool at_signature_ = false;
  std::uint8_t signature_size_ = 0;
  char signature_[max_canonical_key + 1] = {};
};

}  // namespace ota

// ota/manifest/hmac_manifest.hpp

namespace ota {

/// Checks the `signature` of a manifest on storage: the lowercase hexadecimal HMAC of its
/// canonical form, as 0x687931/ota signs it.
///
/// \tparam Hmac  an `hmac<…>` policy of at most 32 bytes
template <class Storage, class Hmac = hmac_sha256>
class hmac_manifest_check {
 public:
  static_assert(2 * Hmac::digest_size <= max_canonical_key, "a signature has up to 64 characters");

  /// \param path  of the manifest; it must stay in place
  /// \param key   need not be kept
  hmac_manifest_check(Storage& storage, std::string_view path, bytes key)
      : canonical_(storage, path), hmac_(key) {}

  /// Goes on with the next buffer. What it holds need not be kept between steps.
  /// \return true: there is more to do; false: the manifest is genuine
  ///
  /// Errors: `errc::untrusted` for a missing or wrong signature, and those of `canonical_json`
  /// and of storage.
  result<bool> step(mutable_bytes scratch) {
    const auto more = canonical_.step(scratch, [this](bytes part) { hmac_.update(part); });
    if (!more) return more;
    if (canonical_.checked() && canonical_.signature().empty()) return no_signature;
    if (*more) return true;
    const auto digest = hmac_.finish();
    char expected[2 * Hmac::digest_size];
    to_hex({digest.data(), digest.size()}, expected);
    if (!equal_constant_time(as_bytes({expected, sizeof expected}),
                             as_bytes(canonical_.signature())))
      return other_signature;
    return false;
  }

 private:
  static constexpr error no_signature{errc::untrusted, "manifest", "manifest missing signature"};
  static constexpr error other_signature{errc::untrusted, "manifest",
                                         "manifest signature mismatch"};

  canonical_json<Storage> canonical_;
  Hmac hmac_;
};

}  // namespace ota

// ota/manifest/manifest_reader.hpp

namespace ota {

/// Reads the manifest of 0x687931/ota from a file on storage, entry by entry:
/// {"version", "files": [{"path", "size", "sha256", "crc32"}], "deletes": [path], "signature"}.
/// Members may come in any order; unknown ones are passed over. Ours is "patches":
/// [{"path", "size", "sha256", "memory", "code"}] (docs/delta-updates.md).
class manifest_reader {
 public:
  /// Of the version, once the document has ended; empty: not named.
  std::string_view version() const { return version_; }

  /// Begins with the document at `offset` of the file at `path`.
  void begin(std::string_view path, std::uint32_t offset = 0) {
    file_.begin(path, offset);
    member_ = member::other;
    seen_members_ = 0;
    has_files_ = false;
    version_.clear();
  }

  /// The next file (`entry_kind::file`) or path to be removed (`entry_kind::remove`), in the
  /// document's order; false at its end. A device with a policy for patches gets those as well
  /// (`patch`) that it takes. Images are for manifests of the other kind.
  template <bool Images = false, class Delta = no_delta, class Storage>
  result<bool> next(Storage& storage, entry& out) {
    for (;;) {
      const auto event = file_.next(storage);
      if (!event) return event.error();
      if (*event == json_event::end) return has_files_ ? result<bool>(false) : no_files;
      const auto complete = take<Delta>(*event, out);
      if (!complete || *complete) return complete;
    }
  }

 private:
  const json_reader<256>& reader() const { return file_.reader(); }

  static constexpr error path_too_long{errc::too_long, "manifest",
                                       "a path in the manifest is longer than 255 bytes"};
  static constexpr error not_an_object{errc::malformed, "manifest",
                                       "the manifest is not a JSON object"};
  static constexpr error no_files{errc::malformed, "manifest", "the manifest has no list of files"};
  static constexpr error repeated_member{errc::malformed, "manifest",
                                         "the manifest says the same thing twice"};
  static constexpr error no_path{errc::malformed, "manifest", "a file in the manifest has no path"};
  static constexpr error bad_files{errc::malformed, "manifest",
                                   "`files` in the manifest must be a list of objects"};
  static constexpr error text_too_long{errc::malformed, "manifest",
                                       "a text in the manifest is too long"};
  static constexpr error bad_path{errc::malformed, "manifest",
                                  "a `path` in the manifest is not a text"};
  static constexpr error bad_size{errc::malformed, "manifest",
                                  "a `size` in the manifest is not a whole number"};
  static constexpr error bad_sha256{errc::malformed, "manifest",
                                    "a `sha256` in the manifest is not 64 hexadecimal digits"};
  static constexpr error bad_number{errc::malformed, "manifest",
                                    "`memory` and `code` in the manifest must be whole numbers"};
  static constexpr error bad_crc32{errc::malformed, "manifest",
                                   "a `crc32` in the manifest is not a number of 32 bits"};

  enum class member : std::uint8_t { other, version, files, deletes, patches };
  enum class field : std::uint8_t { other, path, size, sha256, crc32, memory, code };

  // One event; true when `out` holds a whole entry.
  template <class Delta>
  result<bool> take(json_event event, entry& out) {
    const std::size_t depth = reader().depth();
    if (depth == 0 && event != json_event::end_object) return not_an_object;
    if (event == json_event::key) {
      if (depth == 1) return begin_member(takes_patches<Delta>);
      if (depth == 3) field_ = field_of(reader().text());
      return false;
    }
    if (depth == 1 && event == json_event::string) return take_text();
    if (member_ == member::deletes && depth == 2 && event == json_event::string) {
      out = {};
      out.kind = entry_kind::remove;
      if (auto done = take_path(out); !done) return done.error();
      return true;
    }
    const bool is_patch = takes_patches<Delta> && member_ == member::patches;
    if (member_ != member::files && !is_patch) return false;
    if (event == json_event::begin_object && depth == 3) {
      out = {};
      out.has_size = false;
      if (is_patch) out.kind = entry_kind::patch;
      memory_ = code_ = 0;
      return false;
    }
    if (event == json_event::end_object && depth == 2) {
      if (out.path.empty()) return no_path;
      if constexpr (takes_patches<Delta>)
        if (is_patch) return Delta::takes(memory_, code_);
      return true;
    }
    if (depth == 3) return take_field(event, out);
    if (depth == 2 && event != json_event::begin_array) return bad_files;
    has_files_ |= depth == 2 && !is_patch;
    return false;
  }

  // A signature covers the last of two members of one name only: then no one may be believed.
  result<bool> begin_member(bool takes_patches) {
    member_ = member_of(reader().text());
    if (takes_patches && reader().text() == "patches"sv) member_ = member::patches;
    if (member_ != member::other && seen(member_)) return repeated_member;
    seen_members_ |= bit_of(member_);
    return false;
  }

  static std::uint8_t bit_of(member one) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(one));
  }
  bool seen(member one) const { return (seen_members_ & bit_of(one)) != 0; }

  result<bool> take_text() {
    const std::string_view text = reader().text();
    bool fits = !reader().truncated();
    if (member_ == member::version) fits &= version_.assign(text);
    if (!fits && member_ != member::other) return text_too_long;
    return false;
  }

  result<void> take_path(entry& out) {
    if (reader().truncated() || !out.path.assign(reader().text())) return path_too_long;
    return {};
  }

  result<bool> take_field(json_event event, entry& out) {
    const bool is_text = event == json_event::string, is_number = event == json_event::number;
    switch (field_) {
      case field::path:
        if (!is_text) return bad_path;
        if (auto done = take_path(out); !done) return done.error();
        break;
      case field::size: {
        if (event == json_event::null) break;
        const auto size = reader().as_size();
        if (!is_number || !size) return bad_size;
        out.size = *size;
        out.has_size = true;
        break;
      }
      case field::sha256:
        if (event == json_event::null) break;
        if (!is_text || !from_hex(reader().text(), {out.hash.value, 32})) return bad_sha256;
        out.hash.kind = digest_kind::sha256;
        break;
      case field::crc32:
        return take_crc32(event, out);
      case field::memory:
      case field::code: {
        const auto number = reader().as_size();
        if (!is_number || !number) return bad_number;
        (field_ == field::code ? code_ : memory_) = *number;
        break;
      }
      case field::other:
        break;
    }
    return false;
  }

  // A CRC-32 counts only where there is no SHA-256.
  result<bool> take_crc32(json_event event, entry& out) {
    if (event == json_event::null) return false;
    const auto sum = reader().as_size();
    if (event != json_event::number || !sum || *sum > 0xffffffff) return bad_crc32;
    if (out.hash.kind == digest_kind::sha256) return false;
    out.hash.kind = digest_kind::crc32;
    for (unsigned i = 0; i < 4; ++i)
      out.hash.value[i] = static_cast<std::uint8_t>(*sum >> (24 - 8 * i));
    return false;
  }

  static member member_of(std::string_view key) {
    constexpr std::string_view names[] = {"version", "files", "deletes"};
    for (std::uint8_t i = 0; i < 3; ++i)
      if (key == names[i]) return static_cast<member>(i + 1);
    return member::other;
  }

  static field field_of(std::string_view key) {
    constexpr std::string_view names[] = {"path", "size", "sha256", "crc32", "memory", "code"};
    for (std::uint8_t i = 0; i < 6; ++i)
      if (key == names[i]) return static_cast<field>(i + 1);
    return field::other;
  }

  detail::json_file<256, 128> file_;
  fixed_string<128> version_;
  std::size_t memory_ = 0;  // that a patch needs
  std::size_t code_ = 0;    // its kind
  std::uint8_t seen_members_ = 0;
  bool has_files_ = false;
  member member_ = member::other;
  field field_ = field::other;
};

}  // namespace ota

// ota/manifest/trust.hpp

namespace ota {

// The contract of a trust policy, whose word decides what a device takes:
//
//   static constexpr bool reads_manifests    false: manifests are left out of the program
//   static constexpr bool requires_manifest  nothing is taken without one
//   static constexpr std::string_view manifest_name   of the file that is one
//   template <class Storage> class check     made with (storage, settings, trust_context&), it
//                                            looks at the manifest at `.ota/manifest`;
//     result<bool> step(mutable_bytes)       one piece further; false: the manifest is trusted
//   class reader                             as `manifest_reader`, for its list of files

/// Takes the Git host's word, by the blob ids of its tree. Manifests are left out of the program.
struct host_trusted {
  static constexpr bool reads_manifests = false;
  static constexpr bool requires_manifest = false;
  static constexpr std::string_view manifest_name = "manifest.json";
};

/// Reads manifests, and where the configuration has a `manifest_key` trusts only those signed with
/// it: lowercase hexadecimal digits of the HMAC-SHA-256 over the manifest's canonical form. The
/// weaker choice: whoever has one device has the key of all.
struct shared_secret {
  static constexpr bool reads_manifests = true;
  static constexpr bool requires_manifest = false;
  static constexpr std::string_view manifest_name = "manifest.json";

  using reader = manifest_reader;

  template <class Storage>
  class check {
   public:
    check(Storage& storage, const config& settings, trust_context&)
        : signed_(!settings.manifest_key.empty()),
          hmac_(storage, layout::manifest, as_bytes(settings.manifest_key)) {}

    result<bool> step(mutable_bytes scratch) {
      return signed_ ? hmac_.step(scratch) : result<bool>(false);
    }

   private:
    bool signed_;
    hmac_manifest_check<Storage> hmac_;
  };
};

}  // namespace ota

// ota/hardware/battery.hpp

namespace ota {

/// A battery behind a voltage divider, in thousandths: of the divider's ratio and of a volt.
struct battery_scale {
  std::uint32_t divider_ratio = 1000;
  std::uint32_t full = 4200;   ///< 100 %
  std::uint32_t empty = 3000;  ///< 0 %
};

/// The charge in whole percent, by the formula of 0x687931/ota: volts = raw × 3.3 / 65535 × ratio,
/// charge = (volts − empty) / (full − empty) × 100, clamped to 0…100. `raw` is a 16-bit reading of
/// 3.3 V. -1: not known, because there is no reading (`raw` below 0) or the scale has no width.
///
/// In whole numbers and rounded down, so that `charge < least` says the same as the exact formula
/// for every whole `least`. The original computes with floating point: where the exact charge is a
/// whole number, its last bit may fall below.
constexpr int battery_percent(int raw, const battery_scale& scale) {
  if (raw < 0 || scale.full <= scale.empty) return -1;
  if (raw > 65535) raw = 65535;
  // Both in 1 / 436900 mV, because 3300 / (65535 × 1000) = 22 / 436900.
  const std::uint64_t volts = static_cast<std::uint64_t>(raw) * 22 * scale.divider_ratio;
  const std::uint64_t empty = std::uint64_t{scale.empty} * 436900;
  if (volts <= empty) return 0;
  const std::uint64_t percent = (volts - empty) / (std::uint64_t{scale.full - scale.empty} * 4369);
  return percent < 100 ? static_cast<int>(percent) : 100;
}

}  // namespace ota

// ota/format/json_writer.hpp

namespace ota {

/// The form of written JSON; the default is that of Python's `json.dumps`.
struct json_style {
  bool spaced = true;  ///< ", " and ": " between members; false: "," and ":"
  bool ascii = true;   ///< other characters as \uXXXX; false: as UTF-8
};

/// Writes JSON, piece by piece, into a `fixed_string` or to a callback. Byte for byte what
/// Python's `json.dumps` writes (without `indent`), with `ensure_ascii` as `json_style` says.
///
/// ```
/// fixed_string<100> text;
/// json_writer writer(text);
/// writer.begin_object().key("ref").string("v1").key("n").number(3u).end_object();
/// // {"ref": "v1", "n": 3}
/// ```
///
/// It puts the commas, but does not check that keys and values alternate. Bytes of a string that
/// are not UTF-8 become U+FFFD. Whether a `fixed_string` had room, its `overflowed()` says.
class json_writer {
 public:
  explicit json_writer(string_buffer& out, json_style style = {})
      : put_(
            [](void* to, std::string_view text) { static_cast<string_buffer*>(to)->append(text); }),
        to_(&out),
        style_(style) {}

  /// Writes to `sink(std::string_view)`, which must outlive the writer.
  template <class Sink, class = std::enable_if_t<!std::is_base_of_v<string_buffer, Sink>>>
  explicit json_writer(Sink& sink, json_style style = {})
      : put_([](void* to, std::string_view text) { (*static_cast<Sink*>(to))(text); }),
        to_(&sink),
        style_(style) {}

  json_writer& begin_object() { return begin("{"); }
  json_writer& end_object() { return end("}"); }
  json_writer& begin_array() { return begin("["); }
  json_writer& end_array() { return end("]"); }

  json_writer& key(std::string_view name) {
    begin_value();
    quote(name);
    put(style_.spaced ? ": "sv : ":"sv);
    needs_comma_ = false;
    return *this;
  }

  json_writer& string(std::string_view text) {
    begin_value();
    quote(text);
    return *this;
  }

  json_writer& number(std::uint64_t value) {
    fixed_string<20> digits;
    return number_text(digits.append_number(value));
  }
  json_writer& number(std::int64_t value) {
    fixed_string<20> digits;
    if (value < 0) digits.append('-');
    const auto size = static_cast<std::uint64_t>(value);
    return number_text(digits.append_number(value < 0 ? 0 - size : size));
  }
  json_writer& number(std::uint32_t value) { return number(std::uint64_t{value}); }
  json_writer& number(std::int32_t value) { return number(std::int64_t{value}); }

  /// A number given as its JSON text, as `json_reader::text` gives it.
  json_writer& number_text(std::string_view text) {
    begin_value();
    put(text);
    return *this;
  }

  json_writer& boolean(bool value) { return number_text(value ? "true"sv : "false"sv); }
  json_writer& null() { return number_text("null"); }

 private:
  void put(std::string_view text) { put_(to_, text); }

  // What precedes a key or a value; after it the next one needs a comma.
  void begin_value() {
    if (needs_comma_) put(style_.spaced ? ", "sv : ","sv);
    needs_comma_ = true;
  }

  json_writer& begin(std::string_view bracket) {
    begin_value();
    put(bracket);
    needs_comma_ = false;
    return *this;
  }

  json_writer& end(std::string_view bracket) {
    put(bracket);
    needs_comma_ = true;
    return *this;
  }

  void quote(std::string_view text) {
    put("\""sv);
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto c = static_cast<std::uint8_t>(text[at]);
      const bool is_plain = c >= 0x20 && c != '"' && c != '\\' && c < (style_.ascii ? 0x7f : 0x80);
      if (is_plain || (c == 0x7f && !style_.ascii)) {
        ++at;
        continue;
      }
      put(slice(text, done, at - done));
      at += escape(slice(text, at));
      done = at;
    }
    put(slice(text, done));
    put("\""sv);
  }

  // Writes the first character of `text`, which is not plain; returns its size in bytes.
  std::size_t escape(std::string_view text) {
    static constexpr char values[] = "\"\\\b\f\n\r\t";
    static constexpr char names[] = "\"\\bfnrt";
    const auto c = static_cast<std::uint8_t>(text.front());
    for (std::size_t i = 0; i < sizeof values - 1; ++i) {
      if (text.front() != values[i]) continue;
      const char pair[] = {'\\', names[i]};
      put({pair, 2});
      return 1;
    }
    if (c < 0x80) return put_unit(c), 1;
    std::uint32_t code = 0;
    const std::size_t size = detail::decode_utf8(text, code);
    if (!style_.ascii)
      put(code == detail::replacement_character ? std::string_view("\xef\xbf\xbd")
                                                : slice(text, 0, size));
    else if (code < 0x10000)
      put_unit(code);
    else
      put_unit(0xd800 + ((code - 0x10000) >> 10)), put_unit(0xdc00 + (code & 0x3ff));
    return size;
  }

  void put_unit(std::uint32_t unit) {
    static constexpr char digits[] = "0123456789abcdef";
    char text[] = {'\\',
                   'u',
                   digits[unit >> 12 & 15],
                   digits[unit >> 8 & 15],
                   digits[unit >> 4 & 15],
                   digits[unit & 15]};
    put({text, sizeof text});
  }

  void (*put_)(void*, std::string_view);
  void* to_;
  json_style style_;
  bool needs_comma_ = false;
};

}  // namespace ota

// ota/scheduler/json_events.hpp

namespace ota::detail {

/// The last number without its fraction; 0 when it is negative or too large. Python's `time()`
/// may write a fraction.
template <std::size_t TextCapacity>
std::uint64_t whole_number(const json_reader<TextCapacity>& from) {
  const std::string_view text = from.text();
  return parse_u64(slice(text, 0, text.find('.'))).value_or(0);
}

/// Writes an event as it was read. A number too long for the reader becomes null.
template <std::size_t TextCapacity>
void copy_event(json_writer& out, json_event event, const json_reader<TextCapacity>& from) {
  switch (event) {
    case json_event::begin_object:
      out.begin_object();
      break;
    case json_event::end_object:
      out.end_object();
      break;
    case json_event::begin_array:
      out.begin_array();
      break;
    case json_event::end_array:
      out.end_array();
      break;
    case json_event::key:
      out.key(from.text());
      break;
    case json_event::string:
      out.string(from.text());
      break;
    case json_event::number:
      if (from.truncated())
        out.null();
      else
        out.number_text(from.text());
      break;
    case json_event::boolean:
      out.boolean(from.boolean());
      break;
    default:
      out.null();
      break;
  }
}

}  // namespace ota::detail

// ota/scheduler/health_log.hpp

namespace ota {

/// What the health log tells apart.
enum class health_kind : std::uint8_t { crash, error, update };

/// The bounded log of crashes, errors and updates, in the format of 0x687931/ota: an object with
/// the lists "crashes" and "errors" of {"timestamp", "details"} and the list "updates" of
/// {"timestamp", "version", "success", "error"}, the last only where one failed.
///
/// At most `limit` crashes and errors and 50 updates are kept, the oldest go first. Adding an event
/// copies the log, token by token, to a temporary file that then takes its place: its length costs
/// no memory, and a power cut leaves the old log or the new one. Whatever else the file holds
/// stays, but texts are cut to 160 bytes. A file that is not such a log is begun anew.
template <class Storage>
class health_log {
 public:
  static constexpr std::string_view path = "ota_health.json";
  static constexpr std::uint32_t most_updates = 50;
  static constexpr std::size_t most_text = 160;  ///< bytes of a text

  health_log(Storage& storage, std::uint32_t limit) : storage_(storage), limit_(limit) {}

  /// How many events of a kind happened at `since` (epoch seconds) or later; 0: all. A log that is
  /// not there, or damaged, holds none.
  result<std::uint32_t> count_since(health_kind kind, std::uint64_t since) {
    const auto found = count(kind, since);
    if (!found && is_no_log(found.error())) return 0u;
    return found;
  }

  /// Adds a crash or an error, with a short text. `now` is 0 where the time is not known; such an
  /// event never counts as recent.
  result<void> add(health_kind kind, std::uint64_t now, std::string_view details) {
    return append({kind, now, details, {}});
  }

  /// Adds an update and how it ended; `failure` is empty for a success.
  result<void> add_update(std::uint64_t now, std::string_view version, std::string_view failure) {
    return append({health_kind::update, now, failure, version});
  }

 private:
  static constexpr error not_an_object{errc::malformed, "scheduler",
                                       "the health log is not an object"};

  struct entry {
    health_kind kind;
    std::uint64_t timestamp;
    std::string_view text;
    std::string_view version;
  };

  static constexpr std::string_view names[] = {"crashes", "errors", "updates"};
  static constexpr std::string_view name_of(health_kind kind) {
    return names[static_cast<std::size_t>(kind)];
  }

  // Where in the log a reader is, as far as one kind of events is concerned.
  struct place {
    explicit place(health_kind kind) : name(name_of(kind)) {}

    template <class Reader>
    void move(json_event event, const Reader& reader) {
      const std::size_t depth = reader.depth();
      const bool opens = event == json_event::begin_object || event == json_event::begin_array;
      const bool closes = event == json_event::end_object || event == json_event::end_array;
      if (event == json_event::key && depth == 1) is_named = reader.text() == name;
      if (event == json_event::begin_array && depth == 2) is_inside = is_named;
      if (depth < 2) is_inside = false;
      begins_event = is_inside && !closes && depth == (opens ? 3u : 2u);
    }

    std::string_view name;
    bool is_named = false;      // the last key of the log was this kind
    bool is_inside = false;     // between the brackets of this kind
    bool begins_event = false;  // with the last token
  };

  static bool is_no_log(const error& failure) {
    return failure.code == errc::not_found || failure.code == errc::malformed ||
           failure.code == errc::too_long;
  }

  // As `count_since`, but of a file that is no log the error.
  result<std::uint32_t> count(health_kind kind, std::uint64_t since) {
    detail::json_file<24> in(path);
    place at(kind);
    std::uint32_t events = 0, recent = 0;
    bool is_time = false;
    for (;;) {
      const auto event = in.next(storage_);
      if (!event) return event.error();
      const std::size_t depth = in.reader().depth();
      if (*event == json_event::end) return since == 0 ? events : recent;
      if (depth == 0 && *event != json_event::end_object) return not_an_object;
      at.move(*event, in.reader());
      if (at.begins_event) ++events, is_time = false;
      if (*event == json_event::key) is_time = depth == 3 && in.reader().text() == "timestamp"sv;
      const bool is_timestamp = *event == json_event::number && is_time && depth == 3;
      if (is_timestamp && at.is_inside && detail::whole_number(in.reader()) >= since) ++recent;
    }
  }

  result<void> append(const entry& added) {
    const auto present = count(added.kind, 0);
    if (!present && !is_no_log(present.error())) return present.error();
    atomic_file<Storage> file(storage_, layout::temporary);
    json_writer out(file);
    if (!present)
      begin_with(out, added);
    else if (auto done = copy_with(out, added, *present); !done)
      return done;
    return file.replace(path);
  }

  static void begin_with(json_writer& out, const entry& added) {
    out.begin_object();
    for (std::string_view name : names) {
      out.key(name).begin_array();
      if (name == name_of(added.kind)) write_entry(out, added);
      out.end_array();
    }
    out.end_object();
  }

  // Copies the log, but for the oldest events of the kind that are too many now.
  result<void> copy_with(json_writer& out, const entry& added, std::uint32_t present) {
    const std::uint32_t most = added.kind == health_kind::update ? most_updates : limit_;
    std::uint32_t drop = present >= most ? present - most + 1 : 0;
    detail::json_file<most_text> in(path);
    place at(added.kind);
    bool is_added = most == 0;
    bool is_dropping = false;
    for (;;) {
      const auto event = in.next(storage_);
      if (!event) return event.error();
      if (*event == json_event::end) return {};
      const bool was_inside = at.is_inside;
      at.move(*event, in.reader());
      const std::size_t depth = in.reader().depth();
      if (at.begins_event && drop != 0) {
        --drop;
        is_dropping = depth == 3;
        continue;
      }
      if (is_dropping) {
        is_dropping = depth != 2;
        continue;
      }
      if (!is_added && was_inside && !at.is_inside) {
        write_entry(out, added);
        is_added = true;
      }
      if (!is_added && depth == 0) {
        out.key(at.name).begin_array();
        write_entry(out, added);
        out.end_array();
      }
      detail::copy_event(out, *event, in.reader());
    }
  }

  static void write_entry(json_writer& out, const entry& one) {
    out.begin_object().key("timestamp"sv).number(one.timestamp);
    if (one.kind != health_kind::update) {
      out.key("details"sv).string(cut(one.text));
    } else {
      out.key("version"sv).string(cut(one.version)).key("success"sv).boolean(one.text.empty());
      if (!one.text.empty()) out.key("error"sv).string(cut(one.text));
    }
    out.end_object();
  }

  // At most `most_text` bytes, whole characters.
  static std::string_view cut(std::string_view text) {
    if (text.size() <= most_text) return text;
    std::size_t size = most_text;
    while (size != 0 && (static_cast<std::uint8_t>(text[size]) & 0xc0) == 0x80) --size;
    return {text.data(), size};
  }

  Storage& storage_;
  std::uint32_t limit_;
};

}  // namespace ota

// ota/scheduler/rules.hpp

// The scheduler's formulas, which are those of 0x687931/ota.

namespace ota {

/// The place of a device in the rollout of a version, 0 to 99: the first 8 hexadecimal digits of
/// SHA-256("version:device"), modulo 100. It takes part when its place is below the percentage.
inline std::uint32_t canary_place(std::string_view version, std::string_view device) {
  sha256 hash;
  hash.update(as_bytes(version));
  hash.update(as_bytes(":"sv));
  hash.update(as_bytes(device));
  return detail::load_big_endian(hash.finish().data()) % 100;
}

/// Whether `hour` lies in a window from `start` to before `end`, which may pass midnight. A window
/// without a start or an end (below 0) is always open; one that ends where it starts never is.
constexpr bool is_in_window(int hour, int start, int end) {
  if (start < 0 || end < 0) return true;
  if (start <= end) return start <= hour && hour < end;
  return hour >= start || hour < end;
}

inline constexpr int first_sunny_hour = 10;
inline constexpr int last_sunny_hour = 15;

/// Whether a device on solar power may update: from 10:00 to before 16:00.
constexpr bool is_sunny(int hour) { return hour >= first_sunny_hour && hour <= last_sunny_hour; }

namespace detail {

inline constexpr std::uint64_t seconds_a_day = 86400;

/// Seconds until local hour `opens` begins, at the earliest, when it is past hour `now_hour`. The
/// minute of the hour is not known, because the zone is not; but zones differ by quarters of it.
/// `now`: epoch seconds, 0 where not known.
constexpr std::uint32_t seconds_until_hour(int opens, int now_hour, std::uint64_t now) {
  const std::uint32_t whole = static_cast<std::uint32_t>(opens + 23 - now_hour) % 24;
  return whole * 3600 + 900 - static_cast<std::uint32_t>(now % 900);
}

/// Appends an hour as "02:00".
inline void append_hour(string_buffer& text, int hour) {
  if (hour < 10) text.append('0');
  text.append_number(static_cast<std::uint32_t>(hour)).append(":00");
}

}  // namespace detail
}  // namespace ota

// ota/scheduler.hpp

namespace ota {

/// Whether now is the time, and if not, why in a sentence.
struct schedule_decision {
  bool allowed = true;
  /// To wait, at the least, before asking again can help; 0: not known, or nothing to wait for.
  std::uint32_t seconds = 0;
  /// Also where it is allowed: what could not be asked, if anything.
  fixed_string<120> reason;
};

/// Says whether now is the time for an update, by the formulas of 0x687931/ota: at most one check
/// an interval, no update on a device that crashes, on a low battery, outside the window, before
/// the rollout has come to it, or without sun.
///
/// What is not known forbids nothing. Where `now()` is 0 the interval between checks and the
/// crashes of the last day are left out, where `hour()` is -1 the window and the sun; the decision
/// then is allowed and its reason says so.
template <class Storage, class Hardware>
class scheduler {
 public:
  static constexpr std::string_view last_check_path = "ota_last_check.json";

  scheduler(Storage& storage, Hardware& hardware, const config& settings)
      : storage_(storage), hardware_(hardware), settings_(settings) {}

  /// Whether enough time has passed since the last check. A last check in the future means that
  /// the clock was set back since; it is not waited for, as the original would, perhaps for years.
  schedule_decision may_check() {
    schedule_decision said;
    const std::uint64_t now = hardware_.now();
    const std::uint64_t last = now == 0 ? 0 : last_check();
    const std::uint64_t passed = now - last;
    const std::uint32_t interval = rules().min_update_interval_sec;
    if (last != 0 && last <= now && passed < interval) {
      said.seconds = interval - static_cast<std::uint32_t>(passed);
      refuse(said, "waiting: the next check is due in "sv, said.seconds, " s");
    }
    add_doubt(said);
    return said;
  }

  /// Whether `version` may be installed now. The first rule that says no is told.
  schedule_decision may_update(std::string_view version) {
    schedule_decision said;
    ask_health(said);
    if (said.allowed) ask_battery(said);
    if (said.allowed) ask_window(said);
    if (said.allowed) ask_rollout(said, version);
    if (said.allowed) ask_sun(said);
    add_doubt(said);
    return said;
  }

  /// Notes that a check was made now.
  result<void> record_check() {
    const std::uint64_t now = hardware_.now();
    if (now == 0) return {};
    fixed_string<48> text;
    json_writer(text).begin_object().key("last_check"sv).number(now).end_object();
    return write_if_changed(storage_, last_check_path, layout::temporary, as_bytes(text.view()));
  }

  /// Whether the configuration asks for any of this.
  bool has_rules() const { return rules().present; }

  /// Notes in the health log that an update to `version` was made, or failed for a reason.
  void record_update(std::string_view version, std::string_view failure) {
    if (hardware_.now() != 0) (void)health().add_update(hardware_.now(), version, failure);
  }

  /// The log of events, of which crashes defer updates.
  health_log<Storage> health() {
    return health_log<Storage>(storage_, rules().error_history_limit);
  }

 private:
  const scheduling_config& rules() const { return settings_.scheduling; }

  static void refuse(schedule_decision& said, std::string_view before, std::uint32_t number,
                     std::string_view after) {
    said.allowed = false;
    said.reason.append(before).append_number(number).append(after);
  }

  // Refuses until an hour of the day.
  void refuse_until(schedule_decision& said, std::string_view before, int opens, int hour) {
    said.allowed = false;
    said.reason.append(before);
    detail::append_hour(said.reason, opens);
    said.reason.append(", it is past ");
    detail::append_hour(said.reason, hour);
    said.seconds = detail::seconds_until_hour(opens, hour, hardware_.now());
  }

  void add_doubt(schedule_decision& said) {
    if (said.allowed && (hardware_.now() == 0 || hardware_.hour() < 0))
      said.reason.append("the time is not known: rules that need it were left out");
  }

  void ask_health(schedule_decision& said) {
    const std::uint64_t now = hardware_.now();
    if (now == 0) return;
    // A crash in the future counts as well: the clock was wrong, the crash was real.
    const std::uint64_t since = now < detail::seconds_a_day ? 1 : now - detail::seconds_a_day + 1;
    const std::uint32_t count = health().count_since(health_kind::crash, since).value_or(0);
    if (count > rules().max_crashes_before_delay)
      refuse(said, "waiting: the device crashed "sv, count, " times in the last 24 hours");
  }

  void ask_battery(schedule_decision& said) {
    const std::uint32_t least = rules().min_battery_percent;
    if (least == 0) return;
    const int charge = battery_charge();
    if (charge < 0 || static_cast<std::uint32_t>(charge) >= least) return;
    refuse(said, "waiting: the battery is at "sv, static_cast<std::uint32_t>(charge), " %, ");
    said.reason.append_number(least).append(" % are needed");
  }

  int battery_charge() {
    if constexpr (has_fuel_gauge<Hardware>) {
      const int charge = hardware_.battery_charge();
      if (charge >= 0) return charge;
    }
    return battery_percent(hardware_.battery_raw(),
                           {settings_.battery_divider_ratio_milli, settings_.battery_v_max_milli,
                            settings_.battery_v_min_milli});
  }

  void ask_window(schedule_decision& said) {
    const int start = rules().update_window_start_hour, end = rules().update_window_end_hour;
    const int hour = hardware_.hour();
    if (hour < 0 || is_in_window(hour, start, end)) return;
    refuse_until(said, "waiting: the update window opens at ", start, hour);
    if (start != end) return;
    said.seconds = 0;
    said.reason.assign(
        "waiting: the update window ends at the hour it starts, so it never opens"sv);
  }

  void ask_rollout(schedule_decision& said, std::string_view version) {
    const std::uint32_t place = canary_place(version, hardware_.unique_id());
    if (place < rules().rollout_percent) return;
    refuse(said, "waiting: the rollout is at "sv, rules().rollout_percent,
           " %, this device takes ");
    said.reason.append("part from ").append_number(place + 1).append(" % on");
  }

  void ask_sun(schedule_decision& said) {
    const int hour = hardware_.hour();
    if (rules().power_source == "solar"sv && hour >= 0 && !is_sunny(hour))
      refuse_until(said, "waiting for the sun: updates begin at ", first_sunny_hour, hour);
  }

  std::uint64_t last_check() {
    detail::json_file<24> in(last_check_path);
    bool is_found = false;
    for (;;) {
      const auto event = in.next(storage_);
      if (!event || *event == json_event::end) return 0;
      if (*event == json_event::key) is_found = in.reader().text() == "last_check"sv;
      if (*event == json_event::number && is_found && in.reader().depth() == 1)
        return detail::whole_number(in.reader());
    }
  }

  Storage& storage_;
  Hardware& hardware_;
  const config& settings_;
};

/// A scheduler for which it is always time.
template <class Storage, class Hardware>
class no_scheduler {
 public:
  no_scheduler(Storage&, Hardware&, const config&) {}

  schedule_decision may_check() { return {}; }
  schedule_decision may_update(std::string_view) { return {}; }
  result<void> record_check() { return {}; }
  void record_update(std::string_view, std::string_view) {}
  static constexpr bool has_rules() { return false; }
};

}  // namespace ota

// ota/format/settings.hpp

namespace ota {
namespace detail {

/// A sum over the settings that decide what a version's plan holds.
constexpr std::uint32_t settings_sum(const config& settings) {
  crc32 sum;
  for (const std::string_view* text :
       {&settings.api, &settings.raw, &settings.owner, &settings.repo, &settings.channel,
        &settings.branch, &settings.tag, &settings.manifest_key, &settings.trusted_root,
        &settings.product, &settings.hardware}) {
    sum.update(*text);
    sum.update("\n"sv);
  }
  for (const auto* list : {&settings.allow, &settings.ignore, &settings.delete_patterns}) {
    for (const std::string_view& text : *list) {
      sum.update(text);
      sum.update("\n"sv);
    }
    sum.update("\n"sv);
  }
  sum.update(settings.allow_links ? "links\n"sv : "\n"sv);
  return sum.value();
}

}  // namespace detail

// What acts by the settings derives from one of these two, its parameter `Settings`, and finds them
// as `settings_`.

/// Settings that a device is told when it starts. They, and the texts they view, must outlive what
/// was made with them.
class told_settings {
 public:
  told_settings() = delete;
  told_settings(const config& settings) : settings_(settings) {}

  /// For what is made with a `config`.
  operator const config&() const { return settings_; }

  /// Whether a list of the settings may have something in it.
  static constexpr bool may_have(list_view<std::string_view> config::*) { return true; }

 protected:
  bool follows_release() const { return ota::follows_release(settings_); }
  std::string_view web_base() const { return ota::web_base(settings_); }
  std::uint32_t sum() const { return detail::settings_sum(settings_); }
  template <std::string_view config::*Text>
  const std::string_view& text() const {
    return settings_.*Text;
  }

  const config& settings_;
};

/// Settings that are known when the program is compiled: what they switch off is not built.
template <const config& Known>
class known_settings {
 public:
  /// For what is made with a `config`.
  operator const config&() const { return Known; }

  /// Whether a list of the settings has something in it.
  static constexpr bool may_have(list_view<std::string_view> config::*list) {
    return !(Known.*list).empty();
  }

 protected:
  static constexpr bool follows_release() {
    constexpr bool known = ota::follows_release(Known);
    return known;
  }
  static constexpr std::string_view web_base() {
    constexpr std::string_view known = ota::web_base(Known);
    return known;
  }
  static constexpr std::uint32_t sum() {
    constexpr std::uint32_t known = detail::settings_sum(Known);
    return known;
  }
  // By its value, so that nothing refers to the settings as a whole, and they are not linked.
  template <std::string_view config::*Text>
  static constexpr std::string_view text() {
    constexpr std::string_view known = Known.*Text;
    return known;
  }

  static constexpr const config& settings_ = Known;
};

namespace detail {

template <class Policies, class = void>
struct settings_type {
  using named = void;
};
template <class Policies>
struct settings_type<Policies, std::void_t<decltype(Policies::settings)>> {
  using named = decltype(Policies::settings);
};

template <class Policies, class Named = typename settings_type<Policies>::named>
struct settings_of {
  using type = told_settings;
};
template <class Policies>
struct settings_of<Policies, const config> {
  using type = known_settings<Policies::settings>;
};

// Also where a device names none.
template <class Policies>
constexpr bool are_valid() {
  if constexpr (std::is_same_v<typename settings_type<Policies>::named, const config>)
    return validate(Policies::settings).has_value();
  return true;
}

}  // namespace detail

/// Where a device has its settings from: known ones where it names them,
/// `static constexpr ota::config settings`.
template <class Policies>
using settings_of = typename detail::settings_of<Policies>::type;

/// Checks the settings that a device names, if it does.
template <class Policies>
struct check_settings {
  using named = typename detail::settings_type<Policies>::named;
  static_assert(std::is_void_v<named> || std::is_same_v<named, const config>,
                "the settings that a device names must be a static constexpr ota::config");

  static_assert(detail::are_valid<Policies>(),
                "the settings that the device names are not valid: see what ota::validate checks");
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/hash/sha1.hpp

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

// ota/http/message.hpp

namespace ota {

/// How long to wait for a connection and for the next bytes.
struct http_timeouts {
  std::uint32_t connect_ms = 10000;
  std::uint32_t read_ms = 10000;
};

/// A GET request. Views need to live until `open` returns.
struct http_request {
  std::string_view url;            ///< absolute, http or https, already percent-encoded
  std::string_view accept;         ///< empty: no such header
  std::string_view user_agent;     ///< empty: `ota-updater`
  std::string_view token;          ///< `Authorization: token …`; never follows to another host
  std::string_view if_none_match;  ///< an ETag, as the server wrote it
  std::size_t range_from = 0;      ///< over 0: only the bytes from there on
  std::string_view if_range;       ///< with `range_from`: the ETag that the bytes must still have
  bool follow_redirects = true;    ///< false: a redirect is an answer, its target in `location()`
};

/// The head of an answer, as far as it matters here.
struct http_response {
  std::uint16_t status = 0;
  bool has_length = false;
  bool has_range = false;
  bool has_retry_after = false;
  bool has_rate_remaining = false;
  std::size_t content_length = 0;    ///< bytes of this body
  std::size_t range_start = 0;       ///< of a 206: where its body begins
  std::size_t range_total = 0;       ///< of a 206: the whole size; 0: not told
  std::uint32_t retry_after = 0;     ///< seconds, as told; `rate_limit_wait` has a limit
  std::uint32_t rate_remaining = 0;  ///< requests left
  std::uint32_t rate_reset = 0;      ///< epoch seconds when there are new ones
  std::uint32_t date = 0;            ///< the server's time in epoch seconds; 0: not told
};

}  // namespace ota

// ota/http/status.hpp

namespace ota {
namespace detail::http_errors {

inline constexpr error rate_limit{
    errc::rate_limited, "http",
    "the server's rate limit is reached; wait, or use a token, which has a larger one"};
inline constexpr error bad_token{errc::http_status, "http", "the server does not accept the token"};
inline constexpr error forbidden{errc::http_status, "http",
                                 "the server forbids it; a private repository needs a token"};
inline constexpr error not_found{
    errc::http_status, "http",
    "not found on the server; check owner, repo, branch or tag, and the token"};
inline constexpr error trouble{errc::server_trouble, "http", "the server cannot answer now"};
inline constexpr error refused{errc::http_status, "http", "the server answered with an error"};

}  // namespace detail::http_errors

/// Turns the status of an answer into an error, unless it is one of success (2xx) or 304.
inline result<void> check_status(const http_response& answer) {
  namespace errors = detail::http_errors;
  const unsigned status = answer.status;
  if ((status >= 200 && status < 300) || status == 304) return {};
  if (status == 429) return errors::rate_limit;
  if (status == 401) return errors::bad_token;
  if (status == 403) {
    const bool exhausted = answer.has_rate_remaining && answer.rate_remaining == 0;
    return exhausted || answer.has_retry_after ? errors::rate_limit : errors::forbidden;
  }
  if (status == 404) return errors::not_found;
  if (status == 408 || status >= 500) return errors::trouble;
  return errors::refused;
}

/// The seconds to wait after an answer with `Retry-After` or a rate limit, at most a day. `now` is
/// the device's time in epoch seconds; 0, not known, takes the server's.
inline std::uint32_t rate_limit_wait(const http_response& answer, std::uint64_t now) {
  std::uint32_t wait = answer.retry_after;
  if (!answer.has_retry_after) {
    const std::uint32_t time = now != 0 ? static_cast<std::uint32_t>(now) : answer.date;
    const bool exhausted = answer.has_rate_remaining && answer.rate_remaining == 0;
    // A minute is what GitHub asks for.
    if (!exhausted || time == 0 || answer.rate_reset <= time) return 60;
    wait = answer.rate_reset - time;
  }
  return wait < 86400 ? wait : 86400;
}

/// Whether trying again may help: a connection that broke, a server in trouble, damaged bytes.
inline bool is_transient(const error& failure) {
  return failure.code == errc::connection || failure.code == errc::timeout ||
         failure.code == errc::mismatch || failure.code == errc::server_trouble;
}

}  // namespace ota

// ota/source/github_document.hpp

namespace ota {

/// Which of GitHub's documents is being read.
enum class document_kind : std::uint8_t { release, reference, tree };

/// What `github_document::next` met.
enum class document_event : std::uint8_t {
  need_input,  ///< all that was received is read
  item,        ///< an entry of a tree
  end          ///< the document is complete
};

/// Reads one of GitHub's documents piece by piece and keeps the few fields that matter.
class github_document {
 public:
  /// Begins a document.
  void begin(document_kind kind) {
    kind_ = kind;
    reader_.reset();
    in_section_ = has_list_ = is_tag_object = truncated = false;
    limit_ = 0;
    if (kind == document_kind::release) {
      manifest_url.clear();
      manifest_sum = 0;
    }
    name.clear();
  }

  /// The paths of a tree's entries get `prefix` and `/` in front, unless it is empty. It must stay
  /// until the tree is read.
  void set_prefix(std::string_view prefix) { prefix_ = prefix; }

  /// The most bytes the document may have; 0: any number.
  void limit_size(std::size_t bytes) { limit_ = bytes; }

  /// Reads one piece of the body; `next` tells what is in it.
  template <class Http>
  result<void> receive(Http& http, mutable_bytes chunk) {
    const auto size = http.read(chunk);
    if (!size) return size.error();
    if (*size == 0)
      reader_.finish();
    else
      reader_.feed(chunk.first(*size));
    return {};
  }

  /// The next file or directory of a tree; other documents have none.
  result<document_event> next() {
    for (;;) {
      const auto event = reader_.next();
      if (!event) return event.error();
      if (*event == json_event::need_input) break;
      if (*event == json_event::end) return end_document();
      event_ = *event;
      const auto complete = take();
      if (!complete) return complete.error();
      if (*complete) return document_event::item;
    }
    if (limit_ != 0 && reader_.offset() > limit_) return too_large;
    return document_event::need_input;
  }

  /// What `next` has found, and whether it is a symbolic link.
  const entry& item() const { return item_; }
  bool is_link() const { return is_link_; }

 private:
  static constexpr error too_large{errc::too_long, "github",
                                   "Response too large: the answer is over its limit"};
  static constexpr error path_too_long{errc::too_long, "github",
                                       "a path in the tree is longer than 255 bytes"};
  static constexpr error bad_id{errc::malformed, "github", "a file in the tree has no SHA-1 id"};
  static constexpr error no_list{errc::malformed, "github", "the answer holds no list of files"};
  static constexpr error incomplete_entry{errc::malformed, "github",
                                          "an entry of the tree lacks its path or its sha"};

  // The members that matter, document by document, in the order of the names in `shapes`.
  enum class field : std::uint8_t {
    other_of_release,
    assets,
    tag_name,
    name,
    url,
    download_url,
    digest,
    state,
    other_of_reference,
    object,
    object_type,
    object_sha,
    other_of_tree,
    tree,
    truncated,
    path,
    mode,
    type,
    sha,
    size
  };

  // Each document has one member at the top, its section, that is or holds the objects of interest:
  // it comes first.
  struct shape {
    const char* names;
    field other;               // the members that do not matter; those that do follow
    std::uint8_t inner_depth;  // how deep the members of those objects are
  };
  // In the order of `document_kind`.
  static constexpr shape shapes[] = {
      {"assets tag_name name url browser_download_url digest state ", field::other_of_release, 3},
      {"object type sha ", field::other_of_reference, 2},
      {"tree truncated path mode type sha size ", field::other_of_tree, 3}};

  // An answer that is no list of files must not pass for an empty one.
  result<document_event> end_document() const {
    if (kind_ == document_kind::tree && !has_list_) return no_list;
    return document_event::end;
  }

  // True when an entry is complete.
  result<bool> take() {
    const std::size_t depth = reader_.depth();
    const shape& document = shapes[static_cast<unsigned>(kind_)];
    const bool is_inner = in_section_ && depth == document.inner_depth;
    switch (event_) {
      case json_event::key: {
        unsigned number = 0;
        if (depth == 1 || is_inner) number = detail::find_word(reader_.text(), document.names);
        field_ = static_cast<field>(static_cast<unsigned>(document.other) + number);
        if (depth == 1) in_section_ = number == 1;
        return false;
      }
      case json_event::begin_array:
        if (depth == 2 && in_section_) has_list_ = true;
        return false;
      case json_event::begin_object:
        if (is_inner) begin_item();
        return false;
      case json_event::end_object:
        if (in_section_ && depth == 2) return end_item();
        return false;
      case json_event::end_array:
        return false;
      default:
        break;
    }
    // A text that did not fit is as good as none.
    const bool is_text = event_ == json_event::string && !reader_.truncated();
    const std::string_view value = is_text ? reader_.text() : std::string_view{};
    if (depth == 1) take_top(value);
    return is_inner ? take_inner(value) : false;
  }

  void take_top(std::string_view value) {
    if (field_ == field::tag_name) name.assign(value);
    if (field_ == field::truncated && event_ == json_event::boolean) truncated = reader_.boolean();
  }

  void begin_item() {
    item_.path.clear();
    item_.kind = entry_kind::file;
    item_.hash.kind = digest_kind::none;
    item_.executable = item_.has_size = false;
    item_.size = 0;
    is_wanted_ = is_link_ = false;
    is_uploaded_ = true;
    asset_sum_ = 0;
  }

  result<bool> take_inner(std::string_view value) {
    switch (field_) {
      case field::object_sha:
        name.assign(value);
        break;
      case field::object_type:
        is_tag_object = value == "tag"sv;
        break;
      case field::name:
        is_wanted_ = value == manifest_name;
        break;
      case field::digest:
        asset_sum_ = crc32_of(value);
        break;
      case field::state:
        is_uploaded_ = value == "uploaded"sv;
        break;
      case field::url:
      case field::download_url:
        // The other one serves where the preferred one is missing.
        if (prefer_api_url == (field_ == field::url) || item_.path.empty())
          item_.path.assign(value);
        break;
      case field::path:
        item_.path.assign(prefix_);
        if (!prefix_.empty()) item_.path.append('/');
        item_.path.append(value);
        if (reader_.truncated() || item_.path.overflowed()) return path_too_long;
        break;
      case field::mode: {
        const unsigned mode = detail::find_word(value, "100755 120000 ");
        item_.executable = mode == 1;
        is_link_ = mode == 2;
        break;
      }
      case field::type: {
        const unsigned type = detail::find_word(value, "blob tree ");
        is_wanted_ = type != 0;
        item_.kind = type == 2 ? entry_kind::directory : entry_kind::file;
        break;
      }
      case field::sha:
        item_.hash.kind = digest_kind::git_id;
        if (!from_hex(value, {item_.hash.value, 20})) return bad_id;
        break;
      case field::size:
        if (event_ == json_event::number) {
          const auto size = reader_.as_size();
          if (!size) return size.error();
          item_.size = *size;
          item_.has_size = true;
        }
        break;
      default:
        break;
    }
    return false;
  }

  static std::uint32_t crc32_of(std::string_view text) {
    crc32 sum;
    sum.update(as_bytes(text));
    return sum.value();
  }

  result<bool> end_item() {
    if (!is_wanted_) return false;
    if (kind_ == document_kind::tree) {
      if (item_.path.empty() || item_.hash.kind == digest_kind::none) return incomplete_entry;
      return true;
    }
    if (kind_ == document_kind::release && is_uploaded_ && !item_.path.empty() &&
        !item_.path.overflowed()) {
      manifest_url.assign(item_.path);
      manifest_sum = asset_sum_;
    }
    return false;
  }

  // The small ones first: a Cortex-M0+ reaches bytes that are near the beginning with less code.
  document_kind kind_ = document_kind::reference;
  field field_ = field::other_of_release;
  bool is_wanted_ = false;  // a file or directory of a tree; the manifest of the assets
  bool is_link_ = false;
  bool in_section_ = false;
  bool has_list_ = false;  // the member `tree` is one

 public:
  bool is_tag_object = false;  ///< it points to an annotated tag, not to a commit
  bool truncated = false;      ///< a tree too large for one answer

  /// Whether the asset's API address is wanted, as a private repository needs it.
  bool prefer_api_url = false;

  /// The name of the asset that is the manifest.
  std::string_view manifest_name = "manifest.json";

  std::uint32_t manifest_sum = 0;  ///< over that asset's `digest`: differs when it was replaced

 private:
  json_event event_ = json_event::need_input;
  bool is_uploaded_ = false;  // an asset that is whole
  std::uint32_t asset_sum_ = 0;
  std::string_view prefix_;
  std::size_t limit_ = 0;
  entry item_;  // of a tree; of an asset, its path is the address
  json_reader<256> reader_;

 public:
  fixed_string<256> manifest_url;  ///< of a release's manifest; empty: none
  fixed_string<128> name;          ///< a release's tag; what a reference or tag points to
};

}  // namespace ota

// ota/source/github.hpp

namespace ota {

/// What resolving the newest version came to.
enum class resolution : std::uint8_t {
  working,   ///< another step is needed
  resolved,  ///< `target()` holds it
  unchanged  ///< nothing has changed since the version that is known
};

/// New versions from a GitHub repository: the latest release, a fixed one, or a branch's tip.
///
/// One request is open at a time, answers are read piece by piece, and of a document only the
/// few fields below are kept, so the length of release notes or file lists does not matter.
/// Source: docs.github.com/rest (releases, git/refs, git/tags, git/trees, git/blobs).
template <class Settings>
class basic_github : Settings {
  using Settings::follows_release;
  using Settings::settings_;
  using Settings::web_base;

 public:
  explicit basic_github(Settings settings) : Settings(settings) {}

  /// The version that was found; before that, the one that is known.
  const release_target& target() const { return found_.version; }

  /// The same with the ETag of the first answer. To be filled before `begin` with what an earlier
  /// check found, or with nothing; after a version is resolved, to be kept for the next check.
  known_version& found() { return found_; }

  /// What the file is called that is a version's manifest, a text that stays.
  void look_for(std::string_view manifest) { document_.manifest_name = manifest; }

  /// Whether the release carries a manifest.
  bool has_manifest() const { return !document_.manifest_url.empty(); }

  /// Begins to find the newest version.
  void begin() {
    hops_ = 0;
    open_ = assumed_release_ = blobs_only_ = false;
    document_.manifest_url.clear();
    document_.prefer_api_url = !settings_.token.empty();
    if (follows_release())
      stage_ = can_probe() ? stage::probe : stage::release;
    else
      found_.version.ref.assign(branch()), stage_ = stage::reference;
  }

  /// One request or one piece of an answer further.
  template <class Http>
  result<resolution> step(Http& http, mutable_bytes chunk) {
    if (stage_ == stage::probe) return probe(http);
    if (!open_) return request(http);
    if (auto done = document_.receive(http, chunk); !done) return done.error();
    const auto event = document_.next();
    if (!event) return event.error();
    if (*event != document_event::end) return resolution::working;
    open_ = false;
    return finish_document();
  }

  /// Begins the list of files of a tree; `tree` is its id or a commit's, in hexadecimal digits.
  template <class Http>
  result<void> open_tree(Http& http, std::string_view tree, bool recursive,
                         std::string_view prefix) {
    url_text url = api_url("/git/trees/", tree);
    if (recursive) url.append("?recursive=1");
    if (auto done = open_document(http, document_kind::tree, url, false); !done) return done;
    document_.set_prefix(prefix);
    const http_response& answer = http.response();
    if (auto status = check_status(answer); !status) return status;
    const std::size_t wanted = kilobytes(settings_.max_tree_size_kb);
    const std::size_t limit = wanted != 0 ? wanted : max_tree_size;
    document_.limit_size(limit);
    if (answer.has_length && answer.content_length > limit) return list_too_large;
    return {};
  }

  /// The list of files, to be read piece by piece.
  github_document& tree() { return document_; }

  /// Opens the content of a file from byte `offset` on.
  template <class Http>
  result<void> open_file(Http& http, const entry& file, std::size_t offset, std::string_view etag) {
    http_request request;
    request.range_from = offset;
    request.if_range = etag;
    const bool has_blob = file.hash.kind == digest_kind::git_id && !settings_.token.empty();
    if (!(blobs_only_ && has_blob)) {
      url_text url;
      append_repository(url, raw());
      url.append('/');
      append_escaped(url, version_name());
      url.append('/');
      append_escaped(url, file.path);
      request.accept = raw_type();
      const auto answer = get(http, url, request);
      const std::uint16_t status = http.response().status;
      const bool hidden = answer && (status == 404 || status == 403);
      if (!has_blob || !hidden) return answer;
    }
    // A private repository may show its files through the API alone.
    blobs_only_ = true;
    char id[40];
    to_hex({file.hash.value, 20}, id);
    request.accept = "application/vnd.github.raw"sv;
    return get(http, api_url("/git/blobs/", {id, sizeof id}), request);
  }

  /// Opens the version's manifest: the release's asset, or the file of that name in the tree.
  template <class Http>
  result<void> open_manifest(Http& http) {
    if (!has_manifest()) {
      entry file;
      file.path.assign(document_.manifest_name);
      return open_file(http, file, 0, {});
    }
    http_request request;
    request.accept = raw_type();
    return get(http, document_.manifest_url, request);
  }

 private:
  static constexpr error list_too_large{errc::too_long, "github",
                                        "Response too large: the list is over its limit"};
  static constexpr error address_too_long{errc::too_long, "github", "an address is too long"};
  static constexpr error no_tag_name{errc::malformed, "github",
                                     "the release has no usable tag_name"};
  static constexpr error no_commit{errc::malformed, "github", "the reference names no commit"};
  static constexpr error endless_tags{errc::malformed, "github", "the tag names only further tags"};

  using url_text = fixed_string<1400>;
  enum class stage : std::uint8_t { probe, release, reference, tag };

  // Where `max_tree_size_kb` says nothing. GitHub itself ends at 7 MB; a list must not be endless.
  static constexpr std::size_t max_tree_size = 256u << 20;
  static constexpr std::string_view raw_type() { return "application/octet-stream"; }

  // By their values, so that settings which are known need not be in memory.
  std::string_view api() const { return Settings::template text<&config::api>(); }
  std::string_view raw() const { return Settings::template text<&config::raw>(); }
  std::string_view owner() const { return Settings::template text<&config::owner>(); }
  std::string_view repo() const { return Settings::template text<&config::repo>(); }
  std::string_view branch() const { return Settings::template text<&config::branch>(); }
  std::string_view tag() const { return Settings::template text<&config::tag>(); }
  std::string_view user_agent() const { return Settings::template text<&config::user_agent>(); }

  // A document may name any host; the token is for those of the configuration alone.
  bool is_ours(std::string_view url) const { return is_below(url, api()) || is_below(url, raw()); }

  static bool is_below(std::string_view url, std::string_view base) {
    return url.size() > base.size() && url[base.size()] == '/' &&
           std::string_view(url.data(), base.size()) == base;
  }

  // As the addresses of raw files have it.
  const string_buffer& version_name() const {
    if (follows_release()) return found_.version.ref;
    return found_.version.commit;
  }

  // Without a token an answer of the API counts against 60 an hour, one of the web site does not.
  bool can_probe() const {
    return tag().empty() && settings_.token.empty() && !settings_.force && !target().ref.empty();
  }

  void append_repository(string_buffer& url, std::string_view below) const {
    url.append(below).append('/').append(owner()).append('/').append(repo());
  }

  url_text api_url(const char* place, const std::string_view& name) const {
    url_text url;
    url.append(api());
    append_repository(url, "/repos"sv);
    url.append(place);
    append_escaped(url, name);
    return url;
  }

  template <class Http>
  result<void> get(Http& http, const string_buffer& url, http_request& request) {
    if (url.overflowed()) return address_too_long;
    request.url = url;
    request.user_agent = user_agent();
    if (!settings_.token.empty() && is_ours(url)) request.token = settings_.token;
    return http.open(request);
  }

  template <class Http>
  result<void> open_document(Http& http, document_kind kind, const string_buffer& url,
                             bool only_if_changed) {
    document_.begin(kind);
    http_request request;
    request.accept = "application/vnd.github+json"sv;
    if (only_if_changed) request.if_none_match = found_.etag;
    return get(http, url, request);
  }

  // https://github.com/o/r/releases/latest sends a browser on to …/releases/tag/TAG.
  template <class Http>
  result<resolution> probe(Http& http) {
    stage_ = stage::release;
    const std::string_view web = web_base();
    if (web.empty()) return resolution::working;
    url_text url;
    append_repository(url, web);
    url.append("/releases/latest");
    http_request request;
    request.follow_redirects = false;
    const auto answer = get(http, url, request);
    if (!answer || http.response().status / 100 != 3) return resolution::working;
    url.assign("/releases/tag/"sv);
    append_escaped(url, target().ref);
    const std::string_view place = http.location();
    const bool same =
        place.size() >= url.size() && slice(place, place.size() - url.size()) == url.view();
    return same ? resolution::unchanged : resolution::working;
  }

  template <class Http>
  result<resolution> request(Http& http) {
    const char* place = "/git/tags/";
    std::string_view name = document_.name;
    if (stage_ == stage::release) {
      place = tag().empty() ? "/releases/latest" : "/releases/tags/";
      name = tag();
    } else if (stage_ == stage::reference) {
      place = follows_release() ? "/git/ref/tags/" : "/git/ref/heads/";
      name = found_.version.ref;
    }
    const url_text url = api_url(place, name);
    const auto kind = stage_ == stage::release ? document_kind::release : document_kind::reference;
    const bool first = stage_ == stage::release || !follows_release();
    const bool only_if_changed = first && !settings_.force && !found_.etag.empty();
    if (auto done = open_document(http, kind, url, only_if_changed); !done) return done.error();
    const std::uint16_t status = http.response().status;
    // To who did not ask it says nothing, and could say so for ever.
    if (status == 304 && only_if_changed) return not_modified();
    if (status == 404 && stage_ == stage::release && !tag().empty()) {
      // A tag without a release has no manifest, but it has files.
      found_.version.ref.assign(tag());
      stage_ = stage::reference;
      return resolution::working;
    }
    if (const auto fine = check_status(http.response()); !fine) return fine.error();
    if (first) found_.etag.assign(http.etag());
    document_.limit_size(1u << 20);
    open_ = true;
    return resolution::working;
  }

  // The same release as the last time; its tag may have been moved all the same.
  result<resolution> not_modified() {
    if (!follows_release()) return resolution::unchanged;
    assumed_release_ = true;
    stage_ = stage::reference;
    return resolution::working;
  }

  result<resolution> finish_document() {
    if (stage_ == stage::release) {
      if (document_.name.empty() || document_.name.overflowed()) return no_tag_name;
      found_.version.ref = document_.name;
      stage_ = stage::reference;
      return resolution::working;
    }
    if (!is_object_id(document_.name)) return no_commit;
    if (document_.is_tag_object) {
      if (hops_++ == 5) return endless_tags;
      stage_ = stage::tag;
      return resolution::working;
    }
    if (assumed_release_) {
      if (document_.name.view() == target().commit.view()) return resolution::unchanged;
      // The tag moved: read the release after all, for its manifest.
      assumed_release_ = false;
      found_.etag.clear();
      stage_ = stage::release;
      hops_ = 0;
      return resolution::working;
    }
    found_.version.commit.assign(document_.name);
    identify();
    return resolution::resolved;
  }

  static bool is_object_id(std::string_view text) {
    if (text.size() != 40 && text.size() != 64) return false;
    for (char c : text)
      if (hex_digit(c) < 0) return false;
    return true;
  }

  void identify() {
    fixed_string<128 + 64 + 256 + 10 + 4> all;
    all.append(found_.version.ref).append('\0').append(found_.version.commit).append('\0');
    all.append(document_.manifest_url).append('\0');
    all.append_number(document_.manifest_sum).append('\0');
    sha1 hash;
    hash.update(as_bytes(all));
    found_.version.id = hash.finish();
  }

  // Cleared together, as one word.
  std::uint8_t hops_ = 0;
  bool open_ = false;
  bool assumed_release_ = false;
  bool blobs_only_ = false;
  stage stage_ = stage::release;
  known_version found_;
  github_document document_;
};

/// GitHub with settings that are told at the start. The updater of a device that names its settings
/// takes `basic_github` with those instead.
using github = basic_github<told_settings>;

namespace detail {

/// The source that a device names, and what it is made with.
template <class Source, class Settings>
struct source_with {
  using type = Source;
  using made_with = const config&;
};
template <class Settings>
struct source_with<github, Settings> {
  using type = basic_github<Settings>;
  using made_with = Settings;
};

}  // namespace detail
}  // namespace ota

// ota/policies.hpp

namespace ota {

/// What a device uses where it names nothing else. Derive from it and name the rest: at least
/// `http` and `storage`, which only the device can know.
///
/// A device whose settings are known when it is compiled may name them as well, as
/// `static constexpr ota::config settings`. Its updater is made without any then, and what they
/// switch off is not in the program.
struct default_policies {
  using source = github;         ///< where new versions come from
  using hash = sha256;           ///< how bytes are checked; `sha1` leaves manifests out
  using trust = shared_secret;   ///< whose word counts
  using hardware = no_hardware;  ///< clock, watchdog, LED, battery, reset
  using image = no_image;        ///< firmware images: `image_slots<…>`
  using delta = no_delta;        ///< patches instead of whole files: `delta_patches<>`
  using log = no_log;            ///< where events are told

  /// Whether now is the time. `no_scheduler` leaves the rules out of the program.
  template <class Storage, class Hardware>
  using scheduler = ota::scheduler<Storage, Hardware>;

  /// Puts right what an interrupted swap of 0x687931/ota left, on a device that changes over.
  static constexpr bool takes_over = true;

  /// Bytes moved at a time: the buffer that a file passes through.
  static constexpr std::size_t chunk_size = 1024;
};

}  // namespace ota

// ota/sign/der.hpp

namespace ota::detail {

/// Reads DER (ITU-T X.690) strictly, as far as signatures and keys need it: sequences and positive
/// integers. What is not the one shortest form is refused, and so is all that follows.
class der_reader {
 public:
  explicit der_reader(bytes data) : rest_(data) {}

  /// The content of a SEQUENCE.
  bytes sequence() { return element(0x30); }

  /// A positive INTEGER's bytes without leading zeros.
  bytes integer() {
    bytes value = element(0x02);
    const bool padded = value.size() > 1 && value[0] == 0;
    if (value.empty() || (value[0] & 0x80) != 0 || (padded && (value[1] & 0x80) == 0)) {
      failed_ = true;
      return {};
    }
    return value[0] == 0 ? value.drop(1) : value;
  }

  /// Whether all was read and well-formed.
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::uint8_t next() {
    failed_ = failed_ || rest_.empty();
    if (failed_) return 0;
    const std::uint8_t byte = rest_[0];
    rest_ = rest_.drop(1);
    return byte;
  }

  bytes element(std::uint8_t tag) {
    failed_ = next() != tag || failed_;
    std::size_t size = next();
    if (size >= 0x80) {  // then so many bytes of length follow
      const std::size_t count = size - 0x80, least = count == 1 ? 0x80 : 0x100;
      failed_ = failed_ || count > 2;
      size = 0;
      for (std::size_t i = 0; i < count && !failed_; ++i) size = size << 8 | next();
      failed_ = failed_ || size < least;
    }
    failed_ = failed_ || size > rest_.size();
    if (failed_) return {};
    const bytes content = rest_.first(size);
    rest_ = rest_.drop(size);
    return content;
  }

  bytes rest_;
  bool failed_ = false;
};

}  // namespace ota::detail

// ota/sign/limb.hpp

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

// ota/sign/montgomery.hpp

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

// ota/sign/number256.hpp

namespace ota::detail {

/// A number below 2^256.
struct number256 {
  static constexpr std::size_t count = 256 / limb_bits;
  limb limbs[count];

  /// From 64 hexadecimal digits, as standards print it.
  static constexpr number256 of(std::string_view digits) {
    number256 number{};
    for (std::size_t i = 0; i < 64; ++i)
      number.limbs[(63 - i) * 4 / limb_bits] |=
          static_cast<limb>(static_cast<limb>(hex_digit(digits[i])) << ((63 - i) * 4 % limb_bits));
    return number;
  }
  static number256 of(bytes big_endian) {
    number256 number;
    load_limbs(number.limbs, count, big_endian);
    return number;
  }

  bool zero() const { return is_zero(limbs, count); }
  /// A bit; those below the lowest are 0.
  unsigned bit(int i) const {
    if (i < 0 || i > 255) return 0;
    const auto place = static_cast<std::size_t>(i);
    return static_cast<unsigned>(limbs[place / limb_bits] >> (place % limb_bits)) & 1;
  }

  number256& operator-=(const number256& b) {
    subtract(limbs, limbs, b.limbs, count);
    return *this;
  }
  friend bool operator<(const number256& a, const number256& b) {
    return less(a.limbs, b.limbs, count);
  }
  friend bool operator==(const number256& a, const number256& b) {
    limb different = 0;
    for (std::size_t i = 0; i < count; ++i) different |= a.limbs[i] ^ b.limbs[i];
    return different == 0;
  }
};

/// sum = a + b modulo m, both below m.
inline void add_modulo(number256& sum, const number256& a, const number256& b, const number256& m) {
  if (add(sum.limbs, a.limbs, b.limbs, sum.count) != 0 || !(sum < m)) sum -= m;
}

/// difference = a - b modulo m, both below m.
inline void subtract_modulo(number256& difference, const number256& a, const number256& b,
                            const number256& m) {
  if (subtract(difference.limbs, a.limbs, b.limbs, m.count) != 0)
    add(difference.limbs, difference.limbs, m.limbs, m.count);
}

/// a / b modulo the odd prime m, for b other than 0: Euclid's algorithm by halves. What is left of
/// b and of m keeps its quotient by its side: u / b = x / a and v / b = y / a.
inline number256 divide_modulo(const number256& a, const number256& b, const number256& m) {
  struct side {
    number256 rest, quotient;
  };
  side one{b, a}, two{m, {}};
  side *u = &one, *v = &two;
  for (;;) {
    while ((u->rest.limbs[0] & 1) == 0) {
      halve(u->rest.limbs, 0, number256::count);
      limb* const x = u->quotient.limbs;
      halve(x, (x[0] & 1) != 0 ? add(x, x, m.limbs, number256::count) : 0, number256::count);
    }
    if (u->rest < v->rest) std::swap(u, v);
    u->rest -= v->rest;
    subtract_modulo(u->quotient, u->quotient, v->quotient, m);
    if (u->rest.zero()) return v->quotient;
  }
}

}  // namespace ota::detail

// ota/sign/p256_field.hpp

namespace ota::detail {

inline constexpr number256 p256_prime =
    number256::of("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

/// An element of the field that P-256 lies in, as x * 2^256 modulo p (Montgomery's form): p ends in
/// 96 one bits, so a product is brought back below p with additions only.
struct p256_element {
  number256 value;

  /// From a number below p.
  static p256_element of(const number256& number) {
    constexpr p256_element square_of_form = {
        number256::of("00000004fffffffdfffffffffffffffefffffffbffffffff0000000000000003")};
    return p256_element{number} * square_of_form;
  }

  p256_element& operator+=(const p256_element& b) {
    add_modulo(value, value, b.value, p256_prime);
    return *this;
  }
  p256_element& operator-=(const p256_element& b) {
    subtract_modulo(value, value, b.value, p256_prime);
    return *this;
  }
  p256_element& operator*=(const p256_element& b) {
    multiply(*this, *this, b);
    return *this;
  }
  friend p256_element operator+(const p256_element& a, const p256_element& b) {
    p256_element sum;
    add_modulo(sum.value, a.value, b.value, p256_prime);
    return sum;
  }
  friend p256_element operator-(const p256_element& a, const p256_element& b) {
    p256_element difference;
    subtract_modulo(difference.value, a.value, b.value, p256_prime);
    return difference;
  }
  friend p256_element operator*(const p256_element& a, const p256_element& b) {
    p256_element product;
    multiply(product, a, b);
    return product;
  }
  friend p256_element operator/(const p256_element& a, const p256_element& b) {
    return of(divide_modulo(a.value, b.value, p256_prime));
  }
  friend bool operator==(const p256_element& a, const p256_element& b) {
    return a.value == b.value;
  }
  p256_element squared() const { return *this * *this; }
  bool zero() const { return value.zero(); }

 private:
  static void multiply(p256_element& product, const p256_element& a, const p256_element& b) {
    constexpr std::size_t count = number256::count;
    limb* const out = product.value.limbs;
    if constexpr (limb_bits == 64) {
      montgomery_multiply<count>(out, a.value.limbs, b.value.limbs, p256_prime.limbs, 1);
    } else {
      limb space[3 * count] = {};
      for (std::size_t i = 0; i < count; ++i) {
        limb* const at = space + count + i;
        at[count] = multiply_add(at, at, a.value.limbs[i], b.value.limbs, count);
      }
      const bool over = reduce(space);
      for (std::size_t i = 0; i < count; ++i) out[i] = space[count + i];
      if (over || !(product.value < p256_prime)) product.value -= p256_prime;
    }
  }

  /// Divides a product by 2^256; it begins after as many zeros as its half is long, and the
  /// quotient is there in the end. Each limb of its lower half becomes 0 when its turn comes by
  /// adding p times itself, where p = 2^256 - 2^224 + 2^192 + 2^96 - 1; its place keeps the factor
  /// for the limbs above it. True when the quotient has a bit more.
  template <class Limb>  // a template, so that it is compiled where it is used only
  __attribute__((flatten)) static bool reduce(Limb* space) {
    constexpr std::size_t bits = 8 * sizeof(Limb), count = 256 / bits;
    std::conditional_t<bits == 16, std::int32_t, std::int64_t> sum = 0;
    const auto next = [&](std::size_t i) {
      sum += space[i];
      sum += space[i - 96 / bits];
      sum += space[i - 192 / bits];
      sum -= space[i - 224 / bits];
      sum += space[i - 256 / bits];
      const auto at = static_cast<Limb>(sum);
      sum >>= bits;
      return at;
    };
    for (std::size_t i = count; i < 2 * count; ++i) space[i] = next(i);
    for (std::size_t i = 2 * count; i < 3 * count; ++i) {
      space[i - count] = next(i);
      space[i] = 0;
    }
    return sum != 0;
  }
};

}  // namespace ota::detail

// ota/sign/p256_point.hpp

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

// ota/sign/p256_combine.hpp

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

// ota/sign/ecdsa_p256.hpp

namespace ota {
namespace detail {

inline constexpr number256 p256_order =
    number256::of("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

inline number256 modulo_order(bytes digest) {
  number256 e = number256::of(digest);
  if (!(e < p256_order)) e -= p256_order;
  return e;
}

inline number256 digest_modulo_order(bytes message) {
  sha256 hash;
  hash.update(message);
  const auto digest = hash.finish();
  return modulo_order({digest.data(), digest.size()});
}

/// ECDSA's verification (FIPS 186-5, 6.4.2) over P-256: of the digest `e`, modulo the order, and of
/// a signature in its two numbers.
inline bool verify_p256(bytes public_key, const number256& e, number256 r, const number256& s) {
  p256_affine key;
  if (r.zero() || s.zero() || !(r < p256_order) || !(s < p256_order) || !key.load(public_key))
    return false;
  const p256_point sum =
      p256_combine(divide_modulo(e, s, p256_order), divide_modulo(r, s, p256_order), key);
  if (sum.at_infinity()) return false;
  if (sum.x_is(r)) return true;
  // r is x modulo the order, which is a little less than p.
  return add(r.limbs, r.limbs, p256_order.limbs, r.count) == 0 && r < p256_prime && sum.x_is(r);
}

}  // namespace detail

/// ECDSA over P-256 with SHA-256 (FIPS 186-5). The key is the point uncompressed (SEC 1, 2.3.3):
/// 0x04, X and Y, which is how `openssl ec -pubout -outform DER` ends; the signature is r and s, 32
/// bytes each, the highest first (IEEE P1363).
struct ecdsa_p256 {
  static constexpr std::string_view name = "ecdsa-p256";
  static constexpr std::size_t public_key_size = 65;
  static constexpr std::size_t signature_size = 64;

  static bool verify(bytes public_key, bytes message, bytes signature) {
    return signature.size() == signature_size &&
           detail::verify_p256(public_key, detail::digest_modulo_order(message),
                               detail::number256::of(signature.first(32)),
                               detail::number256::of(signature.drop(32)));
  }
};

/// The same with a signature in DER (RFC 3279, 2.2.3), which is what openssl makes: a SEQUENCE of r
/// and s. Only the shortest form is taken.
struct ecdsa_p256_der {
  static constexpr std::string_view name = "ecdsa-p256-der";
  static constexpr std::size_t public_key_size = 65;
  static constexpr std::size_t signature_size = 72;  ///< the greatest

  static bool verify(bytes public_key, bytes message, bytes signature) {
    return verify_number(public_key, detail::digest_modulo_order(message), signature);
  }

  /// The same, where the SHA-256 of the message is known already.
  static bool verify_digest(bytes public_key, bytes digest, bytes signature) {
    return digest.size() == 32 &&
           verify_number(public_key, detail::modulo_order(digest), signature);
  }

 private:
  static bool verify_number(bytes public_key, const detail::number256& e, bytes signature) {
    detail::der_reader whole(signature);
    detail::der_reader pair(whole.sequence());
    const bytes r = pair.integer(), s = pair.integer();
    return whole.done() && pair.done() && r.size() <= 32 && s.size() <= 32 &&
           detail::verify_p256(public_key, e, detail::number256::of(r), detail::number256::of(s));
  }
};

}  // namespace ota

// ota/hash/sha512.hpp

namespace ota {
namespace detail {

struct sha512_compress : sha2_rounds<sha512_compress, std::uint64_t> {
  static constexpr std::uint64_t initial[words] = {
      0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
      0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
  static constexpr std::uint64_t constants[80] = {
      0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
      0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
      0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
      0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
      0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
      0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
      0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
      0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
      0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
      0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
      0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
      0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
      0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
      0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
      0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
      0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
      0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
      0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
      0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
      0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};
  static constexpr int sum_a[] = {28, 34, 39}, sum_e[] = {14, 18, 41};
  static constexpr int mix_first[] = {1, 8, 7}, mix_last[] = {19, 61, 6};

  static void blocks(std::uint64_t* state, const std::uint8_t* data, std::size_t count) {
    for (; count != 0; --count, data += 128) portable_block(state, data);
  }
};

}  // namespace detail

/// SHA-512 (FIPS 180-4). `update(bytes)` any number of times, then `finish()`: 64 bytes.
class sha512 : public detail::block_hash<detail::sha512_compress> {};

}  // namespace ota

// ota/sign/saturated25519.hpp

namespace ota::detail {

/// Integers modulo p = 2^255 - 19 in limbs as wide as the processor multiplies and full to the last
/// bit: `Wide` holds a product of two and both carries. An element is any number a little above
/// 2^255 or below.
template <class Limb, class Wide>
class saturated25519 {
 public:
  using limb_type = Limb;
  static constexpr unsigned bits = 8 * sizeof(Limb);

  saturated25519() = default;
  /// A constant, as four words of 64 bits, the lowest first.
  constexpr saturated25519(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)
      : limb_{} {
    const std::uint64_t words[] = {a, b, c, d};
    for (unsigned i = 0; i < count; ++i)
      limb_[i] = static_cast<Limb>(words[i * bits / 64] >> (i * bits % 64));
  }

  /// A number in 32 bytes, the lowest first. Its highest bit is left out.
  void load(const std::uint8_t* in) {
    for (unsigned i = 0; i < count; ++i) {
      limb_[i] = 0;
      for (unsigned byte = sizeof(Limb); byte-- != 0;)
        limb_[i] = static_cast<Limb>(limb_[i] << 8 | in[i * sizeof(Limb) + byte]);
    }
    limb_[last] &= half_max;
  }

  /// The least number that it equals, in 32 bytes, the lowest first.
  void store(std::uint8_t* out) const {
    // Below 2p, it is to be less by p if 19 more reach 2^255.
    saturated25519 least = *this;
    Wide over = least.add_small(19) >> (bits - 1);
    least = *this;
    least.limb_[last] = static_cast<Limb>(least.add_small(19 * over) & half_max);
    for (unsigned i = 0; i < 32; ++i)
      out[i] = static_cast<std::uint8_t>(least.limb_[i / sizeof(Limb)] >> (8 * i % bits));
  }

  void add(const saturated25519& a, const saturated25519& b) {
    Wide top = Wide{a.limb_[last]} + b.limb_[last];
    Wide carry = fold(top);
    for (unsigned i = 0; i < last; ++i) put(limb_[i], carry, Wide{a.limb_[i]} + b.limb_[i]);
    limb_[last] = static_cast<Limb>(top + carry);
  }

  void subtract(const saturated25519& a, const saturated25519& b) {
    // a + 4p - b: 4p is 2^257 - 76, twice the highest value in every limb, less 74.
    Wide top = 2 * Wide{limb_max} + a.limb_[last] - b.limb_[last];
    Wide carry = fold(top) - 74;
    for (unsigned i = 0; i < last; ++i)
      put(limb_[i], carry, 2 * Wide{limb_max} + a.limb_[i] - b.limb_[i]);
    limb_[last] = static_cast<Limb>(top + carry);
  }

  void multiply(const saturated25519& a, const saturated25519& b) {
    Limb product[2 * count];
    clear_half(product);
    for (unsigned i = 0; i < count; ++i) add_row(product + i, a.limb_[i], b.limb_, b.limb_ + count);
    reduce(product);
  }

  void square(const saturated25519& a) {
    // What is off the diagonal once, then twice that and the diagonal.
    Limb product[2 * count];
    clear_half(product);
    for (unsigned i = 0; i < count; ++i)
      add_row(product + 2 * i + 1, a.limb_[i], a.limb_ + i + 1, a.limb_ + count);
    Wide carry = 0;
    for (unsigned i = 0; i < count; ++i) {
      const Wide squared = Wide{a.limb_[i]} * a.limb_[i];
      carry += 2 * Wide{product[2 * i]} + static_cast<Limb>(squared);
      product[2 * i] = static_cast<Limb>(carry);
      carry = (carry >> bits) + 2 * Wide{product[2 * i + 1]} + (squared >> bits);
      product[2 * i + 1] = static_cast<Limb>(carry);
      carry >>= bits;
    }
    reduce(product);
  }

  /// Becomes `other` where `mask` has all bits, stays where it has none.
  void choose(const saturated25519& other, Limb mask) {
    for (unsigned i = 0; i < count; ++i)
      limb_[i] = static_cast<Limb>(limb_[i] ^ ((limb_[i] ^ other.limb_[i]) & mask));
  }

 private:
  static constexpr unsigned count = 32 / sizeof(Limb), last = count - 1;
  static constexpr Limb limb_max = static_cast<Limb>(~Limb{0}), half_max = limb_max >> 1;

  __attribute__((always_inline)) static inline void put(Limb& out, Wide& carry, Wide more) {
    carry += more;
    out = static_cast<Limb>(carry);
    carry >>= bits;
  }

  /// Takes from the highest limb what is 2^255 and above; gives that modulo p.
  static Wide fold(Wide& top) {
    const Wide over = top >> (bits - 1);
    top &= half_max;
    return 19 * over;
  }

  /// Adds a small number; gives the highest limb.
  Limb add_small(Wide carry) {
    for (Limb& each : limb_) put(each, carry, each);
    return limb_[last];
  }

  static void clear_half(Limb* product) {
    for (unsigned i = 0; i < count; ++i) product[i] = 0;
  }

  /// Adds a * b to the limbs of `out`, for b up to `end`; what is carried becomes the next limb.
  static void add_row(Limb* out, Limb a, const Limb* b, const Limb* end) {
    Wide carry = 0;
    for (; (end - b) % 4 != 0; ++b, ++out) put(*out, carry, Wide{a} * *b + *out);
    for (; b != end; b += 4, out += 4) {
      put(out[0], carry, Wide{a} * b[0] + out[0]);
      put(out[1], carry, Wide{a} * b[1] + out[1]);
      put(out[2], carry, Wide{a} * b[2] + out[2]);
      put(out[3], carry, Wide{a} * b[3] + out[3]);
    }
    *out = static_cast<Limb>(carry);
  }

  void reduce(const Limb* product) {
    // 2^256 is 38 modulo p.
    Wide top = Wide{38} * product[2 * count - 1] + product[last];
    Wide carry = fold(top);
    for (unsigned i = 0; i < last; ++i)
      put(limb_[i], carry, Wide{38} * product[i + count] + product[i]);
    limb_[last] = static_cast<Limb>(top + carry);
  }

  Limb limb_[count];
};

}  // namespace ota::detail

// ota/sign/unsaturated25519.hpp

#if defined(__SIZEOF_INT128__)
namespace ota::detail {

__extension__ using uint128 = unsigned __int128;

/// Integers modulo p = 2^255 - 19 for processors that multiply 64 bits: five limbs of 51 bits, with
/// room for what is not carried yet. A product's limbs are below 2^51 + 2^13. Only products are
/// carried, so: what is multiplied has limbs below 2^54, which the sum of two products and one
/// difference of two keeps; and what is subtracted is a product or the sum of two.
class unsaturated25519 {
 public:
  using limb_type = std::uint64_t;

  unsaturated25519() = default;
  /// A constant, as four words of 64 bits, the lowest first.
  constexpr unsaturated25519(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)
      : limb_{a & mask, (a >> 51 | b << 13) & mask, (b >> 38 | c << 26) & mask,
              (c >> 25 | d << 39) & mask, d >> 12 & mask} {}

  /// A number in 32 bytes, the lowest first. Its highest bit is left out.
  void load(const std::uint8_t* in) {
    std::uint64_t words[4] = {};
    for (int i = 32; i-- != 0;) words[i / 8] = words[i / 8] << 8 | in[i];
    *this = unsaturated25519(words[0], words[1], words[2], words[3]);
  }

  /// The least number that it equals, in 32 bytes, the lowest first.
  void store(std::uint8_t* out) const {
    unsaturated25519 least = *this;
    least.carry();
    least.carry();
    // Below 2p, it is to be less by p if 19 more reach 2^255.
    std::uint64_t over = 19;
    for (const std::uint64_t each : least.limb_) over = (each + over) >> 51;
    std::uint64_t carried = 19 * over;
    for (std::uint64_t& each : least.limb_) {
      carried += each;
      each = carried & mask;
      carried >>= 51;
    }
    const std::uint64_t* l = least.limb_;
    const std::uint64_t words[] = {l[0] | l[1] << 51, l[1] >> 13 | l[2] << 38,
                                   l[2] >> 26 | l[3] << 25, l[3] >> 39 | l[4] << 12};
    for (int i = 0; i < 32; ++i) out[i] = static_cast<std::uint8_t>(words[i / 8] >> (i % 8 * 8));
  }

  void add(const unsaturated25519& a, const unsaturated25519& b) {
    for (int i = 0; i < 5; ++i) limb_[i] = a.limb_[i] + b.limb_[i];
  }

  void subtract(const unsaturated25519& a, const unsaturated25519& b) {
    // a + 4p - b
    limb_[0] = a.limb_[0] + 4 * (mask - 18) - b.limb_[0];
    for (int i = 1; i < 5; ++i) limb_[i] = a.limb_[i] + 4 * mask - b.limb_[i];
  }

  void multiply(const unsaturated25519& a, const unsaturated25519& b) {
    const std::uint64_t *x = a.limb_, *y = b.limb_;
    // What stands at 2^255 and above comes back times 19.
    const std::uint64_t y1 = 19 * y[1], y2 = 19 * y[2], y3 = 19 * y[3], y4 = 19 * y[4];
    reduce(product(x[0], y[0]) + product(x[1], y4) + product(x[2], y3) + product(x[3], y2) +
               product(x[4], y1),
           product(x[0], y[1]) + product(x[1], y[0]) + product(x[2], y4) + product(x[3], y3) +
               product(x[4], y2),
           product(x[0], y[2]) + product(x[1], y[1]) + product(x[2], y[0]) + product(x[3], y4) +
               product(x[4], y3),
           product(x[0], y[3]) + product(x[1], y[2]) + product(x[2], y[1]) + product(x[3], y[0]) +
               product(x[4], y4),
           product(x[0], y[4]) + product(x[1], y[3]) + product(x[2], y[2]) + product(x[3], y[1]) +
               product(x[4], y[0]));
  }

  void square(const unsaturated25519& a) {
    const std::uint64_t* x = a.limb_;
    const std::uint64_t x0 = 2 * x[0], x1 = 2 * x[1], x3 = 19 * x[3], x4 = 19 * x[4];
    reduce(product(x[0], x[0]) + product(x1, x4) + product(2 * x[2], x3),
           product(x0, x[1]) + product(2 * x[2], x4) + product(x[3], x3),
           product(x0, x[2]) + product(x[1], x[1]) + product(2 * x[3], x4),
           product(x0, x[3]) + product(x1, x[2]) + product(x[4], x4),
           product(x0, x[4]) + product(x1, x[3]) + product(x[2], x[2]));
  }

  /// Becomes `other` where `mask` has all bits, stays where it has none.
  void choose(const unsaturated25519& other, std::uint64_t which) {
    for (int i = 0; i < 5; ++i) limb_[i] ^= (limb_[i] ^ other.limb_[i]) & which;
  }

 private:
  static constexpr std::uint64_t mask = (std::uint64_t{1} << 51) - 1;

  static uint128 product(std::uint64_t a, std::uint64_t b) { return uint128{a} * b; }

  void reduce(uint128 c0, uint128 c1, uint128 c2, uint128 c3, uint128 c4) {
    c1 += static_cast<std::uint64_t>(c0 >> 51);
    c2 += static_cast<std::uint64_t>(c1 >> 51);
    c3 += static_cast<std::uint64_t>(c2 >> 51);
    c4 += static_cast<std::uint64_t>(c3 >> 51);
    limb_[0] = static_cast<std::uint64_t>(c0) & mask;
    limb_[1] = static_cast<std::uint64_t>(c1) & mask;
    limb_[2] = static_cast<std::uint64_t>(c2) & mask;
    limb_[3] = static_cast<std::uint64_t>(c3) & mask;
    limb_[4] = static_cast<std::uint64_t>(c4) & mask;
    limb_[0] += 19 * static_cast<std::uint64_t>(c4 >> 51);
    limb_[1] += limb_[0] >> 51;
    limb_[0] &= mask;
  }

  void carry() {
    for (int i = 0; i < 4; ++i) {
      limb_[i + 1] += limb_[i] >> 51;
      limb_[i] &= mask;
    }
    limb_[0] += 19 * (limb_[4] >> 51);
    limb_[4] &= mask;
  }

  std::uint64_t limb_[5];
};

}  // namespace ota::detail
#endif

// ota/sign/field25519.hpp

namespace ota::detail {

/// Integers modulo p = 2^255 - 19 (RFC 8032, 5.1), in the limbs that suit the processor; only
/// `store` gives the least number. Results may be put where an operand lies. Neither the time nor
/// an address depends on a value.
template <class Limbs>
class field25519 : public Limbs {
 public:
  using Limbs::Limbs;

  /// `a` to the power of (p - 5) / 8 = 2^252 - 3, from which square roots and inverses are made.
  void power(const field25519& a) {
    // a^(2^n - 1) for n = 1, 3, 7, 15, 31, 62, 125, 250: doubled by n squarings, one more by one.
    field25519 all_ones = a, shifted;
    for (int bit = 6; bit >= 0; --bit) {
      shifted = all_ones;
      for (int n = 250 >> (bit + 1); n != 0; --n) shifted.square(shifted);
      all_ones.multiply(all_ones, shifted);
      if ((250 >> bit & 1) == 0) continue;
      all_ones.square(all_ones);
      all_ones.multiply(all_ones, a);
    }
    all_ones.square(all_ones);
    all_ones.square(all_ones);
    this->multiply(all_ones, a);
  }

  /// The inverse of `a`; 0 for 0.
  void invert(const field25519& a) {
    // p - 2 = 8 (2^252 - 3) + 3
    field25519 raised;
    raised.power(a);
    for (int i = 0; i < 3; ++i) raised.square(raised);
    raised.multiply(raised, a);
    raised.multiply(raised, a);
    this->multiply(raised, a);
  }

  bool is_zero() const {
    std::uint8_t least[32], any = 0;
    this->store(least);
    for (const std::uint8_t byte : least) any |= byte;
    return any == 0;
  }

  /// Whether the least number that it equals is odd: what an encoded point tells of its x.
  bool is_odd() const {
    std::uint8_t least[32];
    this->store(least);
    return (least[0] & 1) != 0;
  }
};

#if defined(__SIZEOF_INT128__)
using native_limbs25519 = unsaturated25519;
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)  // a product has 32 bits
using native_limbs25519 = saturated25519<std::uint16_t, std::uint32_t>;
#else
using native_limbs25519 = saturated25519<std::uint32_t, std::uint64_t>;
#endif
using native_field25519 = field25519<native_limbs25519>;

}  // namespace ota::detail

// ota/sign/edwards25519.hpp

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

// ota/sign/scalar25519.hpp

namespace ota::detail {

/// A number of any size, the lowest byte first, modulo the order of the base point,
/// L = 2^252 + c (RFC 8032, 5.1), in 32 bytes. The time depends on its size only.
inline void reduce_scalar(bytes number, std::uint8_t* out) {
  static constexpr std::uint16_t order[16] = {
      0xd3ed, 0x5cf5, 0x631a, 0x5812, 0x9cd6, 0xa2f7, 0xf9de, 0x14de, 0, 0, 0, 0, 0, 0, 0, 0x1000};
  std::uint16_t value[16] = {};
  for (std::size_t at = number.size(); at-- != 0;) {
    // One byte more: 256 times what there is, and the byte.
    std::uint32_t carry = number[at];
    for (std::uint16_t& each : value) {
      carry += std::uint32_t{each} << 8;
      each = static_cast<std::uint16_t>(carry);
      carry >>= 16;
    }
    // What is above 2^252 is taken away together with as many c, which may be once too many.
    const std::int32_t times = static_cast<std::int32_t>(carry << 4 | value[15] >> 12);
    std::int32_t rest = 0;
    value[15] &= 0xfff;
    for (int i = 0; i < 16; ++i) {
      rest += value[i] - (i < 8 ? times * order[i] : 0);
      value[i] = static_cast<std::uint16_t>(rest);
      rest >>= 16;
    }
    carry = 0;
    for (int i = 0; i < 16; ++i) {
      carry += value[i] + (order[i] & static_cast<std::uint32_t>(rest));
      value[i] = static_cast<std::uint16_t>(carry);
      carry >>= 16;
    }
  }
  for (int i = 0; i < 32; ++i) out[i] = static_cast<std::uint8_t>(value[i / 2] >> (i % 2 * 8));
}

}  // namespace ota::detail

// ota/sign/signed_windows.hpp

namespace ota::detail {

/// A scalar below 2^253 as a sum of odd digits from -7 to 7 times powers of two, at most every
/// fourth of which is there; told from the highest place to the lowest, without a table of them. A
/// scalar s is 2s - s: the bits of that difference are -1, 0 and 1, and what stands within four
/// places makes one digit (Okeya, Schmidt-Samoa, Spahn, Takagi: Signed Binary Representations
/// Revisited, 2004).
class signed_windows {
 public:
  static constexpr int highest = 253;

  /// \param scalar  32 bytes, the lowest first; they must outlive the object
  explicit signed_windows(const std::uint8_t* scalar) : scalar_(scalar) {}

  /// The digit at a place, or 0. To be asked for every place from `highest` down to 0.
  int digit(int place) {
    if (digit_ == 0 && difference(place) != 0) open(place);
    if (digit_ == 0 || place != place_) return 0;
    const int digit = digit_;
    digit_ = 0;
    return digit;
  }

 private:
  void open(int from) {
    place_ = from < 3 ? 0 : from - 3;
    for (int i = from; i >= place_; --i) digit_ = 2 * digit_ + difference(i);
    for (; digit_ % 2 == 0; ++place_) digit_ /= 2;
  }

  int difference(int place) const { return bit(place - 1) - bit(place); }
  int bit(int i) const { return i < 0 ? 0 : scalar_[i >> 3] >> (i & 7) & 1; }

  const std::uint8_t* scalar_;
  int digit_ = 0;
  int place_ = 0;
};

}  // namespace ota::detail

// ota/sign/ed25519.hpp

namespace ota {
namespace detail {

/// The verification of Ed25519 over any field of integers modulo 2^255 - 19.
template <class Field>
struct ed25519_verifier {
  using point = edwards25519<Field>;

  static bool verify(const std::uint8_t* key, bytes message, const std::uint8_t* signature) {
    const std::uint8_t *const r = signature, *const s = signature + 32;
    std::uint8_t number[32];  // S modulo L, then k, then what R must be
    reduce_scalar({s, 32}, number);
    if (!equal({s, 32}, number)) return false;
    point sum;
    if (!sum.load(key) || !has_large_order(sum)) return false;
    challenge(key, message, r, number);
    combine(sum, number, s);
    sum.store(number);
    return equal({r, 32}, number) && has_large_order(sum);
  }

 private:
  /// k of RFC 8032, 5.1.7: SHA-512 of R, A and the message. Apart, for its memory is needed no more
  /// when that of `combine` is.
  [[gnu::noinline]] static void challenge(const std::uint8_t* key, bytes message,
                                          const std::uint8_t* r, std::uint8_t* k) {
    sha512 hash;
    hash.update({r, 32});
    hash.update({key, 32});
    hash.update(message);
    const auto digest = hash.finish();
    reduce_scalar({digest.data(), digest.size()}, k);
  }

  static bool has_large_order(point copy) { return !copy.is_of_small_order(); }

  /// Makes [s]B - [k]A of A, with doublings in common (Strauss).
  static void combine(point& a, const std::uint8_t* k, const std::uint8_t* s) {
    // 1, 3, 5 and 7 times A. The last place holds 2A until its turn comes.
    typename point::projective_addend multiple[4];
    a.prepare(multiple[0]);
    a.twice(true);
    a.prepare(multiple[3]);
    for (int i = 1; i < 4; ++i) {
      const auto& more = multiple[i == 1 ? 0 : 3];
      a.add(more, &more.twice_z, false, true);
      a.prepare(multiple[i]);
    }
    signed_windows of_a(k), of_base(s);
    a = point();
    for (int place = signed_windows::highest; place >= 0; --place) {
      const int by_a = of_a.digit(place), by_base = of_base.digit(place);
      a.twice(by_a != 0 || by_base != 0);
      if (by_a != 0) {
        const auto& q = multiple[(by_a < 0 ? -by_a : by_a) / 2];
        a.add(q, &q.twice_z, by_a > 0, by_base != 0);  // taken away, where the digit is positive
      }
      if (by_base != 0)
        a.add(point::base[(by_base < 0 ? -by_base : by_base) / 2], nullptr, by_base < 0, false);
    }
  }
};

}  // namespace detail

/// Verifies Ed25519 signatures (RFC 8032, 5.1.7, without a context), strictly: what is not the only
/// encoding of a point or of S is refused, and so are keys and R of small order, with which a
/// signature says nothing. The equation is the one without the cofactor. In memory: under 1.5 KB
/// of stack.
struct ed25519 {
  static constexpr std::string_view name = "ed25519";
  static constexpr std::size_t public_key_size = 32;
  static constexpr std::size_t signature_size = 64;

  /// Whether the signature of the message was made by the owner of the key. False for a key or a
  /// signature of another size.
  static bool verify(bytes public_key, bytes message, bytes signature) {
    return public_key.size() == public_key_size && signature.size() == signature_size &&
           detail::ed25519_verifier<detail::native_field25519>::verify(public_key.data(), message,
                                                                       signature.data());
  }
};

}  // namespace ota

// ota/sign/rsa_power.hpp

namespace ota::detail {

/// A public key of exactly `Bits` bits: the odd modulus, and an odd exponent above 1.
template <std::size_t Bits>
struct rsa_key {
  static_assert(Bits >= 2048 && Bits <= 4096 && Bits % 256 == 0,
                "RSA keys have 2048 to 4096 bits, a multiple of 256");
  static constexpr std::size_t count = Bits / limb_bits;

  limb modulus[count];
  std::uint32_t exponent;

  /// Reads an RSAPublicKey (RFC 8017, A.1.1) in DER; false when it is none of this size.
  bool load(bytes key) {
    der_reader whole(key);
    der_reader pair(whole.sequence());
    const bytes n = pair.integer(), e = pair.integer();
    if (!whole.done() || !pair.done() || n.size() != Bits / 8 || e.size() > 4) return false;
    load_limbs(modulus, count, n);
    exponent = 0;
    for (const std::uint8_t byte : e) exponent = exponent << 8 | byte;
    return (n[0] & 0x80) != 0 && (modulus[0] & 1) != 0 && exponent > 1 && (exponent & 1) != 0;
  }
};

/// square = (2^Bits)^2 modulo m, which takes a number to Montgomery's form.
template <std::size_t Bits>
void montgomery_square_of_form(limb (&square)[Bits / limb_bits], const limb* m, limb inverse) {
  constexpr std::size_t count = Bits / limb_bits, squarings = 4;
  // 2^Bits modulo m is 1 in that form. Doubled it becomes 2^(Bits / 16), and squared 2^Bits.
  for (std::size_t i = 0; i < count; ++i) square[i] = 0;
  subtract(square, square, m, count);
  for (std::size_t i = 0; i < Bits >> squarings; ++i)
    if (add(square, square, square, count) != 0 || !less(square, m, count))
      subtract(square, square, m, count);
  for (std::size_t i = 0; i < squarings; ++i)
    montgomery_multiply<count>(square, square, square, m, inverse);
}

/// power = signature ^ exponent modulo the modulus (RSAVP1 of RFC 8017, 5.2.2); false when key or
/// signature are not as they must be.
template <std::size_t Bits>
bool rsa_power(limb (&power)[Bits / limb_bits], bytes public_key, bytes signature) {
  constexpr std::size_t count = Bits / limb_bits;
  rsa_key<Bits> key;
  if (!key.load(public_key) || signature.size() != Bits / 8) return false;
  load_limbs(power, count, signature);
  if (!less(power, key.modulus, count)) return false;

  const limb inverse = montgomery_inverse(key.modulus[0]);
  const auto times = [&](const limb* factor) {
    montgomery_multiply<count>(power, power, factor, key.modulus, inverse);
  };
  limb base[count];
  montgomery_square_of_form<Bits>(base, key.modulus, inverse);
  times(base);
  for (std::size_t i = 0; i < count; ++i) base[i] = power[i];
  std::uint32_t bit = 0x80000000;
  while ((key.exponent & bit) == 0) bit >>= 1;
  while ((bit >>= 1) != 1) {
    times(power);
    if ((key.exponent & bit) != 0) times(base);
  }
  // The exponent's last bit is 1: multiplied by what is not in the form, the power leaves it too.
  times(power);
  load_limbs(base, count, signature);
  times(base);
  return true;
}

}  // namespace ota::detail

// ota/sign/rsa.hpp

namespace ota {
namespace detail {

/// What both ways of signing with RSA have in common. `Padding` has
/// `static bool holds(uint8_t* encoded, size_t size, bytes digest)`; it may change what it is
/// given.
template <std::size_t Bits, class Padding>
struct rsa_sha256 {
  static constexpr std::size_t public_key_size = Bits / 8 + 16;  ///< the greatest
  static constexpr std::size_t signature_size = Bits / 8;

  static bool verify(bytes public_key, bytes message, bytes signature) {
    sha256 hash;
    hash.update(message);
    const auto digest = hash.finish();
    return verify_digest(public_key, {digest.data(), digest.size()}, signature);
  }

  /// The same, where the SHA-256 of the message is known already.
  static bool verify_digest(bytes public_key, bytes digest, bytes signature) {
    limb power[Bits / limb_bits];
    return digest.size() == 32 && rsa_power<Bits>(power, public_key, signature) &&
           Padding::holds(to_big_endian(power, Bits / limb_bits), Bits / 8, digest);
  }
};

/// EMSA-PKCS1-v1_5 (RFC 8017, 9.2). What should be there is made and compared, nothing is parsed.
struct rsa_pkcs1_padding {
  static bool holds(const std::uint8_t* encoded, std::size_t size, bytes digest) {
    // DigestInfo of SHA-256, up to the digest.
    static constexpr std::uint8_t info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                            0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                            0x01, 0x05, 0x00, 0x04, 0x20};
    const std::size_t ones = size - 3 - sizeof info - digest.size();
    if (*encoded++ != 0 || *encoded++ != 1) return false;
    for (std::size_t i = 0; i < ones; ++i)
      if (*encoded++ != 0xff) return false;
    return *encoded == 0 && std::memcmp(encoded + 1, info, sizeof info) == 0 &&
           std::memcmp(encoded + 1 + sizeof info, digest.data(), digest.size()) == 0;
  }
};

/// EMSA-PSS (RFC 8017, 9.1.2) with SHA-256 for the digest and for the mask (MGF1).
template <std::size_t Salt>
struct rsa_pss_padding {
  static bool holds(std::uint8_t* encoded, std::size_t size, bytes digest) {
    const std::size_t block = size - 33;  // then the hash, then 0xbc
    const bytes hash{encoded + block, 32};
    if (encoded[size - 1] != 0xbc || (encoded[0] & 0x80) != 0) return false;
    unmask(encoded, block, hash);
    encoded[0] &= 0x7f;
    const std::size_t zeros = block - Salt - 1;
    for (std::size_t i = 0; i < zeros; ++i)
      if (encoded[i] != 0) return false;
    if (encoded[zeros] != 1) return false;

    static constexpr std::uint8_t eight_zeros[8] = {};
    sha256 again;
    again.update(eight_zeros);
    again.update(digest);
    again.update({encoded + zeros + 1, Salt});
    const auto expected = again.finish();
    return equal({expected.data(), expected.size()}, hash);
  }

 private:
  static void unmask(std::uint8_t* block, std::size_t size, bytes seed) {
    for (std::size_t i = 0; i < size; i += 32) {
      const std::uint8_t counter[] = {0, 0, 0, static_cast<std::uint8_t>(i / 32)};
      sha256 hash;
      hash.update(seed);
      hash.update(counter);
      const auto mask = hash.finish();
      for (std::size_t j = 0; j < mask.size() && i + j < size; ++j) block[i + j] ^= mask[j];
    }
  }
};

}  // namespace detail

/// RSA with PKCS #1 v1.5 padding and SHA-256 (RFC 8017, 8.2), for keys of exactly `Bits` bits: 2048
/// to 4096. The key is an RSAPublicKey in DER, its exponent of up to 32 bits, as
/// `openssl rsa -RSAPublicKey_out -outform DER` writes it.
template <std::size_t Bits>
struct rsa_pkcs1_sha256 : detail::rsa_sha256<Bits, detail::rsa_pkcs1_padding> {
  static constexpr std::string_view name = "rsa-pkcs1-sha256";
};

/// RSA-PSS with SHA-256 for the message and for MGF1 (RFC 8017, 8.1). Keys as above. The salt has
/// exactly `Salt` bytes: with openssl, say `rsa_pss_saltlen:32`, for its default is the greatest.
template <std::size_t Bits, std::size_t Salt = 32>
struct rsa_pss_sha256 : detail::rsa_sha256<Bits, detail::rsa_pss_padding<Salt>> {
  static constexpr std::string_view name = "rsa-pss-sha256";
  static_assert(Salt <= Bits / 8 - 34, "a salt that long does not fit");
};

}  // namespace ota

// ota/storage/memory_files.hpp

namespace ota {

/// Files in RAM: for tests, for trying things out, and for devices whose new version goes on to
/// another chip. `Capacity` bytes hold everything: contents, paths and 8 bytes a file.
///
/// Files lie one behind the other and are moved together when one grows, shrinks or goes, so no
/// byte is lost to gaps. Directories are where files are: an empty one does not exist. A copy of
/// the object is a copy of all files.
template <std::size_t Capacity>
class memory_files {
 public:
  static_assert(Capacity < 0xffffffff, "sizes are kept in 32 bits");

  result<file_info> stat(const std::string_view& path) {
    file_info info;
    const std::size_t at = find_within(path);
    if (at == used_) return info;
    if (path_size(at) != path.size()) {
      info.kind = file_kind::directory;
    } else {
      info.kind = file_kind::file;
      info.size = size_of(at);
      info.executable = arena_[at + 6] != 0;
    }
    return info;
  }

  result<std::size_t> read(const std::string_view& path, std::size_t offset,
                           const mutable_bytes& out) {
    const std::size_t at = find(path);
    if (at == used_) return no_such_file;
    const bytes rest = bytes(content(at), size_of(at)).drop(offset).first(out.size());
    if (!rest.empty()) std::memcpy(out.data(), rest.data(), rest.size());
    return rest.size();
  }

  result<void> write(const std::string_view& path, std::size_t offset, const bytes& data) {
    if (auto fine = check_place(path); !fine) return fine;
    const std::size_t at = find(path);
    if (at == used_) {
      if (offset != 0) return no_such_file;
      if (Capacity - used_ < head_size + path.size()) return full;
      std::memset(arena_ + at, 0, head_size);
      used_ += head_size;
      set_path(at, path);
    } else if (offset == 0) {
      resize(at, 0);
    }
    const std::size_t size = size_of(at);
    if (offset != size) return not_at_end;
    if (Capacity - used_ < data.size()) return full;
    resize(at, size + data.size());
    if (!data.empty()) std::memcpy(content(at) + size, data.data(), data.size());
    return {};
  }

  result<void> rename(const std::string_view& from, const std::string_view& to) {
    if (auto fine = check_place(to); !fine) return fine;
    std::size_t at = find(from);
    if (at == used_) return no_such_file;
    const std::size_t old = find(to);
    if (old == at) return {};
    if (old != used_) {
      replace(old, record_size(old), 0);
      at = find(from);
    } else if (used_ + to.size() > Capacity + from.size()) {
      return full;
    }
    set_path(at, to);
    return {};
  }

  result<void> remove(const std::string_view& path) {
    const std::size_t at = find_within(path);
    if (at == used_) return {};
    if (path_size(at) != path.size()) return not_empty;
    replace(at, record_size(at), 0);
    return {};
  }

  /// RAM keeps what it is given.
  result<void> sync() { return {}; }

  result<std::uint64_t> free_space() { return std::uint64_t{Capacity - used_}; }

  template <class Visit>
  result<void> list(std::string_view directory, Visit&& visit) {
    std::string_view name;
    file_kind kind;
    for (std::size_t at = 0; (kind = next_entry(directory, at, name)) != file_kind::none;)
      if (!visit(name, kind)) break;
    return {};
  }

  result<void> set_executable(const std::string_view& path, bool executable) {
    const std::size_t at = find(path);
    if (at == used_) return no_such_file;
    arena_[at + 6] = executable ? 1 : 0;
    return {};
  }

 private:
  static constexpr error no_such_file{errc::not_found, "storage", "no such file"};
  static constexpr error not_at_end{errc::invalid_argument, "storage",
                                    "a write must append to the file"};
  static constexpr error not_empty{errc::not_empty, "storage",
                                   "the directory still holds something"};
  static constexpr error full{errc::no_space, "storage", "the storage is full"};
  static constexpr error bad_path{errc::invalid_path, "storage", "not a relative path"};
  static constexpr error directory_in_the_way{errc::exists, "storage", "a directory is in the way"};
  static constexpr error file_in_the_way{errc::exists, "storage",
                                         "a file is in the way of a directory"};

  // A file: u16 length of the path, u32 size, u8 executable, u8 unused, path, content.
  static constexpr std::size_t head_size = 8;

  std::size_t path_size(std::size_t at) const {
    return arena_[at] | std::size_t{arena_[at + 1]} << 8;
  }
  std::size_t size_of(std::size_t at) const {
    return arena_[at + 2] | std::size_t{arena_[at + 3]} << 8 | std::size_t{arena_[at + 4]} << 16 |
           std::size_t{arena_[at + 5]} << 24;
  }
  void set_size(std::size_t at, std::size_t size) {
    for (std::size_t i = 0; i < 4; ++i)
      arena_[at + 2 + i] = static_cast<std::uint8_t>(size >> 8 * i);
  }
  std::size_t record_size(std::size_t at) const { return head_size + path_size(at) + size_of(at); }
  std::string_view path_of(std::size_t at) const {
    return {reinterpret_cast<const char*>(arena_) + at + head_size, path_size(at)};
  }
  std::uint8_t* content(std::size_t at) { return arena_ + at + head_size + path_size(at); }

  // Whether `path` is `place`, to the letter, or lies in it; all lies in the empty path.
  static bool lies_in(const std::string_view& path, const std::string_view& place) {
    return place.empty() ||
           (starts_with(path, place) && (path.size() == place.size() || path[place.size()] == '/'));
  }

  // The first file that is, or lies in, `path`; the end of all when there is none.
  std::size_t find_within(const std::string_view& path) const {
    std::size_t at = 0;
    while (at != used_ && !lies_in(path_of(at), path)) at += record_size(at);
    return at;
  }

  // Where the file's record begins; the end of all when there is none.
  std::size_t find(const std::string_view& path) const {
    const std::size_t at = find_within(path);
    return at != used_ && path_size(at) == path.size() ? at : used_;
  }

  // The next entry of a directory that a file from `at` on is the first to name: itself, or the
  // directory that it lies in there. `at` moves behind that file.
  file_kind next_entry(const std::string_view& directory, std::size_t& at,
                       std::string_view& name) const {
    const std::size_t begin = directory.empty() ? 0 : directory.size() + 1;
    while (at != used_) {
      const std::size_t file = at;
      at += record_size(at);
      const std::string_view path = path_of(file);
      if (path.size() <= begin || !lies_in(path, directory)) continue;
      const std::size_t slash = path.find('/', begin);
      name = slice(slice(path, 0, slash), begin);
      if (slash == std::string_view::npos) return file_kind::file;
      if (find_within(slice(path, 0, slash)) == file) return file_kind::directory;
    }
    return file_kind::none;
  }

  // A file may lie neither where a directory is nor below a file.
  result<void> check_place(const std::string_view& path) const {
    if (!is_valid_path(path) || path.size() > 0xffff) return bad_path;
    for (std::size_t at = 0; at != used_; at += record_size(at)) {
      const std::string_view other = path_of(at);
      if (other.size() > path.size() && lies_in(other, path)) return directory_in_the_way;
      if (other.size() < path.size() && lies_in(path, other)) return file_in_the_way;
    }
    return {};
  }

  // Makes `count` bytes of a record `size` bytes; what is behind them moves.
  void replace(std::size_t at, std::size_t count, std::size_t size) {
    std::memmove(arena_ + at + size, arena_ + at + count, used_ - at - count);
    used_ += size - count;
  }

  void set_path(std::size_t at, std::string_view path) {
    replace(at + head_size, path_size(at), path.size());
    arena_[at] = static_cast<std::uint8_t>(path.size());
    arena_[at + 1] = static_cast<std::uint8_t>(path.size() >> 8);
    std::memcpy(arena_ + at + head_size, path.data(), path.size());
  }

  void resize(std::size_t at, std::size_t size) {
    const std::size_t old = size_of(at);
    replace(at + record_size(at) - old, old, size);
    set_size(at, size);
  }

  std::size_t used_ = 0;
  std::uint8_t arena_[Capacity];
};

}  // namespace ota

// ota/hash/git_blob_id.hpp

namespace ota {

/// The id that Git gives to a file's content: SHA-1 over "blob ", the size in decimal digits, NUL
/// and the content. The size must be known before the first byte.
template <class Sha1 = sha1>
class git_blob_id {
 public:
  static constexpr std::size_t digest_size = 20;
  using digest_type = typename Sha1::digest_type;

  explicit git_blob_id(std::size_t size) {
    fixed_string<32> head("blob ");
    head.append_number(size).append('\0');
    hash_.update(as_bytes(head.view()));
  }

  void update(const bytes& data) { hash_.update(data); }
  digest_type finish() { return hash_.finish(); }

 private:
  Sha1 hash_;
};

}  // namespace ota

// ota/verifier.hpp

namespace ota {

/// Proves that bytes are what was promised, as they pass.
///
/// `Hash` is the device's hash policy. With `sha1` only Git's blob ids are checked and nothing
/// else is linked; with a 32-byte hash also the SHA-256 and CRC-32 of manifests.
template <class Hash>
class verifier {
 public:
  /// Whether promises other than Git's blob ids can be checked.
  static constexpr bool checks_manifests = Hash::digest_size == 32;

  verifier() : none_() {}
  ~verifier() { end(); }
  verifier(const verifier&) = delete;
  verifier& operator=(const verifier&) = delete;

  /// Begins a content of `size` bytes; the kind of promise decides the hash.
  void begin(digest_kind kind, std::size_t size) {
    end();
    kind_ = kind;
    read_ = 0;
    if (kind == digest_kind::git_id) ::new (&git_) git_blob_id<sha1>(size);
    if constexpr (checks_manifests) {
      if (kind == digest_kind::sha256) ::new (&strong_) Hash();
      // Where nothing is promised, a sum still tells whether storage keeps what it is given.
      if (kind == digest_kind::crc32 || kind == digest_kind::none) ::new (&check_) crc32();
    }
  }

  void update(const bytes& data) {
    if (kind_ == digest_kind::git_id) git_.update(data);
    if constexpr (checks_manifests) {
      if (kind_ == digest_kind::sha256) strong_.update(data);
      if (kind_ == digest_kind::crc32 || kind_ == digest_kind::none) check_.update(data);
    }
  }

  /// Reads the next piece of a file; false: that was the last one.
  template <class Storage>
  result<bool> read(Storage& storage, std::string_view path, const mutable_bytes& chunk) {
    const auto size = storage.read(path, read_, chunk);
    if (!size) return size.error();
    update(chunk.first(*size));
    read_ += *size;
    return *size == chunk.size();
  }

  /// How many bytes `read` has taken.
  std::size_t read_size() const { return read_; }

  /// Ends the content and compares it with what was promised.
  result<void> finish(const digest& promised) {
    if (promised.kind == digest_kind::none) return {};
    if (kind_ == promised.kind) {
      if (kind_ == digest_kind::git_id) return compare(git_, promised);
      if constexpr (checks_manifests) {
        if (kind_ == digest_kind::sha256) return compare(strong_, promised);
        if (kind_ == digest_kind::crc32) return compare(check_, promised);
      }
    }
    return unknown_hash;
  }

  /// Ends the content and gives its hash.
  digest finish() {
    digest value;
    value.kind = kind_;
    const auto keep = [&value](const auto& hash) {
      std::memcpy(value.value, hash.data(), hash.size());
    };
    if (kind_ == digest_kind::git_id) keep(git_.finish());
    if constexpr (checks_manifests)
      if (kind_ == digest_kind::sha256) keep(strong_.finish());
    return value;
  }

  /// Of a content of which nothing is promised: a sum over the bytes so far. Of any other: 0.
  std::uint32_t sum() const {
    if constexpr (checks_manifests)
      if (kind_ == digest_kind::none) return check_.value();
    return 0;
  }

 private:
  static constexpr error unknown_hash{errc::unsupported, "verifier",
                                      "this device cannot check that kind of hash"};
  static constexpr error other_content{errc::mismatch, "verifier",
                                       "the content is not what was promised: its hash differs"};

  template <class H>
  static result<void> compare(H& hash, const digest& promised) {
    const auto value = hash.finish();
    if (equal({value.data(), value.size()}, promised.view())) return {};
    return other_content;
  }

  // A hash may hold hardware, which it has to give back.
  void end() {
    if constexpr (!std::is_trivially_destructible_v<strong_hash>)
      if (kind_ == digest_kind::sha256) strong_.~strong_hash();
    kind_ = digest_kind::none;
  }

  using strong_hash = std::conditional_t<checks_manifests, Hash, crc32>;

  digest_kind kind_ = digest_kind::none;
  std::size_t read_ = 0;
  union {
    char none_;
    git_blob_id<sha1> git_;
    strong_hash strong_;
    crc32 check_;
  };
};

}  // namespace ota

// ota/stager/staging_progress.hpp

namespace ota {

/// How much of a plan has been brought.
struct staging_progress {
  std::uint32_t files = 0;      ///< files complete
  std::size_t bytes = 0;        ///< bytes complete, also of the file at hand
  std::size_t bytes_moved = 0;  ///< bytes that came over the network
  std::uint32_t lists = 0;      ///< answers with lists of files read
  std::uint32_t resumed = 0;    ///< files that went on where an interruption had left them
};

}  // namespace ota

// ota/stager/downloader.hpp

namespace ota {

/// Where the files of a plan are staged.
struct staged_files {
  static constexpr std::string_view list() { return layout::plan; }
  static detail::own_path place(std::uint32_t index) { return detail::staged_path(index); }
};

/// Brings the files of a plan beside the running version: entry N of `.ota/plan` becomes
/// `.ota/new/N`. Bytes are hashed on the way and the file is read back and hashed once more.
/// Whatever an earlier run has left is checked and used, the rest asked for with a range.
///
/// \tparam Files  another list of files, which are brought elsewhere
template <class Storage, class Hash, class Files = staged_files>
class downloader : Files {
 public:
  /// Begins at the first entry of the plan, or what is left of it. What is brought is added to
  /// `progress`.
  downloader(Storage& storage, staging_progress& progress, const Files& files = {})
      : Files(files), storage_(storage), progress_(progress) {
    plan_.begin(this->list());
  }

  /// Leaves the file at hand out.
  result<void> skip() {
    reset();
    task_ = task::next;
    return storage_.remove(path());
  }

  /// The path at hand, for a message.
  std::string_view subject() const { return item_.path; }

  /// One chunk further; false when the whole plan is staged. After an error that may pass
  /// (`is_transient`) the next step goes on where the bytes ended.
  /// `source` asks for a file: `source.open_file(http, entry, offset, etag)`.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, const mutable_bytes& chunk) {
    switch (task_) {
      case task::next:
        return begin_next();
      case task::check:
      case task::read_back:
        return read_staged(chunk);
      case task::open:
        return item_.kind == entry_kind::keep ? copy(chunk) : open(http, source);
      case task::body:
        return body(http, chunk);
    }
    return false;
  }

 private:
  static constexpr error too_short{errc::mismatch, "stager",
                                   "the file ended before its promised size"};
  static constexpr error too_long{errc::mismatch, "stager",
                                  "the file is longer than its promised size"};
  static constexpr error written_badly{errc::mismatch, "stager",
                                       "storage does not hold what was written to it"};
  static constexpr error promised_fewer{errc::mismatch, "stager",
                                        "the server promises fewer bytes than the file has"};
  static constexpr error promised_more{errc::mismatch, "stager",
                                       "the server promises more bytes than the file has"};

  enum class task : std::uint8_t { next, check, open, body, read_back };

  result<bool> begin_next() {
    const auto more = plan_.next(storage_, item_);
    if (!more || !*more) return more;
    ++index_;
    etag_.clear();
    if (item_.kind >= entry_kind::remove) return true;  // no file to bring
    const auto staged = storage_.stat(path());
    if (!staged) return staged.error();
    if (staged->kind == file_kind::none) return restart();
    if (item_.hash.kind == digest_kind::none) {
      // The library's own files were written with the plan, and synced before anything else.
      if (item_.has_size && staged->size == item_.size && detail::is_own_path(item_.path))
        return true;
      return restart();
    }
    if (item_.has_size && staged->size > item_.size) return restart();
    resumed_ = true;
    reset();
    task_ = task::check;
    return true;
  }

  // Back to the first byte of this file.
  result<bool> restart() {
    begin_again();
    return true;
  }

  result<bool> restart_with(const error& failure) {
    begin_again();
    return failure;
  }

  void begin_again() {
    reset();
    resumed_ = false;
    task_ = task::open;
  }

  void reset() {
    progress_.bytes -= offset_;
    offset_ = 0;
    verifier_.begin(item_.hash.kind, item_.size);
  }

  // Hashes what an earlier run has left, or what has just been written.
  result<bool> read_staged(const mutable_bytes& chunk) {
    const auto more = verifier_.read(storage_, path(), chunk);
    if (task_ == task::read_back) return more && !*more ? end_read_back() : more;
    progress_.bytes += verifier_.read_size() - offset_;
    offset_ = verifier_.read_size();
    return more && !*more ? end_check() : more;
  }

  // Goes on behind what is there.
  result<bool> end_check() {
    if (item_.has_size && offset_ < item_.size) {
      ++progress_.resumed;
      task_ = task::open;
      return true;
    }
    return verifier_.finish(item_.hash) ? complete() : restart();
  }

  result<bool> copy(const mutable_bytes& chunk) {
    const auto size = storage_.read(item_.path, offset_, chunk);
    if (!size && size.error().code == errc::not_found) {
      item_.kind = entry_kind::file;  // it has gone since the plan was made
      return restart();
    }
    if (!size) return size.error();
    if (auto done = store(chunk.first(*size)); !done) return done.error();
    return *size == chunk.size() ? result<bool>(true) : received();
  }

  template <class Http, class Source>
  result<bool> open(Http& http, Source& source) {
    // There is nothing to ask for: what hash nothing has is known.
    if (item_.has_size && item_.size == 0) return end_body();
    const auto opened = source.open_file(http, item_, offset_, etag_.view());
    if (!opened) return opened.error();
    const http_response& answer = http.response();
    if (answer.status == 416 && offset_ != 0) return restart();
    if (const auto status = check_status(answer); !status) return status.error();
    if (offset_ != 0 && answer.status != 206) {
      // The server sends the file from its first byte: appending it would be wrong.
      reset();
      resumed_ = false;
    }
    if (answer.has_length && item_.has_size && offset_ + answer.content_length != item_.size)
      return restart_with(answer.content_length + offset_ < item_.size ? promised_fewer
                                                                       : promised_more);
    etag_.assign(http.etag());
    // A weak tag, W/"...", may not stand in If-Range (RFC 9110, 13.1.5).
    if (etag_.overflowed() || etag_[0] == 'W') etag_.clear();
    task_ = task::body;
    return true;
  }

  template <class Http>
  result<bool> body(Http& http, const mutable_bytes& chunk) {
    const auto size = http.read(chunk);
    if (!size) {
      task_ = task::open;
      return size.error();
    }
    if (*size == 0) {
      if (item_.has_size && offset_ != item_.size) return restart_with(too_short);
      return end_body();
    }
    progress_.bytes_moved += *size;
    if (item_.has_size && *size > item_.size - offset_) return restart_with(too_long);
    if (auto done = store(chunk.first(*size)); !done) return done.error();
    return true;
  }

  // The last bytes came before; a file of none is made now.
  result<bool> end_body() {
    if (auto done = store({}); !done) return done.error();
    return received();
  }

  result<void> store(bytes data) {
    if (data.empty() && offset_ != 0) return {};
    if (auto done = storage_.write(path(), offset_, data); !done) return done;
    verifier_.update(data);
    offset_ += data.size();
    progress_.bytes += data.size();
    return {};
  }

  // All bytes are here: are they the right ones, and did storage keep them?
  result<bool> received() {
    if (const auto same = verifier_.finish(item_.hash); !same) {
      const bool was_resumed = resumed_;
      item_.kind = entry_kind::file;  // where a copy of the installed file failed, download it
      begin_again();
      // What lay there before a power cut may be anything; that is not the server's fault.
      return was_resumed ? result<bool>(true) : same.error();
    }
    written_ = verifier_.sum();
    verifier_.begin(item_.hash.kind, offset_);
    task_ = task::read_back;
    return true;
  }

  result<bool> end_read_back() {
    if (verifier_.read_size() == offset_ && verifier_.finish(item_.hash) &&
        verifier_.sum() == written_)
      return complete();
    return restart_with(written_badly);
  }

  result<bool> complete() {
    if constexpr (keeps_modes<Storage>)
      if (auto done = storage_.set_executable(path(), item_.executable); !done) return done.error();
    ++progress_.files;
    offset_ = 0;
    task_ = task::next;
    return true;
  }

  detail::own_path path() const { return this->place(index_); }

  Storage& storage_;
  staging_progress& progress_;
  std::size_t offset_ = 0;            // of the next byte; so many of this file are in `progress_`
  std::uint32_t index_ = UINT32_MAX;  // of the file at hand in the plan; the next is 0
  std::uint32_t written_ = 0;         // a sum over what was written, where no hash is promised
  task task_ = task::next;
  bool resumed_ = false;
  entry item_;  // what comes behind it is reached by longer code
  entry_reader plan_;
  fixed_string<64> etag_;
  verifier<Hash> verifier_;
};

}  // namespace ota

// ota/stager/image_promise.hpp

namespace ota {

/// The image that a version holds: what its manifest promises.
struct image_promise {
  bool is_there = false;
  std::uint32_t size = 0;
  sha256::digest_type digest{};

  /// What names it; all zero: there is none.
  image_id id() const { return is_there ? id_of(digest) : image_id{}; }
};

namespace detail {

/// A size that does not fit is larger than any slot: the policy refuses it.
inline image_promise promise_of(const entry& item) {
  image_promise image;
  image.is_there = true;
  image.size = item.size < UINT32_MAX ? static_cast<std::uint32_t>(item.size) : UINT32_MAX;
  std::memcpy(image.digest.data(), item.hash.value, image.digest.size());
  return image;
}

/// A stager's promise, where the device takes images.
template <bool TakesImages>
struct promised_image {
  image_promise image_;
};
template <>
struct promised_image<false> {};

}  // namespace detail
}  // namespace ota

// ota/stager/image_downloader.hpp

namespace ota {

/// Brings a version's firmware image straight to where the image policy keeps it: no copy of it
/// lies among the files. Goes on where an interruption, or a power cut, left it.
template <class Image>
class image_downloader {
 public:
  explicit image_downloader(Image& image) : image_(image) {}

  void begin(const image_promise& promise) {
    promise_ = promise;
    item_ = {};
    item_.kind = entry_kind::image;
    item_.path.assign(Image::name);
    etag_.clear();
    task_ = task::begin;
  }

  /// Of the image, for a message.
  std::string_view subject() const { return item_.path; }

  /// Whether a failure means that the device does not want the image, though it is the promised
  /// one.
  bool is_refusal(const error& failure) const {
    return task_ == task::finish && failure.code != errc::storage && failure.code != errc::mismatch;
  }

  /// One chunk further; false when the image is staged. After an error that may pass
  /// (`is_transient`) the next step goes on where the bytes ended.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, staging_progress& progress,
                    const mutable_bytes& chunk) {
    switch (task_) {
      case task::begin:
        return begin_image(progress);
      case task::open:
        return open(http, source);
      case task::body:
        return body(http, progress, chunk);
      case task::finish:
        return more_after(finish(progress));
      case task::done:
        break;
    }
    return false;
  }

 private:
  static constexpr error too_short{errc::mismatch, "stager",
                                   "the image ended before its promised size"};
  static constexpr error other_size{errc::mismatch, "stager",
                                    "the server promises another size than the image has"};

  enum class task : std::uint8_t { begin, open, body, finish, done };

  result<bool> begin_image(staging_progress& progress) {
    const auto offset = image_.begin(promise_.size, promise_.digest);
    if (!offset) return offset.error();
    offset_ = *offset;
    progress.bytes += offset_;
    if (offset_ != 0) ++progress.resumed;
    task_ = offset_ == promise_.size ? task::finish : task::open;
    return true;
  }

  template <class Http, class Source>
  result<bool> open(Http& http, Source& source) {
    if (auto opened = source.open_file(http, item_, offset_, etag_.view()); !opened)
      return opened.error();
    const http_response& answer = http.response();
    if (const auto status = check_status(answer); !status) return status.error();
    // A server that knows no ranges sends what is there already once more.
    skip_ = answer.status == 206 ? 0 : offset_;
    if (answer.has_length && offset_ - skip_ + answer.content_length != promise_.size)
      return other_size;
    etag_.assign(http.etag());
    // A weak tag may not stand in If-Range (RFC 9110, 13.1.5).
    if (etag_.overflowed() || starts_with(etag_, "W/"sv)) etag_.clear();
    task_ = task::body;
    return true;
  }

  template <class Http>
  result<bool> body(Http& http, staging_progress& progress, const mutable_bytes& chunk) {
    const auto size = http.read(chunk);
    if (!size) {
      task_ = task::open;
      return size.error();
    }
    progress.bytes_moved += *size;
    bytes data = chunk.first(*size);
    const bytes skipped = data.first(skip_);
    skip_ -= static_cast<std::uint32_t>(skipped.size());
    data = data.drop(skipped.size());
    if (auto done = image_.write(data); !done) return done.error();
    offset_ += static_cast<std::uint32_t>(data.size());
    progress.bytes += data.size();
    if (*size != 0) return true;
    if (offset_ != promise_.size) return too_short;
    task_ = task::finish;
    return true;
  }

  result<void> finish(staging_progress& progress) {
    if (auto done = image_.finish(); !done) return done;
    ++progress.files;
    task_ = task::done;
    return {};
  }

  Image& image_;
  image_promise promise_;
  std::uint32_t offset_ = 0;  // of the next byte
  std::uint32_t skip_ = 0;    // bytes that come once more
  task task_ = task::begin;
  fixed_string<64> etag_;
  entry item_;
};

}  // namespace ota

// ota/manifest/entry_cursor.hpp

namespace ota {

/// A list, or a part of one, that is held against another: its entry at hand stays until it is
/// dropped.
struct entry_cursor {
  static constexpr std::uint32_t no_end = 0xffffffff;

  entry_reader list;
  std::uint32_t end = no_end;  ///< where the part ends, in the list
  bool has_item = false;
  entry item;

  /// Begins at an entry whose offset is known.
  void begin(const std::string_view& path, std::uint32_t offset = 0) {
    list.begin(path, offset);
    end = no_end;
    has_item = false;
  }

  /// Reads the next entry; false at the end of the list.
  template <class Storage>
  result<bool> next(Storage& storage) {
    return list.next(storage, item);
  }

  /// As `next`, unless an entry is at hand or the part ends.
  template <class Storage>
  result<bool> fill(Storage& storage) {
    if (has_item) return true;
    if (list.offset() >= end) return false;
    const auto more = next(storage);
    if (more) has_item = *more;
    return more;
  }
};

/// The order of lists: that of the bytes of their paths. Below 0: `a` stands before `b`.
inline int compare_paths(const entry& a, const entry& b) { return a.path.view().compare(b.path); }

}  // namespace ota

// ota/stager/file_filter.hpp

namespace ota {

/// Which files the device manages, and which it takes from a source.
template <class Settings>
class file_filter : Settings {
  using Settings::settings_;

 public:
  explicit file_filter(Settings settings) : Settings(settings) {}

  /// Whether the device manages `path` at all: `ignore` wins, an empty `allow` allows all.
  bool manages(const std::string_view& path) const {
    return !detail::is_own_path(path) && allows(path, false);
  }

  /// Whether something in directory `path` may be managed.
  bool enters(const std::string_view& path) const { return allows(path, true); }

  /// Refuses what no device should install.
  result<void> check(const std::string_view& path, bool is_link) const {
    if (!is_valid_path(path)) return bad_path;
    if (is_link && !settings_.allow_links) return link;
    return {};
  }

  /// Refuses more files than `max_tree_files`.
  result<void> check_count(std::uint32_t count) const {
    if (settings_.max_tree_files != 0 && count > settings_.max_tree_files) return too_many_files;
    return {};
  }

 private:
  static constexpr error too_many_files{errc::too_long, "lister",
                                        "Tree contains too many files: over max_tree_files"};
  static constexpr error bad_path{
      errc::invalid_path, "lister",
      "invalid path: it must be relative, without empty parts, `.`, `..`, backslashes or control "
      "characters"};
  static constexpr error link{
      errc::unsupported, "lister",
      "is a symbolic link: put it on `ignore`, or set `allow_links` to install it as a file that "
      "holds its target"};

  // With `parents` also what `allow` has something below.
  bool allows(const std::string_view& path, bool parents) const {
    if (is_within_any(path, settings_.ignore)) return false;
    for (const std::string_view& entry : settings_.allow)
      if (is_within(path, entry) || (parents && is_within(trim_slashes(entry), path))) return true;
    return settings_.allow.empty();
  }
};

}  // namespace ota

// ota/stager/list_sorter.hpp

namespace ota {

/// Puts a list on storage in the order of its paths. Git's lists are in that order, and are read
/// once; others are not, and a search in them would take the square of their length.
///
/// A natural merge sort on storage: each pass merges every two neighbouring runs, with two entries
/// in memory however long the list is.
template <class Storage, class Settings>
class list_sorter : Settings {
  using Settings::settings_;

 public:
  /// Begins with the list of the new version's files, in which none may stand twice, or with that
  /// of what may have to go: of what stands there twice, one is kept.
  list_sorter(Storage& storage, Settings settings, bool is_listing)
      : Settings(settings),
        storage_(storage),
        list_(is_listing ? layout::listing : layout::candidates),
        unique_(is_listing) {}

  /// The path at hand, for a message.
  std::string_view subject() const { return left_.item.path; }

  /// One entry further; false when the list is in order.
  result<bool> step() {
    if (task_ == task::begin) begin();
    return task_ == task::scan ? scan() : merge();
  }

 private:
  static constexpr error listed_twice{errc::malformed, "sorter",
                                      "a file stands twice in the list of the new version"};
  static constexpr error empty_version{
      errc::malformed, "sorter",
      "the new version has no file for this device; check `allow` and `ignore`"};

  enum class task : std::uint8_t { begin, scan, merge };

  void begin() {
    if (begin_ == 0) out_.begin(layout::expanded);
    left_.begin(list_, begin_);
    right_.begin(list_, begin_);
    count_ = 0;
    task_ = task::scan;
  }

  // Finds where the next two runs end. Their last path so far is that of the left one's entry.
  result<bool> scan() {
    const std::uint32_t at = right_.list.offset();
    const auto more = right_.next(storage_);
    if (!more) return more;
    const bool first = left_.end == left_.no_end;
    if (*more) {
      const int order = count_++ == 0 ? 1 : compare_paths(right_.item, left_.item);
      if (unique_ && order == 0) return listed_twice;
      left_.item.path = right_.item.path;
      if (order > 0) return true;
    } else if (first && begin_ == 0) {
      return check_count();
    }
    if (first) left_.end = at;
    if (first && *more) return true;
    is_last_ = !*more;
    right_.begin(list_, left_.end);
    right_.end = at;
    task_ = task::merge;
    return true;
  }

  // One run is the whole list: it is in order.
  result<bool> check_count() const {
    if (!unique_) return false;
    if (count_ == 0) return empty_version;
    const auto fine = file_filter<Settings>(*this).check_count(count_);
    return fine ? result<bool>(false) : fine.error();
  }

  result<bool> merge() {
    const auto left = left_.fill(storage_);
    if (!left) return left;
    const auto right = right_.fill(storage_);
    if (!right) return right;
    if (!*left && !*right) return end_merge();
    int order = *left ? -1 : 1;
    if (*left && *right) order = compare_paths(left_.item, right_.item);
    if (order == 0 && unique_) return listed_twice;
    if (order <= 0) left_.has_item = false;
    if (order >= 0) right_.has_item = false;
    return more_after(out_.add(storage_, (order <= 0 ? left_ : right_).item));
  }

  result<bool> end_merge() {
    begin_ = right_.end;
    if (is_last_) {
      if (auto done = out_.flush(storage_); !done) return done.error();
      if (auto done = storage_.rename(layout::expanded, list_); !done) return done.error();
      begin_ = 0;
    }
    task_ = task::begin;
    return true;
  }

  Storage& storage_;
  std::string_view list_;
  bool unique_;
  task task_ = task::begin;
  bool is_last_ = false;     // nothing behind the two
  std::uint32_t begin_ = 0;  // of the first of two runs
  std::uint32_t count_ = 0;
  entry_cursor left_;
  entry_cursor right_;
  entry_writer out_;
};

}  // namespace ota

// ota/delta/patch_name.hpp

namespace ota {

/// Where the patches of a version lie among its files, as 0x687931/ota has it.
inline constexpr std::string_view patch_directory = ".deltas";

/// Whether a patch saves enough to be made, or used: its coming and its work are not for nothing.
constexpr bool is_worth_it(std::size_t patch_size, std::size_t file_size) {
  const std::size_t most = file_size - file_size / 8;
  return patch_size < most && most - patch_size >= 128;
}

/// Begins the name of a patch for the file at `path`: `.deltas/`, and the path with `/` replaced
/// by `_`.
inline void begin_patch_name(string_buffer& name, std::string_view path) {
  name.assign(patch_directory);
  name.append('/');
  for (const char c : path) name.append(c == '/' ? '_' : c);
}

/// Ends the name of one that applies to any content, if it can: `.delta`.
inline void end_patch_name(string_buffer& name) { name.append(".delta"); }

/// Ends the name of one for an old content: `.`, the first 16 digits of its hash, `.delta`.
inline void end_patch_name(string_buffer& name, bytes old_hash) {
  char digits[16];
  to_hex(old_hash.first(sizeof digits / 2), digits);
  name.append('.').append({digits, sizeof digits});
  end_patch_name(name);
}

}  // namespace ota

// ota/stager/lister.hpp

namespace ota {

namespace detail {

/// What a lister keeps of patches, where the device takes them.
template <bool TakesPatches>
struct patch_notes {
  std::uint32_t patches_size_ = 0;  // bytes of their list
};
template <>
struct patch_notes<false> {};

}  // namespace detail

/// Brings the list of the new version's files from a source's tree to `.ota/next`.
///
/// A tree too large for one answer is listed directory by directory: directories stand in the
/// list as entries of their own, and each pass over it replaces them by what they hold, in place,
/// so that the order of the list and the memory it takes stay the same.
///
/// A device that takes patches notes those of `.deltas/` (in `.ota/patches`) where the
/// configuration wants them, and installs none of them unless `allow` names them.
template <class Storage, class Settings, class Delta = no_delta>
class lister : Settings, detail::patch_notes<takes_patches<Delta>> {
  using Settings::settings_;

 public:
  /// Begins with the tree of a commit, given in hexadecimal digits.
  lister(Storage& storage, Settings settings, const std::string_view& commit)
      : Settings(settings), storage_(storage), tree_(commit) {}

  /// How many answers have been read to their end.
  std::uint32_t answers() const { return answers_; }

  /// The path at hand, for a message.
  std::string_view subject() const { return item_.path; }

  /// One request or one piece of an answer further; false when the list is complete. A function of
  /// its own: within its caller's its members would be too far away for short instructions.
  template <class Http, class Source>
  [[gnu::noinline]] result<bool> step(Http& http, Source& source, const mutable_bytes& chunk) {
    switch (task_) {
      case task::open:
        return open(http, source);
      case task::read:
        return read(http, source, chunk);
      case task::begin_pass:
        return begin_pass();
      case task::expand:
        return expand();
      case task::append:
        return append();
    }
    return false;
  }

 private:
  static constexpr error directory_too_large{errc::too_long, "lister",
                                             "the server cannot list one directory in full"};

  enum class task : std::uint8_t { open, read, begin_pass, expand, append };

  template <class Http, class Source>
  result<bool> open(Http& http, Source& source) {
    if (auto done = source.open_tree(http, tree_, recursive_, item_.path); !done)
      return done.error();
    list_.begin(in_part_ ? layout::part : layout::listing);
    listed_ = 0;
    directories_ = false;
    task_ = task::read;
    return true;
  }

  template <class Http, class Source>
  result<bool> read(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = read_piece(http, source.tree(), chunk);
    if (!more) task_ = task::open;
    if (!more || *more) return more;
    if (source.tree().truncated) {
      if (!recursive_) return directory_too_large;
      recursive_ = false;
      task_ = task::open;
      return true;
    }
    ++answers_;
    if (auto done = list_.flush(storage_); !done) return done.error();
    pending_ |= directories_;
    task_ = task::begin_pass;
    if (in_part_) {
      part_.begin(layout::part);
      list_.resume(layout::expanded, expanded_size_);
      task_ = task::append;
    }
    return true;
  }

  // Takes the entries of one piece of the answer; false at its end.
  template <class Http, class Document>
  result<bool> read_piece(Http& http, Document& document, const mutable_bytes& chunk) {
    if (auto done = document.receive(http, chunk); !done) return done.error();
    for (;;) {
      const auto event = document.next();
      if (!event) return event.error();
      if (*event != document_event::item) return *event == document_event::need_input;
      if (auto done = add(document.item(), document.is_link()); !done) return done.error();
    }
  }

  result<void> add(const entry& listed, bool is_link) {
    const file_filter<Settings> filter(*this);
    if (auto fine = filter.check_count(++listed_); !fine) return fine;
    const std::string_view path = listed.path;
    const bool is_directory = listed.kind == entry_kind::directory;
    if constexpr (takes_patches<Delta>)
      if (is_within(path, patch_directory) && !is_within_any(path, settings_.allow))
        return add_patch(listed, is_link);
    if (is_directory ? recursive_ || !filter.enters(path) : !filter.manages(path)) return {};
    if (auto fine = filter.check(path, is_link); !fine) {
      item_.path = listed.path;
      return fine;
    }
    directories_ |= is_directory;
    return list_.add(storage_, listed);
  }

  // A directory of them is listed like any other, where it is listed by itself.
  result<void> add_patch(const entry& listed, bool is_link) {
    if (is_link || !(settings_.enable_delta_updates || settings_.metered)) return {};
    if (listed.kind == entry_kind::file)
      return append_entry(storage_, layout::patches, this->patches_size_, listed);
    if (recursive_) return {};
    directories_ = true;
    return list_.add(storage_, listed);
  }

  result<bool> begin_pass() {
    if (!pending_) return false;
    source_list_.begin(layout::listing);
    list_.begin(layout::expanded);
    pending_ = false;
    in_part_ = true;
    task_ = task::expand;
    return true;
  }

  result<bool> expand() {
    const auto more = source_list_.next(storage_, item_);
    if (!more) return more;
    if (*more && item_.kind != entry_kind::directory) return more_after(list_.add(storage_, item_));
    if (auto done = list_.flush(storage_); !done) return done.error();
    if (!*more) {
      if (auto done = storage_.rename(layout::expanded, layout::listing); !done)
        return done.error();
      task_ = task::begin_pass;
      return true;
    }
    expanded_size_ = list_.size();
    char id[40];
    to_hex({item_.hash.value, 20}, id);
    tree_.assign({id, sizeof id});
    recursive_ = true;
    task_ = task::open;
    return true;
  }

  // The part just listed goes where its directory stood.
  result<bool> append() {
    const auto more = part_.next(storage_, item_);
    if (!more) return more;
    if (*more) return more_after(list_.add(storage_, item_));
    task_ = task::expand;
    return true;
  }

  Storage& storage_;
  std::uint32_t listed_ = 0;  // in this answer; the sorter counts all
  std::uint32_t answers_ = 0;
  std::uint32_t expanded_size_ = 0;
  task task_ = task::open;
  bool recursive_ = true;
  bool in_part_ = false;
  bool directories_ = false;
  bool pending_ = false;
  entry_reader source_list_;
  entry_reader part_;
  fixed_string<64> tree_;
  entry item_;
  entry_writer list_;
};

}  // namespace ota

// ota/stager/manifest_lister.hpp

namespace ota {

/// Brings the list of the new version's files from a release's manifest to `.ota/next`: downloads
/// it to `.ota/manifest`, has its signatures checked, and reads it from there. The paths that it
/// wants removed become a list of their own, `.ota/gone`, and so do patches, `.ota/patches`.
template <class Storage, class Settings, class Trust, class Image = no_image,
          class Delta = no_delta>
class manifest_lister : Settings {
  using Settings::settings_;

 public:
  /// The longest manifest, unless `max_tree_size_kb` says less: one of 100,000 files.
  static constexpr std::size_t max_size = 32u << 20;

  manifest_lister(Storage& storage, Settings settings, trust_context& context)
      : Settings(settings), storage_(storage), context_(context), none_() {}

  void begin() { task_ = task::open; }

  /// The path at hand, for a message; none where it is about the manifest as a whole.
  std::string_view subject() const {
    return task_ == task::read ? std::string_view(list_.item.path) : std::string_view{};
  }

  /// The version that the manifest names, if it does.
  void take_version(fixed_string<128>& version) const {
    if (!list_.in.version().empty()) version.assign(list_.in.version());
  }

  /// The image that the manifest promises, if it does.
  void take_image(image_promise& image) const { image = list_.image; }

  /// One chunk or one entry further; false when the list is complete.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, const mutable_bytes& chunk) {
    switch (task_) {
      case task::open:
        return open(http, source);
      case task::download:
        return download(http, chunk);
      case task::verify:
        return verify(chunk);
      case task::read:
        return read();
    }
    return false;
  }

 private:
  static constexpr error empty{errc::malformed, "manifest", "the manifest is empty"};
  static constexpr error no_manifest{
      errc::untrusted, "manifest",
      "the version has no signed manifest.ota, and this device takes none without"};
  static constexpr error hidden_file{errc::invalid_path, "manifest",
                                     "a manifest may not name hidden files"};
  static constexpr error too_large{errc::too_long, "manifest",
                                   "Response too large: the manifest is over its limit"};

  static constexpr error no_image_of_ours{
      errc::unsupported, "manifest",
      "the version holds firmware images, and none has the name that this device takes"};

  using trust_check = typename Trust::template check<Storage>;
  // What a device that takes images notes of them.
  struct images {
    image_promise image;
    bool has_other_image = false;
  };
  struct no_images {};
  // A reader that is not asked for images refuses a version that holds one.
  struct reader : Trust::reader {
    result<bool> next(Storage& storage, entry& out) {
      return Trust::reader::template next<takes_images<Image>, Delta>(storage, out);
    }
  };
  struct patches {
    std::uint32_t patches_size = 0;
  };
  struct no_patches {};
  struct list : std::conditional_t<takes_images<Image>, images, no_images>,
                std::conditional_t<takes_patches<Delta>, patches, no_patches> {
    reader in;
    entry_writer out;
    entry item;
    std::uint32_t deletes_size = 0;
  };
  enum class task : std::uint8_t { open, download, verify, read };

  std::size_t limit() const {
    const std::size_t wanted = kilobytes(settings_.max_tree_size_kb);
    return wanted != 0 && wanted < max_size ? wanted : max_size;
  }

  template <class Http, class Source>
  result<bool> open(Http& http, Source& source) {
    if (auto done = source.open_manifest(http); !done) return done.error();
    const http_response& answer = http.response();
    if (answer.status == 404 && Trust::requires_manifest) return no_manifest;
    if (auto status = check_status(answer); !status) return status.error();
    if (answer.has_length && answer.content_length > limit()) return too_large;
    size_ = 0;
    task_ = task::download;
    return true;
  }

  template <class Http>
  result<bool> download(Http& http, const mutable_bytes& chunk) {
    const auto size = http.read(chunk);
    if (!size) {
      task_ = task::open;
      return size.error();
    }
    if (*size == 0) {
      ::new (&trust_) trust_check(storage_, settings_, context_);
      task_ = task::verify;
      return size_ != 0 ? result<bool>(true) : empty;
    }
    if (size_ + *size > limit()) return too_large;
    if (auto done = storage_.write(layout::manifest, size_, chunk.first(*size)); !done)
      return done.error();
    size_ += *size;
    return true;
  }

  result<bool> verify(const mutable_bytes& chunk) {
    const auto more = trust_.step(chunk);
    if (!more || *more) return more;
    ::new (&list_) list();
    list_.in.begin(layout::manifest, context_.offset);
    list_.out.begin(layout::listing);
    task_ = task::read;
    return true;
  }

  result<bool> read() {
    entry& item = list_.item;
    const auto more = list_.in.next(storage_, item);
    if (!more) return more;
    if (!*more) {
      if (auto done = list_.out.flush(storage_); !done) return done.error();
      if constexpr (takes_images<Image>)
        if (list_.has_other_image && !list_.image.is_there) return no_image_of_ours;
      return false;
    }
    if constexpr (takes_images<Image>)
      if (item.kind == entry_kind::image) return take_image(item);
    if constexpr (takes_patches<Delta>)
      if (item.kind == entry_kind::patch) return more_after(take_patch(item));
    const file_filter<Settings> filter(*this);
    if (!filter.manages(item.path)) return true;
    const auto fine = filter.check(item.path, false);
    const bool hidden = is_hidden(item.path);
    if (item.kind == entry_kind::remove) {
      if (!fine || hidden) return true;  // as the original has it
      return more_after(append_entry(storage_, layout::candidates, list_.deletes_size, item));
    }
    if (!fine) return fine.error();
    if (hidden) return hidden_file;
    return more_after(list_.out.add(storage_, item));
  }

  result<bool> take_image(const entry& item) {
    const bool is_ours = item.path.view() == std::string_view(Image::name);
    if (is_ours) list_.image = detail::promise_of(item);
    list_.has_other_image |= !is_ours;
    return true;
  }

  // Nothing of it is installed; whatever else its name is, the device asks for no such file.
  result<void> take_patch(entry& item) {
    if (!is_valid_path(item.path) || !is_within(item.path, patch_directory)) return {};
    item.kind = entry_kind::file;
    return append_entry(storage_, layout::patches, list_.patches_size, item);
  }

  static bool is_hidden(std::string_view path) {
    return path.front() == '.' || path.find("/."sv) != std::string_view::npos;
  }

  Storage& storage_;
  trust_context& context_;
  std::size_t size_ = 0;
  task task_ = task::open;
  // One after the other, never two at a time.
  union {
    char none_;
    trust_check trust_;
    list list_;
  };
};

}  // namespace ota

// ota/stager/patch_figures.hpp

namespace ota {

/// What patches have come to.
struct patch_figures {
  std::uint32_t made = 0;               ///< files made by them
  std::uint32_t failed = 0;             ///< patches that were given up: their files come in full
  const error* last_fault = &no_error;  ///< of such a one
  std::size_t bytes = 0;                ///< bytes brought of patches, or made by them if more
  std::size_t bytes_moved = 0;          ///< bytes of patches that came over the network
};

namespace detail {

/// A stager's figures, where the device takes patches.
template <bool TakesPatches>
struct kept_figures {
  patch_figures patches_;
  staging_progress brought_;  // without what patches have come to
};
template <>
struct kept_figures<false> {};

}  // namespace detail
}  // namespace ota

// ota/delta/delta_contract.hpp

namespace ota {

// What a patch is applied with.
//
//   source: the old file, or the patch; any place of it, again and again
//     std::uint32_t size()
//     result<void> read(std::uint32_t offset, mutable_bytes out)   all of `out`; within the size
//   output: the new file, from its begin to its end
//     result<void> append(bytes data)
//     result<void> read(std::uint32_t offset, mutable_bytes out)   what was appended
//
// Callers stay within the size, and within what was appended.

namespace detail {

template <class S>
using source_size_of = decltype(std::declval<S&>().size());
template <class S>
using source_read_of = decltype(std::declval<S&>().read(std::uint32_t{}, mutable_bytes{}));
template <class O>
using output_append_of = decltype(std::declval<O&>().append(bytes{}));

}  // namespace detail

/// Checks what is to be read of, one sentence for each missing member.
template <class Source>
struct check_delta_source {
  static_assert(detail::gives<std::uint32_t, detail::source_size_of, Source>::value,
                "what a patch is applied to, and the patch, need: std::uint32_t size()");
  static_assert(detail::gives<result<void>, detail::source_read_of, Source>::value,
                "what a patch is applied to, and the patch, need: ota::result<void> "
                "read(std::uint32_t offset, ota::mutable_bytes out)");
  static constexpr bool ok = true;
};

/// Checks what is to be written to.
template <class Output>
struct check_delta_output {
  static_assert(detail::gives<result<void>, detail::output_append_of, Output>::value,
                "what a patch makes needs: ota::result<void> append(ota::bytes data)");
  static_assert(detail::gives<result<void>, detail::source_read_of, Output>::value,
                "what a patch makes needs: ota::result<void> read(std::uint32_t offset, "
                "ota::mutable_bytes out)");
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/delta/otadelta_format.hpp

namespace ota {

/// What is wrong with a patch of the format OTADELTA, or with the old file that it is applied to.
struct otadelta_error {
  static constexpr error not_otadelta{errc::malformed, "otadelta",
                                      "not a patch of the format OTADELTA"};
  static constexpr error other_version{errc::unsupported, "otadelta",
                                       "the patch is of a version of OTADELTA that is not known"};
  static constexpr error cut_off{errc::malformed, "otadelta",
                                 "the patch ends before its end mark: it was cut off"};
  static constexpr error unknown_instruction{
      errc::malformed, "otadelta", "the patch has an instruction that the format does not know"};
  static constexpr error number_too_large{errc::malformed, "otadelta",
                                          "a number in the patch has more than 32 bits"};
  static constexpr error outside{errc::mismatch, "otadelta",
                                 "the patch copies what the old file does not have: it was made "
                                 "for another one"};
  static constexpr error too_large{errc::no_space, "otadelta",
                                   "the patch makes a larger file than it may"};
};

/// What a patch of the format OTADELTA begins with (docs/otadelta.md): its magic, and its version.
struct otadelta_header {
  static constexpr std::size_t size = 9;
  static constexpr std::uint8_t value[size] = {'O', 'T', 'A', 'D', 'E', 'L', 'T', 'A', 1};

  static bool has_magic(bytes patch) {
    return equal(patch.first(size - 1), bytes(value).first(size - 1));
  }

  /// Whether a patch that begins so can be read.
  static result<void> check(bytes patch) {
    if (patch.size() < size || !has_magic(patch)) return otadelta_error::not_otadelta;
    if (patch[size - 1] != value[size - 1]) return otadelta_error::other_version;
    return {};
  }
};

/// What an instruction of such a patch does.
enum class otadelta_kind : std::uint32_t {
  copy = 0x01,  ///< bytes of the old file
  data = 0x02,  ///< bytes that follow in the patch
  end = 0xff
};

/// One instruction of a patch of the format OTADELTA.
struct otadelta_instruction {
  static constexpr std::size_t longest = 11;  ///< bytes; those of `data` are not counted

  /// Most bytes of one instruction that the original client takes; here any number is taken.
  static constexpr std::uint32_t original_copy = 4096, original_data = 2048;

  otadelta_kind kind = otadelta_kind::end;
  std::uint8_t size = 1;     ///< bytes of the patch that it takes, without those of `data`
  std::uint32_t from = 0;    ///< where a copy begins in the old file
  std::uint32_t length = 0;  ///< of the copy or of the data, in bytes

  /// The instruction that `patch` begins with, which holds `longest` bytes or all that are left.
  static result<otadelta_instruction> read(bytes patch) {
    if (patch.empty()) return otadelta_error::cut_off;
    otadelta_instruction out;
    out.kind = static_cast<otadelta_kind>(patch[0]);
    if (out.kind == otadelta_kind::end) return out;
    if (out.kind != otadelta_kind::copy && out.kind != otadelta_kind::data)
      return otadelta_error::unknown_instruction;
    bytes rest = patch.drop(1);
    if (out.kind == otadelta_kind::copy)
      if (const auto done = take_number(rest, out.from); !done) return done.error();
    if (const auto done = take_number(rest, out.length); !done) return done.error();
    out.size = static_cast<std::uint8_t>(patch.size() - rest.size());
    return out;
  }

 private:
  // Unsigned LEB128: seven bits a byte, the lowest first; the highest bit says that more follow.
  static result<void> take_number(bytes& in, std::uint32_t& out) {
    out = 0;
    for (unsigned shift = 0; !in.empty(); shift += 7) {
      const std::uint8_t byte = in[0];
      if (shift == 28 && byte > 0x0f) return otadelta_error::number_too_large;
      in = in.drop(1);
      out |= std::uint32_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return {};
    }
    return otadelta_error::cut_off;
  }
};

}  // namespace ota

// ota/delta/otadelta.hpp

namespace ota {

/// How far a patch of the format OTADELTA is applied. Whoever keeps it together with the bytes
/// written so far can go on from there later; it holds no padding.
struct otadelta_state {
  std::uint32_t patch_at = 0;   ///< bytes of the patch that are done; 0: nothing is
  std::uint32_t written = 0;    ///< bytes of the new file
  std::uint32_t copy_from = 0;  ///< where in the old file the copy at hand goes on
  std::uint32_t left = 0;       ///< bytes of the instruction at hand that are still to be written
  otadelta_kind kind = otadelta_kind::end;
};

/// Makes a new file of an old one and a patch of the format OTADELTA, which the client
/// 0x687931/ota uses (docs/otadelta.md): sources and an output as of `delta_contract.hpp`.
///
/// ```
/// ota::otadelta_applier<old_file, patch_file, new_file> applier(old, patch, out, 100'000);
/// for (;;) {
///   const auto more = applier.step();
///   if (!more) return more.error();
///   if (!*more) break;
/// }
/// ```
///
/// A step reads one instruction, or moves `Piece` bytes at most. After an error the state is as it
/// was before the step. The format holds no sum: the caller checks what came out.
template <class Old, class Patch, class Output, std::size_t Piece = 256>
class otadelta_applier {
  static_assert(check_delta_source<Old>::ok && check_delta_source<Patch>::ok &&
                check_delta_output<Output>::ok);

 public:
  /// `limit`: most bytes that the new file may have. To go on, `state` is one that was kept, and
  /// the output has `state.written` bytes.
  otadelta_applier(Old& old_file, Patch& patch, Output& out, std::uint32_t limit,
                   const otadelta_state& state = {})
      : old_(old_file), patch_(patch), out_(out), limit_(limit), state_(state) {}

  const otadelta_state& state() const { return state_; }

  /// Does a bounded piece of work; false: the new file is complete.
  result<bool> step() {
    if (state_.patch_at == 0) return more_after(check_header());
    if (state_.left == 0) return next_instruction();
    return more_after(move_piece());
  }

 private:
  result<void> check_header() {
    std::uint8_t room[otadelta_header::size];
    const auto begin = read_patch(room);
    if (!begin) return begin.error();
    const auto fine = otadelta_header::check(*begin);
    if (fine) state_.patch_at = sizeof room;
    return fine;
  }

  // The end mark is not passed: a step after the last one says the same again.
  result<bool> next_instruction() {
    std::uint8_t room[otadelta_instruction::longest];
    const auto rest = read_patch(room);
    if (!rest) return rest.error();
    const auto next = otadelta_instruction::read(*rest);
    if (!next) return next.error();
    if (next->kind == otadelta_kind::end) return false;
    state_.patch_at += next->size;
    state_.copy_from = next->from;
    state_.left = next->length;
    state_.kind = next->kind;
    return true;
  }

  // What comes next of the patch: as much as `room` holds, or as there is.
  result<bytes> read_patch(mutable_bytes room) {
    const std::uint32_t size = patch_.size();
    room = room.first(state_.patch_at < size ? size - state_.patch_at : 0);
    if (const auto done = patch_.read(state_.patch_at, room); !done) return done.error();
    return bytes(room);
  }

  // All of what is left is checked before each piece, so that a state which was kept is as well.
  result<void> move_piece() {
    const bool copies = state_.kind == otadelta_kind::copy;
    if (!is_within(state_.written, limit_)) return otadelta_error::too_large;
    if (copies && !is_within(state_.copy_from, old_.size())) return otadelta_error::outside;
    if (!copies && !is_within(state_.patch_at, patch_.size())) return otadelta_error::cut_off;
    std::uint8_t room[Piece];
    const mutable_bytes piece = mutable_bytes(room).first(state_.left);
    const auto read =
        copies ? old_.read(state_.copy_from, piece) : patch_.read(state_.patch_at, piece);
    if (!read) return read;
    if (const auto done = out_.append(piece); !done) return done;
    const auto size = static_cast<std::uint32_t>(piece.size());
    (copies ? state_.copy_from : state_.patch_at) += size;
    state_.written += size;
    state_.left -= size;
    return {};
  }

  bool is_within(std::uint32_t at, std::uint32_t size) const {
    return at <= size && state_.left <= size - at;
  }

  Old& old_;
  Patch& patch_;
  Output& out_;
  std::uint32_t limit_;
  otadelta_state state_;
};

}  // namespace ota

// ota/delta/bit_model.hpp

namespace ota::detail {

// What both sides of a patch know of its bits: each kind of decision has a probability that learns
// from every bit coded with it. The functions here are written once for both sides: a coder's
// `bit(model, value)` codes the value and gives it back; a decoder's ignores what it is given.

/// How likely a bit is zero. One 16-bit word: 14 bits of probability, and a count of visits, since
/// a new model has to learn faster than one that has seen much.
///
/// A new model is all zeros, and so is all that is made of models: `{}` makes them new.
class bit_model {
 public:
  static constexpr unsigned precision = 14;

  constexpr std::uint32_t zero() const { return (word_ ^ even_chance) >> count_bits; }

  /// \param rate  how slowly one that has seen much learns: a 2^rate-th of the way a bit
  constexpr void learn(bool bit, unsigned rate) {
    const std::uint32_t seen = word_ & seen_much;
    const unsigned shift = seen < seen_much ? seen + 1 : rate;
    std::uint32_t p = zero();
    p = bit ? p - (p >> shift) : p + (((1U << precision) - p) >> shift);
    const std::uint32_t word = p << count_bits | (seen < seen_much ? seen + 1 : seen);
    word_ = static_cast<std::uint16_t>(word ^ even_chance);
  }

 private:
  static constexpr unsigned count_bits = 2;
  static constexpr std::uint32_t seen_much = (1U << count_bits) - 1;
  static constexpr std::uint32_t even_chance = 1U << 15;

  std::uint16_t word_;
};

/// A symbol of so many bits, the highest first, each in the context of those before it.
template <unsigned Bits>
class bit_tree {
 public:
  template <class Coder>
  std::uint32_t code(Coder& coder, std::uint32_t symbol) {
    std::uint32_t node = 1;
    for (unsigned i = Bits; i-- > 0;)
      node =
          node << 1 | static_cast<std::uint32_t>(coder.bit(nodes_[node], (symbol >> i & 1) != 0));
    return node - (1U << Bits);
  }

 private:
  bit_model nodes_[1U << Bits];  // the first is not used
};

/// A number below 2^32 - 1: how many bits it has, then the bits, of which the first learns.
class number_model {
 public:
  static constexpr std::uint32_t max = 0xffff'fffe;

  template <class Coder>
  std::uint32_t code(Coder& coder, std::uint32_t number) {
    const std::uint32_t width = width_.code(coder, Coder::encodes ? width_of(number + 1) : 0);
    if (width == 0) return 0;
    std::uint32_t value = 2;
    value |= static_cast<std::uint32_t>(coder.bit(first_[width], bit_at(number + 1, width - 1)));
    if (width > 1) value = value << (width - 1) | coder.direct(number + 1, width - 1);
    return value - 1;
  }

 private:
  static constexpr bool bit_at(std::uint32_t value, unsigned i) { return (value >> i & 1) != 0; }
  static constexpr std::uint32_t width_of(std::uint32_t value) {
    std::uint32_t width = 0;
    while (value >>= 1) ++width;
    return width;
  }

  bit_tree<5> width_;
  bit_model first_[32];
};

/// Numbers of both signs as numbers: 0, -1, 1, -2, …
constexpr std::uint32_t fold_sign(std::uint32_t value) {
  return value << 1 ^ (value >> 31 != 0 ? 0xffff'ffff : 0);
}
constexpr std::uint32_t unfold_sign(std::uint32_t folded) {
  return folded >> 1 ^ (0 - (folded & 1));
}

}  // namespace ota::detail

// ota/delta/address_map.hpp

namespace ota::detail {

/// How far what lay at an address has moved: for each stretch of addresses one shift. A release
/// moves most of its code and data in a few such stretches; knowing them foretells the operands of
/// thousands of calls and pointers.
template <std::size_t Capacity>
class address_map {
 public:
  std::size_t size() const { return size_; }

  /// \param begin  not below that of the entry before
  void add(std::uint32_t begin, std::uint32_t shift) { stretches_[size_++] = {begin, shift}; }

  std::uint32_t shift_at(std::uint32_t address) const {
    std::size_t low = 0;
    std::size_t high = size_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (stretches_[middle].begin <= address)
        low = middle + 1;
      else
        high = middle;
    }
    return low == 0 ? 0 : stretches_[low - 1].shift;
  }

  /// Codes one entry more: how much higher it begins, and how its shift differs from the last.
  /// Addresses are even: half of them is coded.
  template <class Coder>
  void code(Coder& coder, number_model& begins, number_model& shifts, std::uint32_t begin,
            std::uint32_t shift) {
    const stretch last = size_ == 0 ? stretch{} : stretches_[size_ - 1];
    const std::uint32_t up = begins.code(coder, (begin - last.begin) >> 1) << 1;
    add(last.begin + up,
        last.shift + unfold_sign(shifts.code(coder, fold_sign(shift - last.shift))));
  }

 private:
  struct stretch {
    std::uint32_t begin;
    std::uint32_t shift;
  };

  stretch stretches_[Capacity];
  std::size_t size_;
};

/// Nothing has moved.
template <>
class address_map<0> {
 public:
  static constexpr std::size_t size() { return 0; }
  static constexpr std::uint32_t shift_at(std::uint32_t /*address*/) { return 0; }
  template <class Coder>
  void code(Coder&, number_model&, number_model&, std::uint32_t, std::uint32_t) {}
};

}  // namespace ota::detail

// ota/delta/code_site.hpp

namespace ota {

/// A place in a program that names an address: an instruction, or a pair of them.
///
/// A kind of code is a struct that finds such places and moves what they name:
///
///     static constexpr code_kind kind       what a patch calls it
///     static constexpr unsigned step        instructions begin at its multiples
///     static code_site find(const std::uint8_t* code, std::uint32_t address)
///     static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target)
///
/// `find` looks at eight bytes, whatever they are, and `aim` changes those it found. Both sides of
/// a patch must find the same places, so what a kind finds is part of the patch format.
struct code_site {
  std::uint8_t length = 0;  ///< bytes of the place; 0 where no address is named
  std::uint8_t skip = 1;    ///< where none is named: no instruction begins in so many bytes
  bool near = false;        ///< reaches only what lies around it, and so mostly moves with it
  std::uint32_t target = 0;

  static constexpr code_site none(std::uint8_t skip) { return {0, skip, false, 0}; }
  static constexpr code_site far_at(std::uint8_t length, std::uint32_t target) {
    return {length, 1, false, target};
  }
  static constexpr code_site near_at(std::uint8_t length, std::uint32_t target) {
    return {length, 1, true, target};
  }
};

/// What the old and the new bytes of a patch are, as its header says it.
enum class code_kind : std::uint8_t {
  plain = 0,    ///< text, or anything else
  words = 1,    ///< pointers of 32 bits, at multiples of four; the kinds below have them too
  thumb = 2,    ///< Thumb as of ARMv6-M: BL, short branches, LDR and ADR of literals
  thumb2 = 3,   ///< with Thumb-2's wide instructions
  arm = 4,      ///< A32
  riscv = 5,    ///< RV32, also compressed
  xtensa = 6,   ///< with or without windows
  aarch64 = 7,  ///< A64
  x86_64 = 8
};

namespace detail {

/// The lowest `bits` of a value, as a number with a sign.
constexpr std::uint32_t sign_extend(std::uint32_t value, unsigned bits) {
  const std::uint32_t sign = 1U << (bits - 1);
  return ((value & ((sign << 1) - 1)) ^ sign) - sign;
}

/// `word` with the bits of `mask` taken from `value`.
constexpr std::uint32_t put_bits(std::uint32_t word, std::uint32_t mask, std::uint32_t value) {
  return (word & ~mask) | (value & mask);
}

}  // namespace detail

/// Pointers only.
struct words_code {
  static constexpr code_kind kind = code_kind::words;
  static constexpr unsigned step = 4;
  static code_site find(const std::uint8_t* /*code*/, std::uint32_t /*address*/) {
    return code_site::none(4);
  }
  static void aim(std::uint8_t* /*code*/, std::uint32_t /*address*/, std::uint32_t /*target*/) {}
};

}  // namespace ota

// ota/delta/code_set.hpp

namespace ota {

/// The kinds of code that a program can apply patches for. What is not named costs nothing.
template <class... Codes>
struct code_set {
  static bool has([[maybe_unused]] code_kind kind) {
    return kind == code_kind::plain || ((kind == Codes::kind) || ...);
  }

  /// Instructions begin at multiples of it.
  static unsigned step([[maybe_unused]] code_kind kind) {
    unsigned step = 1;
    ((is(Codes::kind, kind) ? void(step = Codes::step) : void()), ...);
    return step;
  }

  static code_site find([[maybe_unused]] code_kind kind, [[maybe_unused]] const std::uint8_t* code,
                        [[maybe_unused]] std::uint32_t address) {
    code_site found = code_site::none(1);
    ((is(Codes::kind, kind) ? void(found = Codes::find(code, address)) : void()), ...);
    return found;
  }

  static void aim([[maybe_unused]] code_kind kind, [[maybe_unused]] std::uint8_t* code,
                  [[maybe_unused]] std::uint32_t address, [[maybe_unused]] std::uint32_t target) {
    ((is(Codes::kind, kind) ? Codes::aim(code, address, target) : void()), ...);
  }

 private:
  // One alone is not asked for others, `has` being what comes first: no code to tell them apart.
  static constexpr bool is(code_kind one, code_kind asked) {
    return sizeof...(Codes) == 1 || one == asked;
  }
};

}  // namespace ota

// ota/delta/patch_header.hpp

namespace ota {

/// What stands before the coded part of a patch. Bytes: docs/delta-format.md.
struct patch_header {
  static constexpr std::uint8_t version = 1;
  static constexpr std::uint32_t max_size = 72;
  static constexpr std::size_t old_hash_size = 8;   ///< tells a wrong base, no more
  static constexpr std::size_t new_hash_size = 16;  ///< the first half of a SHA-256
  static constexpr std::uint32_t sum_size = 4;      ///< a CRC-32 of all before, at the patch's end
  static constexpr std::uint32_t max_file_size = 0x7fff'fffe;
  static constexpr unsigned max_literal_bits = 4;
  static constexpr unsigned max_map_entries = 128;
  static constexpr std::uint32_t no_lag = 0xffff'ffff;

  code_kind code = code_kind::plain;
  std::uint8_t rate = 4;           ///< how slowly models learn: 4 or 5
  std::uint8_t previous_bits = 0;  ///< bits of the byte before that choose a literal's models
  std::uint8_t position_bits = 0;  ///< bits of its position that do
  std::uint8_t map_entries = 0;    ///< of the address map
  std::uint32_t old_size = 0;
  std::uint32_t new_size = 0;
  /// What is read of the old file lies at most so many bytes before what is being written:
  /// then the patch may be applied in place. `no_lag`: read anywhere.
  std::uint32_t lag = no_lag;
  std::uint32_t base = 0;           ///< address of the first byte, of old and new
  std::uint32_t around_before = 0;  ///< bytes before and behind the program that it calls as well
  std::uint32_t around_behind = 0;
  std::uint32_t data_begin = 0;  ///< other addresses that are pointed to: RAM
  std::uint32_t data_size = 0;
  std::uint8_t old_hash[old_hash_size] = {};
  std::uint8_t new_hash[new_hash_size] = {};
  std::uint8_t size = 0;  ///< of the header itself

  /// Models by which literals are chosen, as a power of two.
  constexpr unsigned literal_bits() const { return previous_bits + position_bits; }
  /// Bytes of models and map that applying it takes, as the format counts them.
  constexpr std::uint32_t memory() const {
    return 1408U + (512U << literal_bits()) + 8U * map_entries;
  }
  /// The same in units of 64 bytes, as the header tells it.
  constexpr std::uint32_t memory_units() const { return (memory() + 63) / 64; }
  /// Addresses of code, of which the first 256 do not count: they are mostly numbers.
  constexpr std::uint32_t code_begin() const { return base - around_before + 256; }
  constexpr std::uint32_t code_size() const {
    const std::uint32_t whole = larger_size() + around_before + around_behind;
    return whole < 256 ? 0 : whole - 256;
  }
  constexpr std::uint32_t larger_size() const { return old_size > new_size ? old_size : new_size; }
};

namespace patch_errors {

inline constexpr error not_a_patch{errc::malformed, "delta", "this is not a patch of this library"};
inline constexpr error other_version{errc::unsupported, "delta",
                                     "the patch is of a later format: update this program first"};
inline constexpr error bad_header{errc::malformed, "delta", "the patch's header is damaged"};
inline constexpr error truncated{errc::malformed, "delta", "the patch ends too early"};
inline constexpr error damaged{errc::malformed, "delta", "the patch is damaged"};
inline constexpr error bad_state{errc::damaged, "delta",
                                 "what was kept of a half-applied patch is not whole: start over"};
inline constexpr error too_much_memory{
    errc::unsupported, "delta",
    "the patch needs more memory than this device gives: make it with a smaller map"};
inline constexpr error unknown_code{errc::unsupported, "delta",
                                    "the patch is for a kind of code that is not built in here"};

}  // namespace patch_errors

namespace detail {

inline constexpr std::uint8_t patch_magic[4] = {'O', 'D', 'P', patch_header::version};

/// LEB128 of at most 32 bits and five bytes; further bits are left out.
inline std::uint32_t take_number(const std::uint8_t*& at) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    value |= static_cast<std::uint32_t>(*at & 0x7f) << shift;
    if (*at++ < 0x80) break;
  }
  return value;
}

/// Reads a header, in place and for less code than `read_patch_header`.
/// \param head    the begin of a patch, and zeros: no header is longer, whatever its numbers
/// \param size    bytes of it that are there
/// \param header  becomes what is told
inline result<void> take_patch_header(const std::uint8_t (&head)[patch_header::max_size],
                                      std::size_t size, patch_header& header) {
  if (std::memcmp(head, patch_magic, 3) != 0) return patch_errors::not_a_patch;
  if (head[3] != patch_magic[3]) return patch_errors::other_version;

  header.code = static_cast<code_kind>(head[4] & 0x0f);
  header.rate = static_cast<std::uint8_t>(4 + (head[4] >> 4));
  header.previous_bits = head[5] & 0x0f;
  header.position_bits = head[5] >> 4;
  header.map_entries = head[6];
  const std::uint8_t* at = head + 8;
  header.old_size = take_number(at);
  header.new_size = take_number(at);
  header.lag = take_number(at) - 1;
  for (std::uint32_t* number : {&header.base, &header.around_before, &header.around_behind,
                                &header.data_begin, &header.data_size})
    *number = header.code != code_kind::plain ? take_number(at) : 0;
  std::memcpy(header.old_hash, at, sizeof header.old_hash);
  std::memcpy(header.new_hash, at + sizeof header.old_hash, sizeof header.new_hash);
  at += sizeof header.old_hash + sizeof header.new_hash;
  header.size = static_cast<std::uint8_t>(at - head);
  const bool sound = header.size <= size && header.rate <= 5 &&
                     header.literal_bits() <= patch_header::max_literal_bits &&
                     header.map_entries <= patch_header::max_map_entries &&
                     head[7] == header.memory_units() &&
                     header.old_size <= patch_header::max_file_size &&
                     header.new_size <= patch_header::max_file_size;
  if (!sound) return patch_errors::bad_header;
  return {};
}

}  // namespace detail

/// Reads a header from the first bytes of a patch; `max_size` of them, or all there are.
inline result<patch_header> read_patch_header(bytes in) {
  std::uint8_t head[patch_header::max_size] = {};
  in = in.first(sizeof head);
  if (!in.empty()) std::memcpy(head, in.data(), in.size());
  patch_header header;
  if (const auto done = detail::take_patch_header(head, in.size(), header); !done)
    return done.error();
  return header;
}

}  // namespace ota

// ota/delta/copy_model.hpp

namespace ota::detail {

/// Where a copy is. Small: it is part of what is kept over a power cut.
struct copy_place {
  std::uint32_t from = 0;  ///< the next byte, there
  std::uint32_t to = 0;    ///< and here
  std::uint32_t left = 0;
  std::uint32_t begin = 0;  ///< of the whole copy, there
  std::uint32_t end = 0;
  std::uint32_t shift = 0;         ///< of all of it
  std::uint32_t shift_before = 0;  ///< of what lies before it: that of the copy before
  std::uint32_t shift_behind = 0;  ///< of what lies behind it: as the last place there has shown
  std::uint8_t quiet = 0;          ///< bytes in which no instruction begins

  void start(std::uint32_t from_, std::uint32_t to_, std::uint32_t length) {
    from = begin = from_;
    to = to_;
    left = length;
    end = from + length;
    shift_before = shift;
    shift = shift_behind = to - from;
    quiet = 0;
  }
};

/// A place in code that names an address, or one byte.
struct copy_unit {
  static constexpr std::uint32_t max_length = 8;

  code_site site;
  std::uint8_t length = 1;
  bool pointer = false;
  std::uint8_t run = 1;    ///< of a byte: in so many from here on no place begins
  std::uint8_t quiet = 0;  ///< bytes from here on in which no instruction begins

  bool far() const { return pointer || (site.length != 0 && !site.near); }
};

/// What the addresses in a patch's files mean.
template <class Codes, class Map>
class address_space {
 public:
  /// \param header  stays as it is
  address_space(const patch_header& header, const Map& map)
      : header_(header),
        map_(map),
        code_begin_(header.code_begin()),
        code_size_(header.code_size()) {}

  /// The unit that a copy is at.
  /// \param bytes  what is copied, `max_length` bytes more than `most`, zeros beyond its end; those
  ///               of the unit become what is foretold
  /// \param moved  the copy is from the old file: what places name has moved since. Otherwise only
  ///               the code itself has.
  /// \param most   how far to look for the next place, where none begins here
  copy_unit unit_at(const copy_place& at, std::uint8_t* bytes, bool moved,
                    std::uint32_t most = 1) const {
    copy_unit unit;
    unit.run = static_cast<std::uint8_t>(most);
    unit.quiet = at.quiet;
    const std::uint32_t apart = at.from ^ at.to;
    const bool has_words = moved && apart % 4 == 0;
    const std::uint32_t step = Codes::step(header_.code);  // a power of two
    const bool has_code = (apart & (step - 1)) == 0;
    if (header_.code == code_kind::plain || (!has_words && !has_code)) return unit;
    const std::uint32_t grid = has_code ? step : 4;
    for (std::uint32_t i = 0; i < most; i += grid - ((at.from + i) & (grid - 1))) {
      const std::uint32_t from = at.from + i;
      const std::uint32_t left = at.left - i;
      if (has_words && from % 4 == 0 && left >= 4 && is_named(get_u32(bytes + i))) {
        unit.run = static_cast<std::uint8_t>(i);
        if (i == 0) foretell_pointer(unit, bytes);
        break;
      }
      if (!has_code || (from & (step - 1)) != 0 || i < unit.quiet) continue;
      const code_site site = Codes::find(header_.code, bytes + i, header_.base + from);
      if (site.length != 0 && site.length <= left && is_place(at, site, moved)) {
        unit.run = static_cast<std::uint8_t>(i);
        if (i == 0) foretell_code(unit, at, site, bytes, moved);
        break;
      }
      unit.quiet = static_cast<std::uint8_t>(i + site.skip);
    }
    return unit;
  }

  /// Goes on behind a unit, or `count` bytes of a run.
  /// \param made  the bytes that it became
  void pass(copy_place& at, const copy_unit& unit, const std::uint8_t* made,
            std::uint32_t count) const {
    if (unit.site.near && !lies_before(at, unit.site.target)) learn_shift(at, unit, made);
    at.quiet = static_cast<std::uint8_t>(unit.quiet > count ? unit.quiet - count : 0);
    at.from += count;
    at.to += count;
    at.left -= count;
  }
  void pass(copy_place& at, const copy_unit& unit, const std::uint8_t* made) const {
    pass(at, unit, made, unit.length);
  }

  code_kind code() const { return header_.code; }
  std::uint32_t base() const { return header_.base; }

 private:
  /// Whether an address lies in the program, or in its data.
  bool is_named(std::uint32_t address) const {
    return address - code_begin_ < code_size_ || address - header_.data_begin < header_.data_size;
  }

  std::uint32_t now_at(std::uint32_t address) const {
    return address + map_.shift_at(address & ~1U);
  }

  bool lies_before(const copy_place& at, std::uint32_t address) const {
    return address - header_.base < at.begin;
  }

  bool is_place(const copy_place& at, const code_site& site, bool moved) const {
    if (!site.near) return is_named(site.target);
    const std::uint32_t offset = site.target - header_.base;
    return moved && (offset < at.begin || offset >= at.end);
  }

  void foretell_pointer(copy_unit& unit, std::uint8_t* bytes) const {
    unit.pointer = true;
    unit.length = 4;
    unit.site.target = now_at(get_u32(bytes));
    put_u32(bytes, unit.site.target);
  }

  void foretell_code(copy_unit& unit, const copy_place& at, const code_site& site,
                     std::uint8_t* bytes, bool moved) const {
    unit.site = site;
    unit.length = site.length;
    std::uint32_t target = site.target;
    if (site.near)
      target += lies_before(at, target) ? at.shift_before : at.shift_behind;
    else if (moved)
      target = unit.site.target = now_at(target);
    Codes::aim(header_.code, bytes, header_.base + at.to, target);
  }

  void learn_shift(copy_place& at, const copy_unit& unit, const std::uint8_t* made) const {
    std::uint8_t bytes[copy_unit::max_length] = {};
    std::memcpy(bytes, made, unit.length);
    const code_site now = Codes::find(header_.code, bytes, header_.base + at.to);
    if (now.near && now.length == unit.length) at.shift_behind = now.target - unit.site.target;
  }

  const patch_header& header_;
  const Map& map_;
  std::uint32_t code_begin_;
  std::uint32_t code_size_;
};

/// How a copy from the old file is coded where it is not as foretold.
///
/// Units come in lines of 64 bytes. A line that is all as foretold costs one decision; in others
/// each unit has one, and what is wrong is coded: a byte as its difference, an address as how far
/// it is from the foretold one.
class copy_model {
 public:
  static constexpr std::uint32_t line_size = 64;
  static constexpr unsigned recent_count = 15;

  /// Codes whether all of a line is as foretold.
  template <class Coder>
  bool code_line(Coder& coder, bool differs) {
    const bool does = coder.bit(line_differs_[lines_ & 3], differs);
    lines_ = static_cast<std::uint8_t>(lines_ << 1 | static_cast<int>(does));
    bytes_ = 0;
    sites_ = 0;
    return does;
  }

  /// Codes a unit of a line that differs.
  /// \param bytes   its bytes as foretold; they become what they are
  /// \param wanted  what they are, where that is being coded
  template <class Codes, class Map, class Coder>
  void code_unit(Coder& coder, const address_space<Codes, Map>& space, const copy_place& at,
                 const copy_unit& unit, std::uint8_t* bytes, const std::uint8_t* wanted) {
    if (unit.far()) {
      bool wrong = Coder::encodes && std::memcmp(wanted, bytes, unit.length) != 0;
      wrong = coder.bit(site_wrong_[unit.pointer ? 1 : 0][sites_ & 3], wrong);
      sites_ = static_cast<std::uint8_t>(sites_ << 1 | static_cast<int>(wrong));
      if (!wrong || code_target(coder, space, at, unit, bytes, wanted)) return;
    }
    for (unsigned i = 0; i < unit.length; ++i)
      code_byte(coder, at.to + i, bytes[i], Coder::encodes ? wanted[i] : std::uint8_t{0});
  }

 private:
  template <class Coder>
  void code_byte(Coder& coder, std::uint32_t position, std::uint8_t& byte, std::uint8_t wanted) {
    const unsigned often_right = byte == 0 || byte == 0xff ? 1 : 0;
    const bool wrong =
        coder.bit(byte_wrong_[often_right][bytes_ & 3][position & 3], wanted != byte);
    bytes_ = static_cast<std::uint8_t>(bytes_ << 1 | static_cast<int>(wrong));
    if (wrong)
      byte = static_cast<std::uint8_t>(
          byte + difference_.code(coder, static_cast<std::uint8_t>(wanted - byte)));
  }

  /// Codes what a place names, if it is the same instruction; false if it is not.
  template <class Codes, class Map, class Coder>
  bool code_target(Coder& coder, const address_space<Codes, Map>& space, const copy_place& at,
                   const copy_unit& unit, std::uint8_t* bytes, const std::uint8_t* wanted) {
    const std::uint32_t address = space.base() + at.to;
    std::uint32_t off = 0;
    bool same = true;
    if constexpr (Coder::encodes) {
      const std::uint32_t target =
          unit.pointer ? get_u32(wanted) : Codes::find(space.code(), wanted, address).target;
      off = target - unit.site.target;
      std::uint8_t aimed[copy_unit::max_length];
      std::memcpy(aimed, bytes, unit.length);
      aim(space, unit, aimed, address, target);
      same = std::memcmp(aimed, wanted, unit.length) == 0 && fold_sign(off) <= number_model::max;
    }
    if (!coder.bit(same_instruction_[unit.pointer ? 1 : 0], same)) return false;
    aim(space, unit, bytes, address, unit.site.target + code_offset(coder, off));
    return true;
  }

  template <class Codes, class Map>
  static void aim(const address_space<Codes, Map>& space, const copy_unit& unit,
                  std::uint8_t* bytes, std::uint32_t address, std::uint32_t target) {
    if (unit.pointer)
      put_u32(bytes, target);
    else
      Codes::aim(space.code(), bytes, address, target);
  }

  /// One of the last offsets, by how long ago it was, or a new one.
  template <class Coder>
  std::uint32_t code_offset(Coder& coder, std::uint32_t off) {
    unsigned index = 0;
    if constexpr (Coder::encodes)
      while (index < recent_count && recent_[index] != off) ++index;
    index = which_recent_.code(coder, index);
    if (index < recent_count) {
      off = recent_[index];
    } else {
      off = unfold_sign(offset_.code(coder, fold_sign(off)));
      index = recent_count - 1;
    }
    // The last comes first; those before it step back.
    std::uint32_t moved = off;
    for (unsigned i = 0; i <= index; ++i) std::swap(moved, recent_[i]);
    return off;
  }

  // What is small comes first: near addresses take less code.
  std::uint8_t lines_;  // which of the last lines differed; and so on
  std::uint8_t bytes_;
  std::uint8_t sites_;
  std::uint32_t recent_[recent_count];
  bit_model line_differs_[4];
  bit_model byte_wrong_[2][4][4];
  bit_model site_wrong_[2][4];
  bit_model same_instruction_[2];
  bit_tree<4> which_recent_;
  number_model offset_;
  bit_tree<8> difference_;
};

}  // namespace ota::detail

// ota/delta/patch_check.hpp

namespace ota {

namespace patch_errors {

inline constexpr error wrong_base{errc::mismatch, "delta",
                                  "the patch is for another file than the one that is there"};
inline constexpr error wrong_result{errc::mismatch, "delta",
                                    "what the patch made is not what it promised"};

}  // namespace patch_errors

/// Hashes a file in steps of 256 bytes.
template <class Hash>
class stepwise_hash {
 public:
  /// Takes the next bytes of the first `size`; false: that was all.
  template <class File>
  result<bool> step(File& file, std::uint32_t size) {
    std::uint8_t piece[256];
    const std::uint32_t left = size - done_;
    const std::uint32_t count = left < sizeof piece ? left : std::uint32_t{sizeof piece};
    if (count == 0) return false;
    if (const auto done = file.read(done_, {piece, count}); !done) return done.error();
    hash_.update({piece, count});
    done_ += count;
    return true;
  }

  template <class File>
  result<void> all(File& file, std::uint32_t size) {
    for (;;) {
      const auto more = step(file, size);
      if (!more) return more.error();
      if (!*more) return {};
    }
  }

  auto finish() { return hash_.finish(); }

 private:
  Hash hash_;
  std::uint32_t done_ = 0;
};

/// Whether the patch came whole: by the sum at its end, which finds accidents only.
template <class Patch>
result<void> check_patch_sum(Patch& patch) {
  const std::uint32_t size = patch.size();
  if (size < patch_header::sum_size) return patch_errors::truncated;
  const std::uint32_t coded = size - patch_header::sum_size;
  stepwise_hash<crc32> sum;
  if (const auto done = sum.all(patch, coded); !done) return done;
  std::uint8_t told[patch_header::sum_size];
  if (const auto done = patch.read(coded, told); !done) return done;
  const auto counted = sum.finish();
  if (std::memcmp(counted.data(), told, sizeof told) != 0) return patch_errors::damaged;
  return {};
}

namespace detail {

template <class Hash, class File>
result<bool> has_hash(File& file, std::uint32_t size, bytes promised) {
  stepwise_hash<Hash> hash;
  if (const auto done = hash.all(file, size); !done) return done.error();
  const auto digest = hash.finish();
  return std::memcmp(digest.data(), promised.data(), promised.size()) == 0;
}

}  // namespace detail

/// Whether the old file is the one that the patch was made for.
/// \tparam Hash  SHA-256
template <class Hash = sha256, class Old>
result<void> check_patch_base(const patch_header& header, Old& old_file) {
  if (old_file.size() < header.old_size) return patch_errors::wrong_base;
  const auto same = detail::has_hash<Hash>(old_file, header.old_size, header.old_hash);
  if (!same) return same.error();
  if (!*same) return patch_errors::wrong_base;
  return {};
}

/// Whether the new file is what was promised. The promise is the patch's own: it finds accidents,
/// and a wrong patch only where the patch itself can be trusted.
template <class Hash = sha256, class New>
result<void> check_patch_result(const patch_header& header, New& new_file) {
  const auto same = detail::has_hash<Hash>(new_file, header.new_size, header.new_hash);
  if (!same) return same.error();
  if (!*same) return patch_errors::wrong_result;
  return {};
}

}  // namespace ota

// ota/delta/patch_model.hpp

namespace ota::detail {

/// One step of a patch: a byte, or a copy.
struct patch_op {
  enum class kind_of : std::uint8_t { literal, from_old, from_new };
  static constexpr std::uint32_t shortest_from_old = 1;
  static constexpr std::uint32_t shortest_from_new = 2;

  kind_of kind = kind_of::literal;
  std::uint8_t byte = 0;
  std::uint32_t from = 0;  ///< an offset in the old file, or in the new one
  std::uint32_t length = 1;
};

/// What both sides of a patch know, and learn from each step.
/// \tparam LiteralBits  how many models literals have, as a power of two
template <unsigned LiteralBits>
class patch_model {
 public:
  copy_model copy;

  /// Codes a step.
  /// \param last    the last copy from the old file
  /// \param to      where the step puts its bytes
  /// \param before  the byte before it
  template <class Coder>
  patch_op code(Coder& coder, const patch_header& header, const copy_place& last, std::uint32_t to,
                std::uint8_t before, patch_op op) {
    const bool copies = coder.bit(is_copy_[last_][to & 1], op.kind != patch_op::kind_of::literal);
    if (!copies) {
      op.kind = patch_op::kind_of::literal;
      op.length = 1;
      op.byte = static_cast<std::uint8_t>(
          literals_[literal_context(header, to, before)].code(coder, op.byte));
    } else if (coder.bit(is_old_[last_], op.kind == patch_op::kind_of::from_old)) {
      op.kind = patch_op::kind_of::from_old;
      op.from = code_old_place(coder, last, to, op.from);
      op.length = old_length_.code(coder, op.length - patch_op::shortest_from_old) +
                  patch_op::shortest_from_old;
    } else {
      op.kind = patch_op::kind_of::from_new;
      op.from = to - code_distance(coder, to - op.from);
      op.length = new_length_.code(coder, op.length - patch_op::shortest_from_new) +
                  patch_op::shortest_from_new;
    }
    last_ = static_cast<std::uint8_t>(op.kind);
    return op;
  }

  /// Codes an entry of the address map, which stands before all steps.
  template <class Coder, class Map>
  void code_stretch(Coder& coder, Map& map, std::uint32_t begin, std::uint32_t shift) {
    map.code(coder, old_jump_, old_length_, begin, shift);
  }
  void end_map() { old_jump_ = old_length_ = {}; }

 private:
  static unsigned literal_context(const patch_header& header, std::uint32_t to,
                                  std::uint8_t before) {
    const unsigned position = to & ((1U << header.position_bits) - 1);
    return position << header.previous_bits | std::uint32_t{before} >> (8 - header.previous_bits);
  }

  /// Where a copy from the old file begins: mostly where the last one would have gone on, by its
  /// shift (bytes were replaced) or by its end (bytes were put in).
  template <class Coder>
  std::uint32_t code_old_place(Coder& coder, const copy_place& last, std::uint32_t to,
                               std::uint32_t from) {
    const std::uint32_t replaced = last.from + (to - last.to);
    if (coder.bit(replaces_[last_], from == replaced)) return replaced;
    if (to != last.to && coder.bit(puts_in_[last_], from == last.from)) return last.from;
    return replaced + unfold_sign(old_jump_.code(coder, fold_sign(from - replaced)));
  }

  template <class Coder>
  std::uint32_t code_distance(Coder& coder, std::uint32_t distance) {
    if (!coder.bit(same_distance_, distance == last_distance_)) {
      // Code and tables repeat themselves at even distances, or multiples of four.
      const std::uint32_t high = distance_.code(coder, (distance - 1) >> 2);
      last_distance_ = (high << 2 | distance_end_.code(coder, (distance - 1) & 3)) + 1;
    }
    return last_distance_;
  }

  bit_model is_copy_[3][2];
  bit_model is_old_[3];
  bit_model replaces_[3];
  bit_model puts_in_[3];
  bit_model same_distance_;
  number_model old_length_;
  number_model old_jump_;
  number_model new_length_;
  number_model distance_;  // without its two lowest bits
  bit_tree<2> distance_end_;
  bit_tree<8> literals_[1U << LiteralBits];
  std::uint32_t last_distance_;
  std::uint8_t last_;  // kind of the last step
};

}  // namespace ota::detail

// ota/delta/range_decoder.hpp

namespace ota::detail {

struct range_decoder_state {
  std::uint32_t range = 0xffff'ffff;
  std::uint32_t code = 0;
  unsigned rate = 4;
};

/// Takes bits out of a range-coded stream (G. N. N. Martin, 1979; the carry is resolved by the
/// encoder, as in LZMA). `Input` gives one byte after the other: `std::uint8_t next()`.
template <class Input>
class range_decoder {
 public:
  static constexpr bool encodes = false;

  range_decoder(range_decoder_state& s, Input& input) : s_(s), input_(input) {}

  /// Reads the first four bytes.
  void start() {
    for (int i = 0; i < 4; ++i) take_byte();
  }

  bool bit(bit_model& model, bool /*to encode*/ = false) {
    const std::uint32_t bound = (s_.range >> bit_model::precision) * model.zero();
    const bool one = s_.code >= bound;
    if (one) {
      s_.code -= bound;
      s_.range -= bound;
    } else {
      s_.range = bound;
    }
    model.learn(one, s_.rate);
    fill();
    return one;
  }

  /// Bits without a model, the highest first.
  std::uint32_t direct(std::uint32_t /*to encode*/, unsigned count) {
    std::uint32_t value = 0;
    while (count-- > 0) {
      s_.range >>= 1;
      const bool one = s_.code >= s_.range;
      if (one) s_.code -= s_.range;
      value = value << 1 | static_cast<std::uint32_t>(one);
      fill();
    }
    return value;
  }

 private:
  void fill() {
    while (s_.range < 1U << 24) {
      s_.range <<= 8;
      take_byte();
    }
  }
  void take_byte() { s_.code = s_.code << 8 | input_.next(); }

  range_decoder_state& s_;
  Input& input_;
};

}  // namespace ota::detail

// ota/delta/patch_decoder.hpp

namespace ota {

/// What a device gives for patches. Memory: `sizeof(patch_decoder<…>)`, all of it.
struct patch_limits {
  using codes = code_set<>;                        ///< kinds of code that it can run patches for
  static constexpr std::size_t map_entries = 128;  ///< 8 bytes each; 0: no map
  static constexpr unsigned literal_bits = 1;      ///< 512 bytes, doubled so often
  static constexpr std::size_t input_size = 128;   ///< read of the patch at a time
  static constexpr std::size_t output_size = 256;  ///< given to the new file at a time
};

/// Makes a new file from an old one and a patch, as it goes: the patch is read once from front to
/// end, the new file written so, the old one read anywhere: sources and an output as of
/// `delta_contract.hpp`.
///
/// Reads stay within the sizes that header and `size()` give. Whatever the patch holds, nothing
/// else is read, and never more written than its header tells. Whether the result is right, only
/// its hash can tell: compare it (`patch_check.hpp`) before anything rests on it.
///
/// Work comes in steps of at most 72 bytes, and a step that failed cannot be tried again: go back
/// to a kept state. Between steps, `state()` is all that has to be kept to go on after a power cut.
template <class Old, class Patch, class New, class Limits = patch_limits>
class patch_decoder {
  static_assert(check_delta_source<Old>::ok && check_delta_source<Patch>::ok &&
                check_delta_output<New>::ok);
  using map_type = detail::address_map<Limits::map_entries>;
  using model_type = detail::patch_model<Limits::literal_bits>;
  using codes = typename Limits::codes;

 public:
  patch_decoder(Old& old_file, Patch& patch, New& new_file)
      : old_(old_file), patch_(patch), new_(new_file) {}

  /// Reads the header, and refuses what this device cannot apply.
  result<void> open() {
    std::uint8_t head[patch_header::max_size] = {};
    const std::uint32_t size =
        patch_.size() < patch_header::max_size ? patch_.size() : patch_header::max_size;
    if (const auto done = patch_.read(0, mutable_bytes{head, size}); !done) return done;
    if (const auto done = detail::take_patch_header(head, size, header_); !done) return done;
    if (!codes::has(header_.code)) return patch_errors::unknown_code;
    if (header_.map_entries > Limits::map_entries || header_.literal_bits() > Limits::literal_bits)
      return patch_errors::too_much_memory;
    if (old_.size() < header_.old_size) return patch_errors::wrong_base;
    if (size < header_.size + patch_header::sum_size) return patch_errors::truncated;
    end_ = patch_.size() - patch_header::sum_size;
    s_ = {};
    s_.range.rate = header_.rate;
    s_.taken = header_.size;
    return forget_input();
  }

  const patch_header& header() const { return header_; }

  /// Bytes of the new file that were appended.
  std::uint32_t appended() const { return s_.appended; }

  /// Does a bounded piece of work. False: the new file is whole, and all of it appended.
  result<bool> step() {
    detail::range_decoder coder(s_.range, *this);
    if (s_.doing == work::start) {
      coder.start();
      s_.doing = work::map;
    }
    result<void> done;
    if (s_.doing == work::map) {
      read_map(coder);
    } else if (made() == header_.new_size) {
      if (done = flush(); !done) return done.error();
      return false;
    } else {
      done = s_.doing == work::op         ? read_op(coder)
             : s_.doing == work::old_copy ? copy_old(coder)
                                          : copy_new(coder);
    }
    if (!came_) return came_.error();
    if (!done) return done.error();
    if (s_.taken > end_ + most_beyond) return patch_errors::truncated;
    return true;
  }

  /// All that has to be kept to go on after a power cut, once the new file's first `appended()`
  /// bytes are durable. To go on: `open()`, put the bytes that were kept here, `resume()`. They are
  /// trusted, and mean something only to the same program: the caller checks that they are whole.
  mutable_bytes state() { return {reinterpret_cast<std::uint8_t*>(&s_), sizeof s_}; }

  result<void> resume() { return forget_input(); }

 private:
  friend class detail::range_decoder<patch_decoder>;

  enum class work : std::uint8_t { start, map, op, old_copy, new_copy };
  static constexpr std::uint32_t line_size = detail::copy_model::line_size;
  static constexpr std::uint32_t look_ahead = detail::copy_unit::max_length;
  // Zeros at the end of the coded part are left out, as many as a decoder takes ahead.
  static constexpr std::uint32_t most_beyond = 4;
  static_assert(Limits::input_size != 0 && Limits::output_size >= look_ahead);

  struct kept_state {
    detail::range_decoder_state range;
    std::uint32_t taken = 0;  ///< bytes of the patch
    std::uint32_t appended = 0;
    std::uint32_t output_size = 0;  ///< bytes made and not appended yet
    detail::copy_place old_place;
    detail::copy_place new_place;
    work doing = work::start;
    std::uint8_t before = 0;                              ///< the last byte made
    alignas(4) std::uint8_t output[Limits::output_size];  // copied by words
    map_type map{};
    model_type model{};
  };
  static_assert(std::is_trivially_copyable_v<kept_state>);

  std::uint32_t made() const { return s_.appended + s_.output_size; }

  result<void> forget_input() {
    input_size_ = 0;
    return came_ = {};
  }

  /// The next byte of the patch; zeros beyond the end, and once reading has failed.
  std::uint8_t next() {
    const std::uint32_t at = s_.taken++;
    if (came_ && at < end_ && at - input_from_ >= input_size_) {
      input_from_ = at;
      input_size_ = end_ - at < sizeof input_ ? end_ - at : std::uint32_t{sizeof input_};
      came_ = patch_.read(at, {input_, input_size_});
    }
    return at < end_ && came_ ? input_[at - input_from_] : std::uint8_t{0};
  }

  template <class Coder>
  void read_map(Coder& coder) {
    if (s_.map.size() < header_.map_entries) {
      s_.model.code_stretch(coder, s_.map, 0, 0);
    } else {
      s_.model.end_map();
      s_.doing = work::op;
    }
  }

  template <class Coder>
  result<void> read_op(Coder& coder) {
    const detail::patch_op op = s_.model.code(coder, header_, s_.old_place, made(), s_.before, {});
    switch (op.kind) {
      case detail::patch_op::kind_of::literal:
        return put(&op.byte, 1);
      case detail::patch_op::kind_of::from_old:
        if (op.length > header_.new_size - made() || op.from > header_.old_size ||
            op.length > header_.old_size - op.from || lags_too_far(op.from))
          return patch_errors::damaged;
        s_.old_place.start(op.from, made(), op.length);
        s_.doing = work::old_copy;
        return {};
      case detail::patch_op::kind_of::from_new:
        // A length may have wrapped to nothing.
        if (op.length == 0 || op.length > header_.new_size - made() || op.from >= made())
          return patch_errors::damaged;
        s_.new_place.start(op.from, made(), op.length);
        s_.doing = work::new_copy;
        return {};
    }
    return patch_errors::damaged;
  }

  bool lags_too_far(std::uint32_t from) const {
    return header_.lag != patch_header::no_lag && from < made() && made() - from > header_.lag;
  }

  /// Copies a line.
  template <class Coder>
  result<void> copy_old(Coder& coder) {
    detail::copy_place& at = s_.old_place;
    // What may be looked at behind the line is read as well.
    const std::uint32_t there = header_.old_size - at.from;
    const std::uint32_t count = there < sizeof line_ ? there : std::uint32_t{sizeof line_};
    std::memset(line_ + count, 0, sizeof line_ - count);
    if (const auto done = old_.read(at.from, {line_, count}); !done) return done;
    const bool differs = s_.model.copy.code_line(coder, false);
    return put_units(at, line_size, true, differs ? &coder : nullptr);
  }

  /// Puts the units of a line.
  /// \param count  bytes in which they begin
  /// \param coder  tells what is not as foretold, if anything is
  template <class Coder>
  result<void> put_units(detail::copy_place& at, std::uint32_t count, bool moved, Coder* coder) {
    if (count > at.left) count = at.left;
    const detail::address_space<codes, map_type> space(header_, s_.map);
    std::uint32_t done = 0;
    while (done < count) {
      std::uint8_t* const bytes = line_ + done;
      const detail::copy_unit unit =
          space.unit_at(at, bytes, moved, coder == nullptr ? count - done : 1);
      if (coder != nullptr) s_.model.copy.code_unit(*coder, space, at, unit, bytes, nullptr);
      const std::uint32_t length = unit.length == 1 ? unit.run : unit.length;
      space.pass(at, unit, bytes, length);
      done += length;
    }
    if (at.left == 0) s_.doing = work::op;
    return put(line_, done);
  }

  /// Copies a piece of what was already made.
  template <class Coder>
  result<void> copy_new(Coder& /*nothing of it is coded*/) {
    detail::copy_place& at = s_.new_place;
    const std::uint32_t distance = at.to - at.from;
    std::uint32_t there =
        distance < sizeof line_ ? distance : static_cast<std::uint32_t>(sizeof line_);
    if (const auto done = read_made(at.from, {line_, there}); !done) return done;
    // Places are looked for only where all that they may be made of is there.
    if (header_.code != code_kind::plain && distance >= look_ahead)
      return put_units<Coder>(at, there - look_ahead + 1, false, nullptr);
    if (there > at.left) there = at.left;
    at.from += there;
    at.to += there;
    at.left -= there;
    if (at.left == 0) s_.doing = work::op;
    return put(line_, there);
  }

  /// Reads of the new file, part of which may still wait here.
  result<void> read_made(std::uint32_t from, mutable_bytes out) {
    std::size_t durable = 0;
    if (from < s_.appended) {
      durable = s_.appended - from < out.size() ? s_.appended - from : out.size();
      if (const auto done = new_.read(from, out.first(durable)); !done) return done;
    }
    for (std::size_t i = durable; i < out.size(); ++i) out[i] = s_.output[from + i - s_.appended];
    return {};
  }

  result<void> put(const std::uint8_t* data, std::uint32_t count) {
    if (!came_) return came_;
    s_.before = data[count - 1];
    while (count != 0) {
      if (s_.output_size == sizeof s_.output)
        if (const auto done = flush(); !done) return done;
      const std::uint32_t room = static_cast<std::uint32_t>(sizeof s_.output) - s_.output_size;
      const std::uint32_t piece = count < room ? count : room;
      std::memcpy(s_.output + s_.output_size, data, piece);
      s_.output_size += piece;
      data += piece;
      count -= piece;
    }
    return {};
  }

  result<void> flush() {
    if (s_.output_size == 0) return {};
    if (const auto done = new_.append({s_.output, s_.output_size}); !done) return done;
    s_.appended += s_.output_size;
    s_.output_size = 0;
    return {};
  }

  Old& old_;
  Patch& patch_;
  New& new_;
  patch_header header_;
  std::uint32_t end_ = 0;  // of the coded part
  std::uint32_t input_from_ = 0;
  std::uint32_t input_size_ = 0;
  result<void> came_;  // what was read of the patch, so far
  std::uint8_t input_[Limits::input_size];
  std::uint8_t line_[line_size + look_ahead];
  kept_state s_;
};

}  // namespace ota

// ota/delta/any_patch.hpp

namespace ota {

/// Applies a patch of either format, which it knows by its first bytes: sources and an output as
/// of `delta_contract.hpp`.
///
/// Between steps, `state()` is all that has to be kept to go on after a power cut, once what was
/// appended until then is durable. To go on: `open`, fill `state()` with what was kept, `resume`.
template <class Old, class Patch, class New, class Limits>
class any_patch {
 public:
  any_patch(Old& old_file, Patch& patch, New& new_file)
      : old_(old_file), patch_(patch), new_(new_file), none_() {}
  any_patch(const any_patch&) = delete;
  any_patch& operator=(const any_patch&) = delete;

  /// Reads the patch's header, and refuses one that does not make `new_size` bytes.
  result<void> open(std::uint32_t new_size) {
    std::uint8_t head[otadelta_header::size - 1];
    const std::uint32_t size = patch_.size();
    const mutable_bytes begin = mutable_bytes(head).first(size);
    if (const auto done = patch_.read(0, begin); !done) return done;
    new_size_ = new_size;
    is_otadelta_ = equal(begin, bytes(otadelta_header::value).first(sizeof head));
    if (is_otadelta_) return open_otadelta({});
    ::new (&native_) native_type(old_, patch_, new_);
    if (const auto done = native_.open(); !done) return done;
    if (native_.header().new_size != new_size) return patch_errors::wrong_result;
    return {};
  }

  /// Does a bounded piece of work; false: the new file is complete.
  result<bool> step() {
    const auto more = is_otadelta_ ? otadelta_.step() : native_.step();
    if (is_otadelta_) state_ = otadelta_.state();
    return more;
  }

  mutable_bytes state() {
    if (is_otadelta_) return {reinterpret_cast<std::uint8_t*>(&state_), sizeof state_};
    return native_.state();
  }

  result<void> resume() { return is_otadelta_ ? open_otadelta(state_) : native_.resume(); }

 private:
  using native_type = patch_decoder<Old, Patch, New, Limits>;
  using otadelta_type = otadelta_applier<Old, Patch, New>;
  static_assert(std::is_trivially_destructible_v<native_type> &&
                std::is_trivially_destructible_v<otadelta_type>);

  result<void> open_otadelta(const otadelta_state& from) {
    state_ = from;
    ::new (&otadelta_) otadelta_type(old_, patch_, new_, new_size_, from);
    return {};
  }

  Old& old_;
  Patch& patch_;
  New& new_;
  std::uint32_t new_size_ = 0;
  bool is_otadelta_ = false;
  otadelta_state state_;
  union {
    char none_;
    native_type native_;
    otadelta_type otadelta_;
  };
};

}  // namespace ota

// ota/delta/stored_file.hpp

namespace ota {

/// A file on storage as the old one of a patch, or as a patch (`delta_contract.hpp`).
template <class Storage>
class stored_file {
 public:
  /// `path` must stay.
  stored_file(Storage& storage, std::string_view path, std::uint32_t size)
      : storage_(storage), path_(path), size_(size) {}

  std::uint32_t size() const { return size_; }

  result<void> read(std::uint32_t offset, mutable_bytes out) {
    const auto count = storage_.read(path_, offset, out);
    if (!count) return count.error();
    if (*count != out.size()) return has_changed;
    return {};
  }

 private:
  static constexpr error has_changed{errc::mismatch, "delta",
                                     "a file became shorter while a patch was applied"};

  Storage& storage_;
  std::string_view path_;
  std::uint32_t size_;
};

/// A file on storage as what a patch makes.
template <class Storage>
class stored_output {
 public:
  /// `path` must stay.
  stored_output(Storage& storage, std::string_view path)
      : file_(storage, path, 0), storage_(storage), path_(path) {}

  /// Goes on with a file that has `size` bytes.
  void go_on(std::uint32_t size) { size_ = size; }

  std::uint32_t size() const { return size_; }

  result<void> append(bytes data) {
    if (auto done = storage_.write(path_, size_, data); !done) return done;
    size_ += static_cast<std::uint32_t>(data.size());
    return {};
  }

  result<void> read(std::uint32_t offset, mutable_bytes out) { return file_.read(offset, out); }

 private:
  stored_file<Storage> file_;
  Storage& storage_;
  std::string_view path_;
  std::uint32_t size_ = 0;
};

}  // namespace ota

// ota/stager/patch_record.hpp

namespace ota::detail {

/// How far a patch is applied, beside the state of whoever applies it.
struct patch_record {
  static constexpr std::uint32_t format = 1;

  std::uint32_t index = 0;    ///< of the plan
  std::uint32_t patch = 0;    ///< a sum over its hash
  std::uint32_t written = 0;  ///< bytes of the new file
};

/// Keeps a record with a state; what was written until then is durable, too.
template <class Storage>
result<void> store_patch_record(Storage& storage, const patch_record& record, bytes state) {
  std::uint8_t head[sizeof record];
  std::memcpy(head, &record, sizeof record);
  crc32 sum;
  sum.update(head);
  sum.update(state);
  const std::uint32_t seal = sum.value() ^ patch_record::format;
  std::uint8_t end[sizeof seal];
  std::memcpy(end, &seal, sizeof seal);
  atomic_file<Storage> out(storage, layout::temporary);
  for (const bytes part : {bytes(head), state, bytes(end)}) out(as_text(part));
  return out.replace(layout::patch_state);
}

/// Whether the file at `.ota/patch/state` is one of `size` bytes whose seal is right.
template <class Storage>
result<bool> is_sealed(Storage& storage, std::size_t size) {
  const auto there = storage.stat(layout::patch_state);
  if (!there) return there.error();
  if (there->kind != decltype(there->kind)::file || there->size != size) return false;
  crc32 sum;
  std::uint8_t piece[64];
  std::uint32_t seal = 0;
  for (std::size_t at = 0, end = size - sizeof seal; at < end;) {
    const auto count = storage.read(layout::patch_state, at, mutable_bytes(piece).first(end - at));
    if (!count) return count.error();
    if (*count == 0) return false;
    sum.update(bytes(piece).first(*count));
    at += *count;
  }
  const auto count = storage.read(layout::patch_state, size - sizeof seal,
                                  mutable_bytes(piece).first(sizeof seal));
  if (!count) return count.error();
  std::memcpy(&seal, piece, sizeof seal);
  return *count == sizeof seal && seal == (sum.value() ^ patch_record::format);
}

/// Fills in what was kept of the patch that `record` names; false, and nothing changed, where that
/// is not there, or not whole.
template <class Storage>
result<bool> load_patch_record(Storage& storage, patch_record& record, mutable_bytes state) {
  std::uint8_t head[sizeof record];
  const auto whole = is_sealed(storage, sizeof head + state.size() + 4);
  if (!whole || !*whole) return whole;
  if (const auto count = storage.read(layout::patch_state, 0, head); !count) return count.error();
  patch_record kept;
  std::memcpy(&kept, head, sizeof kept);
  if (kept.index != record.index || kept.patch != record.patch) return false;
  const auto count = storage.read(layout::patch_state, sizeof head, state);
  if (!count) return count.error();
  record = kept;
  return true;
}

}  // namespace ota::detail

// ota/stager/patch_applier.hpp

namespace ota {

/// Makes the files of a plan for which patches have come: the patch of entry N lies at
/// `.ota/patch/N`, what it makes becomes `.ota/new/N` once it is the promised file.
///
/// Every `Delta::block_size` bytes it is kept how far that is, and a later start goes on there. Of
/// a patch with which something is wrong nothing is left.
template <class Storage, class Hash, class Delta>
class patch_applier {
 public:
  patch_applier(Storage& storage, patch_figures& figures)
      : storage_(storage), figures_(figures), none_() {}

  void begin() {
    plan_.begin(layout::plan);
    chosen_.begin(layout::chosen);
    next_ = 0;
    made_ = 0;
    task_ = task::next;
  }

  /// The path at hand, for a message.
  std::string_view subject() const { return item_.path; }

  /// A bounded piece of work further; false when all patches have been applied.
  result<bool> step(const mutable_bytes& chunk) {
    if (task_ == task::next) return begin_next();
    const auto done = work(chunk);
    return more_after(!done && is_fault(done.error()) ? give_up(done.error()) : done);
  }

 private:
  using source = stored_file<Storage>;
  using output = stored_output<Storage>;

  /// A patch that is applied, and its files.
  struct running {
    running(Storage& storage, const entry& item, std::size_t old_size, std::uint32_t index,
            std::size_t patch_size)
        : path(detail::patch_path(index)),
          old_file(storage, item.path, static_cast<std::uint32_t>(old_size)),
          patch_file(storage, path, static_cast<std::uint32_t>(patch_size)),
          out(storage, layout::patched) {}

    detail::own_path path;
    source old_file, patch_file;
    output out;
    any_patch<source, source, output, typename Delta::limits> patch{old_file, patch_file, out};
  };

  static constexpr error wrong_size{errc::mismatch, "stager",
                                    "the patch makes a file of another size"};

  enum class task : std::uint8_t { next, open, trim, resume, apply, verify };

  // The patch's, or of the files that it is for; not the storage's.
  static bool is_fault(const error& failure) {
    return failure.code != errc::storage && failure.code != errc::power_cut;
  }

  result<bool> begin_next() {
    const auto more = chosen_.next(storage_, patch_);
    if (!more || !*more) return more;
    const auto planned = plan_.next(storage_, item_);
    if (!planned || !*planned) return planned;
    index_ = next_++;
    if (patch_.kind != entry_kind::file) return true;
    const auto there = storage_.stat(detail::patch_path(index_));
    if (!there) return there.error();
    if (there->kind != file_kind::none) task_ = task::open;
    return true;
  }

  result<void> work(const mutable_bytes& chunk) {
    switch (task_) {
      case task::open:
        return open();
      case task::trim:
        return trim(chunk);
      case task::resume:
        return resume();
      case task::apply:
        return apply();
      case task::verify:
        return verify(chunk);
      case task::next:
        break;
    }
    return {};
  }

  // Begins a patch, or goes on with it where an earlier start has come to.
  result<void> open() {
    const auto old_file = storage_.stat(item_.path);
    if (!old_file) return old_file.error();
    const auto made = storage_.stat(layout::patched);
    if (!made) return made.error();
    ::new (&run_) running(storage_, item_, old_file->size, index_, patch_.size);
    if (auto done = run_.patch.open(static_cast<std::uint32_t>(item_.size)); !done) return done;
    record_ = {index_, sum_of(patch_), 0};
    const auto kept = detail::load_patch_record(storage_, record_, run_.patch.state());
    if (!kept) return kept.error();
    offset_ = 0;
    if (*kept && made->size >= record_.written) {
      task_ = made->size > record_.written ? task::trim : task::resume;
      return {};
    }
    record_.written = 0;
    task_ = task::apply;
    if (auto done = run_.patch.open(static_cast<std::uint32_t>(item_.size)); !done) return done;
    return storage_.write(layout::patched, 0, {});
  }

  static std::uint32_t sum_of(const entry& patch) {
    crc32 sum;
    sum.update(patch.hash.view());
    return sum.value();
  }

  // What was written after the record may be anything, and storage only appends: the bytes before
  // it become a file of their own.
  result<void> trim(const mutable_bytes& chunk) {
    const mutable_bytes piece = chunk.first(record_.written - offset_);
    if (auto done = run_.out.read(static_cast<std::uint32_t>(offset_), piece); !done) return done;
    if (auto done = storage_.write(layout::temporary, offset_, piece); !done) return done;
    offset_ += piece.size();
    if (offset_ != record_.written) return {};
    task_ = task::resume;
    return replace_file(storage_, layout::patched, layout::temporary);
  }

  result<void> resume() {
    run_.out.go_on(record_.written);
    task_ = task::apply;
    return run_.patch.resume();
  }

  // Some steps of the patch, up to where it has to be kept how far that is.
  result<void> apply() {
    for (int i = 0; i < 16; ++i) {
      const auto more = run_.patch.step();
      if (!more) return more.error();
      if (!*more) return begin_verify();
      if (run_.out.size() - record_.written >= Delta::block_size) return keep();
    }
    count(run_.out.size());
    return {};
  }

  result<void> keep() {
    record_.written = run_.out.size();
    count(record_.written);
    return detail::store_patch_record(storage_, record_, run_.patch.state());
  }

  void count(std::size_t size) {
    if (made_ + size > figures_.bytes) figures_.bytes = made_ + size;
  }

  result<void> begin_verify() {
    if (run_.out.size() != item_.size) return wrong_size;
    offset_ = 0;
    verifier_.begin(item_.hash.kind, item_.size);
    task_ = task::verify;
    return {};
  }

  result<void> verify(const mutable_bytes& chunk) {
    const auto size = storage_.read(layout::patched, offset_, chunk);
    if (!size) return size.error();
    verifier_.update(chunk.first(*size));
    offset_ += *size;
    if (*size == chunk.size()) return {};
    if (auto same = verifier_.finish(item_.hash); !same) return same;
    if (auto done = replace_file(storage_, detail::staged_path(index_), layout::patched); !done)
      return done;
    ++figures_.made;
    count(item_.size);
    made_ += item_.size;
    return remove_patch();
  }

  result<void> give_up(const error& why) {
    ++figures_.failed;
    figures_.last_fault = &why;
    if (auto done = storage_.remove(layout::patched); !done) return done;
    return remove_patch();
  }

  result<void> remove_patch() {
    task_ = task::next;
    if (auto done = storage_.remove(layout::patch_state); !done) return done;
    return storage_.remove(detail::patch_path(index_));
  }

  Storage& storage_;
  patch_figures& figures_;
  std::size_t offset_ = 0;
  std::size_t made_ = 0;  // bytes of files that are made
  std::uint32_t index_ = 0;
  std::uint32_t next_ = 0;
  task task_ = task::next;
  detail::patch_record record_;
  entry_reader plan_;
  entry_reader chosen_;
  entry item_;
  entry patch_;
  verifier<Hash> verifier_;
  union {
    char none_;
    running run_;
  };
};

}  // namespace ota

// ota/stager/patch_chooser.hpp

namespace ota {

/// Chooses the patches by which files of a plan are made: writes `.ota/patch/chosen`, whose entry N
/// is the patch for entry N of the plan, or `remove` where there is none.
///
/// Which patches there are stands in `.ota/patches`, in the order of their names. Those are nearly
/// in the order of the files' paths, so that the list is read about once.
template <class Storage, class Hash>
class patch_chooser {
 public:
  explicit patch_chooser(Storage& storage) : storage_(storage) {}

  void begin() {
    plan_.begin(layout::plan);
    chosen_.begin(layout::chosen);
    restart_list();
    last_.clear();
    index_ = count_ = 0;
    task_ = task::next;
  }

  /// Patches chosen.
  std::uint32_t count() const { return count_; }

  /// The path at hand, for a message.
  std::string_view subject() const { return item_.path; }

  /// One entry or one chunk further; false when the list is complete.
  result<bool> step(const mutable_bytes& chunk) {
    switch (task_) {
      case task::next:
        return begin_next();
      case task::search:
        return search();
      case task::hash:
        return hash_installed(chunk);
    }
    return false;
  }

 private:
  enum class task : std::uint8_t { next, search, hash };

  result<bool> begin_next() {
    const auto more = plan_.next(storage_, item_);
    if (!more) return more;
    if (!*more) {
      if (auto done = chosen_.flush(storage_); !done) return done.error();
      return false;
    }
    const auto wanted = wants_patch(index_++);
    if (!wanted) return wanted;
    return *wanted ? begin_search() : pass_over();
  }

  // What has begun to come in full is ended so.
  result<bool> wants_patch(std::uint32_t index) {
    const digest_kind kind = item_.hash.kind;
    const bool is_known = kind == digest_kind::sha256 || kind == digest_kind::git_id;
    if (item_.kind != entry_kind::file || !is_known || !item_.has_size || item_.size > UINT32_MAX)
      return false;
    const auto staged = storage_.stat(detail::staged_path(index));
    if (!staged) return staged.error();
    if (staged->kind != file_kind::none) return false;
    const auto there = storage_.stat(item_.path);
    if (!there) return there.error();
    return there->kind == file_kind::file && there->size <= UINT32_MAX;
  }

  result<bool> pass_over() {
    item_ = {};
    item_.kind = entry_kind::remove;
    task_ = task::next;
    return more_after(chosen_.add(storage_, item_));
  }

  // A manifest's patches are for one old content each, a tree's may be for any.
  result<bool> begin_search() {
    begin_patch_name(wanted_, item_.path);
    hashed_ = item_.hash.kind == digest_kind::git_id;
    if (hashed_)
      end_patch_name(wanted_);
    else
      wanted_.append('.');
    if (wanted_.view() < last_.view()) restart_list();
    last_ = wanted_;
    task_ = task::search;
    return true;
  }

  // Goes to the first patch that is not before the wanted one.
  result<bool> search() {
    if (!have_patch_) {
      const auto more = list_.next(storage_, patch_);
      if (!more) return more;
      if (!*more) return pass_over();
      have_patch_ = true;
    }
    if (patch_.path.view() < wanted_.view()) {
      have_patch_ = false;
      return true;
    }
    if (!hashed_ && starts_with(patch_.path, wanted_)) return begin_hash();
    return hashed_ && patch_.path.view() == wanted_.view() && patch_.has_size &&
                   is_worth_it(patch_.size, item_.size)
               ? take()
               : pass_over();
  }

  result<bool> take() {
    ++count_;
    task_ = task::next;
    return more_after(chosen_.add(storage_, patch_));
  }

  result<bool> begin_hash() {
    verifier_.begin(digest_kind::sha256, 0);
    offset_ = 0;
    task_ = task::hash;
    return true;
  }

  result<bool> hash_installed(const mutable_bytes& chunk) {
    const auto size = storage_.read(item_.path, offset_, chunk);
    if (!size) return size.error();
    verifier_.update(chunk.first(*size));
    offset_ += *size;
    if (*size == chunk.size()) return true;
    begin_patch_name(wanted_, item_.path);
    end_patch_name(wanted_, verifier_.finish().view());
    hashed_ = true;
    task_ = task::search;
    return true;
  }

  void restart_list() {
    list_.begin(layout::patches);
    have_patch_ = false;
  }

  Storage& storage_;
  std::size_t offset_ = 0;  // in the installed file
  std::uint32_t index_ = 0;
  std::uint32_t count_ = 0;
  task task_ = task::next;
  bool hashed_ = false;      // the wanted name is whole
  bool have_patch_ = false;  // `patch_` was read and is not passed yet
  entry_reader plan_;
  entry_reader list_;
  entry item_;
  entry patch_;
  fixed_string<max_path + 32> wanted_;
  fixed_string<max_path + 32> last_;  // wanted before
  verifier<Hash> verifier_;
  entry_writer chosen_;
};

}  // namespace ota

// ota/stager/patch_stage.hpp

namespace ota {

/// Where the files of a plan are staged, and where the patches are brought to that make some of
/// them. One code serves both.
struct files_or_patches {
  bool is_patches = false;

  std::string_view list() const { return is_patches ? layout::chosen : layout::plan; }
  detail::own_path place(std::uint32_t index) const {
    return is_patches ? detail::patch_path(index) : detail::staged_path(index);
  }
};

/// Makes files of a plan by patches, before the rest is downloaded: chooses the patches, brings
/// them, applies them. Whatever goes wrong with one, its file is left to the download.
///
/// It has its turn once: then `.ota/patches`, which says what there is, is gone.
template <class Storage, class Hash, class Delta>
class patch_stage {
 public:
  patch_stage(Storage& storage, patch_figures& figures)
      : storage_(storage), figures_(figures), none_() {}
  ~patch_stage() { end_task(); }
  patch_stage(const patch_stage&) = delete;
  patch_stage& operator=(const patch_stage&) = delete;

  result<void> begin() {
    const auto there = storage_.stat(layout::patches);
    if (!there) return there.error();
    if (there->kind == file_kind::none) return {};
    ::new (&chooser_) patch_chooser<Storage, Hash>(storage_);
    chooser_.begin();
    task_ = task::choose;
    return {};
  }

  /// The path at hand, for a message.
  std::string_view subject() const {
    if (task_ == task::choose) return chooser_.subject();
    if (task_ == task::bring) return fetcher_.subject();
    if (task_ == task::apply) return applier_.subject();
    return {};
  }

  /// A piece of work further; false when there is nothing left to do.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, const mutable_bytes& chunk) {
    switch (task_) {
      case task::choose:
        return begin_bring(chooser_.step(chunk));
      case task::bring:
        return bring(http, source, chunk);
      case task::apply:
        return begin_clean(applier_.step(chunk));
      case task::clean:
        return clean();
    }
    return false;
  }

 private:
  using fetcher = downloader<Storage, Hash, files_or_patches>;

  enum class task : std::uint8_t { choose, bring, apply, clean };

  result<bool> begin_bring(const result<bool>& more) {
    if (!more || *more) return more;
    const bool is_any = chooser_.count() != 0;
    end_task();
    if (!is_any) return true;
    ::new (&fetcher_) fetcher(storage_, progress_, {true});
    task_ = task::bring;
    return true;
  }

  template <class Http, class Source>
  result<bool> bring(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = fetcher_.step(http, source, chunk);
    if (progress_.bytes_moved != figures_.bytes_moved) failures_ = 0;
    figures_.bytes_moved = progress_.bytes_moved;
    if (progress_.bytes > figures_.bytes) figures_.bytes = progress_.bytes;
    if (!more) return may_go_on(more.error());
    if (*more) return true;
    end_task();
    ::new (&applier_) patch_applier<Storage, Hash, Delta>(storage_, figures_);
    applier_.begin();
    task_ = task::apply;
    return true;
  }

  // A line that breaks is waited for once, and only the patch is given up where that does not help.
  result<bool> may_go_on(const error& failure) {
    const bool is_general = failure.code == errc::storage || failure.code == errc::power_cut ||
                            failure.code == errc::rate_limited || failure.code == errc::too_slow;
    const bool may_pass = is_transient(failure) && failure.code != errc::mismatch;
    if (is_general || (may_pass && ++failures_ < 2)) return failure;
    failures_ = 0;
    ++figures_.failed;
    figures_.last_fault = &failure;
    if (failure.code != errc::damaged) return more_after(fetcher_.skip());
    // The list of the patches itself: nothing behind that place can be read.
    end_task();
    return true;
  }

  result<bool> begin_clean(const result<bool>& more) {
    if (more && !*more) end_task();
    return more ? result<bool>(true) : more;
  }

  result<bool> clean() {
    const auto more = detail::remove_tree_step(storage_, layout::patching);
    if (!more || *more) return more;
    const auto done = storage_.remove(layout::patches);
    return done ? result<bool>(false) : done.error();
  }

  // Of what shares its memory, only what hashes may have to be ended.
  void end_task() {
    if constexpr (!std::is_trivially_destructible_v<Hash>) {
      if (task_ == task::choose) chooser_.~patch_chooser();
      if (task_ == task::bring) fetcher_.~fetcher();
      if (task_ == task::apply) applier_.~patch_applier();
    }
    task_ = task::clean;
  }

  Storage& storage_;
  patch_figures& figures_;
  task task_ = task::clean;
  std::uint8_t failures_ = 0;  // in a row, of the patch that is being brought
  staging_progress progress_;  // of the patches that are brought
  union {
    char none_;
    patch_chooser<Storage, Hash> chooser_;
    fetcher fetcher_;
    patch_applier<Storage, Hash, Delta> applier_;
  };
};

}  // namespace ota

// ota/stager/pattern_walk.hpp

namespace ota {

/// Lists the installed files below `delete_patterns` (in `.ota/gone`): those that the new version
/// does not have will have to go.
///
/// Directories stand in that list, too, and are looked at as they are met in it, so the depth and
/// width of the tree cost no memory. Of a directory some names are kept at a time, and a step looks
/// at one.
template <class Storage, class Settings>
class pattern_walk : Settings {
  using Settings::settings_;

 public:
  pattern_walk(Storage& storage, Settings settings) : Settings(settings), storage_(storage) {}

  result<void> begin() {
    const auto there = storage_.stat(layout::candidates);
    if (!there) return there.error();
    const auto size = static_cast<std::uint32_t>(there->size);
    found_.resume(layout::candidates, size);
    listed_.begin(layout::candidates, size);
    pattern_ = 0;
    in_directory_ = false;
    names_.clear();
    return {};
  }

  /// One name, pattern or entry further; false when all have been looked at.
  result<bool> step() {
    if (at_ < names_.size()) return more_after(take_name());
    if (in_directory_) return more_after(collect());
    if (pattern_ < settings_.delete_patterns.size()) return more_after(take_pattern());
    if (listed_.offset() == found_.size()) return false;
    // What is still gathered can only be read back from storage.
    if (auto done = found_.flush(storage_); !done) return done.error();
    const auto more = listed_.next(storage_, item_);
    if (more.value_or(false) && item_.kind == entry_kind::directory) {
      in_directory_ = true;
      directory_ = item_.path;
      passed_ = 0;
    }
    return more;
  }

 private:
  result<void> take_pattern() {
    item_.path.assign(trim_slashes(settings_.delete_patterns[pattern_++]));
    if (!is_fit()) return {};
    const auto there = storage_.stat(item_.path);
    return there ? take(there->kind) : there.error();
  }

  // Keeps the next names of the directory at hand, as many as fit: 'd' or 'f', the name, NUL.
  result<void> collect() {
    names_.clear();
    at_ = 0;
    std::uint32_t index = 0;
    const auto listed =
        storage_.list(directory_, [&](const std::string_view& name, file_kind kind) {
          if (index++ < passed_) return true;
          if (names_.capacity() - names_.size() < name.size() + 2) return false;
          names_.append(kind == file_kind::directory ? 'd' : 'f').append(name).append('\0');
          ++passed_;
          return true;
        });
    in_directory_ = !names_.empty();
    return listed;
  }

  result<void> take_name() {
    const file_kind kind = names_[at_++] == 'd' ? file_kind::directory : file_kind::file;
    const std::string_view name = names_.c_str() + at_;
    at_ += name.size() + 1;
    item_.path = directory_;
    item_.path.append('/').append(name);
    return is_fit() ? take(kind) : result<void>{};
  }

  // Whether the path at hand may be looked at.
  bool is_fit() const {
    const std::string_view path = item_.path;
    return !item_.path.overflowed() && !detail::is_own_path(path) && is_valid_path(path);
  }

  // Lists what is at the path at hand.
  result<void> take(file_kind kind) {
    if (kind == file_kind::none) return {};
    item_.kind = kind == file_kind::directory ? entry_kind::directory : entry_kind::remove;
    return found_.add(storage_, item_);
  }

  Storage& storage_;
  std::size_t pattern_ = 0;
  std::size_t at_ = 0;        // of the name to be looked at next
  std::uint32_t passed_ = 0;  // names of the directory that were kept so far
  bool in_directory_ = false;
  entry_reader listed_;
  entry item_;
  fixed_string<max_path> directory_;
  fixed_string<max_path + 2> names_;
  entry_writer found_;
};

}  // namespace ota

// ota/stager/staging_record.hpp

namespace ota {

/// What a plan comes to.
struct plan_summary {
  std::uint32_t entries = 0;   ///< lines of the plan
  std::uint32_t files = 0;     ///< files to bring
  std::uint32_t removals = 0;  ///< files to remove
  std::uint32_t sum = 0;       ///< CRC-32 of the plan
  std::size_t size = 0;        ///< bytes to bring
};

namespace detail {

/// What is being staged, so that a later start can go on with it.
struct staging_record {
  static constexpr std::uint32_t format = 1;

  version_id version{};
  std::uint32_t settings = 0;  ///< a sum over what the plan was made from: settings, manifest
  plan_summary plan;
};

}  // namespace detail
}  // namespace ota

// ota/stager/planner.hpp

namespace ota {

/// Finds out what has to change: holds the list of the new version's files (`.ota/next`, in order)
/// against what is installed and writes the plan (`.ota/plan`). Lists live on storage and are read
/// entry by entry, so their length does not matter.
template <class Storage, class Hash, class Settings>
class planner : Settings {
  using Settings::settings_;

 public:
  /// Begins the plan for the list at `.ota/next`; `count_only` leaves the files out of it.
  planner(Storage& storage, Settings settings, bool count_only)
      : Settings(settings), storage_(storage), count_only_(count_only) {
    plan_.begin(layout::plan);
    start(stage::check_old);
  }

  /// Whether nothing has to change so far.
  bool is_empty() const { return plan_.count() == 0; }

  /// The path at hand, for a message.
  std::string_view subject() const { return new_.item.path; }

  /// One entry or one chunk further; false when all that was listed has been compared.
  result<bool> step(const mutable_bytes& chunk) {
    switch (stage_) {
      case stage::check_old:
        return check_old();
      case stage::compare:
        return hashing_ ? compare_content(chunk) : compare_next();
      case stage::removed:
      case stage::candidates:
        return find_removed();
      case stage::done:
        break;
    }
    return false;
  }

  /// Adds a small file of the library's own, which changes together with the version's files.
  result<void> add_own_file(const std::string_view& path, const bytes& content) {
    const auto staged = detail::staged_path(plan_.count());
    if (auto done = storage_.write(staged, 0, content); !done) return done;
    return add_own(path, content.size());
  }

  /// Adds the version's firmware image.
  result<void> add_image(const std::string_view& name, const image_promise& image) {
    new_.item = {};
    new_.item.kind = entry_kind::image;
    new_.item.path.assign(name);
    new_.item.size = image.size;
    new_.item.hash.kind = digest_kind::sha256;
    std::memcpy(new_.item.hash.value, image.digest.data(), image.digest.size());
    return plan_.add(storage_, new_.item);
  }

  /// The list of files becomes the list of what is installed.
  result<void> add_list() {
    if (auto done = storage_.rename(layout::listing, detail::staged_path(plan_.count())); !done)
      return done;
    return add_own(layout::installed, list_size_);
  }

  /// Ends the plan, and tells what it comes to.
  result<void> finish(plan_summary& summary) {
    if (auto done = plan_.flush(storage_); !done) return done;
    summary_.entries = plan_.count();
    summary_.sum = plan_.sum();
    summary = summary_;
    return {};
  }

 private:
  enum class stage : std::uint8_t { check_old, compare, removed, candidates, done };

  void start(stage next) {
    stage_ = next;
    hashing_ = false;
    new_.item.path.clear();
    new_.begin(layout::listing);
    old_.begin(next == stage::candidates ? layout::candidates : layout::installed);
  }

  result<void> add(const entry& item) {
    return count_only_ ? result<void>{} : plan_.add(storage_, item);
  }

  result<void> add_own(const std::string_view& path, std::size_t size) {
    new_.item = {};
    new_.item.path.assign(path);
    new_.item.size = size;
    return plan_.add(storage_, new_.item);
  }

  // A list of what is installed that is damaged, or in no order, is as good as none.
  result<bool> check_old() {
    const auto more = old_.next(storage_);
    if (!more && more.error().code != errc::damaged) return more;
    const bool sound = more && (!*more || compare_paths(new_.item, old_.item) < 0);
    if (sound && *more) {
      new_.item.path = old_.item.path;
      return true;
    }
    if (!sound)
      if (auto done = storage_.remove(layout::installed); !done) return done.error();
    start(stage::compare);
    return true;
  }

  result<bool> compare_next() {
    const auto more = new_.next(storage_);
    if (!more) return more;
    if (!*more) {
      list_size_ = new_.list.offset();
      start(stage::removed);
      return true;
    }
    const entry& item = new_.item;
    const auto there = storage_.stat(item.path);
    if (!there) return there.error();
    const bool same_size = !item.has_size || there->size == item.size;
    if (there->kind != file_kind::file || !same_size || item.hash.kind == digest_kind::none)
      return bring(entry_kind::file);
    mode_differs_ = keeps_modes<Storage> && there->executable != item.executable;
    hashing_ = true;
    offset_ = 0;
    verifier_.begin(item.hash.kind, there->size);
    return true;
  }

  result<bool> compare_content(const mutable_bytes& chunk) {
    const auto size = storage_.read(new_.item.path, offset_, chunk);
    if (!size) return size.error();
    verifier_.update(chunk.first(*size));
    offset_ += *size;
    if (*size == chunk.size()) return true;
    hashing_ = false;
    if (const auto same = verifier_.finish(new_.item.hash); !same)
      return same.error().code == errc::mismatch ? bring(entry_kind::file) : same.error();
    return mode_differs_ ? bring(entry_kind::keep) : result<bool>(true);
  }

  result<bool> bring(entry_kind kind) {
    new_.item.kind = kind;
    ++summary_.files;
    // A sum that cannot be counted is more than there is room for.
    const std::size_t room = SIZE_MAX - summary_.size;
    if (!count_only_) summary_.size += new_.item.size < room ? new_.item.size : room;
    return more_after(add(new_.item));
  }

  // Files of the installed list, then of the candidates, that the new list does not have.
  result<bool> find_removed() {
    const auto old = old_.fill(storage_);
    if (!old) return old;
    if (!*old) {
      start(stage_ == stage::removed ? stage::candidates : stage::done);
      return stage_ != stage::done;
    }
    const auto more = new_.fill(storage_);
    if (!more) return more;
    const int order = *more ? compare_paths(old_.item, new_.item) : -1;
    (order <= 0 ? old_ : new_).has_item = false;
    return order < 0 ? more_after(remove_old()) : result<bool>(true);
  }

  result<void> remove_old() {
    entry& item = old_.item;
    const std::string_view path = item.path;
    if (!file_filter<Settings>(*this).manages(path)) return {};
    const auto there = storage_.stat(path);
    if (!there) return there.error();
    if (there->kind != file_kind::file && there->kind != file_kind::other) return {};
    item.kind = entry_kind::remove;
    item.hash.kind = digest_kind::none;
    ++summary_.removals;
    return add(item);
  }

  Storage& storage_;
  std::size_t offset_ = 0;
  std::uint32_t list_size_ = 0;  // bytes of the new list
  stage stage_ = stage::done;
  bool count_only_;
  bool hashing_ = false;
  bool mode_differs_ = false;
  plan_summary summary_;
  entry_cursor new_;
  entry_cursor old_;
  verifier<Hash> verifier_;
  entry_writer plan_;
};

}  // namespace ota

// ota/stager/room.hpp

namespace ota::detail {

inline constexpr error no_space{
    errc::no_space, "stager",
    "not enough space: an update needs twice the size of its new files free"};
inline constexpr error below_reserve{errc::no_space, "stager",
                                     "not enough space: less than min_free_storage is free"};

/// Whether storage has room for `size` bytes of new files.
template <class Storage>
result<void> check_space(Storage& storage, const config& settings, std::uint64_t size) {
  const auto room = storage.free_space();
  if (!room) return room.error();
  if (*room / 2 < size) return no_space;
  if (*room < settings.min_free_storage) return below_reserve;
  return {};
}

/// Keeps room that a put-back can have where the new version has filled the storage.
template <class Storage>
result<void> keep_reserve(Storage& storage) {
  const auto there = kind_at(storage, layout::reserve);
  if (!there) return there.error();
  if (*there == file_kind::file) return {};
  const std::uint8_t room[256] = {};
  return storage.write(layout::reserve, 0, room);
}

}  // namespace ota::detail

// ota/stager/staged_version.hpp

namespace ota::detail {

/// What is kept of a version of which a manifest may say more than its source.
template <bool ReadsManifests>
struct version_word {
  trust_context context_;
  fixed_string<128> name_;
};
template <>
struct version_word<false> {};

/// The version that is being staged: what names it, and what its plan is made from.
template <class Trust>
class staged_version : version_word<Trust::reads_manifests> {
 public:
  /// `target` stays until all is staged.
  void begin(const release_target& target) {
    target_ = &target;
    if constexpr (Trust::reads_manifests) this->name_ = target.ref;
  }

  const release_target& target() const { return *target_; }

  /// What the trust policy has to know and finds out, and the name, which a manifest may change.
  /// On devices that read manifests.
  trust_context& context() { return this->context_; }
  fixed_string<128>& name() { return this->name_; }

  /// The source's id, or that under which the trust policy knows the version.
  const version_id& identity() const {
    if constexpr (Trust::requires_manifest)
      return this->context_.id;
    else
      return target_->id;
  }

  /// The text of version.json. A signed manifest names the version by itself: the source's word for
  /// it is not signed.
  fixed_string<900> text() const {
    if constexpr (Trust::requires_manifest) {
      const version_id& manifest = this->context_.manifest;
      char digits[2 * sizeof(version_id)];
      to_hex({manifest.data(), manifest.size()}, digits);
      return version_json(this->name_, {digits, sizeof digits});
    } else if constexpr (Trust::reads_manifests) {
      return version_json(this->name_, target_->commit);
    } else {
      return version_json(target_->ref, target_->commit);
    }
  }

  /// Writes into a record which version is staged, and what its plan is made from, of which
  /// `settings` is a sum.
  void note_in(staging_record& record, std::uint32_t settings) const {
    record.version = target_->id;
    if constexpr (Trust::requires_manifest)
      record.settings = basis_sum(this->context_.manifest, settings);
    else
      record.settings = settings;
  }

  /// Whether what a record tells of is still what these settings and the newest manifest seen make
  /// of the version. The version is then known by the id that it was staged under.
  template <class Storage>
  bool is_noted_in(const staging_record& record, Storage& storage, std::uint32_t settings) {
    if (record.version != target_->id) return false;
    if constexpr (Trust::requires_manifest) {
      trust_record seen;
      if (!load_record(storage, layout::trust, seen).value_or(false) ||
          this->context_.now >= seen.expires ||
          record.settings != basis_sum(seen.manifest, settings))
        return false;
      this->context_.id = seen.source;
      return true;
    } else {
      return record.settings == settings;
    }
  }

 private:
  static std::uint32_t basis_sum(const version_id& manifest, std::uint32_t settings) {
    crc32 sum;
    sum.update({manifest.data(), manifest.size()});
    return sum.value() ^ settings;
  }

  const release_target* target_ = nullptr;
};

}  // namespace ota::detail

// ota/swapper/swap_state.hpp

namespace ota {

/// How far the change from one version to the next is. Kept on storage; see docs/power-safety.md.
enum class swap_phase : std::uint8_t {
  idle,      ///< one version, nothing to put back
  swapping,  ///< the new version is complete beside the old one and is being moved in
  trial,     ///< the new version runs and is not confirmed yet
  kept,      ///< the new version is confirmed; the old one can still be put back
  removing,  ///< putting back: what the new version added is being removed
  restoring  ///< putting back: what it replaced is being moved in again
};

/// What the swapper keeps on storage.
struct swap_state {
  static constexpr std::uint32_t format = 1;

  swap_phase phase = swap_phase::idle;
  std::uint8_t boots = 0;          ///< starts of the version on trial so far
  std::uint8_t allowed = 0;        ///< starts without being confirmed, before it is put back
  bool reject = false;             ///< the version being put back is not to be tried again
  std::uint32_t entries = 0;       ///< in the plan
  version_id version{};            ///< running, or being moved in
  version_id previous{};           ///< to be put back
  version_id rejected{};           ///< put back before
  std::uint32_t version_file = 0;  ///< CRC-32 of version.json as the last swap left it
};

}  // namespace ota

// ota/swapper/swap_record.hpp

namespace ota {

/// What the swapper keeps where a version may hold a firmware image.
struct mixed_state : swap_state {
  static constexpr std::uint32_t format = 2;

  image_id image{};  ///< the version's, which runs or does not run together with its files
};

namespace detail {

template <class Storage>
result<bool> load_state(Storage& storage, swap_state& state) {
  return load_record(storage, layout::state, state);
}

template <class Storage>
result<void> store_state(Storage& storage, const swap_state& state) {
  return store_record(storage, layout::state, state);
}

// Without an image the record is that of a device that takes none: a program that learns of images
// goes on where the one before it stood, and the other way round.

template <class Storage>
result<bool> load_state(Storage& storage, mixed_state& state) {
  const auto found = load_record(storage, layout::state, state);
  if (!found || *found) return found;
  return load_record(storage, layout::state, static_cast<swap_state&>(state));
}

template <class Storage>
result<void> store_state(Storage& storage, const mixed_state& state) {
  if (state.image != image_id{}) return store_record(storage, layout::state, state);
  return store_record(storage, layout::state, static_cast<const swap_state&>(state));
}

}  // namespace detail
}  // namespace ota

// ota/swapper/image_link.hpp

namespace ota::detail {

/// What a version's image lets its files do.
enum class image_word : std::uint8_t {
  go_on,     ///< what they were about to do
  keep,      ///< be kept, as it is
  restart,   ///< nothing before the next start of the device, which changes the image
  put_back,  ///< be put back: it does not run, or not any more
};

/// A swapper's image policy, and how the image of a version keeps step with its files
/// (docs/mixed-updates.md). A version without an image goes on.
template <class Image>
class image_link {
 public:
  using state_type = mixed_state;

  Image& image() { return image_; }

  /// Whether the device must start again before anything of a version may run.
  bool needs_restart() const { return waits_; }

 protected:
  explicit image_link(Image&& image) : image_(std::move(image)) {}

  void forget_restart() { waits_ = false; }
  void wait_for_restart() { waits_ = true; }

  /// The new files are in place: may they be tried?
  result<image_word> before_trial(const mixed_state& state) {
    if (state.image == image_id{}) return image_word::go_on;
    const auto standing = image_.standing_of(state.image);
    if (!standing) return standing.error();
    switch (*standing) {
      case image_standing::staged:
        if (auto done = image_.swap(state.allowed); !done) return done.error();
        return image_word::restart;
      case image_standing::swapping:
      case image_standing::restoring:
        return image_word::restart;
      case image_standing::trial:
      case image_standing::kept:
      case image_standing::alone:
        return image_word::go_on;
      case image_standing::unknown:
      case image_standing::put_back:
        break;
    }
    return image_word::put_back;
  }

  /// The old files are back in place: is the old image, too? Where they are because a request
  /// failed, it may have been noted all the same: so the record is read again.
  result<image_word> before_idle(const mixed_state& state) {
    if (state.image == image_id{}) return image_word::go_on;
    if (auto done = image_.load(); !done) return done.error();
    const auto standing = image_.standing_of(state.image);
    if (!standing) return standing.error();
    switch (*standing) {
      case image_standing::trial:
      case image_standing::kept:
      case image_standing::alone:
        return revert_image();
      case image_standing::swapping:
      case image_standing::restoring:
        return image_word::restart;
      default:
        return image_word::go_on;
    }
  }

  /// The new files are on trial, or kept. Does their image still run? One that was kept is given up
  /// only where it is known to have been put back: who writes another by other means keeps the
  /// files.
  result<image_word> while_running(const mixed_state& state) {
    if (state.image == image_id{}) return image_word::go_on;
    const auto standing = image_.standing_of(state.image);
    if (!standing) return standing.error();
    const bool is_trial = state.phase == swap_phase::trial;
    switch (*standing) {
      case image_standing::trial:
        return image_word::go_on;
      case image_standing::kept:
      case image_standing::alone:
        return is_trial ? image_word::keep : image_word::go_on;
      case image_standing::swapping:
      case image_standing::restoring:
        return image_word::restart;
      case image_standing::put_back:
        return image_word::put_back;
      default:
        return is_trial ? image_word::put_back : image_word::go_on;
    }
  }

  /// Keeps the image of a version on trial, or the one that is on trial by itself. One that is kept
  /// already was so before a cut.
  result<void> confirm_image(const mixed_state& state) {
    if (state.phase == swap_phase::trial) {
      if (state.image == image_id{}) return {};
      const auto standing = image_.standing_of(state.image);
      if (!standing) return standing.error();
      if (*standing == image_standing::kept || *standing == image_standing::alone) return {};
    }
    return image_.confirm();
  }

  /// Whether the version before the present one can be put back, as far as its image goes.
  result<bool> can_revert(const mixed_state& state) {
    return state.image == image_id{} ? result<bool>(true) : image_.can_revert();
  }

 private:
  // Where the image before is damaged by now, the present one is all there is.
  result<image_word> revert_image() {
    const auto can = image_.can_revert();
    if (!can) return can.error();
    if (!*can) return image_word::go_on;
    if (auto done = image_.revert(); !done) return done.error();
    return image_word::restart;
  }

  Image image_;
  bool waits_ = false;
};

/// A device that takes no images.
template <>
class image_link<no_image> {
 public:
  using state_type = swap_state;

 protected:
  explicit image_link(no_image&&) {}
};

}  // namespace ota::detail

// ota/swapper.hpp

namespace ota {

/// Makes a staged version the running one, and puts the old one back.
///
/// It works through the plan at `.ota/plan`: entry N installs `.ota/new/N`, or removes a file;
/// what was at its path before is kept as `.ota/old/N`. Each pass over the plan can be cut at any
/// point and begun again, and a barrier divides the passes, so it does not matter which of the
/// renames within one pass reached the storage.
///
/// A version's firmware image, on a device with an image policy, becomes the running one together
/// with the files: `needs_restart()` then says when the device has to start again.
template <class Storage, class Image = no_image>
class swapper : public detail::image_link<Image> {
  using link = detail::image_link<Image>;
  using state_type = typename link::state_type;
  using image_word = detail::image_word;
  static constexpr bool has_image = takes_images<Image>;

 public:
  explicit swapper(Storage& storage, Image&& image = Image())
      : link(std::move(image)), storage_(storage) {}

  const swap_state& state() const { return state_; }

  /// Whether a swap or a put-back is under way.
  bool active() const {
    return state_.phase == swap_phase::swapping || state_.phase == swap_phase::removing ||
           state_.phase == swap_phase::restoring;
  }

  /// Why the last swap was undone; code `none` when it was not.
  const error& failure() const { return *failure_; }

  /// The entry of the plan at which that was; false where it was at none.
  bool find_failed(entry& item) {
    entry_reader plan;
    plan.begin(layout::plan, failed_at_);
    return plan.next(storage_, item).value_or(false);
  }

  /// Reads the state from storage. A state that is not there, or not whole, is `idle`.
  result<void> load() {
    begin_pass();
    state_ = {};
    if constexpr (has_image) {
      link::forget_restart();
      if (auto done = link::image().load(); !done) return done;
    }
    const auto found = detail::load_state(storage_, state_);
    if (!found) return found.error();
    return active() ? result<void>{} : check_version_file();
  }

  /// Point of no return: from here on the staged `version` with its plan of `entries` is moved
  /// in, by `step()` or after a power cut by the next start. Everything staged must be synced.
  /// The version may start `allowed` times, at least once, without being confirmed.
  result<void> begin(const version_id& version, std::uint32_t entries, std::uint32_t allowed) {
    draft();
    return begin_drafted(version, entries, allowed);
  }

  /// The same for a version whose image is staged; an id of zeros: it has none.
  template <class Id>
  result<void> begin_with(const Id& image, const version_id& version, std::uint32_t entries,
                          std::uint32_t allowed) {
    draft().image = image;
    return begin_drafted(version, entries, allowed);
  }

  /// One entry further; false when there is nothing left to do before a restart. An error while
  /// swapping turns the swap round, an error while putting back is returned and tried again at the
  /// next start.
  result<bool> step() {
    if (!active()) return false;
    if constexpr (has_image)
      if (link::needs_restart()) return false;
    const auto done = work();
    if (done || state_.phase != swap_phase::swapping) return more_after(done);
    failure_ = &done.error();
    failed_at_ = entry_at_;
    return more_after(turn_round(false));
  }

  /// Counts a start of the version on trial; one too many begins to put the old version back.
  result<void> count_boot() {
    if (state_.phase != swap_phase::trial) return {};
    if constexpr (has_image)
      if (state_.image != image_id{}) return {};  // its bootloader counts
    if (state_.boots >= state_.allowed) return revert();
    ++draft().boots;
    return change();
  }

  /// After a start: an image that was put back takes its files with it, one that is kept keeps
  /// them.
  result<void> follow_image() {
    if (state_.phase != swap_phase::trial && state_.phase != swap_phase::kept) return {};
    return obey(link::while_running(state_));
  }

  /// Keeps the version on trial.
  result<void> confirm() {
    if constexpr (has_image) {
      auto done = link::confirm_image(state_);
      if (!done || state_.phase != swap_phase::trial) return done;
    }
    if (state_.phase != swap_phase::trial) return nothing_on_trial;
    return change_phase(swap_phase::kept);
  }

  /// Begins to put the old version back; the present one will not be tried again.
  result<void> revert() {
    if (state_.phase != swap_phase::trial && state_.phase != swap_phase::kept)
      return nothing_to_put_back;
    if constexpr (has_image)
      if (const auto can = link::can_revert(state_); !can || !*can)
        return can ? nothing_to_put_back : can.error();
    return turn_round(true);
  }

  /// Gives up the old version, so that its place can be used for staging the next.
  result<void> forget_previous() {
    if (state_.phase != swap_phase::kept) return {};
    state_type& next = draft();
    next.phase = swap_phase::idle;
    next.previous = {};
    if constexpr (has_image) next.image = {};
    return change();
  }

  /// Records that `version` is not to be tried.
  result<void> reject(const version_id& version) {
    draft().rejected = version;
    return change();
  }

  /// Records that `version` runs without anything having been swapped.
  result<void> adopt(const version_id& version) {
    draft().version = version;
    return note_version_file();
  }

 private:
  static constexpr error nothing_on_trial{errc::wrong_state, "swapper",
                                          "no version is on trial: there is nothing to confirm"};
  static constexpr error nothing_to_put_back{errc::wrong_state, "swapper",
                                             "there is no earlier version to put back"};
  static constexpr error image_gone{errc::rejected, "swapper",
                                    "the image of the version does not run: it was refused or put "
                                    "back, and its files with it"};
  static constexpr error damaged_plan{errc::damaged, "swapper",
                                      "the plan of the swap at .ota/plan is damaged"};

  // Each phase is a pass over the plan, but `swapping` is two: the first backs up, the second
  // installs.
  void begin_pass(bool backed_up = false) {
    backed_up_ = backed_up;
    plan_.begin(layout::plan);
    count_ = 0;
  }

  static bool is_file(file_kind kind) {
    return kind == file_kind::file || kind == file_kind::other;
  }

  // What the version being put back has left at the place of an old file goes first: a file where a
  // directory was, ...
  result<void> put_back(const entry& item, const detail::own_path& replaced) {
    for (std::string_view above = parent_path(item.path); !above.empty();
         above = parent_path(above)) {
      const auto there = detail::kind_at(storage_, above);
      if (!there) return there.error();
      if (is_file(*there))
        if (auto done = storage_.remove(above); !done) return done;
    }
    return storage_.rename(replaced, item.path);
  }

  // ... or a directory, one thing a step: the same entry is then looked at again.
  result<void> clear_place(const entry& item) {
    if (auto done = detail::remove_tree_step(storage_, item.path); !done) return done.error();
    plan_.begin(layout::plan, entry_at_);
    --count_;
    return {};
  }

  result<void> begin_drafted(const version_id& version, std::uint32_t entries,
                             std::uint32_t allowed) {
    state_type& next = next_;
    failure_ = &no_error;
    next.allowed = static_cast<std::uint8_t>(allowed == 0 ? 1 : allowed > 255 ? 255 : allowed);
    next.previous = state_.version;
    next.version = version;
    next.entries = entries;
    next.boots = 0;
    next.phase = swap_phase::swapping;
    return enter();
  }

  // Does what the version's image says.
  result<void> obey(const result<image_word>& word) {
    if (!word) return word.error();
    switch (*word) {
      case image_word::go_on:
        break;
      case image_word::keep:
        return change_phase(swap_phase::kept);
      case image_word::restart:
        link::wait_for_restart();
        break;
      case image_word::put_back:
        failure_ = &image_gone;
        failed_at_ = plan_.offset();
        return turn_round(true);
    }
    return {};
  }

  // The state to come, which begins as the present one.
  state_type& draft() {
    next_ = state_;
    return next_;
  }

  // The state in memory is always one that storage has.
  result<void> change() {
    if (auto done = detail::store_state(storage_, next_); !done) return done;
    state_ = next_;
    return {};
  }

  result<void> change_phase(swap_phase phase) {
    draft().phase = phase;
    return change();
  }

  result<void> enter() {
    if (auto done = change(); !done) return done;
    begin_pass();
    return {};
  }

  // Begins to put the old version back.
  result<void> turn_round(bool reject) {
    state_type& next = draft();
    next.reject = reject;
    next.phase = swap_phase::removing;
    return enter();
  }

  // Keeps a sum over version.json with the state, unless it is the same as before.
  result<void> note_version_file() {
    const auto sum = version_file_sum();
    if (!sum) return sum.error();
    next_.version_file = *sum;
    if (next_.version == state_.version && next_.version_file == state_.version_file &&
        next_.phase == state_.phase)
      return {};
    return change();
  }

  // Another client may have changed what is installed since: then nothing that the state says of
  // it holds any more.
  result<void> check_version_file() {
    if (!names_version(state_.version)) return {};
    const auto sum = version_file_sum();
    if (!sum) return sum.error();
    if (*sum == state_.version_file) return {};
    const version_id rejected = state_.rejected;
    state_ = {};
    state_.rejected = rejected;
    return {};
  }

  result<std::uint32_t> version_file_sum() {
    crc32 sum;
    std::uint8_t piece[64];
    for (std::size_t at = 0;;) {
      const auto size = storage_.read(layout::version, at, piece);
      if (!size && size.error().code != errc::not_found) return size.error();
      if (!size || *size == 0) return sum.value();
      sum.update({piece, *size});
      at += *size;
    }
  }

  result<void> work() {
    entry item;
    entry_at_ = plan_.offset();
    const auto more = plan_.next(storage_, item);
    if (!more) return more.error();
    const std::uint32_t index = count_;
    if (*more) ++count_;
    if (*more) return apply(item, index);
    if (count_ != state_.entries) return damaged_plan;
    return end_pass();
  }

  result<void> end_pass() {
    // The staged version is used up: no later update may take its plan for one still to do.
    if (auto done = storage_.remove(layout::target); !done) return done;
    if (auto done = storage_.sync(); !done) return done;
    if (state_.phase == swap_phase::swapping) {
      if (!backed_up_) {
        begin_pass(true);
        return {};
      }
      if constexpr (has_image)
        if (const auto word = link::before_trial(state_); !word || *word != image_word::go_on)
          return obey(word);
      draft().phase = swap_phase::trial;
      return note_version_file();
    }
    if (state_.phase == swap_phase::removing) {
      draft().phase = swap_phase::restoring;
      return enter();
    }
    if constexpr (has_image)
      if (const auto word = link::before_idle(state_); !word || *word != image_word::go_on)
        return obey(word);
    state_type& next = draft();
    if (next.reject) next.rejected = next.version;
    next.reject = false;
    next.version = next.previous;
    next.previous = {};
    if constexpr (has_image) next.image = {};
    next.phase = swap_phase::idle;
    return note_version_file();
  }

  result<void> apply(const entry& item, std::uint32_t index) {
    if constexpr (has_image)
      if (item.kind == entry_kind::image) return {};
    const auto staged = detail::staged_path(index);
    const auto replaced = detail::replaced_path(index);
    const auto at_staged = detail::kind_at(storage_, staged);
    const auto at_replaced = detail::kind_at(storage_, replaced);
    const auto at_path = detail::kind_at(storage_, item.path);
    if (!at_staged) return at_staged.error();
    if (!at_replaced) return at_replaced.error();
    if (!at_path) return at_path.error();
    const bool installs = item.kind != entry_kind::remove;
    const bool is_installed = installs && *at_staged == file_kind::none;
    const bool is_replaced = *at_replaced != file_kind::none;

    if (state_.phase == swap_phase::restoring) {
      if (!is_replaced) return {};
      return *at_path == file_kind::directory ? clear_place(item) : put_back(item, replaced);
    }
    if (backed_up_)
      return installs && !is_installed ? storage_.rename(staged, item.path) : result<void>{};
    // The file at the path is the old one, or where the entry is installed, maybe before a cut, the
    // new one: that must not be backed up, nor the old one removed.
    const bool removes = state_.phase == swap_phase::removing;
    if (is_replaced || is_installed != removes || !is_file(*at_path)) return {};
    if (auto done = removes ? storage_.remove(item.path) : storage_.rename(item.path, replaced);
        !done)
      return done;
    if (removes || !installs) detail::remove_empty_parents(storage_, item.path);
    return {};
  }

  // The states, which are large, come last: what lies before them is reached by shorter code.
  Storage& storage_;
  bool backed_up_ = false;  // while swapping: the second pass is on
  const error* failure_ = &no_error;
  std::uint32_t count_ = 0;
  std::uint32_t entry_at_ = 0;   // of the entry at hand, in the plan
  std::uint32_t failed_at_ = 0;  // of the one at which the last swap failed
  entry_reader plan_;
  state_type state_{};
  state_type next_{};  // what `change` makes it, from the last `draft` on
};

}  // namespace ota

// ota/stager.hpp

namespace ota {

/// Brings the new version beside the running one: lists its files, finds out which of them
/// differ, and downloads those. It goes on where an interruption, or a power cut, left it.
template <class Storage, class Settings, class Hash, class Trust, class Image = no_image,
          class Delta = no_delta>
class stager : Settings,
               detail::promised_image<takes_images<Image>>,
               detail::kept_figures<takes_patches<Delta>> {
  using Settings::follows_release;
  using Settings::settings_;
  using swapper_type = swapper<Storage, Image>;
  static constexpr bool has_image = takes_images<Image>;
  static constexpr bool has_delta = takes_patches<Delta>;
  // Whether files may have to go that the list of what is installed does not hold.
  static constexpr bool has_candidates =
      Trust::reads_manifests || Settings::may_have(&config::delete_patterns);

 public:
  stager(Storage& storage, Settings settings) : Settings(settings), storage_(storage), none_() {}
  ~stager() { end_hash(); }
  stager(const stager&) = delete;
  stager& operator=(const stager&) = delete;

  /// What a trust policy has to know of the device and the version, before `begin`.
  trust_context& context() { return version_.context(); }

  /// Begins to stage a version, or goes on with it where it has been begun.
  result<void> begin(const release_target& target, bool has_manifest) {
    end_hash();
    stage_ = stage::start;
    version_.begin(target);
    staged_ = {};
    if constexpr (has_delta) this->patches_ = {};
    has_manifest_ = Trust::requires_manifest || (has_manifest && Trust::reads_manifests);
    if (!Trust::requires_manifest && !settings_.trusted_root.empty()) return cannot_trust;
    if (follows_release() && !settings_.manifest_key.empty() && !has_manifest)
      return unsigned_release;
    go_on();
    return {};
  }

  /// Plans for the library's own files alone.
  void record_only() { record_only_ = true; }

  /// What names the version: the source's id, or that under which the trust policy knows it.
  const version_id& identity() const { return version_.identity(); }

  const plan_summary& plan() const { return record_.plan; }
  const staging_progress& progress() const { return staged_; }

  /// What patches have come to. On devices that take them.
  const patch_figures& patches() const { return this->patches_; }

  /// Of the image that the plan holds; all zero: it holds none. On devices that take images.
  image_id image() const { return this->image_.id(); }

  /// Whether a failure means that the device does not want the version's image. On devices that
  /// take images.
  bool refuses_image(const error& failure) const {
    return stage_ == stage::image && image_downloader_.is_refusal(failure);
  }

  /// The path at hand, for a message.
  std::string_view subject() const {
    switch (stage_) {
      case stage::list:
        if constexpr (!Trust::requires_manifest) return lister_.subject();
        return {};
      case stage::read_manifest:
        if constexpr (Trust::reads_manifests) return manifest_.subject();
        return {};
      case stage::sort:
        return sorter_.subject();
      case stage::compare:
        return planner_.subject();
      case stage::download:
        return downloader_.subject();
      case stage::patch:
        if constexpr (has_delta) return patching_.subject();
        return {};
      case stage::image:
        if constexpr (has_image) return image_downloader_.subject();
        return {};
      default:
        return {};
    }
  }

  /// One piece of work further; false when the version is complete and synced beside the other.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, swapper_type& swap, const mutable_bytes& chunk) {
    switch (stage_) {
      case stage::start:
        return begin_list();
      case stage::list:
        if constexpr (!Trust::requires_manifest) return list(http, source, chunk);
        break;
      case stage::read_manifest:
        if constexpr (Trust::reads_manifests)
          return end_manifest(manifest_.step(http, source, chunk), swap.state());
        break;
      case stage::sort:
        if constexpr (has_candidates) return begin_walk(sorter_.step());
        return after(sorter_.step(), stage::forget);
      case stage::walk:
        if constexpr (has_candidates) return begin_candidates(walk_.step());
        break;
      case stage::sort_candidates:
        return after(sorter_.step(), stage::forget);
      case stage::forget:
        return then(forget(swap), stage::clean_new);
      case stage::clean_new:
        return after(detail::remove_tree_step(storage_, layout::staged), stage::clean_old);
      case stage::clean_old:
        return begin_compare(detail::remove_tree_step(storage_, layout::replaced));
      case stage::compare:
        return after(planner_.step(chunk), stage::seal);
      case stage::seal:
        if constexpr (has_image)
          if (auto done = add_image(swap.image()); !done) return done.error();
        return seal();
      case stage::check:
        return check_plan();
      case stage::patch:
        if constexpr (has_delta) return patch(http, source, chunk);
        break;
      case stage::download:
        if constexpr (has_image) return begin_image(download(http, source, chunk), swap);
        return download(http, source, chunk);
      case stage::image:
        if constexpr (has_image) return download_image(http, source, chunk);
        break;
    }
    return false;
  }

 private:
  static constexpr error unsigned_release{
      errc::untrusted, "stager",
      "manifest_key is set, but the release has no manifest.json to check"};
  static constexpr error cannot_trust{errc::unsupported, "stager",
                                      "trusted_root is set, but this program checks no signatures"};
  static constexpr error empty_image{errc::malformed, "stager",
                                     "the firmware image of the new version has no bytes"};
  static constexpr error put_back{errc::rejected, "stager",
                                  "the newest version was put back before"};

  enum class stage : std::uint8_t {
    start,
    list,
    read_manifest,
    sort,
    walk,
    sort_candidates,
    forget,
    clean_new,
    clean_old,
    compare,
    seal,
    check,
    download,
    image,
    patch
  };

  static constexpr error damaged_plan{
      errc::damaged, "stager", "what was staged before is damaged; the next update makes it anew"};

  // Goes on with the version where it has been begun.
  void go_on() {
    if (!record_only_ && detail::load_record(storage_, layout::target, record_).value_or(false) &&
        version_.is_noted_in(record_, storage_, Settings::sum()))
      begin_check();
    else
      record_ = {};
  }

  // Goes to the next stage when the present one has nothing left to do.
  result<bool> after(const result<bool>& more, stage next) {
    if (more && !*more) stage_ = next;
    return more ? result<bool>(true) : more;
  }

  result<bool> then(const result<void>& done, stage next) {
    if (done) stage_ = next;
    return more_after(done);
  }

  // Only now that the new version's list is complete, and trusted: until then the old one can be
  // put back, and what is staged gone on with.
  result<void> forget(swapper_type& swap) {
    if (auto done = swap.forget_previous(); !done) return done;
    if (auto done = storage_.remove(layout::target); !done) return done;
    return storage_.sync();
  }

  result<bool> begin_list() {
    if (auto done = storage_.remove(layout::candidates); !done) return done.error();
    if constexpr (has_delta)
      if (auto done = storage_.remove(layout::patches); !done) return done.error();
    if constexpr (Trust::reads_manifests) {
      if (has_manifest_) {
        ::new (&manifest_) manifest_stage(storage_, *this, version_.context());
        manifest_.begin();
        stage_ = stage::read_manifest;
        return true;
      }
    }
    if constexpr (!Trust::requires_manifest) {
      ::new (&lister_) lister<Storage, Settings, Delta>(storage_, *this, version_.target().commit);
      stage_ = stage::list;
    }
    return true;
  }

  template <class Http, class Source>
  result<bool> list(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = lister_.step(http, source, chunk);
    staged_.lists = lister_.answers();
    return begin_sort(more);
  }

  // The source may name a version anew that was put back; its maker's word does not change.
  result<bool> end_manifest(const result<bool>& more, const swap_state& state) {
    if (!more || *more) return more;
    if (identity() == state.rejected && state.rejected != version_id{}) return put_back;
    manifest_.take_version(version_.name());
    if constexpr (has_image) manifest_.take_image(this->image_);
    if constexpr (Trust::requires_manifest) {
      if (state.version != version_id{} && !settings_.force) {
        const auto text = version_.text();
        const auto same = same_content(storage_, layout::version, as_bytes(text));
        if (!same || *same) return same ? result<bool>(false) : same;
      }
    }
    return begin_sort(more);
  }

  result<bool> begin_sort(const result<bool>& more) {
    if (!more || *more) return more;
    if constexpr (has_image) {
      const auto alone = is_image_alone();
      if (!alone || *alone) return begin_walk(alone ? result<bool>(false) : alone);
    }
    return sort(stage::sort);
  }

  result<bool> sort(stage next) {
    ::new (&sorter_) list_sorter<Storage, Settings>(storage_, *this, next == stage::sort);
    stage_ = next;
    return true;
  }

  result<bool> begin_walk(const result<bool>& more) {
    if (!more || *more) return more;
    ::new (&walk_) pattern_walk<Storage, Settings>(storage_, *this);
    return then(walk_.begin(), stage::walk);
  }

  result<bool> begin_candidates(const result<bool>& more) {
    if (!more || *more) return more;
    return sort(stage::sort_candidates);
  }

  result<bool> begin_compare(const result<bool>& more) {
    if (!more || *more) return more;
    ::new (&planner_) planner<Storage, Hash, Settings>(storage_, *this, record_only_);
    stage_ = stage::compare;
    return true;
  }

  // The plan is complete: is there room for it? Then it is made durable, and can be resumed.
  result<bool> seal() {
    if (auto done = add_own_files(); !done) return done.error();
    if (auto done = planner_.finish(record_.plan); !done) return done.error();
    if (record_.plan.entries == 0) return false;
    if (auto room = detail::check_space(storage_, settings_, record_.plan.size); !room)
      return room.error();
    if constexpr (has_image) {
      // It needs no room among the files.
      record_.plan.files += this->image_.is_there ? 1 : 0;
      record_.plan.size += this->image_.size;
    }
    if (auto done = detail::keep_reserve(storage_); !done) return done.error();
    if (auto done = storage_.sync(); !done) return done.error();
    version_.note_in(record_, Settings::sum());
    // Nothing of a plan that leaves the files out may be gone on with as if it were one for them.
    if (!record_only_)
      if (auto done = detail::store_record(storage_, layout::target, record_); !done)
        return done.error();
    begin_check();
    return true;
  }

  result<void> add_own_files() {
    const auto text = version_.text();
    const bytes content = as_bytes(text);
    const auto unchanged = same_content(storage_, layout::version, content);
    if (!unchanged) return unchanged.error();
    if (*unchanged && planner_.is_empty() && !settings_.force) return {};
    if (!*unchanged)
      if (auto done = planner_.add_own_file(layout::version, content); !done) return done;
    return planner_.add_list();
  }

  // A version of an image and no files is taken only where there are none: else a mistake in its
  // list would take them all away.
  result<bool> is_image_alone() {
    if (!this->image_.is_there) return false;
    for (const std::string_view list : {layout::listing, layout::installed}) {
      const auto there = storage_.stat(list);
      if (!there) return there.error();
      if (there->size != 0) return false;
    }
    return true;
  }

  // An image that runs already is no part of the plan.
  result<void> add_image(Image& image) {
    image_promise& next = this->image_;
    if (!next.is_there) return {};
    if (next.size == 0) return empty_image;
    const auto same = image.runs(next.size, next.digest);
    if (!same) return same.error();
    if (!*same && !record_only_) return planner_.add_image(Image::name, next);
    next = {};
    return {};
  }

  void begin_check() {
    end_hash();
    if constexpr (has_image) this->image_ = {};
    ::new (&plan_) entry_reader;
    plan_.begin(layout::plan);
    stage_ = stage::check;
  }

  // Is the plan what was written? A damaged one must not decide what goes where.
  result<bool> check_plan() {
    entry item;
    const auto more = plan_.next(storage_, item);
    if constexpr (has_image)
      if (more && *more && item.kind == entry_kind::image) this->image_ = detail::promise_of(item);
    if (more ? *more : more.error().code != errc::damaged) return more;
    if (!more || plan_.sum() != record_.plan.sum) {
      // The next update begins to stage anew.
      if (auto done = storage_.remove(layout::target); !done) return done.error();
      return damaged_plan;
    }
    if constexpr (has_delta) return begin_patch();
    begin_download();
    return true;
  }

  result<bool> begin_patch() {
    ::new (&patching_) patch_stage_type(storage_, this->patches_);
    stage_ = stage::patch;
    return more_after(patching_.begin());
  }

  template <class Http, class Source>
  result<bool> patch(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = patching_.step(http, source, chunk);
    staged_.bytes = this->patches_.bytes;
    staged_.bytes_moved = this->patches_.bytes_moved;
    if (!more || *more) return more;
    end_hash();
    begin_download();
    return true;
  }

  void begin_download() {
    if constexpr (has_delta) {
      this->brought_ = {};
      ::new (&downloader_) downloader_type(storage_, this->brought_);
    } else {
      ::new (&downloader_) downloader_type(storage_, staged_);
    }
    stage_ = stage::download;
  }

  template <class Http, class Source>
  result<bool> download(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = downloader_.step(http, source, chunk);
    if constexpr (has_delta) add_patches();
    if constexpr (Trust::requires_manifest)
      if (auto done = give_up_after(more.error()); !done) return done.error();
    if (!more || *more) return more;
    if (auto done = storage_.sync(); !done) return done.error();
    return false;
  }

  // What patches have made is counted again as it is checked.
  void add_patches() {
    const std::uint32_t lists = staged_.lists;
    staged_ = this->brought_;
    staged_.lists = lists;
    staged_.bytes_moved += this->patches_.bytes_moved;
    if (staged_.bytes < this->patches_.bytes) staged_.bytes = this->patches_.bytes;
  }

  result<bool> begin_image(const result<bool>& more, swapper_type& swap) {
    if (!more || *more || !this->image_.is_there) return more;
    end_hash();
    ::new (&image_downloader_) image_stage(swap.image());
    image_downloader_.begin(this->image_);
    stage_ = stage::image;
    return true;
  }

  template <class Http, class Source>
  result<bool> download_image(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = image_downloader_.step(http, source, staged_, chunk);
    if (auto done = give_up_after(more.error()); !done) return done.error();
    return more;
  }

  // Where the server has other files than the plan, somebody may have shown one version's manifest
  // as another's for a while: the next update must not go on with it.
  result<void> give_up_after(const error& failure) {
    const bool other = failure.code == errc::mismatch || failure.code == errc::http_status;
    return other ? storage_.remove(layout::target) : result<void>{};
  }

  // Of what shares its memory, only what hashes may have to be ended.
  void end_hash() {
    if constexpr (!std::is_trivially_destructible_v<Hash>) {
      if (stage_ == stage::compare || stage_ == stage::seal) planner_.~planner();
      if (stage_ == stage::download) downloader_.~downloader_type();
      if constexpr (has_delta)
        if (stage_ == stage::patch) patching_.~patch_stage_type();
    }
  }

  struct nothing {};
  using downloader_type =
      downloader<Storage, Hash, std::conditional_t<has_delta, files_or_patches, staged_files>>;
  using patch_stage_type =
      std::conditional_t<has_delta, patch_stage<Storage, Hash, Delta>, nothing>;
  using image_stage = std::conditional_t<has_image, image_downloader<Image>, nothing>;
  using manifest_stage =
      std::conditional_t<Trust::reads_manifests,
                         manifest_lister<Storage, Settings, Trust, Image, Delta>, nothing>;

  Storage& storage_;
  detail::staged_version<Trust> version_;
  stage stage_ = stage::start;
  bool has_manifest_ = false;
  bool record_only_ = false;
  staging_progress staged_{};
  detail::staging_record record_{};
  // One after the other, never two at a time.
  union {
    char none_;
    lister<Storage, Settings, Delta> lister_;
    manifest_stage manifest_;
    list_sorter<Storage, Settings> sorter_;
    pattern_walk<Storage, Settings> walk_;
    planner<Storage, Hash, Settings> planner_;
    entry_reader plan_;
    patch_stage_type patching_;
    downloader_type downloader_;
    image_stage image_downloader_;
  };
};

}  // namespace ota

// ota/core/backoff.hpp

namespace ota {

/// How often a thing is tried, and how long to wait the first time.
struct retry_limits {
  std::uint32_t tries = 3;
  std::uint32_t first_wait = 3;  ///< seconds
};

/// More patience on a weak WiFi signal, as 0x687931/ota has it: below -75 dBm at least 8 tries and
/// 5 s, below -70 dBm at least 6 tries. 0 dBm: not known.
constexpr retry_limits adapt_to_signal(retry_limits limits, int dbm) {
  const std::uint32_t tries = dbm < -75 ? 8 : dbm < -70 ? 6 : 0;
  if (limits.tries < tries) limits.tries = tries;
  if (dbm < -75 && limits.first_wait < 5) limits.first_wait = 5;
  return limits;
}

/// Seconds to wait after failure number `failures`, counted from 1: `first`, doubled each time up
/// to `most`. What a server asks for (`Retry-After`) wins over it, and is for the caller to know.
constexpr std::uint32_t backoff_seconds(std::uint32_t failures, std::uint32_t first,
                                        std::uint32_t most) {
  std::uint32_t wait = first < most ? first : most;
  for (std::uint32_t i = 1; i < failures && wait != 0 && wait != most; ++i)
    wait += wait < most - wait ? wait : most - wait;
  return wait;
}

/// A wait made longer or shorter by chance, so that a fleet that failed together does not come
/// back together: by up to a quarter, rounded up to whole seconds. `random` is any number. Not for
/// a wait that a server asked for, which may not get shorter.
constexpr std::uint32_t with_jitter(std::uint32_t seconds, std::uint32_t random) {
  const std::uint32_t spread = seconds / 4 + (seconds % 4 != 0 ? 1 : 0);
  const std::uint32_t least = seconds - spread;
  const std::uint32_t more = random % (2 * spread + 1);
  return more < UINT32_MAX - least ? least + more : UINT32_MAX;
}

}  // namespace ota

// ota/updater/adaptation.hpp

namespace ota::detail {

/// Tries and waits as configured, adapted to the signal; a change is told to `log`.
template <class Hardware, class Log>
retry_limits adapted_limits(const config& settings, Hardware& hardware, Log& log) {
  const retry_limits asked{settings.http_retries, settings.backoff_sec};
  const retry_limits limits = adapt_to_signal(asked, hardware.signal_dbm());
  if (limits.tries != asked.tries) log.adapted("connect retries"sv, limits.tries);
  if (limits.first_wait != asked.first_wait) log.adapted("connect backoff"sv, limits.first_wait);
  return limits;
}

/// Whether `min_free_mem` is free. A policy that does not know its free memory says 0.
template <class Hardware>
bool has_memory(const config& settings, Hardware& hardware) {
  if (settings.min_free_mem == 0) return true;
  const std::size_t free = hardware.free_memory();
  return free == 0 || free >= settings.min_free_mem;
}

}  // namespace ota::detail

// ota/updater/changeover.hpp

namespace ota::detail {

/// Removes version.json, before anything else happens.
template <class Storage>
result<void> forget_version(Storage& storage) {
  const auto there = storage.stat(layout::version);
  if (!there) return there.error();
  if (there->kind == file_kind::none) return {};
  if (auto done = storage.remove(layout::version); !done) return done;
  return storage.sync();
}

/// Puts right what a swap of 0x687931/ota has left, when a device changes over in the middle of
/// one: old files in its backup directory go back to their places, its stage is emptied.
///
/// That client may have written version.json before the cut or not, so afterwards the installed
/// version is unknown, and the next check compares every file.
template <class Storage>
result<void> take_over(Storage& storage, const config& settings) {
  for (const std::string_view directory : {settings.backup_dir, settings.stage_dir}) {
    if (!is_valid_path(directory)) continue;
    for (;;) {
      const auto there = storage.stat(directory);
      if (!there) return there.error();
      if (there->kind != file_kind::directory) break;
      tree_path path(directory);
      const auto found = first_leaf(storage, path);
      if (!found) return found.error();
      if (*found != file_kind::file || directory != settings.backup_dir) {
        if (auto done = storage.remove(path); !done) return done;
        continue;
      }
      if (auto done = forget_version(storage); !done) return done;
      const std::string_view target = slice(path.view(), directory.size() + 1);
      if (auto done = storage.rename(path, target); !done) {
        // Something else is at its place by now: the old file cannot go back.
        const errc code = done.error().code;
        if (code != errc::exists && code != errc::not_empty && code != errc::not_found) return done;
        if (auto gone = storage.remove(path); !gone) return gone;
      }
    }
  }
  return {};
}

}  // namespace ota::detail

// ota/hash/hash_policy.hpp

namespace ota {

// The contract of a hash policy. An object is ready when it is made, and a copy goes on from where
// the original stood.
//
//   static constexpr std::size_t digest_size   bytes of a digest
//   using digest_type = std::array<std::uint8_t, digest_size>
//   void update(ota::bytes data)               any number of times, of any size
//   digest_type finish()                       once; the object is used up

namespace detail {

template <class H>
using hash_update_of = decltype(std::declval<H&>().update(bytes{}));
template <class H>
using hash_finish_of = decltype(std::declval<H&>().finish());

}  // namespace detail

/// Checks a hash policy against the contract, one sentence for each missing member.
template <class Hash>
struct check_hash {
  static_assert(detail::gives<void, detail::hash_update_of, Hash>::value,
                "the hash policy needs: void update(ota::bytes data)");
  static_assert(detail::gives<typename Hash::digest_type, detail::hash_finish_of, Hash>::value,
                "the hash policy needs: digest_type finish()");
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/updater/contracts.hpp

namespace ota {

// The contract of an HTTP policy; `http_client` fills it over any byte stream.
//
//   result<void> open(const http_request&)   sends it and reads the head of the answer
//   result<size_t> read(mutable_bytes)       the body; 0 at its end
//   const http_response& response()          that head
//   string_view etag(), location()           of the answer
//   void close()                             gives up the connection
//   void set_timeouts(const http_timeouts&)  optional

namespace detail {

template <class H>
using open_of = decltype(std::declval<H&>().open(std::declval<const http_request&>()));
template <class H>
using body_read_of = decltype(std::declval<H&>().read(mutable_bytes{}));
template <class H>
using set_timeouts_of = decltype(std::declval<H&>().set_timeouts(http_timeouts{}));

template <class D>
using takes_of = decltype(D::takes(std::size_t{}, std::size_t{}));

template <class Http>
void set_timeouts(Http& http, const config& settings) {
  if constexpr (gives<void, set_timeouts_of, Http>::value) {
    const std::uint32_t read = settings.http_timeout_sec * 1000;
    const std::uint32_t connect = settings.connect_timeout_sec * 1000;
    http.set_timeouts({connect != 0 ? connect : read, read});
  }
}

}  // namespace detail

/// Checks a device's policy for patches.
template <class Delta>
struct check_delta {
  static_assert(detail::gives<bool, detail::takes_of, Delta>::value,
                "the delta policy must be ota::no_delta or an ota::delta_patches<…>");
  static constexpr bool ok = true;
};
template <>
struct check_delta<no_delta> {
  static constexpr bool ok = true;
};

/// Checks that a device's policies keep their contracts: one sentence for whatever is missing.
template <class Policies>
struct check_policies {
  using http = typename Policies::http;
  static_assert(check_settings<Policies>::ok);
  static_assert(check_file_storage<typename Policies::storage>::ok);
  static_assert(detail::gives<result<void>, detail::open_of, http>::value,
                "the HTTP policy needs: ota::result<void> open(const ota::http_request&)");
  static_assert(detail::gives<result<std::size_t>, detail::body_read_of, http>::value,
                "the HTTP policy needs: ota::result<std::size_t> read(ota::mutable_bytes out)");
  static_assert(check_hardware<typename Policies::hardware>::ok);
  static_assert(check_hash<typename Policies::hash>::ok);
  static_assert(Policies::hash::digest_size >= 20,
                "the hash policy needs a digest of 20 bytes (ota::sha1) or 32 (ota::sha256)");
  static_assert(check_delta<typename Policies::delta>::ok);
  static_assert(check_image_slots<typename Policies::image>::ok);
  static_assert(!takes_images<typename Policies::image> || Policies::trust::requires_manifest,
                "a device with an image policy needs a trust policy whose manifests name images: "
                "using trust = ota::signed_by<ota::ed25519>");
  static_assert(Policies::chunk_size >= 256 && Policies::chunk_size <= 65536,
                "chunk_size must lie between 256 and 65536 bytes");
};

}  // namespace ota

// ota/core/error_text.hpp

namespace ota {

/// Appends what an error says: its text or, where the program keeps none, its number, which
/// `ota explain` looks up: `error 05d3f1`.
inline void append_text(string_buffer& out, const error& failure) {
  if constexpr (error::has_text) {
    out.append(failure.text);
  } else {
    const std::uint32_t number = failure.number();
    const std::uint8_t big_endian[] = {static_cast<std::uint8_t>(number >> 16),
                                       static_cast<std::uint8_t>(number >> 8),
                                       static_cast<std::uint8_t>(number)};
    char digits[2 * sizeof big_endian];
    to_hex(big_endian, digits);
    out.append("error "sv).append({digits, sizeof digits});
  }
}

}  // namespace ota

// ota/updater/event_log.hpp

namespace ota {

/// Tells events to a log policy. The words are those of 0x687931/ota, for tools that look for them.
template <class Log, bool Enabled = Log::enabled>
class event_log : public Log {
 public:
  event_log(Log log, bool debug) : Log(static_cast<Log&&>(log)), debug_(debug) {}

  void info(std::string_view text) { Log::write(log_level::info, text); }
  void failed(std::string_view text) { Log::write(log_level::error, text); }

  void retry(std::uint32_t seconds, const error& failure) {
    fixed_string<max_log_line> line("Request failed, retrying in ");
    line.append_number(seconds).append("s: ");
    append_text(line, failure);
    Log::write(log_level::warning, line);
  }

  void reset(reset_mode mode) {
    info(mode == reset_mode::hard   ? "Performing hard reset..."sv
         : mode == reset_mode::soft ? "Performing soft reset..."sv
                                    : "Not resetting device"sv);
  }

  // ---- told only where the configuration says `debug` -----------------------------------------

  void debug(std::string_view what, std::string_view subject) {
    if (!debug_) return;
    fixed_string<max_log_line> line(what);
    line.append(subject);
    Log::write(log_level::debug, line);
  }

  void version(std::string_view what, const release_target& version) {
    fixed_string<max_log_line> text(version.ref);
    text.append(" #").append(slice(version.commit.view(), 0, 7));
    debug(what, text);
  }

  void adapted(std::string_view what, std::size_t value) {
    fixed_string<max_log_line> line("Adapt: ");
    line.append(what).append(" -> ").append_number(value);
    debug(line, {});
  }

 private:
  bool debug_;
};

/// With a policy that tells nothing, free.
template <class Log>
class event_log<Log, false> : public Log {
 public:
  event_log(Log log, bool) : Log(static_cast<Log&&>(log)) {}

  void info(std::string_view) {}
  void failed(std::string_view) {}
  void retry(std::uint32_t, const error&) {}
  void reset(reset_mode) {}
  void debug(std::string_view, std::string_view) {}
  void version(std::string_view, const release_target&) {}
  void adapted(std::string_view, std::size_t) {}
};

}  // namespace ota

// ota/updater/patch_teller.hpp

namespace ota::detail {

/// Tells what becomes of patches, in the words of 0x687931/ota, where the device takes them.
template <bool TakesPatches>
class patch_teller {
 public:
  /// After each step: `now` is what patches have come to.
  template <class Log>
  void tell(const patch_figures& now, std::string_view subject, Log& log) {
    if (now.made > told_.made) log.debug("Delta update successful for "sv, subject);
    if (now.failed > told_.failed) {
      fixed_string<max_log_line> why;
      append_text(why, *now.last_fault);
      log.debug("Delta update failed: "sv, why);
    }
    told_ = now;
  }

 private:
  patch_figures told_;
};
template <>
class patch_teller<false> {};

}  // namespace ota::detail

// ota/updater/records.hpp

namespace ota::detail {

// settings, id, three lengths, ref, commit, ETag
inline constexpr std::size_t known_head = 4 + 20 + 3;
inline constexpr std::size_t max_known = known_head + 128 + 64 + 128;

template <class Storage>
result<void> store_known(Storage& storage, std::uint32_t settings_sum, const known_version& known) {
  std::uint8_t record[max_known];
  put_u32(record, settings_sum);
  std::memcpy(record + 4, known.version.id.data(), 20);
  std::size_t size = known_head;
  const string_buffer* const texts[] = {&known.version.ref, &known.version.commit, &known.etag};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t length = texts[i]->size();
    record[24 + i] = static_cast<std::uint8_t>(length);
    std::memcpy(record + size, texts[i]->c_str(), length);
    size += length;
  }
  return write_if_changed(storage, layout::known, layout::temporary, {record, size});
}

/// False when nothing is kept, or what was found with other settings.
template <class Storage>
bool load_known(Storage& storage, std::uint32_t settings_sum, known_version& known) {
  std::uint8_t record[max_known];
  const auto read = storage.read(layout::known, 0, record);
  if (!read || *read < known_head || get_u32(record) != settings_sum) return false;
  string_buffer* const texts[] = {&known.version.ref, &known.version.commit, &known.etag};
  std::size_t at = known_head;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t size = record[24 + i];
    if (size > *read - at) return false;
    texts[i]->assign(as_text({record + at, size}));
    at += size;
  }
  std::memcpy(known.version.id.data(), record + 4, 20);
  return true;
}

}  // namespace ota::detail

// ota/updater/report.hpp

namespace ota {

/// Where an update is.
enum class update_phase : std::uint8_t {
  idle,      ///< nothing under way
  checking,  ///< asking the source for the newest version
  staging,   ///< listing, comparing and bringing its files beside the running version
  swapping   ///< making it the running version
};

/// How an update ended.
enum class update_outcome : std::uint8_t {
  none,        ///< not yet
  up_to_date,  ///< the newest version is installed
  updated,     ///< a new version was swapped in and is on trial
  restart,     ///< a new version is ready, and is on trial after a restart that changes the image
  rejected,    ///< the newest version was put back before and is not tried again
  waiting,     ///< the scheduler says that it is not the time
  failed
};

/// How far an update is.
struct update_progress_report : staging_progress {
  update_phase phase = update_phase::idle;
  std::uint32_t files_total = 0;  ///< files to bring; 0 while not known
  std::uint32_t removals = 0;     ///< files to remove
  std::size_t bytes_total = 0;

  /// Takes what a stager tells of itself.
  void take(const staging_progress& staged, const plan_summary& plan) {
    static_cast<staging_progress&>(*this) = staged;
    bytes_total = plan.size;
    files_total = plan.files;
    removals = plan.removals;
  }
};

namespace detail {

/// A sentence about a failure: the file it is about, what happened, and its number.
inline void describe(string_buffer& out, const error& failure, std::string_view subject,
                     const http_response& answer) {
  out.clear();
  // A long path must not push the reason out of the line.
  constexpr std::size_t most = 64;
  if (subject.size() > most) {
    out.append("…");
    subject.remove_prefix(subject.size() - most);
    while (!subject.empty() && (subject.front() & 0xc0) == 0x80)
      subject.remove_prefix(1);  // not half a character
  }
  if (!subject.empty()) out.append(subject).append(": ");
  append_text(out, failure);
  const bool has_status = failure.code == errc::http_status ||
                          failure.code == errc::server_trouble ||
                          failure.code == errc::rate_limited;
  if (has_status) out.append(" (status ").append_number(answer.status).append(')');
}

/// Writes ota_error.json as 0x687931/ota does: {"errors": ["OTA update failed: …"]}.
template <class Storage>
result<void> store_error(Storage& storage, std::string_view message) {
  fixed_string<1000> text;
  text.append("{\"errors\": [\"OTA update failed: ");
  append_json_text(text, message);
  text.append("\"]}");
  return write_if_changed(storage, layout::errors, layout::temporary, as_bytes(text));
}

}  // namespace detail
}  // namespace ota

// ota/updater/retry.hpp

namespace ota {

/// Decides whether a failed request is made again, and how long to wait before.
class retry {
 public:
  /// Forgets what failed before.
  void reset() {
    attempts_ = 0;
    best_ = 0;
  }

  /// Begins to count anew: what failed now is another request.
  void next_request() { attempts_ = 0; }

  /// Seconds still to wait.
  std::uint32_t pause() const { return pause_; }
  void pass_a_second() { --pause_; }

  /// After a failure, with `answer` the head of the last answer: true when to try again after
  /// `pause()`. More `brought` than ever before, in any measure, is progress, and begins the count
  /// anew.
  template <class Hardware>
  bool again(const error& failure, const http_response& answer, std::size_t brought,
             const retry_limits& limits, const config& settings, Hardware& hardware) {
    if (brought > best_) best_ = brought, attempts_ = 0;
    if (++attempts_ >= limits.tries) return false;
    // What the server asks for wins over everything else.
    std::uint32_t wait;
    if (failure.code == errc::rate_limited ||
        (failure.code == errc::server_trouble && answer.has_retry_after)) {
      wait = rate_limit_wait(answer, hardware.now());
      if (wait > settings.max_backoff_sec) return false;
    } else {
      if (!is_transient(failure)) return false;
      wait = backoff_seconds(attempts_, limits.first_wait, settings.max_backoff_sec);
      if (settings.jitter) wait = with_jitter(wait, hardware.random());
    }
    pause_ = wait;
    return true;
  }

 private:
  std::size_t best_ = 0;
  std::uint32_t attempts_ = 0;
  std::uint32_t pause_ = 0;
};

}  // namespace ota

// ota/hardware/wait.hpp

namespace ota {

/// Passes milliseconds in slices of at most a second and feeds the watchdog between them.
template <class Hardware>
void wait_feeding_ms(Hardware& hardware, std::uint32_t milliseconds) {
  hardware.feed_watchdog();
  while (milliseconds != 0) {
    const std::uint32_t slice = milliseconds < 1000 ? milliseconds : 1000;
    hardware.wait(slice);
    hardware.feed_watchdog();
    milliseconds -= slice;
  }
}

/// The same in seconds; as long as the server asks for.
template <class Hardware>
void wait_feeding(Hardware& hardware, std::uint32_t seconds) {
  for (; seconds != 0; --seconds) wait_feeding_ms(hardware, 1000);
}

}  // namespace ota

// ota/hardware/led.hpp

namespace ota {

/// What the status LED can say, with the timings of 0x687931/ota in ms.
enum class led_pattern : std::uint8_t {
  off,
  connecting,   ///< 100 on, 100 off, 100 on, 100 off
  processing,   ///< on: connected, or files are being swapped
  downloading,  ///< off; on at every tenth chunk, off at the next: see `led_player::chunk`
  file_done,    ///< 50 on, 50 off
  success,      ///< 100 on, 100 off, 100 on, 100 off, 100 on
  failure       ///< 500 on
};

namespace detail {

/// A pattern that comes to an end; `times` 0: one that does not.
struct led_blinks {
  std::uint8_t times;
  std::uint16_t on;    // ms
  std::uint16_t off;   // ms, after all but the last
  std::uint16_t rest;  // ms, after the last
};

constexpr led_blinks blinks_of(led_pattern pattern) {
  switch (pattern) {
    case led_pattern::connecting:
      return {2, 100, 100, 100};
    case led_pattern::file_done:
      return {1, 50, 0, 50};
    case led_pattern::success:
      return {3, 100, 100, 0};
    case led_pattern::failure:
      return {1, 500, 0, 0};
    default:
      return {0, 0, 0, 0};
  }
}

}  // namespace detail

/// Plays a pattern in a loop that has other work:
///
/// ```
/// player.start(led_pattern::connecting);
/// while (…) hardware.led(player.update(hardware.ticks_ms()));
/// ```
class led_player {
 public:
  /// Begins a pattern, at the next `update`. Another one that was being played is dropped.
  void start(led_pattern pattern) {
    pattern_ = pattern;
    is_lit_ = pattern == led_pattern::processing;
    is_begun_ = false;
    is_over_ = false;
    chunks_ = 0;
  }

  /// One more chunk of a file has been downloaded; `start` begins the next file.
  void chunk() {
    if (pattern_ != led_pattern::downloading) return;
    chunks_ = static_cast<std::uint8_t>(chunks_ == 10 ? 1 : chunks_ + 1);
    is_lit_ = chunks_ == 10;
  }

  /// Whether the LED is on now. `now_ms` is of a clock that never goes back.
  bool update(std::uint64_t now_ms) {
    const detail::led_blinks blinks = detail::blinks_of(pattern_);
    if (blinks.times == 0) return is_lit_;
    if (!is_begun_) began_ = now_ms;
    is_begun_ = true;
    // How far into the present blink; a pattern has three at most.
    std::uint64_t passed = now_ms - began_;
    const std::uint64_t period = std::uint64_t{blinks.on} + blinks.off;
    std::uint8_t left = blinks.times;
    for (; left > 1 && passed >= period; --left) passed -= period;
    is_lit_ = passed < blinks.on;
    is_over_ = left == 1 && passed >= std::uint64_t{blinks.on} + blinks.rest;
    return is_lit_;
  }

  /// Whether the pattern had come to its end at the last `update`. `off`, `processing` and
  /// `downloading` have none.
  bool is_over() const { return is_over_; }

 private:
  std::uint64_t began_ = 0;
  led_pattern pattern_ = led_pattern::off;
  std::uint8_t chunks_ = 0;
  bool is_begun_ = false;
  bool is_lit_ = false;
  bool is_over_ = false;
};

/// Plays a pattern to its end, feeding the watchdog; one without an end is only begun.
template <class Hardware>
void play(Hardware& hardware, led_pattern pattern) {
  const detail::led_blinks blinks = detail::blinks_of(pattern);
  for (std::uint8_t left = blinks.times; left != 0; --left) {
    hardware.led(true);
    wait_feeding_ms(hardware, blinks.on);
    hardware.led(false);
    wait_feeding_ms(hardware, left == 1 ? blinks.rest : blinks.off);
  }
  if (blinks.times == 0) hardware.led(pattern == led_pattern::processing);
}

}  // namespace ota

// ota/updater/staging_teller.hpp

namespace ota::detail {

/// Tells what happens to the file at hand, in words and by the LED, where there is either.
template <bool Tells>
class staging_teller {
 public:
  /// The download has broken off.
  void reset() { downloading_ = false; }

  /// After each step: `staged` is how far staging is, `files` and `bytes` how far it was before.
  template <class Log, class Light>
  void tell(const staging_progress& staged, std::uint32_t files, std::size_t bytes,
            std::string_view subject, Log& log, Light& light) {
    if (staged.files != files) {
      downloading_ = false;
      log.debug("Hash OK for "sv, subject);
      light.show(led_pattern::file_done);
    } else if (staged.bytes_moved != bytes) {
      if (downloading_) return light.chunk();
      downloading_ = true;
      log.debug("Downloading: "sv, subject);
      light.show(led_pattern::downloading);
    }
  }

 private:
  bool downloading_ = false;
};
template <>
class staging_teller<false> {
 public:
  void reset() {}
  template <class Log, class Light>
  void tell(const staging_progress&, std::uint32_t, std::size_t, std::string_view, Log&, Light&) {}
};

}  // namespace ota::detail

// ota/updater/status_light.hpp

namespace ota {

/// Says on the status LED, where the configuration has one (`status_led_pin`), what an update does.
template <class Hardware, bool HasLed = has_led<Hardware>>
class status_light {
 public:
  status_light(Hardware& hardware, const config& settings)
      : hardware_(hardware), settings_(settings) {}

  /// Begins a pattern; the present one is dropped.
  void show(led_pattern pattern) {
    if (!is_there()) return;
    player_.start(pattern);
    tick();
  }

  /// One more chunk has come, of a file that began with `show(downloading)`.
  void chunk() {
    if (!is_there()) return;
    player_.chunk();
    tick();
  }

  /// Lets a pattern go on.
  void tick() {
    if (is_there()) hardware_.led(player_.update(hardware_.ticks_ms()));
  }

  /// Plays a pattern to its end.
  void play(led_pattern pattern) {
    if (is_there()) ota::play(hardware_, pattern);
  }

 private:
  bool is_there() const { return settings_.status_led_pin >= 0; }

  Hardware& hardware_;
  const config& settings_;
  led_player player_;
};

/// Of a device without one.
template <class Hardware>
class status_light<Hardware, false> {
 public:
  status_light(Hardware&, const config&) {}

  void show(led_pattern) {}
  void chunk() {}
  void tick() {}
  void play(led_pattern) {}
};

}  // namespace ota

// ota/updater/trust_duties.hpp

namespace ota::detail {

// What an updater does for a trust policy that takes nothing without a manifest; for the others,
// nothing of it is in the program.

/// What the policy has to know, for the version that is to be staged.
template <class Hardware>
void fill_context(trust_context& context, const release_target& target, const config& settings,
                  Hardware& hardware) {
  context = {};
  context.now = hardware.now();
  if (follows_release(settings)) context.name = target.ref;
  context.id = target.id;
  if constexpr (has_security_counter<Hardware>) context.least_counter = hardware.security_counter();
}

/// The source's word that nothing is new is not signed: it counts until the newest manifest
/// expires. Then a newer one is looked for, whatever was said of it before.
template <class Trust, class Storage, class Hardware>
result<void> check_source_word(Storage& storage, Hardware& hardware) {
  if constexpr (Trust::requires_manifest) return check_fresh(storage, hardware.now());
  return {};
}

/// Raises the hardware's counter to that of a version that is kept. At each start, since the one
/// that confirmed may have been cut short before this.
template <class Storage, class Hardware>
void raise_counter(Storage& storage, Hardware& hardware, const swap_state& state) {
  if constexpr (has_security_counter<Hardware>) {
    trust_record seen;
    if (state.phase == swap_phase::kept &&
        load_record(storage, layout::trust, seen).value_or(false) &&
        seen.counter > hardware.security_counter())
      hardware.raise_security_counter(seen.counter);
  }
}

}  // namespace ota::detail

// ota/updater/watched_http.hpp

namespace ota {

/// The device's HTTP policy, and an eye on how fast bytes come. A server that sends one byte just
/// before each time limit could hold a device for ever, and updates back.
template <class Http, class Hardware, bool HasClock = has_clock<Hardware>>
class watched_http {
 public:
  watched_http(Http& http, Hardware& hardware, const config& settings)
      : http_(http), hardware_(hardware), settings_(settings) {}

  result<void> open(const http_request& request) {
    begin_window();
    return http_.open(request);
  }

  result<std::size_t> read(mutable_bytes out) {
    const auto size = http_.read(out);
    if (size && is_too_slow(*size)) return too_slow;
    return size;
  }

  const http_response& response() const { return http_.response(); }
  std::string_view etag() const { return http_.etag(); }
  std::string_view location() const { return http_.location(); }
  void close() { http_.close(); }

 private:
  static constexpr error too_slow{
      errc::too_slow, "http",
      "the server sends fewer than min_bytes_per_sec; the next update goes on from here"};

  static constexpr std::uint32_t window_ms = 30000;

  void begin_window() {
    begin_ = hardware_.ticks_ms();
    bytes_ = 0;
  }

  bool is_too_slow(std::size_t size) {
    bytes_ += size;
    if (size == 0 || hardware_.ticks_ms() - begin_ < window_ms) return false;
    const bool slow = bytes_ < std::uint64_t{settings_.min_bytes_per_sec} * (window_ms / 1000);
    begin_window();
    return slow;
  }

  Http& http_;
  Hardware& hardware_;
  const config& settings_;
  std::uint64_t begin_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Without a clock there is nothing to watch by.
template <class Http, class Hardware>
class watched_http<Http, Hardware, false> {
 public:
  watched_http(Http&, Hardware&, const config&) {}
};

}  // namespace ota

// ota/updater.hpp

namespace ota {

/// Updates a device, composed from the policies that `Policies` names.
///
/// `boot()` once at the start of the device, then `step()` until it says false, or `run()`. A
/// step is one bounded piece of work: one request, one chunk, one file moved, one second waited.
/// What has to survive a power cut is on storage; `sizeof(updater)` is all the memory there is.
template <class Policies>
class updater : private settings_of<Policies>,
                private check_policies<Policies>,
                private detail::patch_teller<takes_patches<typename Policies::delta>> {
  using settings_type = settings_of<Policies>;
  using source_with = detail::source_with<typename Policies::source, settings_type>;

 public:
  using storage_type = typename Policies::storage;
  using http_type = typename Policies::http;
  using hardware_type = typename Policies::hardware;
  using log_type = typename Policies::log;
  using image_type = typename Policies::image;

  /// `settings`, and the texts it views, must outlive the updater. Settings that come from outside
  /// should have been through `validate`. A device that names its settings has them already: its
  /// updater is made without, or with `{}` before other policies.
  explicit updater(settings_type settings = {})
      : settings_type(settings), log_(log_type{}, this->settings_.debug) {
    set_up();
  }

  /// As above, with policies that are made elsewhere, and moved in.
  updater(settings_type settings, storage_type&& storage, http_type&& http = {},
          hardware_type&& hardware = {}, log_type log = {}, image_type&& image = image_type())
      : settings_type(settings),
        hardware_(std::move(hardware)),
        log_(std::move(log), this->settings_.debug),
        swapper_(storage_, std::move(image)),
        http_(std::move(http)),
        storage_(std::move(storage)) {
    set_up();
  }

  updater(const updater&) = delete;
  updater& operator=(const updater&) = delete;

  storage_type& storage() { return storage_; }
  http_type& http() { return http_; }
  hardware_type& hardware() { return hardware_; }
  log_type& log() { return log_; }  ///< the log policy
  image_type& image() { return swapper_.image(); }

  /// What a start of the device does, before anything of the version runs: ends or undoes what a
  /// power cut interrupted, and puts a version back that was not confirmed within its starts.
  /// Nothing of the version may run while `needs_restart()`.
  result<void> boot() { return carry_out(order::start); }

  /// Ends or undoes what was interrupted, without counting a start of the device.
  result<void> recover() { return carry_out(order::recover); }

  /// Reads how far the swap is, and changes nothing: for a report.
  result<void> load() { return swapper_.load(); }

  /// One piece of work further; false when there is nothing left to do, `outcome()` tells why.
  /// The step after that begins a new check.
  bool step() {
    hardware_.feed_watchdog();
    light_.tick();
    if (progress_.phase == update_phase::idle) begin();
    if (retry_.pause() != 0) {
      hardware_.wait(1000);
      retry_.pass_a_second();
      return true;
    }
    if (const auto done = advance(); !done) handle(done.error());
    update_progress();
    return progress_.phase != update_phase::idle;
  }

  /// Steps until the update is done; `observe(progress)` is called after each step.
  template <class Observe>
  result<update_outcome> run(Observe&& observe) {
    while (step()) observe(static_cast<const update_progress_report&>(progress_));
    if (outcome_ == update_outcome::failed) return *failure_;
    return outcome_;
  }
  result<update_outcome> run() {
    return run([](const update_progress_report&) {});
  }

  /// The version on trial works: keep it.
  result<void> confirm() { return carry_out(order::confirm); }

  /// Puts the version before the present one back; the present one is not tried again.
  result<void> rollback() { return carry_out(order::put_back); }

  /// Whether files and image of a version are not together before the device has started again:
  /// then `boot()`, `run()` and `rollback()` end with the hardware policy's `reset()`. Where that
  /// comes back, the program has to start the device again by itself.
  bool needs_restart() const {
    if constexpr (has_image) return swapper_.needs_restart();
    return false;
  }

  const update_progress_report& progress() const { return progress_; }
  update_outcome outcome() const { return outcome_; }

  /// What patches came to in the last update. On devices that take them.
  const patch_figures& patches() const { return stager_.patches(); }

  /// Why the last update failed, and a sentence for people that also names the file.
  const error& failure() const { return *failure_; }
  std::string_view message() const { return message_; }

  /// The version that the last check found, and what is installed.
  const release_target& target() const { return source_.target(); }
  release_target installed() { return detail::read_version(storage_); }
  const swap_state& state() const { return swapper_.state(); }

  /// Updates without asking the scheduler.
  void ignore_schedule() { scheduled_ = false; }

  /// Records the newest version as installed without bringing its files: for a device that got
  /// them another way. The next update compares contents, so a wrong record does not last.
  void record_only() { stager_.record_only(); }

 private:
  static constexpr bool has_image = takes_images<image_type>;
  static constexpr bool has_delta = takes_patches<typename Policies::delta>;

  static constexpr error trial_pending{
      errc::wrong_state, "updater",
      "a version is on trial: confirm it or roll it back before the next update"};
  static constexpr error restart_pending{
      errc::wrong_state, "updater", "the last version waits for the device to be started again"};
  static constexpr error too_little_memory{errc::wrong_state, "updater",
                                           "less memory is free than min_free_mem asks for"};

  void set_up() {
    detail::set_timeouts(http_, this->settings_);
    if constexpr (Policies::trust::requires_manifest)
      source_.look_for(Policies::trust::manifest_name);
  }

  // ---- what a start does ----------------------------------------------------------------------

  enum class order : std::uint8_t { recover, start, confirm, put_back };

  // After a failure nobody knows what of the change reached the storage, so the next one reads it
  // again. A full storage must not keep a bad version in place.
  result<void> carry_out(order given) {
    auto done = try_out(given);
    if (done.error().code == errc::no_space) {
      detail::make_room(storage_);
      (void)storage_.remove(layout::reserve);
      done = try_out(given);
    }
    loaded_ = done.has_value();
    if (done) detail::raise_counter(storage_, hardware_, swapper_.state());
    if constexpr (has_image)
      if (done && needs_restart()) restart();
    return done;
  }

  result<void> try_out(order given) {
    if (auto done = swapper_.load(); !done) return done;
    if constexpr (Policies::takes_over)
      if (auto done = detail::take_over(storage_, this->settings_); !done) return done;
    if constexpr (has_image)
      if (auto done = follow_image(given); !done || (needs_restart() && given <= order::start))
        return done;
    if (auto done = finish_swap(); !done || given == order::recover) return done;
    if (given == order::confirm) return swapper_.confirm();
    if (auto done = given == order::start ? swapper_.count_boot() : swapper_.revert(); !done)
      return done;
    if (!swapper_.active()) return {};
    log_.info(given == order::start ? "Rollback triggered: the version on trial was not confirmed"sv
                                    : "Rollback triggered"sv);
    return finish_swap();
  }

  // What the bootloader did with the image of the version comes before everything else.
  result<void> follow_image(order given) {
    auto done = finish_swap();
    return done && given != order::confirm ? swapper_.follow_image() : done;
  }

  // ---- the phases of an update --------------------------------------------------------------

  void begin() {
    outcome_ = update_outcome::none;
    failure_ = &no_error;
    message_.clear();
    retry_.reset();
    progress_ = {};
    enter(update_phase::checking);
    checking_ = false;
    light_.show(led_pattern::connecting);
  }

  void enter(update_phase phase) {
    progress_.phase = phase;
    retry_.next_request();
  }

  void finish(update_outcome outcome) {
    outcome_ = outcome;
    http_.close();
    progress_.phase = update_phase::idle;
  }

  result<void> advance() {
    constexpr std::uint32_t most = sizeof buffer_;
    const std::uint32_t asked = this->settings_.chunk < most ? this->settings_.chunk : most;
    const std::size_t chunk = effective_chunk(asked, hardware_.free_memory());
    switch (progress_.phase) {
      case update_phase::checking:
        return check(chunk);
      case update_phase::staging:
        return stage(chunk);
      case update_phase::swapping:
        return swap();
      case update_phase::idle:
        break;
    }
    return {};
  }

  result<void> check(std::size_t chunk) {
    if (!checking_) {
      if (!loaded_)
        if (auto done = recover(); !done) return done;
      if (needs_restart()) return restart_pending;
      if (is_scheduled() && !ask(scheduler_.may_check())) return {};
      if constexpr (log_type::enabled) log_.version("Installed version: "sv, installed());
      if (chunk != Policies::chunk_size) log_.adapted("chunk size"sv, chunk);
      known_version& known = source_.found();
      if (!detail::load_known(storage_, this->sum(), known) || !is_settled(known.version.id) ||
          !check_fresh())
        known = {};
      source_.begin();
      checking_ = true;
      return {};
    }
    const auto found = source_.step(watched(), mutable_bytes(buffer_, chunk));
    if (!found) return found.error();
    light_.show(led_pattern::processing);
    if (*found == resolution::working) return {};
    if (*found == resolution::unchanged) return up_to_date();
    return decide();
  }

  result<void> check_fresh() {
    return detail::check_source_word<typename Policies::trust>(storage_, hardware_);
  }

  // Whether nothing is left to do for a version: it runs, or was put back.
  bool is_settled(const version_id& id) const {
    return names_version(id) && (id == swapper_.state().version || id == swapper_.state().rejected);
  }

  result<void> decide() {
    const release_target& target = source_.target();
    const swap_state& state = swapper_.state();
    log_.version("Repo version: "sv, target);
    const bool fresh = check_fresh().has_value();
    const bool rejected = target.id == state.rejected;
    const bool same =
        names_version(state.version) ? target.id == state.version : is_installed(target);
    if (fresh && (rejected || (same && !this->settings_.force))) return up_to_date();
    if (state.phase == swap_phase::trial) {
      if (same) return up_to_date();
      return trial_pending;
    }
    if (is_scheduled()) {
      // A version that has to wait was checked for all the same.
      if (auto done = scheduler_.record_check(); !done) return done;
      const schedule_decision may = scheduler_.may_update(target.ref);
      if (!fresh && (rejected || same) && !may.allowed) return up_to_date();
      if (!ask(may)) return {};
    }
    if (!detail::has_memory(this->settings_, hardware_)) return too_little_memory;
    enter(update_phase::staging);
    if constexpr (Policies::trust::requires_manifest)
      detail::fill_context(stager_.context(), target, this->settings_, hardware_);
    return stager_.begin(target, source_.has_manifest());
  }

  bool is_installed(const release_target& target) {
    const release_target installed = detail::read_version(storage_);
    return installed.commit.view() == target.commit.view() &&
           (!source_.has_manifest() || installed.ref.view() == target.ref.view());
  }

  result<void> up_to_date() {
    if (auto done = check_fresh(); !done) return done;
    const version_id& newest = source_.target().id;
    const bool rejected = newest == swapper_.state().rejected && names_version(newest);
    message_.append(rejected ? "the newest version was put back before; waiting for another one"
                             : "No update required");
    log_.info(message_);
    remember();
    finish(rejected ? update_outcome::rejected : update_outcome::up_to_date);
    return {};
  }

  // Spares the next check a request. A storage that cannot keep it does not make this one fail.
  void remember() {
    if (is_scheduled()) (void)scheduler_.record_check();
    (void)detail::store_known(storage_, this->sum(), source_.found());
  }

  bool is_scheduled() const { return scheduled_ && scheduler_.has_rules(); }

  bool ask(const schedule_decision& decision) {
    if (decision.allowed) return true;
    message_.assign(decision.reason);
    log_.info(message_);
    finish(update_outcome::waiting);
    return false;
  }

  result<void> stage(std::size_t chunk) {
    const auto more = stager_.step(watched(), source_, swapper_, mutable_bytes(buffer_, chunk));
    if (!more) return more.error();
    if (*more) return {};
    if (stager_.plan().entries == 0) {
      // Every file is there already: nothing to swap, nothing to try.
      if (auto done = swapper_.adopt(stager_.identity()); !done) return done;
      return up_to_date();
    }
    http_.close();
    if (auto done = begin_swap(); !done) return done;
    enter(update_phase::swapping);
    return {};
  }

  result<void> begin_swap() {
    const version_id& version = stager_.identity();
    const std::uint32_t entries = stager_.plan().entries;
    if constexpr (has_image)
      return swapper_.begin_with(stager_.image(), version, entries, this->settings_.trial_boots);
    else
      return swapper_.begin(version, entries, this->settings_.trial_boots);
  }

  result<void> swap() {
    const auto more = swapper_.step();
    if (!more) return more.error();
    if (*more) return {};
    if (swapper_.failure().code != errc::none) return swapper_.failure();
    remember();
    note_health({});
    message_.append("updated to ").append(source_.target().ref).append(" #");
    message_.append(slice(source_.target().commit.view(), 0, 7)).append(", on trial");
    if (needs_restart()) message_.append(" after a restart");
    log_.info(message_);
    finish(needs_restart() ? update_outcome::restart : update_outcome::updated);
    light_.play(led_pattern::success);
    restart();
    return {};
  }

  void restart() {
    log_.reset(this->settings_.reset);
    hardware_.reset(this->settings_.reset);
  }

  result<void> finish_swap() {
    for (;;) {
      hardware_.feed_watchdog();
      const auto more = swapper_.step();
      if (!more) return more.error();
      if (!*more) return {};
    }
  }

  // ---- failures -----------------------------------------------------------------------------

  void handle(const error& failure) {
    teller_.reset();
    const std::size_t brought = progress_.bytes + progress_.lists;
    const retry_limits limits = detail::adapted_limits(this->settings_, hardware_, log_);
    if (retry_.again(failure, http_.response(), brought, limits, this->settings_, hardware_)) {
      http_.close();
      log_.retry(retry_.pause(), failure);
      if (progress_.phase == update_phase::checking) checking_ = false;
      return;
    }
    loaded_ = false;
    if (failure.code == errc::no_space) detail::make_room(storage_);
    // The next check would only bring it again.
    if constexpr (has_image)
      if (progress_.phase == update_phase::staging && stager_.refuses_image(failure))
        (void)swapper_.reject(stager_.identity());
    // What nobody has signed must not take the device's room until the next update.
    if constexpr (Policies::trust::requires_manifest) (void)storage_.remove(layout::manifest);
    failure_ = &failure;
    entry item;
    std::string_view subject;
    if (progress_.phase == update_phase::staging) subject = stager_.subject();
    if (progress_.phase == update_phase::swapping && swapper_.find_failed(item))
      subject = item.path;
    detail::describe(message_, failure, subject, http_.response());
    log_.failed(message_);
    if (progress_.phase != update_phase::checking) note_health(message_);
    finish(update_outcome::failed);
    light_.play(led_pattern::failure);
    // A device that cannot write its error file has said so already.
    (void)detail::store_error(storage_, message_);
  }

  // The health log is the scheduler's: where it is not asked, none is kept.
  void note_health(std::string_view failure) {
    if (is_scheduled()) scheduler_.record_update(source_.target().ref, failure);
  }

  void update_progress() {
    if (progress_.phase != update_phase::staging) return;
    const auto& staged = stager_.progress();
    teller_.tell(staged, progress_.files, progress_.bytes_moved, stager_.subject(), log_, light_);
    progress_.take(staged, stager_.plan());
    if constexpr (has_delta) this->tell(stager_.patches(), stager_.subject(), log_);
  }

  auto& watched() {
    if constexpr (has_clock<hardware_type>)
      return watched_;
    else
      return http_;
  }

  // What is used most comes first, and the large last: a Cortex-M0+ reaches the first 128 bytes of
  // an object by shorter code.
  update_outcome outcome_ = update_outcome::none;
  bool loaded_ = false;
  bool checking_ = false;
  bool scheduled_ = true;
  update_progress_report progress_;
  const error* failure_ = &no_error;
  retry retry_;
  fixed_string<max_log_line> message_;
  detail::staging_teller<log_type::enabled || has_led<hardware_type>> teller_;
  hardware_type hardware_;
  watched_http<http_type, hardware_type> watched_{http_, hardware_, this->settings_};
  event_log<log_type> log_;
  status_light<hardware_type> light_{hardware_, this->settings_};
  typename Policies::template scheduler<storage_type, hardware_type> scheduler_{storage_, hardware_,
                                                                                this->settings_};
  swapper<storage_type, image_type> swapper_{storage_};
  typename source_with::type source_{static_cast<typename source_with::made_with>(*this)};
  stager<storage_type, settings_type, typename Policies::hash, typename Policies::trust, image_type,
         typename Policies::delta>
      stager_{storage_, *this};
  http_type http_;
  std::uint8_t buffer_[Policies::chunk_size];
  storage_type storage_;
};

}  // namespace ota

// ota/flash/geometry.hpp

namespace ota {

/// Sectors of one size that follow each other.
struct sector_run {
  std::uint32_t count = 0;
  std::uint32_t size = 0;  ///< bytes of each: what one erase takes
};

/// How a NOR flash is divided, and what its memory cells allow. Addresses count from its first
/// byte, wherever a processor sees that.
///
/// ```
/// static constexpr ota::flash_geometry<3> geometry{{{4, 16 * 1024}, {1, 64 * 1024}, {7, 128 *
/// 1024}},
///                                                  4};
/// ```
template <std::size_t Runs = 1>
struct flash_geometry {
  sector_run runs[Runs];
  std::uint32_t program_size = 4;    ///< a program begins and ends at multiples of it, bytes
  std::uint8_t erased = 0xff;        ///< how an erased byte reads
  bool reprograms = false;           ///< a programmed unit may have more of its bits cleared
  std::uint32_t endurance = 10'000;  ///< erases that a sector is made for

  constexpr std::uint32_t size() const {
    std::uint32_t total = 0;
    for (const sector_run& run : runs) total += run.count * run.size;
    return total;
  }

  /// Bytes of the sector that holds `address`; 0 behind the end.
  constexpr std::uint32_t sector_size(std::uint32_t address) const {
    for (const sector_run& run : runs) {
      if (address < run.count * run.size) return run.size;
      address -= run.count * run.size;
    }
    return 0;
  }

  /// Where the sector that holds `address` begins; the flash's size behind its end.
  constexpr std::uint32_t sector_begin(std::uint32_t address) const {
    std::uint32_t begin = 0;
    for (const sector_run& run : runs) {
      const std::uint32_t length = run.count * run.size;
      if (address - begin < length) return address - (address - begin) % run.size;
      begin += length;
    }
    return begin;
  }

  /// Whether a sector begins at `address`, or the flash ends there.
  constexpr bool is_boundary(std::uint32_t address) const {
    return sector_begin(address) == address;
  }
};

/// A part of a flash.
struct flash_region {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;  ///< bytes

  constexpr std::uint32_t end() const { return begin + size; }
  constexpr bool holds(std::uint32_t address) const { return address - begin < size; }
};

constexpr bool overlap(flash_region a, flash_region b) {
  return a.begin < b.end() && b.begin < a.end();
}

}  // namespace ota

// ota/flash/flash_policy.hpp

namespace ota {

// The contract of a flash policy: NOR flash, in which an erase sets a whole sector to one value and
// a program clears bits of it.
//
//   static constexpr flash_geometry<N> geometry
//   result<void> read(std::uint32_t address, mutable_bytes out)
//   result<void> program(std::uint32_t address, bytes data)
//                         whole units of `program_size`, each once between two erases, unless the
//                         geometry says that it `reprograms`; done when it returns
//   result<void> erase(std::uint32_t address)
//                         the sector that begins there; done when it returns
//
// Callers stay inside the geometry and its alignment; a policy need not check that. Nothing is
// assumed of what a power cut leaves: a unit that was being programmed may read as before, as
// after, or differently each time; so may a sector that was being erased, until it is erased again.
// It must read as something: a chip that tells such cells by an error of its own, as flash with ECC
// does, has a policy that gives any bytes for them.

namespace detail {

template <class F>
using flash_read_of = decltype(std::declval<F&>().read(std::uint32_t{}, mutable_bytes{}));
template <class F>
using flash_program_of = decltype(std::declval<F&>().program(std::uint32_t{}, bytes{}));
template <class F>
using flash_erase_of = decltype(std::declval<F&>().erase(std::uint32_t{}));
template <class F>
using flash_size_of = decltype(F::geometry.size());

template <class F>
constexpr bool has_sound_geometry() {
  if (F::geometry.program_size == 0) return false;
  for (const sector_run& run : F::geometry.runs)
    if (run.count == 0 || run.size == 0 || run.size % F::geometry.program_size != 0) return false;
  return true;
}

}  // namespace detail

/// Checks a flash policy against the contract, one sentence for each missing member.
template <class Flash>
struct check_flash {
  static_assert(detail::gives<std::uint32_t, detail::flash_size_of, Flash>::value,
                "the flash policy needs: static constexpr ota::flash_geometry<N> geometry");
  static_assert(detail::has_sound_geometry<Flash>(),
                "the flash policy's geometry has a run without sectors, or sectors that are not "
                "whole program units");
  static_assert(detail::gives<result<void>, detail::flash_read_of, Flash>::value,
                "the flash policy needs: ota::result<void> read(std::uint32_t address, "
                "ota::mutable_bytes out)");
  static_assert(detail::gives<result<void>, detail::flash_program_of, Flash>::value,
                "the flash policy needs: ota::result<void> program(std::uint32_t address, "
                "ota::bytes data)");
  static_assert(detail::gives<result<void>, detail::flash_erase_of, Flash>::value,
                "the flash policy needs: ota::result<void> erase(std::uint32_t address)");
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/flash/joined_flash.hpp

namespace ota {
namespace detail {

template <std::size_t A, std::size_t B>
constexpr flash_geometry<A + B> joined_geometry(const flash_geometry<A>& first,
                                                const flash_geometry<B>& second) {
  flash_geometry<A + B> both{};
  for (std::size_t i = 0; i < A; ++i) both.runs[i] = first.runs[i];
  for (std::size_t i = 0; i < B; ++i) both.runs[A + i] = second.runs[i];
  both.program_size =
      first.program_size > second.program_size ? first.program_size : second.program_size;
  both.erased = first.erased;
  both.reprograms = first.reprograms && second.reprograms;
  both.endurance = first.endurance < second.endurance ? first.endurance : second.endurance;
  return both;
}

}  // namespace detail

/// Two flashes as one: `Second` begins where `First` ends, such as a NOR flash on SPI behind the
/// internal one. What may differ, the weaker of both decides.
template <class First, class Second>
class joined_flash : private check_flash<First>, private check_flash<Second> {
 public:
  static_assert(First::geometry.erased == Second::geometry.erased,
                "joined flashes must have the same erased value");
  static_assert(First::geometry.size() + Second::geometry.size() > First::geometry.size(),
                "joined flashes must have less than 4 GiB");

  static constexpr auto geometry = detail::joined_geometry(First::geometry, Second::geometry);

  joined_flash() = default;
  joined_flash(First&& first, Second&& second)
      : first_(std::move(first)), second_(std::move(second)) {}

  First& first() { return first_; }
  Second& second() { return second_; }

  result<void> read(std::uint32_t address, mutable_bytes out) {
    const std::uint32_t inside = before_border(address);
    if (inside == 0) return second_.read(address - border, out);
    if (auto done = first_.read(address, out.first(inside)); !done || out.size() <= inside)
      return done;
    return second_.read(0, out.drop(inside));
  }

  result<void> program(std::uint32_t address, bytes data) {
    const std::uint32_t inside = before_border(address);
    if (inside == 0) return second_.program(address - border, data);
    if (auto done = first_.program(address, data.first(inside)); !done || data.size() <= inside)
      return done;
    return second_.program(0, data.drop(inside));
  }

  result<void> erase(std::uint32_t address) {
    return before_border(address) == 0 ? second_.erase(address - border) : first_.erase(address);
  }

 private:
  static constexpr std::uint32_t border = First::geometry.size();

  static constexpr std::uint32_t before_border(std::uint32_t address) {
    return address < border ? border - address : 0;
  }

  First first_{};
  Second second_{};
};

}  // namespace ota

// ota/flash/memory_bus.hpp

namespace ota {

/// How flash policies reach registers and memory of a microcontroller. A test puts a model of the
/// chip in its place.
struct memory_bus {
  static std::uint32_t load(std::uint32_t address) {
    return *at<const volatile std::uint32_t>(address);
  }
  static void store(std::uint32_t address, std::uint32_t value) {
    *at<volatile std::uint32_t>(address) = value;
  }
  static void copy(std::uint32_t address, mutable_bytes out) {
    std::memcpy(out.data(), at<const std::uint8_t>(address), out.size());
  }

 private:
  // Flash may begin at address 0: that this is no null pointer must be hidden from the compiler.
  template <class T>
  static T* at(std::uint32_t address) {
    std::uintptr_t hidden = address;
    asm("" : "+r"(hidden));
    return reinterpret_cast<T*>(hidden);  // NOLINT(performance-no-int-to-ptr)
  }
};
}  // namespace ota

// ota/flash/nrf_nvmc.hpp

namespace ota {

// Pages, code memory and endurance of Nordic's chips, each from its product specification.

struct nrf51822 {
  static constexpr flash_geometry<1> geometry{{{256, 1024}}, 4, 0xff, false, 20'000};
};
struct nrf52832 {
  static constexpr flash_geometry<1> geometry{{{128, 4096}}, 4, 0xff, false, 10'000};
};
struct nrf52833 : nrf52832 {};
struct nrf52840 {
  static constexpr flash_geometry<1> geometry{{{256, 4096}}, 4, 0xff, false, 10'000};
};

/// The code memory of nRF51 and nRF52, written through their NVMC (nRF51 Series Reference Manual
/// v3, chapter 6; nRF52832 and nRF52840 Product Specifications, "NVMC"). The processor stands still
/// while a word is written or a page erased, 21 to 90 ms; radio protocols do not like that: where a
/// SoftDevice runs, writing is its business (`sd_flash_write`).
///
/// A word may be written again only a few times between two erases (n_WRITE), which is not made use
/// of: the geometry says that nothing is programmed twice.
template <class Chip = nrf51822, class Bus = memory_bus>
struct nrf_nvmc {
  static constexpr auto geometry = Chip::geometry;

  static result<void> read(std::uint32_t address, mutable_bytes out) {
    Bus::copy(address, out);
    return {};
  }

  static result<void> program(std::uint32_t address, bytes data) {
    allow(writing);
    for (; !data.empty(); data = data.drop(4), address += 4) {
      Bus::store(address, detail::get_u32(data.data()));
      wait();
    }
    allow(reading);
    return {};
  }

  static result<void> erase(std::uint32_t address) {
    allow(erasing);
    Bus::store(erase_page, address);
    wait();
    allow(reading);
    return {};
  }

 private:
  static constexpr std::uint32_t ready = 0x4001e400;
  static constexpr std::uint32_t config = 0x4001e504;
  static constexpr std::uint32_t erase_page = 0x4001e508;

  static constexpr std::uint32_t reading = 0;
  static constexpr std::uint32_t writing = 1;
  static constexpr std::uint32_t erasing = 2;

  static void wait() {
    while ((Bus::load(ready) & 1) == 0) {
    }
  }
  static void allow(std::uint32_t access) {
    Bus::store(config, access);
    wait();
  }
};

}  // namespace ota

// ota/flash/rp2040.hpp

namespace ota {
namespace detail {

/// One erase or program by the boot ROM (RP2040 datasheet, 2.8.3.1.3), with all that it takes in
/// RAM: while it lasts, flash cannot be read, nor code run from it.
struct rp2040_flash_job {
  using call = void (*)();

  call connect, exit_xip, flush;
  void (*erase)(std::uint32_t offset, std::size_t size, std::uint32_t block, std::uint8_t command);
  void (*program)(std::uint32_t offset, const std::uint8_t* data, std::size_t size);
  std::uint32_t boot2[64];
  std::uint32_t offset;
  std::uint8_t page[256];
};

/// Does it, from RAM: linker scripts, that of the Pico SDK among them, place `.time_critical`
/// there. Reading is switched on again by the program that did so at the start, the first 256 bytes
/// of flash (2.8.1.2): called as a function it returns.
template <bool Erases>
[[gnu::always_inline]] inline void rp2040_flash_steps(const rp2040_flash_job& job) {
  job.connect();
  job.exit_xip();
  if constexpr (Erases)
    job.erase(job.offset, 4096, 0x10000, 0xd8);
  else
    job.program(job.offset, job.page, sizeof job.page);
  job.flush();
  const auto thumb = reinterpret_cast<std::uintptr_t>(job.boot2) | 1;
  reinterpret_cast<rp2040_flash_job::call>(thumb)();  // NOLINT(performance-no-int-to-ptr)
}

[[gnu::noinline, gnu::section(".time_critical.ota_rp2040_erase")]] inline void rp2040_erase(
    const rp2040_flash_job& job) {
  rp2040_flash_steps<true>(job);
}
[[gnu::noinline, gnu::section(".time_critical.ota_rp2040_program")]] inline void rp2040_program(
    const rp2040_flash_job& job) {
  rp2040_flash_steps<false>(job);
}

}  // namespace detail

/// For `rp2040_flash`, where the second core is never started.
struct single_core {
  static void hold() {}
  static void release() {}
};

/// The NOR flash beside an RP2040, by the functions of its boot ROM, without the Pico SDK (with it,
/// take `pico_flash`, which knows of the other core and of FreeRTOS). Interrupts are off during an
/// operation: a page takes up to 3 ms, a sector up to 400 ms (W25Q16JV data sheet, 9.6).
///
/// `OtherCore::hold()` returns when the second core runs neither from flash nor reads it, with its
/// interrupts off, until `release()`. Nothing may be transferred from flash by DMA meanwhile.
///
/// The first sector holds what starts the chip, and is refused: a power cut would be its end.
template <std::uint32_t Size = 2 * 1024 * 1024, class OtherCore = single_core>
struct rp2040_flash {
  static constexpr flash_geometry<1> geometry{{{Size / 4096, 4096}}, 256, 0xff, true, 100'000};

  static result<void> read(std::uint32_t address, mutable_bytes out) {
    memory_bus::copy(origin + address, out);
    return {};
  }

  static result<void> program(std::uint32_t address, bytes data) {
    if (address < 4096) return first_sector;
    detail::rp2040_flash_job job;
    prepare(job);
    for (; !data.empty(); data = data.drop(256), address += 256) {
      job.offset = address;
      std::memcpy(job.page, data.data(), sizeof job.page);  // it may lie in flash itself
      run(detail::rp2040_program, job);
    }
    return {};
  }

  static result<void> erase(std::uint32_t address) {
    if (address < 4096) return first_sector;
    detail::rp2040_flash_job job;
    prepare(job);
    job.offset = address;
    run(detail::rp2040_erase, job);
    return {};
  }

 private:
  static constexpr std::uint32_t origin = 0x10000000;

  static constexpr error first_sector{errc::invalid_argument, "flash",
                                      "the first sector starts the chip and is not overwritten"};

  // The ROM's functions are found by two letters (datasheet, 2.8.3): halfwords at 0x14 and 0x18
  // hold the addresses of the table and of the function that looks into it.
  static std::uintptr_t find(char a, char b) {
    using look_up = std::uintptr_t (*)(std::uintptr_t table, std::uint32_t name);
    const std::uintptr_t table = memory_bus::load(0x14) & 0xffff;
    const std::uintptr_t function = memory_bus::load(0x18) & 0xffff;
    const auto name = static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b) << 8;
    return reinterpret_cast<look_up>(function)(table, name);  // NOLINT(performance-no-int-to-ptr)
  }

  // NOLINTBEGIN(performance-no-int-to-ptr)
  static void prepare(detail::rp2040_flash_job& job) {
    job.connect = reinterpret_cast<decltype(job.connect)>(find('I', 'F'));
    job.exit_xip = reinterpret_cast<decltype(job.exit_xip)>(find('E', 'X'));
    job.erase = reinterpret_cast<decltype(job.erase)>(find('R', 'E'));
    job.program = reinterpret_cast<decltype(job.program)>(find('R', 'P'));
    job.flush = reinterpret_cast<decltype(job.flush)>(find('F', 'C'));
    for (std::uint32_t i = 0; i < 64; ++i) job.boot2[i] = memory_bus::load(origin + i * 4);
  }
  // NOLINTEND(performance-no-int-to-ptr)

  static void run(void (*steps)(const detail::rp2040_flash_job&),
                  const detail::rp2040_flash_job& job) {
    OtherCore::hold();
    std::uint32_t masked;
    asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(masked) : : "memory");
    steps(job);
    asm volatile("msr primask, %0" : : "r"(masked) : "memory");
    OtherCore::release();
  }
};

}  // namespace ota

// ota/flash/stm32f4.hpp

namespace ota {

/// The main memory of an STM32F4 with one bank, by its registers (RM0090, chapter 3; RM0368 and
/// RM0383 say the same): four sectors of 16 KiB, one of 64, then `LargeSectors` of 128: 1 for an
/// F401xC, 3 for an F401xE or F411xE, 7 for an F405 or F407 with 1 MiB.
///
/// Programs words of 32 bits, for which the supply must have at least 2.7 V (RM0090, table 7).
/// Whatever runs from flash, interrupts included, stands still during an erase: up to 2 s.
template <std::uint32_t LargeSectors = 7, class Bus = memory_bus>
struct stm32f4_flash {
  static_assert(LargeSectors >= 1 && LargeSectors <= 7, "an STM32F4's bank has up to 12 sectors");
  static constexpr flash_geometry<3> geometry{
      {{4, 16 * 1024}, {1, 64 * 1024}, {LargeSectors, 128 * 1024}}, 4, 0xff, true, 10'000};

  static result<void> read(std::uint32_t address, mutable_bytes out) {
    Bus::copy(origin + address, out);
    return {};
  }

  static result<void> program(std::uint32_t address, bytes data) {
    unlock();
    Bus::store(control, by_words | programming);
    for (; !data.empty() && failures() == 0; data = data.drop(4), address += 4) {
      Bus::store(origin + address, detail::get_u32(data.data()));
      wait();
    }
    return finish();
  }

  static result<void> erase(std::uint32_t address) {
    unlock();
    const std::uint32_t what = by_words | erasing | sector_of(address) << 3;
    Bus::store(control, what);
    Bus::store(control, what | start);
    wait();
    forget_cached();
    return finish();
  }

 private:
  static constexpr std::uint32_t origin = 0x08000000;

  static constexpr std::uint32_t access = 0x40023c00;  // FLASH_ACR
  static constexpr std::uint32_t caches = 3u << 9;     // ICEN, DCEN
  static constexpr std::uint32_t emptied = 3u << 11;   // ICRST, DCRST

  static constexpr std::uint32_t key = 0x40023c04;  // FLASH_KEYR

  static constexpr std::uint32_t status = 0x40023c0c;  // FLASH_SR
  static constexpr std::uint32_t failed = 0x1f2;  // OPERR, WRPERR, PGAERR, PGPERR, PGSERR, RDERR
  static constexpr std::uint32_t write_protected = 1u << 4;  // WRPERR
  static constexpr std::uint32_t busy = 1u << 16;

  static constexpr std::uint32_t control = 0x40023c10;  // FLASH_CR
  static constexpr std::uint32_t programming = 1u << 0;
  static constexpr std::uint32_t erasing = 1u << 1;
  static constexpr std::uint32_t by_words = 2u << 8;  // PSIZE
  static constexpr std::uint32_t start = 1u << 16;
  static constexpr std::uint32_t locked = 1u << 31;

  static constexpr error is_protected{errc::storage, "flash",
                                      "the sector is write protected by the chip's option bytes"};
  static constexpr error refused{
      errc::storage, "flash", "the chip refused to program or erase; is its supply below 2.7 V?"};

  static constexpr std::uint32_t sector_of(std::uint32_t address) {
    if (address < 0x10000) return address >> 14;
    return 4 + (address >> 17);
  }

  static void wait() {
    while ((Bus::load(status) & busy) != 0) {
    }
  }
  static std::uint32_t failures() { return Bus::load(status) & failed; }

  // A flag that is still set from before would stop what comes now: each is cleared by writing 1.
  static void unlock() {
    wait();
    if ((Bus::load(control) & locked) != 0) {
      Bus::store(key, 0x45670123);
      Bus::store(key, 0xcdef89ab);
    }
    Bus::store(status, failed);
  }

  static result<void> finish() {
    Bus::store(control, locked);
    const std::uint32_t flags = failures();
    if (flags == 0) return {};
    return (flags & write_protected) != 0 ? is_protected : refused;
  }

  // Caches do not see an erase, and may be emptied only while they are off (RM0090, 3.5.2).
  static void forget_cached() {
    const std::uint32_t before = Bus::load(access);
    Bus::store(access, before & ~caches);
    Bus::store(access, (before & ~caches) | emptied);
    Bus::store(access, before & ~emptied);
  }
};

}  // namespace ota

// ota/image/esp_image.hpp

namespace ota {

/// The processors that an application of ESP-IDF is made for (`esp_app_format.h`).
enum class esp_chip : std::uint16_t {
  esp32 = 0,
  esp32s2 = 2,
  esp32c3 = 5,
  esp32s3 = 9,
  esp32c2 = 12,
  esp32c6 = 13,
  esp32h2 = 16,
  esp32p4 = 18,
  esp32c61 = 20,
  esp32c5 = 23
};

/// What an application of ESP-IDF says of itself.
struct esp_image_info {
  std::uint32_t size = 0;  ///< bytes of everything but a signature of secure boot behind it
  esp_chip chip{};
  std::uint32_t secure_version = 0;  ///< never to be followed by a lower one
  char version[33] = {};
  char project[33] = {};
  sha256::digest_type digest{};
};

/// What a device asks of an application; its own rules derive from it.
struct esp_image_rules {
  using hash = sha256;  ///< SHA-256, by any policy
  static constexpr esp_chip chip = esp_chip::esp32;
  static constexpr std::string_view project{};  ///< its name in ESP-IDF; empty: any
};

/// Applications of ESP-IDF: whole, and for this chip and project. Who made them is proved by secure
/// boot, or by the manifest that names their hash.
template <class Rules>
class esp_image {
 public:
  /// Reads all of the application from flash.
  template <class Flash>
  static result<esp_image_info> check(Flash& flash, flash_region slot) {
    result<esp_image_info> found{esp_image_info{}};
    reader<Flash> in{flash, slot};
    if (const auto done = in.run(*found); !done) return done.error();
    return found;
  }

  static result<void> check_successor(const esp_image_info& running, const esp_image_info& next) {
    if (next.secure_version < running.secure_version) return lower_version;
    return {};
  }

 private:
  static constexpr error no_image{errc::not_found, "esp image", "no application there"};
  static constexpr error damaged{errc::malformed, "esp image", "damaged header"};
  static constexpr error too_large{errc::no_space, "esp image",
                                   "too large for the slot, or cut off"};
  static constexpr error without_hash{errc::unsupported, "esp image", "made without SHA-256"};
  static constexpr error corrupted{errc::mismatch, "esp image",
                                   "corrupted: its checksum or SHA-256 differs"};
  static constexpr error wrong_chip{errc::mismatch, "esp image", "for another chip"};
  static constexpr error wrong_project{errc::mismatch, "esp image", "of another project"};
  static constexpr error lower_version{errc::rejected, "esp image",
                                       "its secure version is lower than the running one's"};

  static constexpr std::uint32_t header_size = 24, segment_head_size = 8, piece_size = 128;
  static constexpr std::uint32_t app_desc_size = 256, app_desc_magic = 0xabcd5432;

  /// Reads on and on, and hashes all of it.
  template <class Flash>
  struct reader {
    Flash& flash;
    flash_region left;
    typename Rules::hash sum{};
    std::uint8_t checksum = 0xef;

    result<void> take(mutable_bytes out) {
      if (out.size() > left.size) return too_large;
      if (const auto done = flash.read(left.begin, out); !done) return done;
      const auto size = static_cast<std::uint32_t>(out.size());
      left = {left.begin + size, left.size - size};
      sum.update(out);
      return {};
    }

    result<void> run(esp_image_info& info) {
      const std::uint32_t begin = left.begin;
      std::uint8_t head[header_size] = {};
      if (left.size < header_size) return no_image;
      if (const auto done = take(head); !done) return done;
      if (head[0] != 0xe9) return no_image;
      info.chip = static_cast<esp_chip>(detail::get_u16(head + 12));
      if (info.chip != Rules::chip) return wrong_chip;
      if (head[1] == 0 || head[1] > 16) return damaged;
      if (head[23] != 1) return without_hash;
      for (std::uint8_t i = 0; i < head[1]; ++i)
        if (const auto done = take_segment(i == 0 ? &info : nullptr); !done) return done;
      if (!Rules::project.empty() && std::string_view(info.project) != Rules::project)
        return wrong_project;
      // The checksum is the last byte of 16.
      std::uint8_t rest[16];
      const std::uint32_t filled = (left.begin - begin) % sizeof rest;
      if (const auto done = take(mutable_bytes(rest).first(sizeof rest - filled)); !done)
        return done;
      info.digest = sum.finish();
      sha256::digest_type expected;
      if (rest[sizeof rest - filled - 1] != checksum) return corrupted;
      if (const auto done = take({expected.data(), expected.size()}); !done) return done;
      if (!equal({expected.data(), expected.size()}, {info.digest.data(), info.digest.size()}))
        return corrupted;
      info.size = left.begin - begin;
      return {};
    }

    /// The first segment begins with the description of the application.
    result<void> take_segment(esp_image_info* info) {
      std::uint8_t piece[piece_size];
      if (const auto done = take(mutable_bytes(piece).first(segment_head_size)); !done) return done;
      std::uint32_t size = detail::get_u32(piece + 4);
      if (size > left.size) return too_large;
      if (info != nullptr && size < app_desc_size) return damaged;
      while (size != 0) {
        const mutable_bytes part = mutable_bytes(piece).first(size);
        if (const auto done = take(part); !done) return done;
        for (const std::uint8_t byte : part) checksum = static_cast<std::uint8_t>(checksum ^ byte);
        if (info != nullptr && !read_description(part, *info)) return damaged;
        info = nullptr;
        size -= static_cast<std::uint32_t>(part.size());
      }
      return {};
    }

    static bool read_description(bytes part, esp_image_info& info) {
      if (detail::get_u32(part.data()) != app_desc_magic) return false;
      info.secure_version = detail::get_u32(part.data() + 4);
      std::memcpy(info.version, part.data() + 16, 32);
      std::memcpy(info.project, part.data() + 48, 32);
      return true;
    }
  };
};

}  // namespace ota

// ota/image/esp_otadata.hpp

namespace ota {

/// What is known of an application that ESP-IDF's bootloader starts (`esp_flash_partitions.h`).
enum class esp_app_state : std::uint32_t {
  fresh = 0,           ///< to be tried at the next start
  pending_verify = 1,  ///< on trial: put back at the next start, unless it is valid by then
  valid = 2,
  invalid = 3,  ///< it said so itself
  aborted = 4,  ///< it was tried and not confirmed
  undefined = 0xffffffff
};

/// The partition by which ESP-IDF's bootloader chooses the application that it starts: two sectors,
/// each with an entry of its own, of which the valid one with the higher number counts.
///
/// Whatever the moment of a power cut, one of the two entries stays as it is: what is asked for is
/// written into the sector that does not count, and a confirmation into the one of the application
/// on trial, without which the earlier one is started.
///
/// `Map` has `using flash`, `static constexpr flash_region otadata` (0x2000 bytes) and
/// `static constexpr std::uint32_t app_slots`, how many `ota_` partitions there are.
///
/// \tparam PutsBack  whether the bootloader is built with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
template <class Map, bool PutsBack = true>
class esp_otadata {
  using flash_type = typename Map::flash;
  static constexpr std::uint32_t sector_size = 4096, entry_size = 32;
  static_assert(check_flash<flash_type>::ok);
  static_assert(entry_size % flash_type::geometry.program_size == 0,
                "an entry of otadata must be whole program units");
  static_assert(Map::otadata.size == 2 * sector_size &&
                    flash_type::geometry.is_boundary(Map::otadata.begin) &&
                    flash_type::geometry.sector_size(Map::otadata.begin) == sector_size,
                "otadata is two sectors of 4096 bytes");
  static_assert(Map::app_slots >= 1 && Map::app_slots <= 16, "there are 1 to 16 ota_ partitions");

 public:
  static constexpr int none = -1;  ///< the factory application, or ota_0 where there is none

  explicit esp_otadata(flash_type& flash) : flash_(flash) {}

  /// Reads both entries; before all else.
  result<void> load() {
    for (int i = 0; i < 2; ++i) {
      std::uint8_t bytes[entry_size];
      if (const auto done = flash_.read(address(i), bytes); !done) return done;
      entry& one = entries_[i];
      one.number = detail::get_u32(bytes);
      one.state = static_cast<esp_app_state>(detail::get_u32(bytes + 24));
      one.is_whole = one.number != 0xffffffff && sum_of(bytes) == detail::get_u32(bytes + 28);
    }
    return {};
  }

  /// The `ota_` partition that is started next, or `none`.
  int next_slot() const { return active() < 0 ? none : slot_of(entries_[active()]); }

  image_phase phase() const {
    if (active() < 0) return image_phase::idle;
    switch (entries_[active()].state) {
      case esp_app_state::fresh:
        return image_phase::swapping;
      case esp_app_state::pending_verify:
        return image_phase::trial;
      default:
        return image_phase::kept;
    }
  }

  /// Whether the application that was asked for last has been put back.
  bool was_put_back() const {
    for (const entry& one : entries_)
      if (one.is_whole && !one.counts() && (active() < 0 || one.number > entries_[active()].number))
        return true;
    return false;
  }

  /// Asks for an application to be started next.
  result<void> begin(std::uint32_t slot) {
    if (slot >= Map::app_slots) return no_such_slot;
    if (phase() == image_phase::trial) return on_trial;
    if (next_slot() == static_cast<int>(slot)) return {};
    const std::uint32_t last = active() < 0 ? 0 : entries_[active()].number;
    std::uint32_t number = slot + 1;
    if (last != 0)
      number = last + (slot + Map::app_slots - (last - 1) % Map::app_slots) % Map::app_slots;
    if (number < last || number == 0xffffffff) return used_up;
    const auto state = PutsBack ? esp_app_state::fresh : esp_app_state::undefined;
    return write(active() == 0 ? 1 : 0, number, state);
  }

  /// Keeps the running application. Nothing is done where none is on trial.
  result<void> confirm() { return end_trial(esp_app_state::valid); }

  /// Gives the application on trial up: the earlier one is started next.
  result<void> reject() { return end_trial(esp_app_state::invalid); }

 private:
  static constexpr error no_such_slot{errc::invalid_argument, "otadata",
                                      "there is no ota_ partition with that number"};
  static constexpr error on_trial{errc::wrong_state, "otadata",
                                  "the running application is on trial: confirm it first"};
  static constexpr error used_up{errc::damaged, "otadata",
                                 "its numbers are used up: erase otadata"};

  struct entry {
    std::uint32_t number = 0xffffffff;
    esp_app_state state = esp_app_state::undefined;
    bool is_whole = false;

    bool counts() const {
      return is_whole && state != esp_app_state::invalid && state != esp_app_state::aborted;
    }
  };

  static int slot_of(const entry& one) {
    return static_cast<int>((one.number - 1) % Map::app_slots);
  }

  static constexpr std::uint32_t address(int index) {
    return Map::otadata.begin + static_cast<std::uint32_t>(index) * sector_size;
  }

  // ESP-IDF begins the sum with zero, which is what four bytes 0xff make of zlib's beginning.
  static std::uint32_t sum_of(const std::uint8_t* number) {
    static constexpr std::uint8_t beginning[] = {0xff, 0xff, 0xff, 0xff};
    crc32 sum;
    sum.update(beginning);
    sum.update({number, 4});
    return sum.value();
  }

  int active() const {
    const bool first = entries_[0].counts(), second = entries_[1].counts();
    if (first && second) return entries_[0].number >= entries_[1].number ? 0 : 1;
    return first ? 0 : second ? 1 : -1;
  }

  result<void> end_trial(esp_app_state state) {
    if (phase() != image_phase::trial) return {};
    return write(active(), entries_[active()].number, state);
  }

  result<void> write(int index, std::uint32_t number, esp_app_state state) {
    std::uint8_t bytes[entry_size];
    std::memset(bytes, 0xff, sizeof bytes);
    detail::put_u32(bytes, number);
    detail::put_u32(bytes + 24, static_cast<std::uint32_t>(state));
    detail::put_u32(bytes + 28, sum_of(bytes));
    if (const auto done = flash_.erase(address(index)); !done) return done;
    if (const auto done = flash_.program(address(index), bytes); !done) return done;
    return load();
  }

  flash_type& flash_;
  entry entries_[2];
};

}  // namespace ota

// ota/image/flash_copy.hpp

namespace ota {

/// A piece of flash to be copied to another place, which is erased before.
struct flash_copy {
  std::uint32_t from = 0;
  std::uint32_t to = 0;    ///< where a sector begins
  std::uint32_t size = 0;  ///< bytes, whole program units
};

namespace detail {

/// Bytes moved at a time: whole program units.
template <class Flash>
inline constexpr std::uint32_t copy_chunk =
    Flash::geometry.program_size > 64
        ? Flash::geometry.program_size
        : 64 / Flash::geometry.program_size* Flash::geometry.program_size;

inline constexpr error flash_does_not_keep{
    errc::storage, "flash", "the flash does not keep what is written: a sector is bad"};

template <class Flash>
bool reads_erased(bytes data) {
  for (const std::uint8_t byte : data)
    if (byte != Flash::geometry.erased) return false;
  return true;
}

/// Programs whole units, at most a chunk, and reads them back. Units that would stay erased are
/// left alone.
template <class Flash>
result<void> program_and_check(Flash& flash, std::uint32_t address, bytes data) {
  if (reads_erased<Flash>(data)) return {};
  if (auto done = flash.program(address, data); !done) return done;
  std::uint8_t kept[copy_chunk<Flash>];
  if (auto done = flash.read(address, {kept, data.size()}); !done) return done;
  return std::memcmp(kept, data.data(), data.size()) == 0 ? result<void>{} : flash_does_not_keep;
}

/// Sectors in which the first `size` bytes of a region lie.
template <class Flash>
constexpr std::uint32_t sectors_in(flash_region region, std::uint32_t size) {
  std::uint32_t count = 0;
  for (std::uint32_t at = 0; at < size; at += Flash::geometry.sector_size(region.begin + at))
    ++count;
  return count;
}

/// Erases the sectors in which `size` bytes from `address` on lie.
template <class Flash>
result<void> erase_sectors(Flash& flash, std::uint32_t address, std::uint32_t size) {
  for (std::uint32_t at = address; at - address < size; at += Flash::geometry.sector_size(at))
    if (auto done = flash.erase(at); !done) return done;
  return {};
}

/// Carries a copy out. Cut anywhere, it can be done again from its beginning, since it does not
/// change what it copies.
template <class Flash>
result<void> carry_out(Flash& flash, const flash_copy& copy) {
  if (auto done = erase_sectors(flash, copy.to, copy.size); !done) return done;
  std::uint8_t buffer[copy_chunk<Flash>];
  for (std::uint32_t at = 0; at < copy.size; at += sizeof buffer) {
    const auto chunk = mutable_bytes(buffer).first(copy.size - at);
    if (auto done = flash.read(copy.from + at, chunk); !done) return done;
    if (auto done = program_and_check(flash, copy.to + at, chunk); !done) return done;
  }
  return {};
}

}  // namespace detail
}  // namespace ota

// ota/image/boot_journal.hpp

namespace ota {

/// Keeps one record, and how many steps were done since, in a region of flash, whatever a power cut
/// does to the cells that were being changed.
///
/// The region is three banks. A bank is erased, takes the record, then a seal, then a mark for each
/// step. What makes it safe:
/// - Only a bank that was erased since the last start is written to, so that no unit is programmed
///   twice, though it may read as if it were erased.
/// - A record whose programming was cut can read whole today and not tomorrow. Its seal, which is
///   programmed after it, tells that it was finished. The newest bank and the newest sealed bank
///   are never erased.
/// - Whoever acts on what was read stores it first. That leaves no bank behind whose record was not
///   finished: it could be read as the newest one day.
///
/// `Record` is plain data with a `format` number and a `step`.
template <class Flash, class Record>
class boot_journal {
  static_assert(std::is_trivially_copyable_v<Record> &&
                    std::has_unique_object_representations_v<Record>,
                "a record must be plain data without gaps");

 public:
  static constexpr std::uint32_t banks = 3;

  boot_journal(Flash& flash, flash_region region)
      : flash_(flash), begin_(region.begin), bank_size_(region.size / banks) {}

  /// Reads the newest record; false where there is none.
  result<bool> load(Record& value) {
    newest_ = sealed_ = none;
    settled_ = 0;
    sequence_ = 0;
    is_open_ = false;
    std::uint32_t sealed_sequence = 0;
    for (std::uint8_t bank = 0; bank < banks; ++bank) {
      entry one;
      if (auto done = read(begin_of(bank), one); !done) return done.error();
      if (one.seal != seal_of(one)) continue;
      std::uint32_t seal = 0;
      if (auto done = read(begin_of(bank) + entry_size, seal); !done) return done.error();
      if (newest_ == none || one.sequence > sequence_) {
        newest_ = bank;
        sequence_ = one.sequence;
        value = one.record;
      }
      if (seal == erased_word) continue;
      settled_ |= 1u << bank;
      if (sealed_ == none || one.sequence > sealed_sequence) {
        sealed_ = bank;
        sealed_sequence = one.sequence;
      }
    }
    if (newest_ == none) return false;
    return count_steps(value);
  }

  /// Whether what was read was written to its end: so that it reads the same from now on.
  bool is_sealed() const { return newest_ == sealed_; }

  /// Keeps a record from now on, in the place of what was there.
  result<void> store(const Record& value) {
    std::uint8_t bank = after(newest_);
    if (bank == sealed_) bank = after(bank);
    is_open_ = false;
    if (auto done = erase(bank); !done) return done;
    entry one{};
    one.sequence = sequence_ + 1;
    one.record = value;
    one.seal = seal_of(one);
    if (auto done = program(begin_of(bank), &one, sizeof one); !done) return done;
    entry kept;
    if (auto done = read(begin_of(bank), kept); !done) return done;
    if (std::memcmp(&one, &kept, sizeof one) != 0) return not_kept;
    ++sequence_;
    newest_ = bank;
    marks_ = 0;
    if (auto done = mark(); !done) return done;
    sealed_ = bank;
    settled_ |= 1u << bank;
    if (auto done = settle(); !done) return done;
    is_open_ = true;
    return {};
  }

  /// Keeps that a record which was stored since the start is a step further.
  result<void> advance(Record& value) {
    ++value.step;
    if (!is_open_ || marks_ == marks_in(bank_size_)) return store(value);
    return mark();
  }

  /// Marks, the seal among them, for which a bank of `size` bytes has room; two are the least.
  static constexpr std::uint32_t marks_in(std::uint32_t size) {
    return size < entry_size ? 0 : (size - entry_size) / mark_size;
  }

 private:
  struct entry {
    std::uint32_t sequence;
    Record record;
    std::uint32_t seal;
  };
  static_assert(sizeof(entry) == sizeof(Record) + 8);

  static constexpr auto& geometry = Flash::geometry;
  static constexpr std::uint8_t none = 0xff;
  static constexpr std::uint32_t erased_word = geometry.erased * 0x01010101u;

  // What is programmed at a time; a flash whose units may be programmed again takes less than one.
  static constexpr std::uint32_t piece =
      geometry.reprograms || geometry.program_size < 4 ? 4 : geometry.program_size;
  static constexpr std::uint32_t mark_size = piece;
  static constexpr std::uint32_t entry_size = (sizeof(entry) + piece - 1) / piece * piece;

  static constexpr error not_kept{errc::storage, "boot journal",
                                  "the flash does not keep what is written to the boot journal"};

  std::uint32_t begin_of(std::uint8_t bank) const { return begin_ + bank * bank_size_; }

  static std::uint32_t seal_of(const entry& one) {
    crc32 sum;
    sum.update({reinterpret_cast<const std::uint8_t*>(&one), sizeof one - sizeof one.seal});
    return sum.value() ^ Record::format;
  }

  template <class T>
  result<void> read(std::uint32_t address, T& out) {
    return flash_.read(address, {reinterpret_cast<std::uint8_t*>(&out), sizeof out});
  }

  // A mark and its complement: whatever bits of it are missing, it is not one.
  static constexpr std::uint32_t mark_word(std::uint32_t index) {
    return (index & 0xffff) | (~index & 0xffff) << 16;
  }

  result<bool> count_steps(Record& value) {
    for (marks_ = 0; marks_ < marks_in(bank_size_); ++marks_) {
      std::uint32_t word = 0;
      const std::uint32_t at = begin_of(newest_) + entry_size + marks_ * mark_size;
      if (auto done = read(at, word); !done) return done.error();
      if (word != mark_word(marks_)) break;
    }
    if (marks_ > 1) value.step += marks_ - 1;  // the first is the seal
    return true;
  }

  result<void> mark() {
    const std::uint32_t word = mark_word(marks_);
    const std::uint32_t at = begin_of(newest_) + entry_size + marks_ * mark_size;
    ++marks_;
    return program(at, &word, sizeof word);
  }

  // The bytes with erased ones around them, in whole units; what is smaller than one lies in one.
  result<void> program(std::uint32_t address, const void* data, std::size_t size) {
    constexpr std::uint32_t unit = geometry.program_size;
    constexpr std::uint32_t most = (entry_size + unit - 1) / unit * unit;
    std::uint8_t buffer[most];
    const std::size_t skipped = address % unit;
    const std::size_t whole = (skipped + size + unit - 1) / unit * unit;
    std::memset(buffer, geometry.erased, whole);
    std::memcpy(buffer + skipped, data, size);
    return flash_.program(address - static_cast<std::uint32_t>(skipped), {buffer, whole});
  }

  static constexpr std::uint8_t after(std::uint8_t bank) {
    return bank >= banks - 1 ? 0 : static_cast<std::uint8_t>(bank + 1);
  }

  // Erases the banks whose record may not have been finished.
  result<void> settle() {
    for (std::uint8_t bank = 0; bank < banks; ++bank) {
      if ((settled_ >> bank & 1) != 0) continue;
      if (auto done = erase(bank); !done) return done;
      settled_ |= 1u << bank;
    }
    return {};
  }

  result<void> erase(std::uint8_t bank) {
    return detail::erase_sectors(flash_, begin_of(bank), bank_size_);
  }

  Flash& flash_;
  std::uint32_t begin_;
  std::uint32_t bank_size_;  // kept: a Cortex-M0+ divides by calling a function
  std::uint32_t sequence_ = 0;
  std::uint32_t marks_ = 0;
  std::uint8_t newest_ = none;
  std::uint8_t sealed_ = none;
  unsigned settled_ = 0;  // a bit for each bank: its record was finished, or it has none
  bool is_open_ = false;
};

}  // namespace ota

// ota/image/image_swapper.hpp

namespace ota {

// The contract of an image policy: what a slot must hold to be run. `mcuboot_image` fills it.
//
//   template <class Flash> result<info> check(Flash&, flash_region slot)
//         reads all of the image from flash; info has a `size`, bytes from the slot's beginning,
//         and a `digest`, the image's SHA-256
//   template <class Flash> result<info> check_patch(Flash&, flash_region slot)
//         the same of a patch, where the strategy takes patches; info also has `header_size` and
//         `payload_size`, which tell where in the slot the patch lies
//   result<void> check_successor(const info& running, const info& next)
//         whether one may take the other's place: not when it is older

namespace detail {

/// Whether what is staged is a patch for the running image, which the bootloader applies.
template <class Strategy, class = void>
inline constexpr bool takes_patches = false;
template <class Strategy>
inline constexpr bool takes_patches<Strategy, std::void_t<typename Strategy::limits>> = true;

}  // namespace detail

/// Makes a staged image the running one, and puts the old one back: what `swapper` does for files,
/// on raw flash.
///
/// A program stages (`image_stager`), asks for the swap, and starts again; `image_boot` in the
/// bootloader, or first thing in a program whose images run where they lie, carries it out. Both
/// share the boot journal. `Strategy` is one of `two_slots`, `swap_with_scratch`, `swap_by_moving`,
/// `overwrite_with_backup`, `patch_in_place`, or the user's own.
template <class Map, template <class> class Strategy, class Image>
class image_swapper {
 public:
  using map = Map;
  using flash_type = typename Map::flash;
  using strategy = Strategy<Map>;
  using image_type = Image;

  explicit image_swapper(flash_type& flash, const Image& image = {})
      : flash_(flash), journal_(flash, Map::journal), image_(image) {}

  /// Reads the state from the boot journal; one that is not there is `idle`.
  result<void> load() {
    state_ = {};
    const auto found = journal_.load(state_);
    return found ? result<void>{} : found.error();
  }

  const image_state& state() const { return state_; }
  image_phase phase() const { return state_.phase; }
  flash_region running() const { return strategy::running(state_.slot); }
  flash_region staging() const { return strategy::staging(state_.slot); }
  flash_region previous() const { return strategy::previous(state_.slot); }

  /// Whether a swap or a put-back is under way: the device must start again to carry it out.
  bool active() const {
    return state_.phase == image_phase::swapping || state_.phase == image_phase::restoring;
  }

  /// Asks for the staged image to be run. It may start `allowed` times, at least once, without
  /// being confirmed.
  result<void> swap(std::uint32_t allowed = 1) {
    if (state_.phase != image_phase::staged) return nothing_staged;
    image_state next = state_;
    // Where the running image cannot be read, as one that a debugger has written, all of it counts.
    const auto runs = image_.check(flash_, running());
    next.used = runs ? static_cast<std::uint32_t>(runs->size) : strategy::capacity;
    if (!strategy::runs_in_place && next.used > strategy::capacity) return too_large_to_keep;
    if (next.used < next.size) next.used = next.size;
    next.allowed = static_cast<std::uint8_t>(allowed == 0 ? 1 : allowed > 255 ? 255 : allowed);
    next.step = 0;
    next.phase = image_phase::swapping;
    return change(next);
  }

  /// Keeps the image on trial.
  result<void> confirm() {
    if (state_.phase != image_phase::trial) return nothing_on_trial;
    return change_phase(image_phase::kept);
  }

  /// Asks for the old image to be put back; the present one will not be tried again.
  result<void> revert() {
    if (state_.phase != image_phase::trial && state_.phase != image_phase::kept)
      return nothing_to_put_back;
    return change_phase(image_phase::restoring);
  }

  // For the parts that work on the same journal.

  result<void> change(const image_state& next) {
    if (auto done = journal_.store(next); !done) return done;
    state_ = next;
    return {};
  }
  result<void> change_phase(image_phase phase) {
    image_state next = state_;
    next.phase = phase;
    next.step = 0;
    return change(next);
  }
  /// Stores what was read once more, where a power cut might have it read otherwise at the next
  /// start.
  result<void> settle() { return journal_.is_sealed() ? result<void>{} : change(state_); }
  result<void> advance() { return journal_.advance(state_); }

  flash_type& flash() { return flash_; }
  Image& image() { return image_; }

 private:
  static_assert(boot_journal<flash_type, image_state>::marks_in(Map::journal.size / 3) >= 2,
                "the flash map's journal is too short: its banks do not hold a record");

  static constexpr error nothing_staged{errc::wrong_state, "image swapper",
                                        "no image is staged: there is nothing to swap"};
  static constexpr error too_large_to_keep{
      errc::no_space, "image swapper",
      "the running image is larger than those that can change places in these slots"};
  static constexpr error nothing_on_trial{errc::wrong_state, "image swapper",
                                          "no image is on trial: there is nothing to confirm"};
  static constexpr error nothing_to_put_back{errc::wrong_state, "image swapper",
                                             "there is no earlier image to put back"};

  flash_type& flash_;
  boot_journal<flash_type, image_state> journal_;
  Image image_;
  image_state state_;
};

}  // namespace ota

// ota/flash/flash_map.hpp

namespace ota {

// A flash map says where on a flash things lie. It is a struct with a flash policy and regions, of
// which a strategy says which ones it needs:
//
//   struct map {
//     using flash = ota::nrf_nvmc<ota::nrf51822>;
//     static constexpr ota::flash_region bootloader{0, 16 * 1024};
//     static constexpr ota::flash_region journal{16 * 1024, 3 * 1024};
//     static constexpr ota::flash_region primary{20 * 1024, 116 * 1024};    // runs here
//     static constexpr ota::flash_region secondary{136 * 1024, 116 * 1024}; // arrives here
//     static constexpr ota::flash_region scratch{252 * 1024, 1024};
//     static constexpr ota::flash_region backup…, golden…
//     static constexpr ota::flash_region patch…        // patches arrive here
//     static constexpr ota::flash_region patch_state…  // two banks: how far one is applied
//   };

namespace detail {

struct no_region {
  static constexpr flash_region value{};
};

// Each a region of a map, or an empty one.
template <class M, class = void>
struct bootloader_of : no_region {};
template <class M>
struct bootloader_of<M, std::void_t<decltype(M::bootloader)>> {
  static constexpr flash_region value = M::bootloader;
};
template <class M, class = void>
struct journal_of : no_region {};
template <class M>
struct journal_of<M, std::void_t<decltype(M::journal)>> {
  static constexpr flash_region value = M::journal;
};
template <class M, class = void>
struct primary_of : no_region {};
template <class M>
struct primary_of<M, std::void_t<decltype(M::primary)>> {
  static constexpr flash_region value = M::primary;
};
template <class M, class = void>
struct secondary_of : no_region {};
template <class M>
struct secondary_of<M, std::void_t<decltype(M::secondary)>> {
  static constexpr flash_region value = M::secondary;
};
template <class M, class = void>
struct scratch_of : no_region {};
template <class M>
struct scratch_of<M, std::void_t<decltype(M::scratch)>> {
  static constexpr flash_region value = M::scratch;
};
template <class M, class = void>
struct backup_of : no_region {};
template <class M>
struct backup_of<M, std::void_t<decltype(M::backup)>> {
  static constexpr flash_region value = M::backup;
};
template <class M, class = void>
struct golden_of : no_region {};
template <class M>
struct golden_of<M, std::void_t<decltype(M::golden)>> {
  static constexpr flash_region value = M::golden;
};
template <class M, class = void>
struct patch_of : no_region {};
template <class M>
struct patch_of<M, std::void_t<decltype(M::patch)>> {
  static constexpr flash_region value = M::patch;
};
template <class M, class = void>
struct patch_state_of : no_region {};
template <class M>
struct patch_state_of<M, std::void_t<decltype(M::patch_state)>> {
  static constexpr flash_region value = M::patch_state;
};

template <class Flash>
constexpr bool is_inside(flash_region region) {
  return region.begin <= Flash::geometry.size() &&
         region.size <= Flash::geometry.size() - region.begin;
}

template <class Flash>
constexpr bool is_aligned(flash_region region) {
  return region.size == 0 ||
         (Flash::geometry.is_boundary(region.begin) && Flash::geometry.is_boundary(region.end()));
}

template <class Flash>
constexpr bool is_sound(flash_region region) {
  return is_inside<Flash>(region) && is_aligned<Flash>(region);
}

template <std::size_t N>
constexpr bool are_apart(const flash_region (&regions)[N]) {
  for (std::size_t i = 0; i < N; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (regions[i].size != 0 && regions[j].size != 0 && overlap(regions[i], regions[j]))
        return false;
  return true;
}

// The sector of the flash at which a region is cut in three has a boundary.
template <class Flash>
constexpr bool has_three_banks(flash_region region) {
  const std::uint32_t bank = region.size / 3;
  return bank != 0 && region.size % 3 == 0 && Flash::geometry.is_boundary(region.begin + bank) &&
         Flash::geometry.is_boundary(region.begin + 2 * bank);
}

template <class Flash>
constexpr bool has_two_banks(flash_region region) {
  const std::uint32_t bank = region.size / 2;
  return bank != 0 && region.size % 2 == 0 && Flash::geometry.is_boundary(region.begin + bank);
}

}  // namespace detail

/// Checks a flash map, one sentence for each thing that is wrong.
template <class Map>
struct check_flash_map {
  using flash = typename Map::flash;
  static_assert(check_flash<flash>::ok);
  static_assert(detail::is_sound<flash>(detail::bootloader_of<Map>::value),
                "the flash map's bootloader does not lie inside the flash, from sector to sector");
  static_assert(detail::is_sound<flash>(detail::journal_of<Map>::value),
                "the flash map's journal does not lie inside the flash, from sector to sector");
  static_assert(
      detail::is_sound<flash>(detail::primary_of<Map>::value),
      "the flash map's primary slot does not lie inside the flash, from sector to sector");
  static_assert(detail::is_sound<flash>(detail::secondary_of<Map>::value),
                "the flash map's secondary slot does not lie inside the flash, from sector to "
                "sector");
  static_assert(detail::is_sound<flash>(detail::scratch_of<Map>::value),
                "the flash map's scratch does not lie inside the flash, from sector to sector");
  static_assert(detail::is_sound<flash>(detail::backup_of<Map>::value),
                "the flash map's backup does not lie inside the flash, from sector to sector");
  static_assert(detail::is_sound<flash>(detail::golden_of<Map>::value),
                "the flash map's golden image does not lie inside the flash, from sector to "
                "sector");
  static_assert(detail::is_sound<flash>(detail::patch_of<Map>::value),
                "the flash map's region for patches does not lie inside the flash, from sector to "
                "sector");
  static_assert(detail::is_sound<flash>(detail::patch_state_of<Map>::value),
                "the flash map's patch_state does not lie inside the flash, from sector to sector");
  static_assert(detail::are_apart({detail::bootloader_of<Map>::value,
                                   detail::journal_of<Map>::value, detail::primary_of<Map>::value,
                                   detail::secondary_of<Map>::value, detail::scratch_of<Map>::value,
                                   detail::backup_of<Map>::value, detail::golden_of<Map>::value,
                                   detail::patch_of<Map>::value,
                                   detail::patch_state_of<Map>::value}),
                "two regions of the flash map overlap");
  static_assert(detail::primary_of<Map>::value.size != 0,
                "the flash map needs: static constexpr ota::flash_region primary");
  static_assert(detail::has_three_banks<flash>(detail::journal_of<Map>::value),
                "the flash map's journal is too short: it needs three banks of equal size, each at "
                "least a sector");
  static constexpr bool ok = true;
};

}  // namespace ota

// ota/image/slot_units.hpp

namespace ota::detail {

/// Bytes of a sector where all sectors of a region have the same; else 0.
template <class Flash>
constexpr std::uint32_t even_sector(flash_region region) {
  std::uint32_t begin = 0, even = 0;
  for (const sector_run& run : Flash::geometry.runs) {
    const flash_region sectors{begin, run.count * run.size};
    begin = sectors.end();
    if (!overlap(sectors, region)) continue;
    if (even != 0 && even != run.size) return 0;
    even = run.size;
  }
  return even;
}

/// The units in which two slots can be copied one to the other: the smallest pieces that begin and
/// end where sectors do, in both. `First` and `Second` have a region as `value`.
template <class Flash, class First, class Second>
struct slot_units {
  static constexpr flash_region first = First::value;
  static constexpr flash_region second = Second::value;
  static constexpr std::uint32_t capacity = first.size < second.size ? first.size : second.size;

  /// Bytes of every unit, where they are the same; else 0.
  static constexpr std::uint32_t even_size() {
    const std::uint32_t a = even_sector<Flash>(first), b = even_sector<Flash>(second);
    if (a == 0 || b == 0) return 0;
    const std::uint32_t large = a < b ? b : a;
    return large % a == 0 && large % b == 0 && capacity % large == 0 ? large : 0;
  }
  static constexpr std::uint32_t even = even_size();

  /// Where the unit ends that begins at `begin`, counted from the slot's own beginning.
  static constexpr std::uint32_t end_of(std::uint32_t begin) {
    if constexpr (even != 0) return begin + even;
    std::uint32_t end = begin;
    do {
      if (end >= capacity) return 0;  // the slots have no such boundary in common
      end += Flash::geometry.sector_size(first.begin + end);
    } while (!Flash::geometry.is_boundary(second.begin + end));
    return end;
  }

  /// Units of the first `used` bytes.
  static constexpr std::uint32_t count(std::uint32_t used) {
    if constexpr (even != 0) return (used + even - 1) / even;
    std::uint32_t units = 0;
    for (std::uint32_t at = 0; at < used && units < capacity; at = end_of(at)) ++units;
    return units;
  }

  /// The unit of number `index`, of which only the first `used` bytes of the slot count.
  static constexpr flash_region unit(std::uint32_t index, std::uint32_t used) {
    std::uint32_t begin = 0;
    if constexpr (even != 0) {
      begin = index * even;
    } else {
      for (; index != 0; --index) begin = end_of(begin);
    }
    const std::uint32_t whole = end_of(begin) - begin;
    const std::uint32_t length = used - begin < whole ? used - begin : whole;
    return {begin, (length + program_size - 1) / program_size * program_size};
  }

  /// Bytes of the largest unit; 0 where the slots cannot be cut into units.
  static constexpr std::uint32_t largest() {
    if constexpr (even != 0) return even;
    std::uint32_t most = 0;
    for (std::uint32_t at = 0; at < capacity;) {
      const std::uint32_t end = end_of(at);
      if (end <= at || end > capacity) return 0;
      if (end - at > most) most = end - at;
      at = end;
    }
    return most;
  }

 private:
  static constexpr std::uint32_t program_size = Flash::geometry.program_size;
};

template <class Map>
using primary_and_secondary = slot_units<typename Map::flash, primary_of<Map>, secondary_of<Map>>;

}  // namespace ota::detail

// ota/image/flash_wear.hpp

namespace ota {

/// How often one update, kept, erases a sector of each region: the sector that is erased most.
struct flash_wear {
  std::uint32_t primary = 0;
  std::uint32_t secondary = 0;  ///< or where patches arrive
  std::uint32_t scratch = 0;
  std::uint32_t backup = 0;
  std::uint32_t journal = 0;
  std::uint32_t patch_state = 0;

  constexpr std::uint32_t most() const {
    std::uint32_t value = primary;
    for (const std::uint32_t one : {secondary, scratch, backup, journal, patch_state})
      if (one > value) value = one;
    return value;
  }
};

/// How often a bank of `patch_state` is erased while a patch makes an image of `used` bytes.
template <class Limits>
constexpr std::uint32_t patch_state_erases(std::uint32_t used) {
  return (used / Limits::block + 1) / 2;
}

namespace detail {

// Of the first sectors of a region, which stand for all: strategies treat units alike.
template <class Map, class Strategy>
constexpr std::uint32_t erases_by_copies(flash_region region, std::uint32_t used) {
  if (region.size == 0) return 0;
  std::uint32_t most = 0, at = region.begin;
  for (int sector = 0; sector < 3 && at < region.end(); ++sector) {
    std::uint32_t erases = 0;
    const std::uint32_t size = Map::flash::geometry.sector_size(at);
    for (std::uint32_t i = 0; i < Strategy::copies(image_phase::swapping, used); ++i) {
      const flash_copy copy = Strategy::copy(image_phase::swapping, used, i);
      if (overlap({copy.to, copy.size}, {at, size})) ++erases;
    }
    if (erases > most) most = erases;
    at += size;
  }
  return most;
}

// A bank for each record, and one more whenever its marks are full; the banks take turns.
template <class Map, class Strategy>
constexpr std::uint32_t journal_erases(std::uint32_t used) {
  using journal = boot_journal<typename Map::flash, image_state>;
  constexpr std::uint32_t records = 6;  // staging, staged, swapping, the same at start, trial, kept
  constexpr std::uint32_t marks = journal::marks_in(Map::journal.size / journal::banks) - 1;
  constexpr flash_region arrives = Strategy::staging(0);
  const std::uint32_t staged =
      sectors_in<typename Map::flash>(arrives, used < arrives.size ? used : arrives.size);
  const std::uint32_t copied = Strategy::copies(image_phase::swapping, used);
  std::uint32_t banks = records + staged / (marks + 1) + copied / (marks + 1);
  if constexpr (takes_patches<Strategy>) banks += used / Strategy::limits::block + 1;
  return (banks + journal::banks - 1) / journal::banks;
}

}  // namespace detail

/// What an update with images of `used` bytes costs, none of its steps repeated.
///
/// ```
/// static_assert(ota::updates_in_life<my_swapper>() >= 1000, "the scratch wears out too soon");
/// ```
template <class Swapper>
constexpr flash_wear wear_of_update(std::uint32_t used = Swapper::strategy::capacity) {
  using map = typename Swapper::map;
  using strategy = typename Swapper::strategy;
  flash_wear wear;
  wear.primary = detail::erases_by_copies<map, strategy>(detail::primary_of<map>::value, used);
  wear.secondary =
      1 + detail::erases_by_copies<map, strategy>(detail::secondary_of<map>::value, used);
  wear.scratch = detail::erases_by_copies<map, strategy>(detail::scratch_of<map>::value, used);
  wear.backup = detail::erases_by_copies<map, strategy>(detail::backup_of<map>::value, used);
  wear.journal = detail::journal_erases<map, strategy>(used);
  if constexpr (detail::takes_patches<strategy>) {
    wear.primary = 2;  // the old image is moved there, the new one is made
    wear.patch_state = patch_state_erases<typename strategy::limits>(used);
  }
  return wear;
}

/// Updates until the sector that wears out first has been erased as often as it is made for.
template <class Swapper>
constexpr std::uint32_t updates_in_life(std::uint32_t used = Swapper::strategy::capacity) {
  return Swapper::map::flash::geometry.endurance / wear_of_update<Swapper>(used).most();
}

}  // namespace ota

// ota/image/flash_digest.hpp

namespace ota::detail {

/// The digest of what a region of flash holds, by a hash policy. One function in a program, however
/// many ask: bootloaders are small.
template <class Hash, class Flash>
[[gnu::noinline]] result<void> digest_of(Flash& flash, flash_region region,
                                         typename Hash::digest_type& out) {
  Hash sum;
  std::uint8_t room[128];
  while (region.size != 0) {
    const mutable_bytes piece = mutable_bytes(room).first(region.size);
    if (const auto done = flash.read(region.begin, piece); !done) return done;
    sum.update(piece);
    const auto size = static_cast<std::uint32_t>(piece.size());
    region = {region.begin + size, region.size - size};
  }
  out = sum.finish();
  return {};
}

}  // namespace ota::detail

// ota/image/image_boot.hpp

namespace ota {

/// What a bootloader does: ends or undoes what was begun, counts the start of an image on trial,
/// and says what runs.
///
/// Where nothing that may run is left it tries, in this order: the image before, the golden image.
template <class Swapper>
class image_boot {
 public:
  using map = typename Swapper::map;
  using strategy = typename Swapper::strategy;

  explicit image_boot(Swapper& swapper) : swapper_(swapper) {}

  /// The slot whose image is to be started, once it is whole and allowed. `between` is called
  /// before each copy of a unit, to feed a watchdog. It is not while an image is checked: the
  /// watchdog must allow for that (docs/footprint.md has the instructions of hash and signature).
  template <class Between>
  result<flash_region> choose(Between&& between) {
    if (auto done = swapper_.load(); !done) return done.error();
    // A flash that is worn out keeps nothing that is whole from being started.
    result<void> ready = swapper_.settle();
    if (ready) ready = finish(between);
    if (ready) ready = count_start(between);
    auto sound = swapper_.image().check(swapper_.flash(), swapper_.running());
    const image_phase phase = swapper_.phase();
    if (!sound && (phase == image_phase::trial || phase == image_phase::kept)) {
      ready = put_back(between);
      sound = swapper_.image().check(swapper_.flash(), swapper_.running());
    }
    if (sound) {
      // A swap that a bad sector stops is given up, if the old image is still in its place: it
      // would be tried at each start for ever.
      if (!ready && swapper_.phase() == image_phase::swapping && !is_swapped_in())
        (void)forget_image();
      return swapper_.running();
    }
    return start_golden(ready ? sound.error() : ready.error(), between);
  }

  result<flash_region> choose() {
    return choose([] {});
  }

 private:
  static constexpr flash_region golden = detail::golden_of<map>::value;

  bool is_sound(flash_region slot) {
    return swapper_.image().check(swapper_.flash(), slot).has_value();
  }

  // Whether what will run, or the patch that makes it, is whole where it lies.
  bool can_begin(bool swaps) {
    if constexpr (detail::takes_patches<strategy>) {
      return swaps && typename strategy::template patching<Swapper>(swapper_).check().has_value();
    } else {
      return is_sound(swaps ? swapper_.staging() : swapper_.previous());
    }
  }

  // Whether what is in the running image's place is the one that was staged, to the byte.
  bool is_swapped_in() {
    const image_state& state = swapper_.state();
    sha256::digest_type digest;
    const auto done =
        detail::digest_of<sha256>(swapper_.flash(), {swapper_.running().begin, state.size}, digest);
    return !done || id_of(digest) == state.id;
  }

  // A swap or a put-back, from wherever it was cut to its end.
  template <class Between>
  result<void> finish(Between& between) {
    if (!swapper_.active()) return {};
    image_state next = swapper_.state();
    const bool swaps = next.phase == image_phase::swapping;
    // Until the first copy is done what will run is whole where it lies: it is not taken on trust.
    if (next.step == 0 && !can_begin(swaps)) {
      next.phase = image_phase::idle;
      if (swaps) next.rejected = next.id;
      return swapper_.change(next);
    }
    if constexpr (!strategy::runs_in_place)
      if (auto done = carry_out_copies(between); !done) return done;
    next.phase = swaps ? image_phase::trial : image_phase::idle;
    next.step = 0;
    next.boots = 1;  // this start, where it is a trial
    if constexpr (strategy::runs_in_place) next.slot ^= 1;
    if (!swaps) next.rejected = next.id;
    counted_ = true;
    return swapper_.change(next);
  }

  template <class Between>
  result<void> carry_out_copies(Between& between) {
    // What was read may have been written by halves: it is stored before anything rests on it.
    if (auto done = swapper_.change(swapper_.state()); !done) return done;
    const image_state& state = swapper_.state();
    const std::uint32_t copies = strategy::copies(state.phase, state.used);
    while (state.step < copies) {
      between();
      const flash_copy copy = strategy::copy(state.phase, state.used, state.step);
      if (auto done = detail::carry_out(swapper_.flash(), copy); !done) return done;
      if (auto done = swapper_.advance(); !done) return done;
    }
    if constexpr (detail::takes_patches<strategy>)
      return typename strategy::template patching<Swapper>(swapper_).apply(between);
    return {};
  }

  // One start more of an image on trial; one too many puts the old one back.
  template <class Between>
  result<void> count_start(Between& between) {
    if (counted_ || swapper_.phase() != image_phase::trial) return {};
    image_state next = swapper_.state();
    if (next.boots >= next.allowed) return put_back(between);
    ++next.boots;
    return swapper_.change(next);
  }

  template <class Between>
  result<void> put_back(Between& between) {
    if (auto done = swapper_.revert(); !done) return done;
    return finish(between);
  }

  // The golden image never changes: where images run in one place it is copied there, as often as
  // that is cut.
  template <class Between>
  result<flash_region> start_golden(const error& trouble, Between& between) {
    if constexpr (golden.size == 0) {
      return trouble;
    } else {
      if constexpr (strategy::runs_in_place)
        return is_sound(golden) ? result<flash_region>(golden) : trouble;
      using units =
          detail::slot_units<typename map::flash, detail::golden_of<map>, detail::primary_of<map>>;
      static_assert(units::largest() != 0,
                    "the flash map's golden image cannot be copied to the primary slot: their "
                    "sectors have no boundaries in common");
      const auto info = swapper_.image().check(swapper_.flash(), golden);
      if (!info || info->size > units::capacity) return trouble;
      if (auto done = forget_image(); !done) return done.error();
      const auto size = static_cast<std::uint32_t>(info->size);
      for (std::uint32_t i = 0; i < units::count(size); ++i) {
        between();
        const flash_region unit = units::unit(i, size);
        if (auto done = detail::carry_out(
                swapper_.flash(),
                {golden.begin + unit.begin, map::primary.begin + unit.begin, unit.size});
            !done)
          return done.error();
      }
      const auto copied = swapper_.image().check(swapper_.flash(), swapper_.running());
      if (!copied) return copied.error();
      return swapper_.running();
    }
  }

  // What did not run is not tried again, and nothing can be put back. An image that waits in its
  // slot is not to blame.
  result<void> forget_image() {
    image_state next = swapper_.state();
    if (next.phase <= image_phase::staged) return {};
    next.phase = image_phase::idle;
    next.rejected = next.id;
    return swapper_.change(next);
  }

  Swapper& swapper_;
  bool counted_ = false;  // this start is
};

}  // namespace ota

// ota/image/flash_source.hpp

namespace ota {

/// A region of flash as the old file of a patch, or as a patch (delta/delta_contract.hpp).
template <class Flash>
class flash_source {
 public:
  flash_source(Flash& flash, flash_region region) : flash_(flash), region_(region) {}

  std::uint32_t size() const { return region_.size; }
  result<void> read(std::uint32_t offset, mutable_bytes out) {
    return flash_.read(region_.begin + offset, out);
  }

 private:
  Flash& flash_;
  flash_region region_;
};

namespace detail {

inline constexpr error no_room_in_flash{errc::no_space, "flash",
                                        "what the patch makes is larger than its slot"};

/// Programs bytes from `at` on, where a unit begins, and erases each sector before its first byte.
/// The last unit is filled with erased bytes.
template <class Flash>
result<void> write_on(Flash& flash, std::uint32_t at, bytes data) {
  constexpr auto& geometry = Flash::geometry;
  while (!data.empty()) {
    if (geometry.is_boundary(at))
      if (auto done = flash.erase(at); !done) return done;
    const std::uint32_t sector_end = geometry.sector_begin(at) + geometry.sector_size(at);
    std::uint8_t buffer[copy_chunk<Flash>];
    const bytes piece = data.first(sizeof buffer).first(sector_end - at);
    std::memcpy(buffer, piece.data(), piece.size());
    std::size_t size = piece.size();
    for (; size % geometry.program_size != 0; ++size) buffer[size] = geometry.erased;
    if (auto done = program_and_check(flash, at, {buffer, size}); !done) return done;
    at += static_cast<std::uint32_t>(piece.size());
    data = data.drop(piece.size());
  }
  return {};
}

}  // namespace detail

/// A region of flash as the new file of a patch. What is appended at a time are whole program
/// units, but for the last piece.
template <class Flash>
class flash_output {
 public:
  flash_output(Flash& flash, flash_region region) : flash_(flash), region_(region) {}

  result<void> append(bytes data) {
    if (data.size() > region_.size - size_) return detail::no_room_in_flash;
    if (auto done = detail::write_on(flash_, region_.begin + size_, data); !done) return done;
    size_ += static_cast<std::uint32_t>(data.size());
    return {};
  }
  result<void> read(std::uint32_t offset, mutable_bytes out) {
    return flash_.read(region_.begin + offset, out);
  }

  /// The next byte goes there; what lies before it is taken as it is.
  void go_to(std::uint32_t offset) { size_ = offset; }

 private:
  Flash& flash_;
  flash_region region_;
  std::uint32_t size_ = 0;
};

}  // namespace ota

// ota/image/patch_keeper.hpp

namespace ota {

/// Keeps how far a patch is applied, in two banks of flash that take turns.
///
/// Whether what a bank holds was written to its end, no bank can tell: cells that a power cut left
/// half programmed read whole today and not tomorrow. The boot journal tells: it names a state by
/// its number, after the state was stored. So the state that it names is whole, and the bank that
/// it does not name may be written.
template <class Flash>
class patch_keeper {
 public:
  static constexpr std::uint32_t banks = 2;

  patch_keeper(Flash& flash, flash_region region)
      : flash_(flash), begin_(region.begin), bank_size_(region.size / banks) {}

  /// \param patch  tells one patch from another
  result<void> store(std::uint32_t number, std::uint32_t patch, bytes state) {
    current_ ^= 1;
    const head one{number, patch, sum_of(state)};
    const bytes about{reinterpret_cast<const std::uint8_t*>(&one), sizeof one};
    if (auto done = detail::write_on(flash_, begin_of(current_), about); !done) return done;
    return detail::write_on(flash_, begin_of(current_) + head_size, state);
  }

  /// Reads the state of that number; false, and anything in `state`, where there is none.
  result<bool> load(std::uint32_t number, std::uint32_t patch, mutable_bytes state) {
    for (current_ = 0; current_ < banks; ++current_) {
      head one;
      const mutable_bytes about{reinterpret_cast<std::uint8_t*>(&one), sizeof one};
      if (auto done = flash_.read(begin_of(current_), about); !done) return done.error();
      if (one.number != number || one.patch != patch) continue;
      if (auto done = flash_.read(begin_of(current_) + head_size, state); !done)
        return done.error();
      if (one.sum == sum_of(state)) return true;
    }
    current_ = 0;
    return false;
  }

  /// Bytes of a bank that a state of that size needs.
  static constexpr std::uint32_t bank_size(std::size_t state_size) {
    return head_size + static_cast<std::uint32_t>(state_size);
  }

 private:
  struct head {
    std::uint32_t number;
    std::uint32_t patch;
    std::uint32_t sum;
  };
  static constexpr std::uint32_t unit = Flash::geometry.program_size;
  static constexpr std::uint32_t head_size = (sizeof(head) + unit - 1) / unit * unit;

  static std::uint32_t sum_of(bytes state) {
    crc32 sum;
    sum.update(state);
    return sum.value();
  }

  std::uint32_t begin_of(std::uint32_t bank) const { return begin_ + bank * bank_size_; }

  Flash& flash_;
  std::uint32_t begin_;
  std::uint32_t bank_size_;
  std::uint32_t current_ = 0;  // of the newest state
};

}  // namespace ota

// ota/image/flash_patcher.hpp

namespace ota {

/// What a device gives for patches of its image in flash.
struct flash_patch_limits : patch_limits {
  /// Bytes of the new image after which it is kept how far the patch is applied, once a sector
  /// ends: no more of it is written again after a power cut. Less of it wears out `patch_state`.
  static constexpr std::uint32_t block = 4096;
  /// In place: bytes of the slot that images leave free, at least `block`. Patches may lag by what
  /// the old image leaves free, less a block.
  static constexpr std::uint32_t spare = 12 * 1024;
};

/// For devices with little memory: a decoder of 2.6 KB. Patches for it are made with a map of 32
/// entries and without models for literals.
struct small_flash_patch_limits : flash_patch_limits {
  static constexpr std::size_t map_entries = 32;
  static constexpr unsigned literal_bits = 0;
  static constexpr std::size_t input_size = 96;
};

/// Applies a patch to flash, and goes on after a power cut where a block of the new image ended.
///
/// Steps of the boot journal count the sectors of it that are written, `steps_before` others before
/// them. `Swapper` has loaded its state and stored it since.
template <class Swapper, class Patch, class Limits>
class flash_patcher {
  using flash_type = typename Swapper::flash_type;
  using map = typename Swapper::map;
  using old_file = flash_source<flash_type>;
  using new_file = flash_output<flash_type>;
  using decoder_type = patch_decoder<old_file, Patch, new_file, Limits>;
  using keeper_type = patch_keeper<flash_type>;
  static constexpr flash_region kept_in = detail::patch_state_of<map>::value;
  static constexpr std::uint32_t bank_size = keeper_type::bank_size(sizeof(decoder_type));

  static constexpr bool sectors_take_whole_pieces() {
    for (const sector_run& run : flash_type::geometry.runs)
      if (run.size % Limits::output_size != 0) return false;
    return true;
  }
  // A step of the decoder makes no more, so that it passes over no end of a sector.
  static constexpr std::uint32_t most_in_step = 72;
  static_assert(sectors_take_whole_pieces() && Limits::output_size >= most_in_step &&
                    Limits::output_size % flash_type::geometry.program_size == 0,
                "a patch's output_size must be whole program units, and sectors a multiple of it");
  static_assert(detail::has_two_banks<flash_type>(kept_in),
                "the flash map needs: static constexpr ota::flash_region patch_state, two banks of "
                "equal size, each at least a sector");
  static_assert(
      kept_in.size == 0 || kept_in.size / 2 >= bank_size,
      "the flash map's patch_state is too short: its banks do not hold a decoder's state");

 public:
  flash_patcher(Swapper& swapper, flash_region old_place, Patch& patch, flash_region target,
                std::uint32_t steps_before)
      : swapper_(swapper),
        patch_(patch),
        target_(target),
        steps_before_(steps_before),
        old_(swapper.flash(), old_place),
        new_(swapper.flash(), target),
        decoder_(old_, patch, new_),
        keeper_(swapper.flash(), kept_in) {}

  /// Reads the patch's header, and refuses what this device cannot apply.
  result<void> open() {
    if (auto done = decoder_.open(); !done) return done;
    if (header().new_size > target_.size) return detail::no_room_in_flash;
    new_.go_to(0);
    kept_at_ = 0;
    return {};
  }

  const patch_header& header() const { return decoder_.header(); }

  /// After `open()`: goes on where the boot journal says. `patch_errors::bad_state`: it cannot.
  result<void> resume() {
    const std::uint32_t number = swapper_.state().step - steps_before_;
    if (number == 0) return {};
    const auto id = patch_id();
    if (!id) return id.error();
    // The decoder's own memory: there is none for another state beside it.
    const auto found = keeper_.load(number, *id, decoder_.state());
    if (!found) return found.error();
    if (!*found || sectors_before(decoder_.appended()) != number) return patch_errors::bad_state;
    kept_at_ = decoder_.appended();
    new_.go_to(kept_at_);
    return decoder_.resume();
  }

  /// Whether the new image is written to its end, as far as the boot journal says.
  bool is_written() const {
    return swapper_.state().step == steps_before_ + sectors_before(header().new_size);
  }

  /// Does a bounded piece of work; false: the new image is written to its end.
  result<bool> step() {
    const auto more = decoder_.step();
    if (!more) return more;
    const std::uint32_t at = decoder_.appended();
    if (!*more) {
      if (auto done = tell_journal(at); !done) return done.error();
      return false;
    }
    if (at - kept_at_ < Limits::block || !flash_type::geometry.is_boundary(target_.begin + at))
      return true;
    const auto id = patch_id();
    if (!id) return id.error();
    if (auto done = keeper_.store(sectors_before(at), *id, decoder_.state()); !done)
      return done.error();
    kept_at_ = at;
    if (auto done = tell_journal(at); !done) return done.error();
    return true;
  }

 private:
  std::uint32_t sectors_before(std::uint32_t offset) const {
    return detail::sectors_in<flash_type>(target_, offset);
  }

  result<void> tell_journal(std::uint32_t written) {
    auto next = swapper_.state();
    next.step = steps_before_ + sectors_before(written);
    return swapper_.change(next);
  }

  /// The sum at its end.
  result<std::uint32_t> patch_id() {
    std::uint8_t sum[patch_header::sum_size];
    const std::uint32_t at = patch_.size() - std::uint32_t{sizeof sum};
    if (auto done = patch_.read(at, sum); !done) return done.error();
    return detail::get_u32(sum);
  }

  Swapper& swapper_;
  Patch& patch_;
  flash_region target_;
  std::uint32_t steps_before_;
  std::uint32_t kept_at_ = 0;  // bytes of the new image, in the newest kept state
  old_file old_;
  new_file new_;
  decoder_type decoder_;
  keeper_type keeper_;
};

}  // namespace ota

// ota/image/image_stager.hpp

namespace ota {

/// Writes a new image beside the running one, sector by sector as its bytes arrive, and goes on
/// after a power cut where the last whole sector ended.
///
/// Whatever goes wrong, the running image is not touched. An image that was put back before is
/// refused, and none is taken while another is on trial: the one before it is then the only one
/// that is known to work.
template <class Swapper>
class image_stager {
 public:
  using strategy = typename Swapper::strategy;
  using flash_type = typename Swapper::flash_type;

  /// The swapper has loaded its state.
  explicit image_stager(Swapper& swapper) : swapper_(swapper) {}

  /// Begins with the image of `size` bytes whose SHA-256 is `digest` (over the whole file, as a
  /// manifest promises it), or goes on with it. Gives the offset from which bytes are wanted.
  result<std::uint32_t> begin(std::uint32_t size, const sha256::digest_type& digest) {
    const image_state& old = swapper_.state();
    const image_id id = id_of(digest);
    if (old.phase == image_phase::trial) return still_on_trial;
    if (swapper_.active()) return swap_waits;
    if (old.rejected == id) return was_rejected;
    if (size == 0) return empty_image;
    if (size > strategy::capacity || size > slot().size) return too_large;
    image_state next = old;
    const bool goes_on = (old.phase == image_phase::staging || old.phase == image_phase::staged) &&
                         old.id == id && old.size == size;
    if (goes_on && old.phase == image_phase::staged) {
      offset_ = size;
      return offset_;
    }
    if (!goes_on) {
      next.phase = image_phase::staging;
      next.id = id;
      next.size = size;
      next.step = 0;
    }
    // Also where it goes on: what the journal said may have been written by halves.
    if (auto done = swapper_.change(next); !done) return done.error();
    digest_ = digest;
    gathered_ = 0;
    offset_ = 0;
    for (std::uint32_t sector = 0; sector < next.step; ++sector)
      offset_ += flash_type::geometry.sector_size(slot().begin + offset_);
    if (offset_ > size) offset_ = size;
    return offset_;
  }

  /// The next bytes.
  result<void> write(bytes data) {
    if (swapper_.phase() != image_phase::staging) return not_begun;
    if (data.size() > swapper_.state().size - offset_) return too_many;
    while (!data.empty()) {
      const bytes part = data.first(sizeof buffer_ - gathered_);
      std::memcpy(buffer_ + gathered_, part.data(), part.size());
      gathered_ += static_cast<std::uint32_t>(part.size());
      offset_ += static_cast<std::uint32_t>(part.size());
      data = data.drop(part.size());
      if (gathered_ == sizeof buffer_)
        if (auto done = flush(); !done) return done;
    }
    return {};
  }

  /// Bytes that are in the slot or on their way there.
  std::uint32_t offset() const { return offset_; }

  /// All bytes were written: checks the image from flash, and that it may follow the running one.
  /// On success it is staged; `swap()` and a new start make it run.
  result<void> finish() {
    if (swapper_.phase() == image_phase::staged) return {};
    if (swapper_.phase() != image_phase::staging) return not_begun;
    if (offset_ != swapper_.state().size) return too_few;
    if (auto done = flush(); !done) return done;
    const auto whole = check_digest();
    const auto accepted = whole ? check_image() : whole;
    if (!accepted && accepted.error().code == errc::storage) return accepted;
    // What is wrong as a whole is not mended by going on: the next try begins anew, and none is
    // made with an image that is what it was promised to be and still must not run.
    image_state next = swapper_.state();
    next.phase = accepted ? image_phase::staged : image_phase::idle;
    if (whole && !accepted) next.rejected = next.id;
    if (auto done = swapper_.change(next); !done) return done;
    return accepted;
  }

 private:
  static constexpr std::uint32_t chunk = detail::copy_chunk<flash_type>;

  static constexpr error still_on_trial{
      errc::wrong_state, "image stager",
      "an image is on trial: confirm it or put it back before the next one"};
  static constexpr error swap_waits{errc::wrong_state, "image stager",
                                    "a swap is under way: start the device again to end it"};
  static constexpr error was_rejected{errc::rejected, "image stager",
                                      "this image was tried before and put back"};
  static constexpr error empty_image{errc::malformed, "image stager", "the image has no bytes"};
  static constexpr error too_large{errc::no_space, "image stager",
                                   "the image is larger than its slot allows"};
  static constexpr error not_begun{errc::wrong_state, "image stager",
                                   "no image was begun: call begin() first"};
  static constexpr error too_many{errc::mismatch, "image stager",
                                  "more bytes arrive than the image was said to have"};
  static constexpr error too_few{errc::mismatch, "image stager",
                                 "the image is truncated: fewer bytes arrived than it was said to "
                                 "have"};
  static constexpr error other_bytes{errc::mismatch, "image stager",
                                     "the image is corrupted: its SHA-256 is not the promised one"};

  flash_region slot() const { return swapper_.staging(); }

  // Programs what was gathered. A sector is erased just before its first bytes, and marked in the
  // journal after its last.
  result<void> flush() {
    if (gathered_ == 0) return {};
    constexpr std::uint32_t unit = flash_type::geometry.program_size;
    std::uint32_t size = gathered_;
    for (; size % unit != 0; ++size) buffer_[size] = flash_type::geometry.erased;
    std::uint32_t at = slot().begin + offset_ - gathered_;
    gathered_ = 0;
    for (mutable_bytes rest(buffer_, size); !rest.empty();) {
      if (flash_type::geometry.is_boundary(at))
        if (auto done = swapper_.flash().erase(at); !done) return done;
      const std::uint32_t sector_end =
          flash_type::geometry.sector_begin(at) + flash_type::geometry.sector_size(at);
      const auto part = rest.first(sector_end - at);
      if (auto done = detail::program_and_check(swapper_.flash(), at, part); !done) return done;
      at += static_cast<std::uint32_t>(part.size());
      rest = rest.drop(part.size());
      if (at == sector_end)
        if (auto done = swapper_.advance(); !done) return done;
    }
    return {};
  }

  result<void> check_digest() {
    sha256::digest_type found;
    const auto done =
        detail::digest_of<sha256>(swapper_.flash(), {slot().begin, swapper_.state().size}, found);
    if (!done) return done;
    return found == digest_ ? result<void>{} : other_bytes;
  }

  auto check_staged() {
    if constexpr (detail::takes_patches<strategy>)
      return swapper_.image().check_patch(swapper_.flash(), slot());
    else
      return swapper_.image().check(swapper_.flash(), slot());
  }

  result<void> check_image() {
    const auto next = check_staged();
    if (!next) return next.error();
    // The slot may hold the end of an earlier one, which would not be copied with it.
    if (next->size > swapper_.state().size) return too_few;
    const auto running = swapper_.image().check(swapper_.flash(), swapper_.running());
    if (!running) {
      // Where there is none, none is older; but one that cannot be read just now may be newer.
      const error& failure = running.error();
      return failure.code == errc::storage ? result<void>(failure) : result<void>{};
    }
    return swapper_.image().check_successor(*running, *next);
  }

  Swapper& swapper_;
  sha256::digest_type digest_{};
  std::uint32_t offset_ = 0;
  std::uint32_t gathered_ = 0;
  std::uint8_t buffer_[chunk];
};

}  // namespace ota

// ota/image/image_patcher.hpp

namespace ota {

/// Makes the next image beside the running one by a patch, as `image_stager` does from its bytes:
/// what comes of it is staged as if it had been received.
///
/// Needs `patch_state` in the flash map. After a power cut it goes on where the last block ended
/// (`Limits::block`); and where a patch turns out to be of no use, `image_stager` goes on with the
/// image itself behind what is already written.
///
/// ```
/// ota::image_patcher<device::swapper, patch_source, device::limits> patcher(images, patch);
/// if (auto begun = patcher.begin(promised_digest); !begun) return begun;
/// for (;;) {
///   const auto more = patcher.step();
///   if (!more) return more.error();
///   if (!*more) return images.swap();
/// }
/// ```
/// \tparam Patch  a source as of delta/delta_contract.hpp: a `flash_source`, or any other
template <class Swapper, class Patch, class Limits = flash_patch_limits>
class image_patcher {
  using flash_type = typename Swapper::flash_type;

 public:
  /// The swapper has loaded its state.
  image_patcher(Swapper& swapper, Patch& patch)
      : swapper_(swapper),
        patch_(patch),
        stager_(swapper),
        work_(swapper, swapper.running(), patch, slot(swapper), 0) {}

  /// Checks that the patch makes the image whose SHA-256 is `digest` of the one that runs, and
  /// begins with it, or goes on.
  result<void> begin(const sha256::digest_type& digest) {
    if (auto done = check_patch_sum(patch_); !done) return done;
    if (auto done = work_.open(); !done) return done;
    const patch_header& header = work_.header();
    if (std::memcmp(header.new_hash, digest.data(), sizeof header.new_hash) != 0)
      return for_another;
    flash_source<flash_type> running(swapper_.flash(), swapper_.running());
    if (auto done = check_patch_base(header, running); !done) return done;
    digest_ = digest;
    const auto offset = stager_.begin(header.new_size, digest);
    if (!offset) return offset.error();
    is_written_ = *offset == header.new_size;
    if (is_written_) return {};
    const auto resumed = work_.resume();
    if (resumed || resumed.error().code != errc::damaged) return resumed;
    // What is there was written without this patch.
    image_state next = swapper_.state();
    next.step = 0;
    if (auto done = swapper_.change(next); !done) return done;
    return work_.open();
  }

  /// Does a bounded piece of work, the last one apart, which reads the whole image back. False: the
  /// new image is staged; `swap()` and a new start make it run.
  result<bool> step() {
    if (!is_written_) {
      const auto more = work_.step();
      if (!more) return more;
      is_written_ = !*more;
      return true;
    }
    if (const auto offset = stager_.begin(work_.header().new_size, digest_); !offset)
      return offset.error();
    if (auto done = stager_.finish(); !done) return done.error();
    return false;
  }

 private:
  static constexpr error for_another{errc::mismatch, "image patcher",
                                     "the patch makes another image than the one that is wanted"};

  static flash_region slot(Swapper& swapper) {
    return {swapper.staging().begin, Swapper::strategy::capacity};
  }

  Swapper& swapper_;
  Patch& patch_;
  image_stager<Swapper> stager_;
  flash_patcher<Swapper, Patch, Limits> work_;
  sha256::digest_type digest_{};
  bool is_written_ = false;
};

}  // namespace ota

// ota/image/image_slots.hpp

namespace ota {

/// The image policy of an updater on raw flash: slots, of which a bootloader with `image_boot`
/// runs one.
///
/// ```
/// struct station : ota::default_policies {
///   using trust = ota::signed_by<ota::ed25519>;
///   using image = ota::image_slots<my_map, ota::swap_with_scratch, my_image_check>;
///   …
/// };
/// ```
///
/// A device that takes the image of another name derives from it and says so:
/// `static constexpr std::string_view name = "radio.bin";`
template <class Map, template <class> class Strategy, class Image>
class image_slots {
 public:
  using flash_type = typename Map::flash;
  using swapper_type = image_swapper<Map, Strategy, Image>;

  static constexpr std::string_view name = "firmware";

  explicit image_slots(flash_type flash = {}, const Image& image = {})
      : flash_(std::move(flash)), swapper_(flash_, image), stager_(swapper_) {}

  /// Only the flash and image policies are taken over; `load` reads the rest.
  image_slots(image_slots&& other) noexcept
      : image_slots(std::move(other.flash_), other.swapper_.image()) {}

  /// A record that the last power cut left half written may read whole today and not tomorrow, so
  /// it is stored anew before anything rests on it.
  result<void> load() {
    if (auto done = swapper_.load(); !done) return done;
    return swapper_.settle();
  }

  result<image_standing> standing_of(const image_id& id) {
    const image_state& state = swapper_.state();
    if (state.rejected == id) return image_standing::put_back;
    return state.id == id ? standing_in(state.phase) : image_standing::unknown;
  }

  result<bool> runs(std::uint32_t size, const sha256::digest_type& digest) {
    const flash_region slot = swapper_.running();
    if (size > slot.size) return false;
    sha256::digest_type found;
    const auto done = detail::digest_of<sha256>(flash_, {slot.begin, size}, found);
    return done ? result<bool>(found == digest) : done.error();
  }

  /// A later version may hold an image again that was put back with the files of an earlier one.
  result<std::uint32_t> begin(std::uint32_t size, const sha256::digest_type& digest) {
    image_state next = swapper_.state();
    if (next.rejected == id_of(digest)) {
      next.rejected = {};
      if (auto done = swapper_.change(next); !done) return done.error();
    }
    return stager_.begin(size, digest);
  }
  result<void> write(bytes data) { return stager_.write(data); }
  result<void> finish() { return stager_.finish(); }

  result<void> swap(std::uint32_t allowed) { return swapper_.swap(allowed); }
  result<void> confirm() { return swapper_.confirm(); }

  result<bool> can_revert() {
    const auto before = swapper_.image().check(flash_, swapper_.previous());
    if (!before && before.error().code == errc::storage) return before.error();
    return before.has_value();
  }

  /// Also where the bootloader could not put the image before back, and it is whole all the same.
  result<void> revert() {
    if (swapper_.phase() == image_phase::idle) return swapper_.change_phase(image_phase::restoring);
    return swapper_.revert();
  }

  const image_state& state() const { return swapper_.state(); }
  flash_type& flash() { return flash_; }

 private:
  static image_standing standing_in(image_phase phase) {
    switch (phase) {
      case image_phase::staged:
        return image_standing::staged;
      case image_phase::swapping:
        return image_standing::swapping;
      case image_phase::trial:
        return image_standing::trial;
      case image_phase::kept:
        return image_standing::kept;
      case image_phase::restoring:
        return image_standing::restoring;
      case image_phase::idle:
        return image_standing::alone;
      case image_phase::staging:
        break;
    }
    return image_standing::unknown;
  }

  flash_type flash_;
  swapper_type swapper_;
  image_stager<swapper_type> stager_;
};

}  // namespace ota

// ota/image/image_tlvs.hpp

namespace ota {

/// What stands behind the payload of an image: types of MCUboot (`boot/bootutil/include/bootutil/
/// image.h`), and one of ours from the range that it leaves to vendors.
enum class image_tlv : std::uint16_t {
  key_hash = 0x01,    ///< SHA-256 of the public key, as DER; the signature by it follows
  public_key = 0x02,  ///< or that key itself
  sha256 = 0x10,      ///< of header, payload and protected list
  rsa2048_pss = 0x20,
  ecdsa = 0x22,
  rsa3072_pss = 0x23,
  ed25519 = 0x24,
  security_counter = 0x50,  ///< protected: 32 bits
  hardware = 0xa0           ///< protected: the name of the hardware that the image is for, a text
};

namespace detail {

inline constexpr std::uint32_t image_tlv_head_size = 4;  // type or magic, and a size
inline constexpr std::uint16_t image_list_magic = 0x6907;
inline constexpr std::uint16_t protected_image_list_magic = 0x6908;

inline constexpr error image_truncated{errc::malformed, "image",
                                       "cut off: its hash and signatures are not all there"};

/// Reads a list of types, lengths and values. What is outside of the list or of the slot is never
/// read, whatever the lengths say.
template <class Flash>
class image_tlvs {
 public:
  image_tlv type{};
  flash_region value;  ///< where it lies

  /// \param room  where the list begins, and how much of the slot is left there
  image_tlvs(Flash& flash, flash_region room) : flash_(flash), at_(room.begin), left_(room.size) {}

  /// Reads how long the list is; gives the size of all of it.
  result<std::uint32_t> open(std::uint16_t magic) {
    std::uint8_t head[image_tlv_head_size];
    if (left_ < image_tlv_head_size) return image_truncated;
    if (const auto done = flash_.read(at_, head); !done) return done.error();
    const std::uint32_t size = get_u16(head + 2);
    if (get_u16(head) != magic || size < image_tlv_head_size || size > left_)
      return image_truncated;
    at_ += image_tlv_head_size;
    left_ = size - image_tlv_head_size;
    return size;
  }

  /// Goes to the next entry; false behind the last.
  result<bool> next() {
    if (left_ == 0) return false;
    std::uint8_t head[image_tlv_head_size];
    if (left_ < image_tlv_head_size) return image_truncated;
    if (const auto done = flash_.read(at_, head); !done) return done.error();
    left_ -= image_tlv_head_size;
    type = static_cast<image_tlv>(get_u16(head));
    value = {at_ + image_tlv_head_size, get_u16(head + 2)};
    if (value.size > left_) return image_truncated;
    at_ = value.end();
    left_ -= value.size;
    return true;
  }

 private:
  Flash& flash_;
  std::uint32_t at_;
  std::uint32_t left_;
};

}  // namespace detail
}  // namespace ota

// ota/image/image_info.hpp

namespace ota {

/// major.minor.revision+build, as MCUboot writes versions.
struct image_version {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t revision = 0;
  std::uint32_t build = 0;

  constexpr std::uint64_t order() const {
    return std::uint64_t{(std::uint32_t{major} << 24) | (std::uint32_t{minor} << 16) | revision}
               << 32 |
           build;
  }
};

constexpr bool operator<(const image_version& a, const image_version& b) {
  return a.order() < b.order();
}
constexpr bool operator==(const image_version& a, const image_version& b) {
  return a.order() == b.order();
}

/// What an image says of itself. Regions are addresses of the flash that it was read from.
struct image_info {
  std::uint32_t header_size = 0;   ///< bytes before the program
  std::uint32_t payload_size = 0;  ///< bytes of the program
  std::uint32_t size = 0;          ///< bytes of everything
  std::uint32_t flags = 0;
  std::uint32_t security_counter = 0;  ///< 0 where the image has none
  image_version version;
  sha256::digest_type digest{};  ///< SHA-256 that it claims for all but `signatures`
  flash_region hardware;         ///< the name of the hardware that it is for; empty: none
  flash_region signatures;       ///< the list of hash and signatures, and how far the slot goes
};

namespace detail {

inline constexpr std::uint32_t image_magic = 0x96f3b83d;
inline constexpr std::uint32_t image_header_size = 32;

// Flags (image.h of MCUboot). One tells for which address a program was linked, which changes
// nothing; with the others it could not be run where it lies.
inline constexpr std::uint32_t image_is_encrypted = 0x4 | 0x8;
inline constexpr std::uint32_t image_has_fixed_address = 0x100;
// "Not bootable": here, what lies where a program would is a patch.
inline constexpr std::uint32_t image_is_patch = 0x10;

inline constexpr error no_image{errc::not_found, "image", "no image there"};
inline constexpr error damaged_image_header{errc::malformed, "image", "damaged header"};
inline constexpr error image_too_large{errc::no_space, "image", "too large for the slot"};
inline constexpr error encrypted_image{errc::unsupported, "image",
                                       "encrypted, which is not supported"};
inline constexpr error unsupported_image{errc::unsupported, "image",
                                         "compressed, made for RAM or not bootable"};
inline constexpr error image_without_hash{errc::unsupported, "image", "made without SHA-256"};

/// Reads what stands in one of the two lists, and takes it from `room`. Only what is protected can
/// be believed once the hash is checked, and the hash itself cannot be among it.
template <class Flash>
[[gnu::noinline]] result<void> read_image_list(Flash& flash, flash_region& room, bool is_protected,
                                               image_info& info) {
  image_tlvs<Flash> list(flash, room);
  const auto size = list.open(is_protected ? protected_image_list_magic : image_list_magic);
  if (!size) return size.error();
  room = {room.begin + *size, room.size - *size};
  bool has_hash = is_protected;
  for (;;) {
    const result<bool> more = list.next();
    if (!more) return more.error();
    if (!*more) break;
    result<void> done;
    if (is_protected && list.type == image_tlv::hardware) {
      info.hardware = list.value;
    } else if (is_protected && list.type == image_tlv::security_counter) {
      std::uint8_t number[4] = {};
      if (list.value.size != sizeof number) return damaged_image_header;
      done = flash.read(list.value.begin, number);
      info.security_counter = get_u32(number);
    } else if (!is_protected && list.type == image_tlv::sha256 &&
               list.value.size == info.digest.size()) {
      done = flash.read(list.value.begin, {info.digest.data(), info.digest.size()});
      has_hash = true;
    }
    if (!done) return done;
  }
  if (!has_hash) return image_without_hash;
  return {};
}

template <class Flash>
result<void> read_image(Flash& flash, flash_region slot, image_info& info) {
  std::uint8_t header[image_header_size] = {};
  if (slot.size < sizeof header) return no_image;
  if (const auto done = flash.read(slot.begin, header); !done) return done.error();
  if (get_u32(header) != image_magic) return no_image;
  info.header_size = get_u16(header + 8);
  const std::uint32_t protected_size = get_u16(header + 10);
  info.payload_size = get_u32(header + 12);
  info.flags = get_u32(header + 16);
  info.version = {header[20], header[21], get_u16(header + 22), get_u32(header + 24)};
  if (info.header_size < image_header_size || info.payload_size == 0) return damaged_image_header;
  if ((info.flags & image_is_encrypted) != 0) return encrypted_image;
  if ((info.flags & ~(image_has_fixed_address | image_is_patch)) != 0) return unsupported_image;

  flash_region room = slot;
  const auto skip = [&room](std::uint32_t size) {
    if (size > room.size) return false;
    room = {room.begin + size, room.size - size};
    return true;
  };
  if (!skip(info.header_size) || !skip(info.payload_size)) return image_too_large;
  info.signatures = room;
  if (protected_size != 0) {
    if (const auto done = read_image_list(flash, room, true, info); !done) return done;
    if (room.begin - info.signatures.begin != protected_size) return damaged_image_header;
    info.signatures = room;
  }
  const auto done = read_image_list(flash, room, false, info);
  info.size = room.begin - slot.begin;
  return done;
}

}  // namespace detail

/// Reads the header and the lists of an image in MCUboot's format (docs/images.md), whose lengths
/// are checked, and nothing else: `mcuboot_image` says whether it may be run.
template <class Flash>
result<image_info> read_image(Flash& flash, flash_region slot) {
  result<image_info> info{image_info{}};
  if (const auto done = detail::read_image(flash, slot, *info); !done) return done.error();
  return info;
}

}  // namespace ota

// ota/image/image_signature.hpp

namespace ota {

// Who may have made an image: what `signature` of its rules names (`image_rules`). All of them sign
// the image's SHA-256.
//
//   static constexpr image_tlv tlv
//   static constexpr std::size_t signature_size    bytes, the greatest
//   static bytes key_prefix()                      of a public key's DER, whose hash names the key
//   static bool verify(bytes key, bytes digest, bytes signature)

/// Nobody signs: the hash finds accidents, and stops nobody.
struct unsigned_image {};

/// Ed25519; keys are the 32 bytes of RFC 8032. The digest itself is the message.
struct image_ed25519 {
  static constexpr image_tlv tlv = image_tlv::ed25519;
  static constexpr std::size_t signature_size = ed25519::signature_size;

  static bytes key_prefix() {  // SubjectPublicKeyInfo, RFC 8410
    static constexpr std::uint8_t prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                              0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    return prefix;
  }
  static bool verify(bytes key, bytes digest, bytes signature) {
    return ed25519::verify(key, digest, signature);
  }
};

/// ECDSA over P-256; keys are points of 65 bytes, as for `ecdsa_p256`.
struct image_ecdsa_p256 {
  static constexpr image_tlv tlv = image_tlv::ecdsa;
  static constexpr std::size_t signature_size = ecdsa_p256_der::signature_size;

  static bytes key_prefix() {  // SubjectPublicKeyInfo, RFC 5480
    static constexpr std::uint8_t prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                              0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                              0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
    return prefix;
  }
  static bool verify(bytes key, bytes digest, bytes signature) {
    return ecdsa_p256_der::verify_digest(key, digest, signature);
  }
};

/// RSA-PSS with keys of 2048 or 3072 bits, which are RSAPublicKeys in DER, as for `rsa_pss_sha256`.
template <std::size_t Bits>
struct image_rsa {
  static_assert(Bits == 2048 || Bits == 3072, "MCUboot signs with RSA keys of 2048 or 3072 bits");
  static constexpr image_tlv tlv = Bits == 2048 ? image_tlv::rsa2048_pss : image_tlv::rsa3072_pss;
  static constexpr std::size_t signature_size = Bits / 8;

  static bytes key_prefix() { return {}; }
  static bool verify(bytes key, bytes digest, bytes signature) {
    return rsa_pss_sha256<Bits>::verify_digest(key, digest, signature);
  }
};

}  // namespace ota

// ota/image/mcuboot_image.hpp

namespace ota {

/// What a device asks of an image; a device's own rules derive from it and replace what differs.
///
/// ```
/// struct rules : ota::image_rules {
///   using signature = ota::image_ed25519;
///   static constexpr std::uint8_t release_key[32] = {…};
///   static constexpr ota::bytes keys[] = {release_key};
///   static constexpr std::string_view hardware = "thermostat-2";
/// };
/// ```
struct image_rules {
  using signature = unsigned_image;
  using hash = sha256;                           ///< SHA-256, by any policy
  static constexpr std::string_view hardware{};  ///< of this device; empty: any image is for it
  static constexpr bool takes_unnamed = false;   ///< also images that name no hardware
};

/// Images in MCUboot's format (docs/images.md), as the rules of a device ask for them.
template <class Rules>
class mcuboot_image {
  using signature = typename Rules::signature;
  using hash = typename Rules::hash;
  static_assert(std::is_same_v<typename hash::digest_type, sha256::digest_type>,
                "images are hashed with SHA-256");
  static_assert(Rules::hardware.size() <= 64, "the name of the hardware has more than 64 bytes");

 public:
  /// Proves that the image in a slot may be run: whole, for this hardware, and signed by one of the
  /// device's keys. Everything is read back from flash.
  template <class Flash>
  static result<image_info> check(Flash& flash, flash_region slot) {
    return check_as(flash, slot, 0);
  }

  /// Proves the same of a patch (`patch_in_place`), which is packed and signed as an image is.
  template <class Flash>
  static result<image_info> check_patch(Flash& flash, flash_region slot) {
    return check_as(flash, slot, detail::image_is_patch);
  }

  /// Whether an image may take the running one's place: not older, and with no lower security
  /// counter. Not asked when an earlier one is put back.
  static result<void> check_successor(const image_info& running, const image_info& next) {
    if (next.version < running.version) return older;
    if (next.security_counter < running.security_counter) return lower_counter;
    return {};
  }

 private:
  static constexpr error corrupted{errc::mismatch, "image", "corrupted: its SHA-256 differs"};
  static constexpr error wrong_hardware{errc::mismatch, "image", "for other hardware"};
  static constexpr error unsigned_image_{errc::untrusted, "image",
                                         "not signed as this device asks"};
  static constexpr error unknown_key{errc::untrusted, "image",
                                     "signed by no key that is known here"};
  static constexpr error wrong_signature{errc::untrusted, "image", "wrong signature"};

  static constexpr error no_patch{errc::unsupported, "image",
                                  "a whole image, where a patch is asked for"};

  static constexpr error older{errc::rejected, "image", "older than the running one"};
  static constexpr error lower_counter{
      errc::rejected, "image", "its security counter is lower than that of the running one"};

  using digest_type = typename hash::digest_type;

  template <class Flash>
  static result<image_info> check_as(Flash& flash, flash_region slot, std::uint32_t kind) {
    result<image_info> found{image_info{}};
    image_info& info = *found;
    if (const auto done = detail::read_image(flash, slot, info); !done) return done.error();
    if ((info.flags & detail::image_is_patch) != kind)
      return kind == 0 ? detail::unsupported_image : no_patch;
    if (const auto done = check_hash(flash, slot.begin, info); !done) return done.error();
    if (!Rules::hardware.empty())
      if (const auto done = check_hardware(flash, info.hardware); !done) return done.error();
    if constexpr (!std::is_same_v<signature, unsigned_image>)
      if (const auto done = check_signature(flash, info); !done) return done.error();
    return found;
  }

  static bool same(const digest_type& a, const digest_type& b) {
    return equal({a.data(), a.size()}, {b.data(), b.size()});
  }

  template <class Flash>
  static result<void> check_hash(Flash& flash, std::uint32_t begin, const image_info& info) {
    digest_type digest;
    const auto done =
        detail::digest_of<hash>(flash, {begin, info.signatures.begin - begin}, digest);
    if (!done) return done;
    if (!same(digest, info.digest)) return corrupted;
    return {};
  }

  template <class Flash>
  static result<void> check_hardware(Flash& flash, flash_region name) {
    if (name.size == 0 && Rules::takes_unnamed) return {};
    std::uint8_t text[64];
    if (name.size != Rules::hardware.size()) return wrong_hardware;
    const mutable_bytes read = mutable_bytes(text).first(name.size);
    if (const auto done = flash.read(name.begin, read); !done) return done;
    if (!equal(read, as_bytes(Rules::hardware))) return wrong_hardware;
    return {};
  }

  // The first signature by a known key decides: a hostile list cannot ask for many to be computed.
  template <class Flash>
  static result<void> check_signature(Flash& flash, const image_info& info) {
    detail::image_tlvs<Flash> list(flash, info.signatures);
    if (const auto size = list.open(detail::image_list_magic); !size) return size.error();
    const bytes* key = nullptr;
    const error* refusal = &unsigned_image_;
    for (;;) {
      const result<bool> more = list.next();
      if (!more) return more.error();
      if (!*more) return *refusal;
      if (list.type == image_tlv::key_hash || list.type == image_tlv::public_key) {
        if (const auto done = find_key(flash, list, key); !done) return done;
      } else if (list.type == signature::tlv) {
        if (key != nullptr)
          return verify(flash, list.value, *key, {info.digest.data(), info.digest.size()});
        refusal = &unknown_key;
      }
    }
  }

  /// Which of the device's keys an entry names: by its hash, or as a whole.
  template <class Flash>
  static result<void> find_key(Flash& flash, const detail::image_tlvs<Flash>& named,
                               const bytes*& key) {
    key = nullptr;
    digest_type name;
    const mutable_bytes room(name.data(), name.size());
    result<void> done;
    if (named.type == image_tlv::public_key)
      done = detail::digest_of<hash>(flash, named.value, name);
    else if (named.value.size == room.size())
      done = flash.read(named.value.begin, room);
    else
      return {};
    if (!done) return done;
    for (const bytes& one : Rules::keys) {
      hash sum;
      sum.update(signature::key_prefix());
      sum.update(one);
      if (same(sum.finish(), name)) key = &one;
    }
    return {};
  }

  template <class Flash>
  static result<void> verify(Flash& flash, flash_region value, bytes key, bytes digest) {
    std::uint8_t room[signature::signature_size];
    if (value.size > sizeof room) return wrong_signature;
    const mutable_bytes read = mutable_bytes(room).first(value.size);
    if (const auto done = flash.read(value.begin, read); !done) return done;
    if (!signature::verify(key, digest, read)) return wrong_signature;
    return {};
  }
};

}  // namespace ota

// ota/image/mcuboot_trailer.hpp

namespace ota {

namespace detail {

inline constexpr std::uint32_t mcuboot_magic_size = 16;

/// The magic at the end of a trailer, by how it is aligned.
inline void fill_mcuboot_magic(std::uint32_t align, std::uint8_t* out) {
  static constexpr std::uint8_t of_8[] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                          0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
  static constexpr std::uint8_t of_others[] = {0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d,
                                               0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};
  if (align == 8) {
    std::memcpy(out, of_8, sizeof of_8);
  } else {
    out[0] = static_cast<std::uint8_t>(align);
    out[1] = 0;
    std::memcpy(out + 2, of_others, sizeof of_others);
  }
}

}  // namespace detail

/// What MCUboot does with its two slots at the next start, by the numbers of its `swap_info`.
enum class mcuboot_swap : std::uint8_t { none = 1, test = 2, permanent = 3, revert = 4 };

/// A field of a trailer. What a power cut left half written is neither.
enum class mcuboot_flag : std::uint8_t { unset, set, bad };

/// The end of a slot by which MCUboot and the application talk to each other (docs/design.md of
/// MCUboot, "Image Trailer"), from the slot's end downwards: the magic, then `image_ok`,
/// `copy_done` and `swap_info`, each in a unit of `Align` bytes.
///
/// \tparam Align  MCUboot's BOOT_MAX_ALIGN: 8, 16 or 32
template <class Flash, std::uint32_t Align>
struct mcuboot_trailer {
  static_assert(check_flash<Flash>::ok);
  static_assert(Align == 8 || Align == 16 || Align == 32, "BOOT_MAX_ALIGN is 8, 16 or 32");
  static_assert(Align % Flash::geometry.program_size == 0,
                "MCUboot cannot use a flash that is programmed in larger units than its alignment");

  static constexpr std::uint32_t magic_size = detail::mcuboot_magic_size;
  // Distances from the slot's end. The magic is right at it, whatever is written before.
  static constexpr std::uint32_t magic_at = Align > magic_size ? Align : magic_size;
  static constexpr std::uint32_t image_ok_at = magic_at + Align;
  static constexpr std::uint32_t copy_done_at = image_ok_at + Align;
  static constexpr std::uint32_t swap_info_at = copy_done_at + Align;

  mcuboot_flag magic = mcuboot_flag::unset;
  mcuboot_flag image_ok = mcuboot_flag::unset;
  mcuboot_flag copy_done = mcuboot_flag::unset;
  std::uint8_t swap_info = 0;  ///< the kind of swap in its low half

  result<void> load(Flash& flash, flash_region slot) {
    std::uint8_t found[magic_size];
    std::uint8_t expected[magic_size];
    if (const auto done = flash.read(slot.end() - magic_size, found); !done) return done;
    detail::fill_mcuboot_magic(Align, expected);
    magic = equal(found, expected) ? mcuboot_flag::set : mcuboot_flag::bad;
    if (detail::reads_erased<Flash>(found)) magic = mcuboot_flag::unset;
    if (const auto done = load_flag(flash, slot.end() - image_ok_at, image_ok); !done) return done;
    if (const auto done = load_flag(flash, slot.end() - copy_done_at, copy_done); !done)
      return done;
    return flash.read(slot.end() - swap_info_at, {&swap_info, 1});
  }

  static result<void> write_magic(Flash& flash, flash_region slot) {
    std::uint8_t unit[magic_at];
    std::memset(unit, Flash::geometry.erased, sizeof unit);
    detail::fill_mcuboot_magic(Align, unit + (magic_at - magic_size));
    return flash.program(slot.end() - magic_at, unit);
  }

  /// Writes a byte that begins the unit so far from the slot's end.
  static result<void> write_byte(Flash& flash, flash_region slot, std::uint32_t distance,
                                 std::uint8_t value) {
    std::uint8_t unit[Flash::geometry.program_size];
    std::memset(unit, Flash::geometry.erased, sizeof unit);
    unit[0] = value;
    return flash.program(slot.end() - distance, unit);
  }

  /// Where the sectors begin that all fields lie in.
  static constexpr std::uint32_t first_sector(flash_region slot) {
    return Flash::geometry.sector_begin(slot.end() - swap_info_at);
  }

  /// Erases these sectors, the magic first.
  static result<void> erase(Flash& flash, flash_region slot) {
    std::uint32_t end = slot.end();
    while (end > first_sector(slot)) {
      end = Flash::geometry.sector_begin(end - 1);
      if (const auto done = flash.erase(end); !done) return done;
    }
    return {};
  }

 private:
  static result<void> load_flag(Flash& flash, std::uint32_t address, mcuboot_flag& flag) {
    std::uint8_t byte;
    const auto done = flash.read(address, {&byte, 1});
    flag = byte == Flash::geometry.erased ? mcuboot_flag::unset
           : byte == 1                    ? mcuboot_flag::set
                                          : mcuboot_flag::bad;
    return done;
  }
};

}  // namespace ota

// ota/image/mcuboot_slots.hpp

namespace ota {

/// The two slots of a device whose bootloader is MCUboot, which swaps them: by scratch, by moving,
/// or by overwriting. Asks for the swap, and confirms what it led to, so that no power cut leaves
/// a state that MCUboot does not know (its issue 1966: a torn magic, a torn flag).
///
/// `Map` is a flash map with `primary` and `secondary` (flash_map.hpp), MCUboot's slots.
///
/// \tparam Align       MCUboot's BOOT_MAX_ALIGN
/// \tparam MaxSectors  MCUboot's BOOT_MAX_IMG_SECTORS, for which its status has room in each slot
template <class Map, std::uint32_t Align = 8, std::uint32_t MaxSectors = 128>
class mcuboot_slots {
  using flash_type = typename Map::flash;
  using trailer = mcuboot_trailer<flash_type, Align>;
  static constexpr const auto& geometry = flash_type::geometry;
  static constexpr std::uint32_t trailer_size =
      MaxSectors * 3 * geometry.program_size + trailer::swap_info_at + Align;

  static constexpr bool is_slot(flash_region slot) {
    return detail::is_sound<flash_type>(slot) && slot.size > trailer_size;
  }
  static_assert(is_slot(Map::primary) && is_slot(Map::secondary),
                "a slot must begin and end with a sector, and be larger than MCUboot's trailer");
  static_assert(!overlap(Map::primary, Map::secondary), "the slots overlap");

  static constexpr std::uint32_t room_in(flash_region slot) {
    const std::uint32_t whole = trailer::first_sector(slot) - slot.begin;
    return whole < slot.size - trailer_size ? whole : slot.size - trailer_size;
  }

 public:
  /// Bytes of the largest image that can be staged. It leaves alone the sectors which the magic and
  /// the flags lie in: these may have to be erased.
  static constexpr std::uint32_t room = room_in(Map::secondary);

  explicit mcuboot_slots(flash_type& flash) : flash_(flash) {}

  /// Reads both trailers; before all else.
  result<void> load() {
    if (const auto done = primary_.load(flash_, Map::primary); !done) return done;
    return secondary_.load(flash_, Map::secondary);
  }

  /// What MCUboot will do at the next start: the table of `boot_swap_type_multi`.
  mcuboot_swap next_swap() const {
    if (secondary_.magic == mcuboot_flag::set && secondary_.image_ok == mcuboot_flag::unset)
      return mcuboot_swap::test;
    if (secondary_.magic == mcuboot_flag::set && secondary_.image_ok == mcuboot_flag::set)
      return mcuboot_swap::permanent;
    if (primary_.magic == mcuboot_flag::set && primary_.image_ok == mcuboot_flag::unset &&
        primary_.copy_done == mcuboot_flag::set)
      return mcuboot_swap::revert;
    return mcuboot_swap::none;
  }

  image_phase phase() const {
    switch (next_swap()) {
      case mcuboot_swap::test:
      case mcuboot_swap::permanent:
        return image_phase::swapping;
      case mcuboot_swap::revert:
        return image_phase::trial;
      default:
        break;
    }
    if (primary_.magic != mcuboot_flag::set || primary_.copy_done != mcuboot_flag::set)
      return image_phase::idle;
    // MCUboot keeps an image whose flag is torn, as long as it reads so. It is confirmed once more.
    return primary_.image_ok == mcuboot_flag::set ? image_phase::kept : image_phase::trial;
  }

  /// Whether the last swap put an earlier image back.
  bool was_put_back() const {
    return phase() == image_phase::kept &&
           (primary_.swap_info & 15) == static_cast<std::uint8_t>(mcuboot_swap::revert);
  }

  /// Asks MCUboot for the image in the secondary slot: for a trial, or at once for good.
  result<void> begin(const image_info& image, bool permanent = false) {
    if (image.size > room) return reaches_into_trailer;
    if (phase() == image_phase::trial) return on_trial;
    const mcuboot_swap wanted = permanent ? mcuboot_swap::permanent : mcuboot_swap::test;
    if (next_swap() == wanted) return {};
    // What reads as erased may be a unit that a power cut left half written. So all is erased, and
    // the magic comes last: without it, MCUboot does not look at the rest.
    if (const auto done = trailer::erase(flash_, Map::secondary); !done) return done;
    if (const auto done =
            write(Map::secondary, trailer::swap_info_at, static_cast<std::uint8_t>(wanted));
        !done)
      return done;
    if (permanent)
      if (const auto done = write(Map::secondary, trailer::image_ok_at, 1); !done) return done;
    if (const auto done = trailer::write_magic(flash_, Map::secondary); !done) return done;
    return load();
  }

  /// Keeps the running image. Nothing is done where there is nothing to confirm.
  result<void> confirm() {
    if (primary_.magic != mcuboot_flag::set || primary_.image_ok == mcuboot_flag::set) return {};
    result<void> done;
    if (primary_.image_ok == mcuboot_flag::unset || geometry.reprograms)
      done = write(Map::primary, trailer::image_ok_at, 1);
    else
      done = rewrite();
    return done ? load() : done;
  }

 private:
  static constexpr error reaches_into_trailer{errc::no_space, "mcuboot",
                                              "the image reaches into the sectors of MCUboot's "
                                              "trailer: make it smaller or the slot larger"};
  static constexpr error on_trial{errc::wrong_state, "mcuboot",
                                  "the running image is on trial: confirm it first"};

  result<void> write(flash_region slot, std::uint32_t distance, std::uint8_t value) {
    return trailer::write_byte(flash_, slot, distance, value);
  }

  /// A torn flag cannot be programmed again. From the erase on MCUboot finds no magic, and does
  /// nothing but start the image that is there.
  result<void> rewrite() {
    const auto running = read_image(flash_, Map::primary);
    if (!running) return running.error();
    if (running->size > room_in(Map::primary)) return reaches_into_trailer;
    if (const auto done = trailer::erase(flash_, Map::primary); !done) return done;
    if (const auto done = write(Map::primary, trailer::copy_done_at, 1); !done) return done;
    if (const auto done = write(Map::primary, trailer::image_ok_at, 1); !done) return done;
    return trailer::write_magic(flash_, Map::primary);
  }

  flash_type& flash_;
  trailer primary_, secondary_;
};

}  // namespace ota

// ota/image/overwrite_with_backup.hpp

namespace ota {

/// Copies the running image to a backup and the staged one over it; puts the backup back.
///
/// Needs `primary`, `secondary` and `backup`. Three slots instead of two, and the fewest erases of
/// those that run from one place: the staged image stays as it is, so that a swap that met a bad
/// sector can be tried again. The secondary slot or the backup may lie on another chip
/// (`joined_flash`).
template <class Map>
struct overwrite_with_backup {
  static_assert(check_flash_map<Map>::ok);
  using staged = detail::primary_and_secondary<Map>;
  using saved =
      detail::slot_units<typename Map::flash, detail::primary_of<Map>, detail::backup_of<Map>>;
  static_assert(staged::largest() != 0 && saved::largest() != 0,
                "the flash map's slots cannot be copied: their sectors have no boundaries in "
                "common");

  static constexpr bool runs_in_place = false;
  static constexpr std::uint32_t capacity =
      staged::capacity < saved::capacity ? staged::capacity : saved::capacity;
  static constexpr flash_region running(std::uint8_t) { return Map::primary; }
  static constexpr flash_region staging(std::uint8_t) { return Map::secondary; }
  static constexpr flash_region previous(std::uint8_t) { return Map::backup; }

  static constexpr std::uint32_t copies(image_phase phase, std::uint32_t used) {
    return saved::count(used) + (phase == image_phase::swapping ? staged::count(used) : 0);
  }
  static constexpr flash_copy copy(image_phase phase, std::uint32_t used, std::uint32_t step) {
    const std::uint32_t count = saved::count(used);
    if (step >= count) {
      const flash_region unit = staged::unit(step - count, used);
      return {Map::secondary.begin + unit.begin, Map::primary.begin + unit.begin, unit.size};
    }
    const flash_region unit = saved::unit(step, used);
    const std::uint32_t primary = Map::primary.begin + unit.begin;
    const std::uint32_t backup = Map::backup.begin + unit.begin;
    if (phase == image_phase::swapping) return {primary, backup, unit.size};
    return {backup, primary, unit.size};
  }
};

}  // namespace ota

// ota/image/patch_in_place.hpp

namespace ota {

namespace detail {

/// Has the bootloader make the new image out of the old one and a patch.
template <class Swapper>
class in_place_patching {
  using flash_type = typename Swapper::flash_type;
  using strategy = typename Swapper::strategy;
  using limits = typename strategy::limits;
  using source = flash_source<flash_type>;
  static constexpr flash_region slot{strategy::running(0).begin, strategy::capacity};

 public:
  explicit in_place_patching(Swapper& swapper) : swapper_(swapper) {}

  /// Whether the staged patch can be applied to the image that runs. The last time that there is a
  /// way back.
  result<void> check() {
    const auto place = patch_place();
    return place ? check_at(*place) : result<void>(place.error());
  }

  /// After the old image was moved up: makes the new one, or goes on with that.
  template <class Between>
  result<void> apply(Between& between) {
    const auto place = patch_place();
    return place ? apply_at(*place, between) : result<void>(place.error());
  }

 private:
  using work_type = flash_patcher<Swapper, source, limits>;

  static constexpr error lags_too_far{
      errc::unsupported, "image patch",
      "the patch cannot be applied in place here: make it with a smaller lag"};

  result<flash_region> patch_place() {
    const flash_region staged = swapper_.staging();
    const auto info = swapper_.image().check_patch(swapper_.flash(), staged);
    if (!info) return info.error();
    return flash_region{staged.begin + info->header_size, info->payload_size};
  }

  // Functions of their own: the decoder does not lie on the stack while signatures are verified.
  [[gnu::noinline]] result<void> check_at(flash_region place) {
    source patch(swapper_.flash(), place), running(swapper_.flash(), slot);
    if (auto done = check_patch_sum(patch); !done) return done;
    const std::uint32_t used = swapper_.state().used;
    const flash_region moved = strategy::moved(used);
    work_type work(swapper_, moved, patch, slot, 0);
    if (auto done = work.open(); !done) return done;
    const patch_header& header = work.header();
    if (header.lag > moved.begin - slot.begin - limits::block) return lags_too_far;
    // No more of the old image is moved than is known to be there.
    if (header.old_size > used) return patch_errors::wrong_base;
    return check_patch_base(header, running);
  }

  template <class Between>
  [[gnu::noinline]] result<void> apply_at(flash_region place, Between& between) {
    source patch(swapper_.flash(), place), made(swapper_.flash(), slot);
    const image_state& state = swapper_.state();
    work_type work(swapper_, strategy::moved(state.used), patch, slot,
                   strategy::copies(state.phase, state.used));
    if (auto done = work.open(); !done) return done;
    if (!work.is_written()) {
      if (auto done = work.resume(); !done) return done;
      for (;;) {
        between();
        const auto more = work.step();
        if (!more) return more.error();
        if (!*more) break;
      }
    }
    return check_patch_result(work.header(), made);
  }

  Swapper& swapper_;
};

}  // namespace detail

/// One slot: a patch arrives in a small region of its own, and the bootloader applies it to the
/// image in its place. It moves that image to the slot's end, then makes the new one from front to
/// back, in blocks after which it can go on. There is no way back to the old image.
///
/// Needs `primary` of even sectors, `patch`, `patch_state`, and `using patch_limits = …`
/// (`flash_patch_limits`); at least `limits::spare` bytes of the primary slot are free of images.
/// Patches are packed and signed as images are, with the flag "not bootable": they must not come
/// from anyone else, since they overwrite the only image.
///
/// Why the old image is read before it is overwritten: with d bytes free, its byte p lies at p + d.
/// When the byte q of the new one is made, at most the block that holds q was written before, in a
/// try that was cut; what is read lies at q - lag + d or above it, and d is at least lag + block.
template <class Map>
struct patch_in_place {
  static_assert(check_flash_map<Map>::ok);
  using limits = typename Map::patch_limits;
  using units =
      detail::slot_units<typename Map::flash, detail::primary_of<Map>, detail::primary_of<Map>>;
  static_assert(units::even != 0,
                "the flash map's primary slot needs sectors of one size, to be patched in place");
  static constexpr std::uint32_t sector = units::even == 0 ? 1 : units::even;
  static_assert(limits::block % sector == 0 && limits::spare % sector == 0,
                "the patch limits' block and spare must be whole sectors");
  static_assert(limits::block != 0 && limits::spare >= limits::block,
                "the patch limits' spare must be at least the block");
  static_assert(Map::primary.size > limits::spare,
                "the flash map's primary slot is too small: patching in place needs more than the "
                "spare");
  static_assert(detail::patch_of<Map>::value.size != 0,
                "the flash map needs: static constexpr ota::flash_region patch");

  static constexpr bool runs_in_place = false;
  static constexpr std::uint32_t capacity = Map::primary.size - limits::spare;
  static_assert(Map::patch.size <= capacity, "the flash map's patch is larger than an image");

  static constexpr flash_region running(std::uint8_t) { return Map::primary; }
  static constexpr flash_region staging(std::uint8_t) { return Map::patch; }
  static constexpr flash_region previous(std::uint8_t) { return {}; }

  static constexpr std::uint32_t copies(image_phase phase, std::uint32_t used) {
    return phase == image_phase::swapping ? units::count(used) : 0;
  }
  static constexpr flash_copy copy(image_phase, std::uint32_t used, std::uint32_t step) {
    const flash_region unit = units::unit(units::count(used) - 1 - step, used);
    return {Map::primary.begin + unit.begin, moved(used).begin + unit.begin, unit.size};
  }
  /// Where the old image lies while the new one is made.
  static constexpr flash_region moved(std::uint32_t used) {
    const std::uint32_t size = units::count(used) * units::even;
    return {Map::primary.end() - size, size};
  }

  template <class Swapper>
  using patching = detail::in_place_patching<Swapper>;
};

}  // namespace ota

// ota/image/patch_inbox.hpp

namespace ota {

/// Receives a patch into a region of flash, for `image_patcher`: a sink of `serial_receiver`. One
/// that a power cut interrupted is received anew: patches are small, and there is no journal.
template <class Flash>
class patch_inbox {
 public:
  patch_inbox(Flash& flash, flash_region region) : flash_(flash), region_(region) {}

  /// \return the offset from which bytes are wanted: `size`, where the region holds them already
  result<std::uint32_t> begin(std::uint32_t size, const sha256::digest_type& digest) {
    if (size == 0 || size > region_.size) return wrong_size;
    size_ = size;
    digest_ = digest;
    const auto there = is_whole();
    if (!there) return there.error();
    offset_ = *there ? size : 0;
    gathered_ = 0;
    return offset_;
  }

  /// The next bytes.
  result<void> write(bytes data) {
    if (data.size() > size_ - offset_) return other_bytes;
    while (!data.empty()) {
      const bytes part = data.first(sizeof buffer_ - gathered_);
      std::memcpy(buffer_ + gathered_, part.data(), part.size());
      gathered_ += static_cast<std::uint32_t>(part.size());
      offset_ += static_cast<std::uint32_t>(part.size());
      data = data.drop(part.size());
      if (gathered_ == sizeof buffer_)
        if (auto done = flush(); !done) return done;
    }
    return {};
  }

  /// There are no more: checks the patch from flash.
  result<void> finish() {
    if (auto done = flush(); !done) return done;
    const auto whole = offset_ == size_ ? is_whole() : result<bool>(false);
    if (!whole) return whole.error();
    return *whole ? result<void>{} : other_bytes;
  }

 private:
  static constexpr error wrong_size{errc::no_space, "patch inbox",
                                    "the patch is empty, or larger than its region of flash"};
  static constexpr error other_bytes{errc::mismatch, "patch inbox",
                                     "the patch is not the one that was announced"};

  result<void> flush() {
    const std::uint32_t at = region_.begin + offset_ - gathered_;
    const bytes whole{buffer_, gathered_};
    gathered_ = 0;
    return detail::write_on(flash_, at, whole);
  }

  result<bool> is_whole() {
    sha256::digest_type found;
    const auto done = detail::digest_of<sha256>(flash_, {region_.begin, size_}, found);
    return done ? result<bool>(found == digest_) : done.error();
  }

  Flash& flash_;
  flash_region region_;
  sha256::digest_type digest_{};
  std::uint32_t size_ = 0;
  std::uint32_t offset_ = 0;
  std::uint32_t gathered_ = 0;
  std::uint8_t buffer_[detail::copy_chunk<Flash>];
};

}  // namespace ota

// ota/image/serial_frame.hpp

namespace ota {

/// What travels over a serial line (docs/serial.md).
enum class serial_kind : std::uint8_t {
  begin = 1,  ///< size, SHA-256: this image follows
  data = 2,   ///< offset, bytes
  end = 3,    ///< there are no more bytes
  answer = 0x80
};

/// Bytes of a frame that are not its fields: kind, number, CRC-32.
inline constexpr std::size_t serial_overhead = 1 + 2 + 4;

/// Makes a frame: fields, the lowest byte first, a CRC-32 behind them, encoded by COBS (Cheshire
/// and Baker, "Consistent Overhead Byte Stuffing", 1999), between two bytes of zero. `Fields` is
/// the most bytes that the fields take.
template <std::size_t Fields>
class serial_frame_writer {
 public:
  void begin(std::uint8_t kind, std::uint16_t number) {
    sum_ = {};
    buffer_[0] = 0;  // ends whatever noise came before
    code_ = 1;
    size_ = 2;
    u8(kind);
    u16(number);
  }

  void u8(std::uint8_t value) { put({&value, 1}); }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value));
    u8(static_cast<std::uint8_t>(value >> 8));
  }
  void u32(std::uint32_t value) {
    u16(static_cast<std::uint16_t>(value));
    u16(static_cast<std::uint16_t>(value >> 16));
  }
  void put(bytes data) {
    sum_.update(data);
    for (std::uint8_t byte : data) encode(byte);
  }

  /// The whole frame, to be sent as it is.
  bytes finish() {
    u32(sum_.value());
    close_block();
    buffer_[size_++] = 0;
    return {buffer_, size_};
  }

 private:
  static constexpr std::size_t decoded = Fields + serial_overhead;

  // A block is a code, its length, and bytes that are not zero; a zero, or nothing, follows it.
  void close_block() { buffer_[code_] = static_cast<std::uint8_t>(size_ - code_); }
  void next_block() {
    close_block();
    code_ = size_++;
  }
  void encode(std::uint8_t byte) {
    if (size_ - code_ == 255) next_block();  // as long as a code can say
    if (byte == 0)
      next_block();
    else
      buffer_[size_++] = byte;
  }

  crc32 sum_;
  std::size_t size_ = 0;
  std::size_t code_ = 0;  // where the code of the open block goes
  std::uint8_t buffer_[decoded + decoded / 254 + 4];
};

/// Finds frames in the bytes of a line. Noise, and frames that are damaged or too long, are
/// skipped.
template <std::size_t Fields>
class serial_frame_reader {
 public:
  /// True: a whole frame ended with this byte, and is there until the next call.
  bool feed(std::uint8_t byte) {
    if (byte == 0) {
      const bool whole = left_ == 0 && fits_ && size_ >= serial_overhead && has_right_sum();
      end_ = size_;
      start();
      return whole;
    }
    if (left_ != 0) {
      append(byte);
      --left_;
      return false;
    }
    if (zero_follows_) append(0);
    zero_follows_ = byte != 255;
    left_ = static_cast<std::uint8_t>(byte - 1);
    return false;
  }

  std::uint8_t kind() const { return buffer_[0]; }
  std::uint16_t number() const { return detail::get_u16(buffer_ + 1); }
  /// Tells frames from each other.
  std::uint32_t sum() const { return detail::get_u32(buffer_ + end_ - 4); }
  bytes fields() const { return {buffer_ + 3, end_ - serial_overhead}; }
  std::uint32_t field(std::size_t at) const { return detail::get_u32(buffer_ + 3 + at); }

 private:
  void start() {
    size_ = 0;
    left_ = 0;
    zero_follows_ = false;
    fits_ = true;
  }
  void append(std::uint8_t byte) {
    fits_ = fits_ && size_ < sizeof buffer_;
    if (fits_) buffer_[size_++] = byte;
  }
  bool has_right_sum() const {
    crc32 sum;
    sum.update({buffer_, size_ - 4});
    return sum.value() == detail::get_u32(buffer_ + size_ - 4);
  }

  std::size_t size_ = 0;
  std::size_t end_ = 0;
  std::uint8_t left_ = 0;      // bytes of the block that are still to come
  bool zero_follows_ = false;  // the block stands for a zero too, where it is not the last one
  bool fits_ = true;
  std::uint8_t buffer_[Fields + serial_overhead] = {};
};

}  // namespace ota

// ota/image/serial_receiver.hpp

namespace ota {

/// Receives an image over a serial line that may lose, double or damage bytes, and hands it to a
/// `Sink`, which an `image_stager` is:
///
///     result<std::uint32_t> begin(std::uint32_t size, const sha256::digest_type& digest)
///                                  the offset from which bytes are wanted
///     result<void> write(bytes)    the next ones
///     result<void> finish()        there are no more; may be called again
///
/// ```
/// ota::serial_receiver<sink> receiver{stager};
/// if (receiver.feed(uart_read())) uart_write(receiver.answer());
/// if (receiver.finished()) restart();
/// ```
///
/// The other side waits for an answer before it sends more, so that nothing arrives while the
/// processor stands still for its flash. `Largest` is how many bytes of an image one frame may
/// have. docs/serial.md describes the protocol; `ota image send` is the other side.
template <class Sink, std::size_t Largest = 256>
class serial_receiver {
 public:
  static_assert(Largest >= sizeof(std::uint32_t) + sha256::digest_size && Largest <= 0xffff);

  explicit serial_receiver(Sink& sink) : sink_(sink) {}

  /// Takes a byte of the line. True: `answer()` is to be sent.
  bool feed(std::uint8_t byte) {
    if (!reader_.feed(byte)) return false;
    if (is_answer(reader_.kind())) return false;  // an echo
    // One that comes again has been carried out: its answer got lost.
    if (!answered_ || reader_.sum() != last_) {
      outcome_ = carry_out();
      last_ = reader_.sum();
      answered_ = true;
    }
    return true;
  }

  /// What to send, until the next byte is fed.
  bytes answer() {
    const error& failure = outcome_.error();
    writer_.begin(reader_.kind() | static_cast<std::uint8_t>(serial_kind::answer),
                  reader_.number());
    writer_.u8(static_cast<std::uint8_t>(failure.code));
    writer_.u16(Largest);
    writer_.u32(wanted_);
    fixed_string<longest_text> text;
    append_text(text, failure);
    writer_.put(as_bytes(text));
    return writer_.finish();
  }

  /// The sink has taken the whole image.
  bool finished() const { return state_ == state::finished; }

 private:
  enum class state : std::uint8_t { idle, receiving, finished };

  static constexpr std::size_t longest_text = 120;

  static constexpr error not_begun{errc::wrong_state, "serial receiver",
                                   "no image was begun since the device has started"};
  static constexpr error malformed{errc::malformed, "serial receiver",
                                   "a frame has not the fields of its kind"};
  static constexpr error unknown{errc::unsupported, "serial receiver",
                                 "a frame is of a kind that is not known here"};
  static constexpr error too_many{errc::mismatch, "serial receiver",
                                  "more bytes arrive than the image was said to have"};

  // Numbers that travel stay as they are, whatever is added to `errc`.
  static_assert(static_cast<int>(errc::malformed) == 4 && static_cast<int>(errc::unsupported) == 6);
  static_assert(static_cast<int>(errc::mismatch) == 18 &&
                static_cast<int>(errc::wrong_state) == 21);

  static bool is_answer(std::uint8_t kind) {
    return (kind & static_cast<std::uint8_t>(serial_kind::answer)) != 0;
  }

  result<void> carry_out() {
    switch (static_cast<serial_kind>(reader_.kind())) {
      case serial_kind::begin:
        return begin();
      case serial_kind::data:
        return data();
      case serial_kind::end:
        return end();
      default:
        return unknown;
    }
  }

  result<void> begin() {
    sha256::digest_type digest;
    const bytes fields = reader_.fields();
    if (fields.size() != 4 + digest.size()) return malformed;
    std::copy(fields.begin() + 4, fields.end(), digest.begin());
    state_ = state::idle;
    size_ = reader_.field(0);
    const auto offset = sink_.begin(size_, digest);
    if (!offset) return offset.error();
    wanted_ = *offset;
    state_ = state::receiving;
    return {};
  }

  // What is not wanted now is answered with what is.
  result<void> data() {
    if (reader_.fields().size() < 4) return malformed;
    if (state_ == state::idle) return not_begun;
    if (reader_.field(0) != wanted_) return {};
    const bytes content = reader_.fields().drop(4);
    if (content.size() > size_ - wanted_) return too_many;
    if (auto done = sink_.write(content); !done) {
      state_ = state::idle;
      return done;
    }
    wanted_ += static_cast<std::uint32_t>(content.size());
    return {};
  }

  result<void> end() {
    if (!reader_.fields().empty()) return malformed;
    if (state_ == state::idle) return not_begun;
    const auto done = sink_.finish();
    state_ = done ? state::finished : state::idle;
    return done;
  }

  Sink& sink_;
  state state_ = state::idle;
  bool answered_ = false;
  result<void> outcome_;
  std::uint32_t last_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t wanted_ = 0;
  serial_frame_reader<4 + Largest> reader_;
  serial_frame_writer<1 + 2 + 4 + longest_text> writer_;
};

}  // namespace ota

// ota/image/swap_by_moving.hpp

namespace ota {

/// Exchanges the primary and the secondary slot without a scratch area: the running image moves up
/// by one unit, then each unit of both changes places through the gap.
///
/// Needs `primary` and `secondary` of even sectors; the primary slot holds one unit that images may
/// not use. As MCUboot's swap-move.
template <class Map>
struct swap_by_moving {
  static_assert(check_flash_map<Map>::ok);
  using units = detail::primary_and_secondary<Map>;
  static_assert(units::even != 0,
                "the flash map's slots need sectors of one size, to be swapped by moving");
  static_assert(units::first.size > units::even,
                "the flash map's primary slot is too small: swapping by moving needs one unit more "
                "than the image");

  static constexpr bool runs_in_place = false;
  static constexpr std::uint32_t capacity = Map::primary.size - units::even < Map::secondary.size
                                                ? Map::primary.size - units::even
                                                : Map::secondary.size;
  static constexpr flash_region running(std::uint8_t) { return Map::primary; }
  static constexpr flash_region staging(std::uint8_t) { return Map::secondary; }
  static constexpr flash_region previous(std::uint8_t) { return Map::secondary; }

  static constexpr std::uint32_t copies(image_phase, std::uint32_t used) {
    return 3 * units::count(used);
  }
  static constexpr flash_copy copy(image_phase, std::uint32_t used, std::uint32_t step) {
    const std::uint32_t count = units::count(used);
    const bool moves = step < count;
    const std::uint32_t index = moves ? count - 1 - step : (step - count) / 2;
    const flash_region unit = units::unit(index, used);
    const std::uint32_t primary = Map::primary.begin + unit.begin;
    const std::uint32_t secondary = Map::secondary.begin + unit.begin;
    if (moves) return {primary, primary + units::even, unit.size};
    if ((step - count) % 2 == 0) return {secondary, primary, unit.size};
    return {primary + units::even, secondary, unit.size};
  }
};

}  // namespace ota

// ota/image/swap_with_scratch.hpp

namespace ota {

// A strategy says how a staged image becomes the running one: by which copies, in which order. Each
// copy can be cut and done again; after each the boot journal is a step further.
//
//   static constexpr bool runs_in_place        images run where they were staged: nothing is copied
//   static constexpr std::uint32_t capacity    the largest image, bytes
//   static constexpr flash_region running(std::uint8_t slot)   where the running image lies
//   static constexpr flash_region staging(std::uint8_t slot)   where the next one is written
//   static constexpr flash_region previous(std::uint8_t slot)  where the one before it lies
//   static constexpr std::uint32_t copies(image_phase, std::uint32_t used)
//   static constexpr flash_copy copy(image_phase, std::uint32_t used, std::uint32_t step)
//                                              phase: swapping or restoring; the first `used`
//                                              bytes of the slots hold images

/// Exchanges the primary and the secondary slot through a scratch area, a unit at a time.
///
/// Needs `primary`, `secondary` and `scratch`, which is as large as the largest sector of the
/// slots. Each erase of a slot costs one of the scratch, which wears out first. As MCUboot's
/// swap-scratch.
template <class Map>
struct swap_with_scratch {
  static_assert(check_flash_map<Map>::ok);
  using units = detail::primary_and_secondary<Map>;
  static_assert(units::largest() != 0,
                "the flash map's slots cannot be exchanged: their sectors have no boundaries in "
                "common");
  static_assert(Map::scratch.size >= units::largest(),
                "the flash map's scratch is too small for the largest sector of the slots");

  static constexpr bool runs_in_place = false;
  static constexpr std::uint32_t capacity = units::capacity;
  static constexpr flash_region running(std::uint8_t) { return Map::primary; }
  static constexpr flash_region staging(std::uint8_t) { return Map::secondary; }
  static constexpr flash_region previous(std::uint8_t) { return Map::secondary; }

  static constexpr std::uint32_t copies(image_phase, std::uint32_t used) {
    return 3 * units::count(used);
  }
  static constexpr flash_copy copy(image_phase, std::uint32_t used, std::uint32_t step) {
    const flash_region unit = units::unit(step / 3, used);
    const std::uint32_t primary = Map::primary.begin + unit.begin;
    const std::uint32_t secondary = Map::secondary.begin + unit.begin;
    if (step % 3 == 0) return {secondary, Map::scratch.begin, unit.size};
    if (step % 3 == 1) return {primary, secondary, unit.size};
    return {Map::scratch.begin, primary, unit.size};
  }
};

}  // namespace ota

// ota/image/two_slots.hpp

namespace ota {

/// A/B: two slots, of which the boot journal names the one that runs. Nothing is copied.
///
/// Needs `primary` and `secondary`, and images that run where they lie: built for both places,
/// independent of their place, or mapped to one address by the hardware.
template <class Map>
struct two_slots {
  static_assert(check_flash_map<Map>::ok);
  static_assert(detail::secondary_of<Map>::value.size != 0,
                "the flash map needs: static constexpr ota::flash_region secondary");

  static constexpr bool runs_in_place = true;
  static constexpr std::uint32_t capacity =
      Map::primary.size < Map::secondary.size ? Map::primary.size : Map::secondary.size;
  static constexpr flash_region running(std::uint8_t slot) {
    return slot == 0 ? Map::primary : Map::secondary;
  }
  static constexpr flash_region staging(std::uint8_t slot) { return running(slot ^ 1); }
  static constexpr flash_region previous(std::uint8_t slot) { return running(slot ^ 1); }

  static constexpr std::uint32_t copies(image_phase, std::uint32_t) { return 0; }
  static constexpr flash_copy copy(image_phase, std::uint32_t, std::uint32_t) { return {}; }
};

}  // namespace ota

// ota/delta/aarch64_code.hpp

namespace ota {

/// A64 (Arm ARM for the A-profile, C6.2: B, BL, ADRP). Addresses are taken by their lower 32 bits.
struct aarch64_code {
  static constexpr code_kind kind = code_kind::aarch64;
  static constexpr unsigned step = 4;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    if (is_branch(word)) return code_site::far_at(4, address + detail::sign_extend(word, 26) * 4);
    if (!is_page(word)) return code_site::none(4);
    const std::uint32_t pages = (word >> 3 & 0x1ffffc) | (word >> 29 & 3);
    const std::uint32_t begin = (address & high) + (pages << 12);
    if (!completes(word, next)) return code_site::far_at(4, begin);
    return code_site::far_at(8, begin + ((next >> 10 & 0xfff) << scale(next)));
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    if (is_branch(word))
      return detail::put_u32(code, detail::put_bits(word, 0x03ffffff, (target - address) >> 2));
    // Pages beyond 2 GiB are 21 bits away with their sign.
    const std::uint32_t pages = detail::sign_extend(((target & high) - (address & high)) >> 12, 20);
    detail::put_u32(code,
                    detail::put_bits(word, 0x60ffffe0, pages << 29 | (pages << 3 & 0xffffe0)));
    if (completes(word, next))
      detail::put_u32(code + 4,
                      detail::put_bits(next, 0x3ffc00, (target & 0xfff) >> scale(next) << 10));
  }

 private:
  static constexpr std::uint32_t high = 0xfffff000;

  static constexpr bool is_branch(std::uint32_t word) { return (word & 0x7c000000) == 0x14000000; }
  static constexpr bool is_page(std::uint32_t word) { return (word & 0x9f000000) == 0x90000000; }

  /// Whether an instruction adds the lower 12 bits to what ADRP set: ADD, a load, a store.
  static constexpr bool completes(std::uint32_t first, std::uint32_t second) {
    const bool adds = (second & 0xffc00000) == 0x91000000 || is_access(second);
    return adds && (first & 0x1f) == (second >> 5 & 0x1f);
  }
  static constexpr bool is_access(std::uint32_t word) { return (word & 0x3b000000) == 0x39000000; }

  /// A load or store counts in its own size; that of 16 bytes stands elsewhere.
  static constexpr unsigned scale(std::uint32_t word) {
    if (!is_access(word)) return 0;
    return (word & 0x04800000) == 0x04800000 ? 4 : word >> 30;
  }
};

}  // namespace ota

// ota/delta/arm_code.hpp

namespace ota {

/// A32 (Arm ARM, "B", "BL, BLX (immediate)", "LDR (literal)", "MOV (immediate)" A2, "MOVT").
struct arm_code {
  static constexpr code_kind kind = code_kind::arm;
  static constexpr unsigned step = 4;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    const std::uint32_t pc = address + 8;
    if (is_branch(word)) {
      const std::uint32_t target = pc + detail::sign_extend(word, 24) * 4;
      return leaves(word) ? code_site::far_at(4, target) : code_site::near_at(4, target);
    }
    if (is_literal_load(word)) {
      const std::uint32_t offset = word & 0xfff;
      return code_site::near_at(4, pc + ((word & up) != 0 ? offset : 0 - offset));
    }
    if (is_move_pair(word, next))
      return code_site::far_at(8, move_value(word) | move_value(next) << 16);
    return code_site::none(4);
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t offset = target - (address + 8);
    if (is_branch(word)) {
      detail::put_u32(code, detail::put_bits(word, 0xffffff, offset >> 2));
    } else if (is_literal_load(word)) {
      const bool down = offset >> 31 != 0;
      const std::uint32_t bits = down ? 0 - offset : offset;
      detail::put_u32(code, detail::put_bits(word, up | 0xfff, (bits & 0xfff) | (down ? 0 : up)));
    } else {
      put_move(code, target);
      put_move(code + 4, target >> 16);
    }
  }

 private:
  static constexpr std::uint32_t up = 1U << 23;  // the offset is added

  static constexpr bool is_branch(std::uint32_t word) {
    return (word & 0x0e000000) == 0x0a000000 && word < 0xf0000000;
  }
  // Calls, and what always branches: mostly to another function.
  static constexpr bool leaves(std::uint32_t word) {
    return (word & 0x01000000) != 0 || word >> 28 == 0xe;
  }
  static constexpr bool is_literal_load(std::uint32_t word) {
    return (word & 0x0f7f0000) == 0x051f0000;
  }

  // MOVW, and MOVT of the same register on the same condition.
  static constexpr bool is_move_pair(std::uint32_t first, std::uint32_t second) {
    return (first & 0x0ff00000) == 0x03000000 && ((first ^ second) & 0xfff0f000) == 0x00400000;
  }
  static constexpr std::uint32_t move_value(std::uint32_t word) {
    return (word >> 4 & 0xf000) | (word & 0xfff);
  }
  static void put_move(std::uint8_t* code, std::uint32_t value) {
    detail::put_u32(code, detail::put_bits(detail::get_u32(code), 0xf0fff,
                                           (value << 4 & 0xf0000) | (value & 0xfff)));
  }
};

}  // namespace ota

// ota/delta/riscv_code.hpp

namespace ota {

/// RISC-V with or without compressed instructions (unprivileged ISA, "RV32I": JAL, AUIPC, LUI).
/// Addresses are taken by their lower 32 bits.
struct riscv_code {
  static constexpr code_kind kind = code_kind::riscv;
  static constexpr unsigned step = 2;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    if ((word & 3) != 3) return code_site::none(2);
    if (is_jump(word)) return code_site::far_at(4, address + jump_offset(word));
    if (is_pair(word, next)) {
      const std::uint32_t value = (word & high) + low_value(next);
      return code_site::far_at(8, is_relative(word) ? address + value : value);
    }
    return code_site::none(4);
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    const std::uint32_t offset = target - address;
    if (is_jump(word)) return detail::put_u32(code, (word & 0xfff) | jump_bits(offset));
    const std::uint32_t value = is_relative(word) ? offset : target;
    // The lower part counts with its sign: the upper is one more where that is negative.
    detail::put_u32(code, detail::put_bits(word, high, value + 0x800));
    detail::put_u32(
        code + 4,
        is_store(next)
            ? detail::put_bits(next, 0xfe000f80, (value << 20 & 0xfe000000) | (value << 7 & 0xf80))
            : detail::put_bits(next, 0xfff00000, value << 20));
  }

 private:
  static constexpr std::uint32_t high = 0xfffff000;

  static constexpr bool is_jump(std::uint32_t word) { return (word & 0x7f) == 0x6f; }

  // JAL: bits 20, 10 to 1, 11 and 19 to 12 of the offset, from the highest bit down.
  static constexpr std::uint32_t jump_offset(std::uint32_t word) {
    return detail::sign_extend(
        (word >> 11 & 0x100000) | (word >> 20 & 0x7fe) | (word >> 9 & 0x800) | (word & 0xff000),
        21);
  }
  static constexpr std::uint32_t jump_bits(std::uint32_t offset) {
    return (offset << 11 & 0x80000000) | (offset << 20 & 0x7fe00000) | (offset << 9 & 0x100000) |
           (offset & 0xff000);
  }

  // AUIPC counts from itself, LUI from zero.
  static constexpr bool is_relative(std::uint32_t word) { return (word & 0x7f) == 0x17; }
  static constexpr bool is_store(std::uint32_t word) { return (word & 0x7b) == 0x23; }

  /// AUIPC or LUI, and what adds the lower bits: a load, a store, ADDI or JALR.
  static constexpr bool is_pair(std::uint32_t first, std::uint32_t second) {
    const bool adds = (second & 0x7b) == 0x03 || is_store(second) || (second & 0x707f) == 0x0013 ||
                      (second & 0x707f) == 0x0067;
    return (first & 0x5f) == 0x17 && adds && (first >> 7 & 0x1f) == (second >> 15 & 0x1f);
  }
  static constexpr std::uint32_t low_value(std::uint32_t word) {
    return detail::sign_extend(
        is_store(word) ? (word >> 20 & 0xfe0) | (word >> 7 & 0x1f) : word >> 20, 12);
  }
};

}  // namespace ota

// ota/delta/thumb_code.hpp

namespace ota {

namespace detail {

/// BL, and from Thumb-2 on B.W: a displacement of 25 bits over both halfwords (Arm ARM, "BL, BLX
/// (immediate)", encoding T1; "B", T4).
constexpr bool is_thumb_bl(std::uint32_t first, std::uint32_t second) {
  return (first & 0xf800) == 0xf000 && (second & 0x9000) == 0x9000;
}

/// J1 and J2 are the two bits below the sign, the other way round where that is zero.
constexpr std::uint32_t flip_thumb_j(std::uint32_t offset) {
  return (offset >> 24 & 1) != 0 ? offset : offset ^ 3U << 22;
}

constexpr std::uint32_t thumb_bl_offset(std::uint32_t first, std::uint32_t second) {
  return sign_extend(
      flip_thumb_j((first & 0x400) << 14 | (second & 0x2000) << 10 | (second & 0x800) << 11 |
                   (first & 0x3ff) << 12 | (second & 0x7ff) << 1),
      25);
}

inline void put_thumb_bl(std::uint8_t* code, std::uint32_t offset) {
  const std::uint32_t coded = flip_thumb_j(offset);
  put_u16(code, static_cast<std::uint16_t>(0xf000 | (coded >> 14 & 0x400) | (coded >> 12 & 0x3ff)));
  put_u16(code + 2, static_cast<std::uint16_t>(put_bits(
                        get_u16(code + 2), 0x2fff,
                        (coded >> 10 & 0x2000) | (coded >> 11 & 0x800) | (coded >> 1 & 0x7ff))));
}

/// What LDR, ADR and the like count from: the address of the instruction plus four, at a word.
constexpr std::uint32_t thumb_literal_base(std::uint32_t address) { return (address + 4) & ~3U; }

}  // namespace detail

/// Thumb as Cortex-M0 and M0+ have it, and all of ARM7's.
struct thumb_code {
  static constexpr code_kind kind = code_kind::thumb;
  static constexpr unsigned step = 2;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t half = detail::get_u16(code);
    const std::uint32_t next = detail::get_u16(code + 2);
    if (detail::is_thumb_bl(half, next))
      return code_site::far_at(4, address + 4 + detail::thumb_bl_offset(half, next));
    const std::uint32_t operation = half >> 11;
    if (operation == 0b01001 || operation == 0b10100)  // LDR of a literal, ADR
      return code_site::near_at(2, detail::thumb_literal_base(address) + (half & 0xff) * 4);
    if (operation == 0b11100)  // B
      return code_site::near_at(2, address + 4 + detail::sign_extend(half, 11) * 2);
    // Conditional; the two highest conditions are UDF and SVC.
    if (operation >> 1 == 0b1101 && (half & 0x0f00) < 0x0e00)
      return code_site::near_at(2, address + 4 + detail::sign_extend(half, 8) * 2);
    return code_site::none(2);
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t half = detail::get_u16(code);
    const std::uint32_t offset = target - (address + 4);
    if (half >> 12 == 0xf) return detail::put_thumb_bl(code, offset);
    if (half >> 12 == 0xe) {
      detail::put_u16(code, static_cast<std::uint16_t>(detail::put_bits(half, 0x7ff, offset >> 1)));
      return;
    }
    code[0] = static_cast<std::uint8_t>(
        half >> 12 == 0xd ? offset >> 1 : (target - detail::thumb_literal_base(address)) >> 2);
  }
};

}  // namespace ota

// ota/delta/thumb2_code.hpp

namespace ota {

/// Thumb-2, as Cortex-M3 and above have it: what `thumb_code` finds, and addresses in MOVW and MOVT
/// (Arm ARM, "MOV (immediate)" T3, "MOVT" T1). No instruction begins within a wide one.
struct thumb2_code {
  static constexpr code_kind kind = code_kind::thumb2;
  static constexpr unsigned step = 2;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    if (is_move_pair(code))
      return code_site::far_at(8, move_value(code) | move_value(code + 4) << 16);
    const code_site site = thumb_code::find(code, address);
    return site.length == 0 && code[1] >= 0xe8 ? code_site::none(4) : site;
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    if (!is_move_pair(code)) return thumb_code::aim(code, address, target);
    put_move(code, target);
    put_move(code + 4, target >> 16);
  }

 private:
  // MOVW, and MOVT of the same register.
  static bool is_move_pair(const std::uint8_t* code) {
    return (detail::get_u32(code) & 0x8000fbf0) == 0x0000f240 &&
           (detail::get_u32(code + 4) & 0x8000fbf0) == 0x0000f2c0 &&
           ((code[3] ^ code[7]) & 0x0f) == 0;
  }

  // The 16 bits imm4:i:imm3:imm8 stand in both halfwords.
  static std::uint32_t move_value(const std::uint8_t* code) {
    const std::uint32_t word = detail::get_u32(code);
    return (word << 12 & 0xf000) | (word << 1 & 0x0800) | (word >> 20 & 0x0700) |
           (word >> 16 & 0xff);
  }
  static void put_move(std::uint8_t* code, std::uint32_t value) {
    const std::uint32_t bits = (value >> 12 & 0xf) | (value >> 1 & 0x0400) |
                               (value << 20 & 0x70000000) | (value << 16 & 0x00ff0000);
    detail::put_u32(code, detail::put_bits(detail::get_u32(code), 0x70ff040f, bits));
  }
};

}  // namespace ota

// ota/delta/x86_64_code.hpp

namespace ota {

/// x86-64 (Intel SDM, volume 2): what has a displacement of 32 bits from the instruction's end.
///
/// Lengths of instructions are not followed: any bytes that name an address of the program are a
/// place. It begins at the opcode, since prefixes change no displacement, and ends with the
/// displacement: an immediate behind it, which counts as well, moves with what is named.
struct x86_64_code {
  static constexpr code_kind kind = code_kind::x86_64;
  static constexpr unsigned step = 1;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const unsigned before = before_displacement(code);
    if (before == 0) return code_site::none(1);
    const auto length = static_cast<std::uint8_t>(before + 4);
    return code_site::far_at(length, address + length + detail::get_u32(code + before));
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const unsigned before = before_displacement(code);
    detail::put_u32(code + before, target - (address + before + 4));
  }

 private:
  // A ModRM byte with no base register but the instruction pointer.
  static constexpr bool counts_from_here(std::uint8_t modrm) { return (modrm & 0xc7) == 0x05; }

  /// Bytes of opcode and ModRM; 0 if there is no such displacement.
  static unsigned before_displacement(const std::uint8_t* code) {
    if (code[0] == 0xe8 || code[0] == 0xe9) return 1;  // CALL, JMP
    if (code[0] == 0x0f) {
      if ((code[1] & 0xf0) == 0x80) return 2;  // Jcc
      return counts_from_here(code[2]) ? 3 : 0;
    }
    return is_plain_opcode(code[0]) && counts_from_here(code[1]) ? 2 : 0;
  }

  static constexpr bool is_plain_opcode(std::uint8_t op) {
    return (op < 0x40 && (op & 7) < 4) ||             // ADD, OR, AND, SUB, XOR, CMP…
           op == 0x63 || op == 0x69 || op == 0x6b ||  // MOVSXD, IMUL
           (op >= 0x80 && op <= 0x8f) ||              // the same of an immediate, TEST, MOV, LEA
           op == 0xc6 || op == 0xc7 ||                // MOV of an immediate
           op == 0xf6 || op == 0xf7 || op == 0xff;
  }
};

}  // namespace ota

// ota/delta/xtensa_code.hpp

namespace ota {

/// Xtensa, little-endian, with or without windowed calls (Xtensa ISA reference manual, "CALL0",
/// "CALL4"…, "L32R", "Narrow instructions").
struct xtensa_code {
  static constexpr code_kind kind = code_kind::xtensa;
  static constexpr unsigned step = 1;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t word = detail::get_u32(code);
    if (is_call(word))
      return code_site::far_at(3, call_base(address) + detail::sign_extend(word >> 6, 18) * 4);
    if (is_literal_load(word))
      return code_site::far_at(3, literal_base(address) + (word >> 8 & 0xffff) * 4);
    return code_site::none((word & 8) != 0 ? 2 : 3);
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t word = detail::get_u32(code);
    std::uint32_t made = 0;
    if (is_literal_load(word))
      made = (word & 0xff) | (target - literal_base(address)) >> 2 << 8;
    else
      made = (word & 0x3f) | (target - call_base(address)) >> 2 << 6;
    detail::put_u16(code, static_cast<std::uint16_t>(made));
    code[2] = static_cast<std::uint8_t>(made >> 16);
  }

 private:
  static constexpr bool is_call(std::uint32_t word) { return (word & 0xf) == 5; }
  static constexpr bool is_literal_load(std::uint32_t word) { return (word & 0xf) == 1; }

  static constexpr std::uint32_t call_base(std::uint32_t address) { return (address & ~3U) + 4; }
  // Literals lie in the 256 KB before what loads them.
  static constexpr std::uint32_t literal_base(std::uint32_t address) {
    return ((address + 3) & ~3U) - 0x40000;
  }
};

}  // namespace ota

// ota/delta/all_codes.hpp

namespace ota {

/// Every kind of code that there is: what a computer has, which makes patches for all.
using all_codes = code_set<words_code, thumb_code, thumb2_code, arm_code, riscv_code, xtensa_code,
                           aarch64_code, x86_64_code>;

}  // namespace ota

// ota/delta/delta_patches.hpp

namespace ota {

namespace detail {

/// Bytes that patches may ask for, as their headers count them.
template <class Limits>
constexpr std::uint32_t memory_for() {
  patch_header header;
  header.previous_bits = static_cast<std::uint8_t>(Limits::literal_bits);
  header.map_entries = static_cast<std::uint8_t>(Limits::map_entries);
  return header.memory();
}

}  // namespace detail

/// A device that makes new files of those it has, by the patches that a version brings along
/// (docs/delta-updates.md).
///
/// \tparam Limits  what patches may ask for; `sizeof(updater)` grows by what they need more than
///                 the other parts of staging, whose memory they share
template <class Limits = patch_limits>
struct delta_patches {
  using limits = Limits;

  /// Most bytes that patches may need.
  static constexpr std::uint32_t memory = detail::memory_for<Limits>();

  /// After so many bytes it is kept how far a patch is applied: the most that are made twice.
  static constexpr std::uint32_t block_size = 16384;

  /// Whether the device can apply a patch of which a manifest says what it needs: bytes of memory,
  /// and the number of its kind of code.
  static bool takes(std::size_t needed, std::size_t code) {
    return needed <= memory && code < 16 && Limits::codes::has(static_cast<code_kind>(code));
  }
};

}  // namespace ota

// ota/delta/memory_source.hpp

namespace ota {

/// Bytes in memory, at most 4 GiB less one, such as flash that the processor sees: the old file of
/// a patch, or a patch (`delta_contract.hpp`).
class memory_source {
 public:
  explicit memory_source(bytes content) : content_(content) {}

  std::uint32_t size() const { return static_cast<std::uint32_t>(content_.size()); }

  /// Copies `out.size()` bytes from `offset` on.
  result<void> read(std::uint32_t offset, mutable_bytes out) const {
    if (!out.empty()) std::memcpy(out.data(), content_.data() + offset, out.size());
    return {};
  }

 private:
  bytes content_;
};

}  // namespace ota

// ota/hardware/signal.hpp

namespace ota {

/// WiFi signal as a percentage, by the formula of 0x687931/ota: (dBm + 90) × 100 / 60, clamped to
/// 0…100, rounded down.
constexpr int signal_percent(int dbm) {
  if (dbm <= -90) return 0;
  if (dbm >= -30) return 100;
  return (dbm + 90) * 100 / 60;
}

}  // namespace ota

// ota/http/byte_stream.hpp

namespace ota {

// The contract of a byte stream policy, which TCP, TLS and modems fill:
//
//   result<void> connect(host, port, secure, timeout_ms)
//   result<size_t> read(out, timeout_ms)   at least one byte; 0: the other side has closed;
//                                          errc::timeout when nothing came in time
//   result<void> write(data, timeout_ms)   all of it
//   void close()
//   static constexpr bool can_secure       whether `connect` understands `secure` (TLS)

namespace detail {

template <class S>
using connect_of = decltype(std::declval<S&>().connect(std::string_view{}, std::uint16_t{}, false,
                                                       std::uint32_t{}));
template <class S>
using stream_read_of = decltype(std::declval<S&>().read(mutable_bytes{}, std::uint32_t{}));
template <class S>
using stream_write_of = decltype(std::declval<S&>().write(bytes{}, std::uint32_t{}));
template <class S>
using close_of = decltype(std::declval<S&>().close());
template <class S>
using can_secure_of = std::bool_constant<S::can_secure || true>;

}  // namespace detail

/// Checks a byte stream policy against the contract, one sentence for each missing member.
template <class Stream>
struct check_byte_stream {
  template <class Result, template <class> class Call>
  static constexpr bool has = detail::gives<Result, Call, Stream>::value;

  static_assert(has<result<void>, detail::connect_of>,
                "the byte stream policy needs: ota::result<void> connect(std::string_view host, "
                "std::uint16_t port, bool secure, std::uint32_t timeout_ms)");
  static_assert(has<result<std::size_t>, detail::stream_read_of>,
                "the byte stream policy needs: ota::result<std::size_t> read(ota::mutable_bytes "
                "out, std::uint32_t timeout_ms)");
  static_assert(has<result<void>, detail::stream_write_of>,
                "the byte stream policy needs: ota::result<void> write(ota::bytes data, "
                "std::uint32_t timeout_ms)");
  static_assert(has<void, detail::close_of>, "the byte stream policy needs: void close()");
  static_assert(has<std::true_type, detail::can_secure_of>,
                "the byte stream policy needs: static constexpr bool can_secure");
};

}  // namespace ota

// ota/http/http_date.hpp

namespace ota::detail {

/// Epoch seconds, up to the year 2105, of a date in the preferred form of RFC 9110, "Sun, 06 Nov
/// 1994 08:49:37 GMT"; 0 for anything else.
inline std::uint32_t parse_http_date(std::string_view text) {
  std::size_t numbers[5];
  if (text.size() != 29 || !has_form(text, "???, # ??? # #:#:# GMT", numbers)) return 0;
  const std::size_t day = numbers[0], hour = numbers[2], minute = numbers[3], second = numbers[4];
  std::size_t year = numbers[1];
  std::size_t month =
      find_word({text.data() + 8, 3}, "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ");
  if (month == 0 || day > 31 || hour > 23 || minute > 59 || second > 60) return 0;
  if (year < 1970 || year > 2105) return 0;
  // Days from the civil calendar, with the year beginning in March so that leap days come last. Of
  // these years only 2100 has none where it is expected; the months are 30.6 days long.
  if (month <= 2) --year, month += 12;
  const std::size_t leap_days = year / 4 - (year < 2100 ? 15 : 16);
  const std::size_t days = 365 * year + leap_days + (979 * month - 2919) / 32 + day - 719469;
  return static_cast<std::uint32_t>(((days * 24 + hour) * 60 + minute) * 60 + second);
}

}  // namespace ota::detail

// ota/http/head_parser.hpp

namespace ota::detail {

/// The address of a request, and behind it the one that a redirect gives, in the same memory.
class url_buffer {
 public:
  url_buffer(char* data, std::size_t capacity) : data_(data), capacity_(capacity) {}

  bool assign(std::string_view url) {
    if (url.size() > capacity_) return false;
    std::memmove(data_, url.data(), url.size());
    base_ = end_ = url.size();
    overflowed_ = false;
    return true;
  }

  std::string_view url() const { return {data_, base_}; }
  std::string_view location() const { return {data_ + base_, end_ - base_}; }
  bool overflowed() const { return overflowed_; }

  void begin_location() {
    end_ = base_;
    overflowed_ = false;
  }

  void add_location(char c) {
    if (end_ == capacity_ && base_ != 0 && is_absolute()) {
      // An absolute address does not need the one before it.
      std::memmove(data_, data_ + base_, end_ - base_);
      end_ -= base_;
      base_ = 0;
    }
    if (end_ == capacity_)
      overflowed_ = true;
    else
      data_[end_++] = c;
  }

  /// Makes the location the address, resolved against the address before it (RFC 3986, 5.2; dots
  /// are left to the server), whose parts are `from`. After an absolute location has taken its
  /// place there is no such address. False where there is no room.
  bool follow(const url_view& from) {
    char* const place = data_ + base_;
    const char* kept = data_;
    if (base_ != 0 && !is_absolute()) {
      const char* const path = from.authority.data() + from.authority.size();
      if (path == place && *place != '/') {
        // An address without a path is one with the path `/`.
        if (end_ == capacity_) return false;
        std::memmove(place + 1, place, end_++ - base_);
        *place = '/';
      }
      kept = path;
      if (has_form(location(), "//*")) {
        kept = from.authority.data() - 2;
      } else if (*place != '/') {
        kept = find_any(path, place, "?");
        if (*place != '?')
          while (kept[-1] != '/') --kept;
      }
    }
    const std::size_t size = end_ - base_;
    base_ = end_ = static_cast<std::size_t>(kept - data_) + size;
    std::memmove(data_ + base_ - size, place, size);
    return true;
  }

 private:
  // A scheme, and behind it what no other address begins with.
  bool is_absolute() const {
    const char* const place = data_ + base_;
    const char* const stop = find_any(place, data_ + end_, "/?");
    return stop != place && stop[-1] == ':' && has_form(text_between(stop, data_ + end_), "//*");
  }

  char* data_;
  std::size_t capacity_;
  std::size_t base_ = 0;
  std::size_t end_ = 0;
  bool overflowed_ = false;
};

/// How an answer says where its body ends.
enum class body : std::uint8_t { none, length, chunked, until_close };

/// Reads the head of an answer byte by byte (RFC 9112). Lines may be of any length; only the
/// values of known fields are kept.
class head_parser {
  // In the order of `header_names`; and the status line.
  enum class header : std::uint8_t {
    other,
    content_length,
    transfer_encoding,
    connection,
    location,
    etag,
    content_range,
    retry_after,
    date,
    rate_remaining,
    rate_reset,
    status,
    name  // whose value is still to come
  };

  header header_ = header::status;
  bool chunked_ = false;
  bool bad_length_ = false;

 public:
  bool keep_alive = true;
  http_response response;

  /// Takes one byte; true when the head is complete.
  result<bool> take(char c, url_buffer& location) {
    // An honest head is a few KB; a never-ending one must end with an error.
    if (++size_ > 65536) return endless_head;
    if (c == '\0') return not_http;
    if (header_ == header::name) {
      if (c != ':') return take_name(c);
      header_ = static_cast<header>(find_word(text_, header_names));
      if (header_ == header::location) location.begin_location();
    } else {
      if (c != '\n') {
        take_value(c, location);
        return false;
      }
      if (!end_value()) return not_http;
      header_ = header::name;
    }
    text_.clear();
    return false;
  }

  /// Begins the body of a final answer to a request for the bytes from `range_from` on. `size` is
  /// its length, where it is told.
  result<body> begin_body(std::size_t range_from, std::size_t& size) {
    if (bad_length_) return bad_length;
    if (response.status == 206 && (!response.has_range || response.range_start != range_from))
      return wrong_range;
    const bool has_length = response.has_length;
    size = 0;
    response.has_length = false;
    if (response.status == 204 || response.status == 304) return body::none;
    // With neither, the connection ends the body. Both at once is how answers are smuggled: believe
    // the chunks, and never reuse.
    if (chunked_ == has_length) keep_alive = false;
    if (chunked_) return body::chunked;
    size = SIZE_MAX;
    if (!has_length) return body::until_close;
    size = response.content_length;
    response.has_length = true;
    return body::length;
  }

 private:
  static constexpr error endless_head{errc::too_long, "http",
                                      "the head of the answer does not end"};
  static constexpr error bad_length{errc::malformed, "http",
                                    "the length of the answer is not one number"};
  static constexpr error wrong_range{errc::mismatch, "http",
                                     "the server sent another range than was asked for"};
  static constexpr error not_http{errc::malformed, "http", "the server does not speak HTTP/1.1"};

  static constexpr const char* header_names =
      "content-length transfer-encoding connection location etag content-range retry-after date "
      "x-ratelimit-remaining x-ratelimit-reset ";

  result<bool> take_name(char c) {
    const bool at_begin = text_.empty();
    if (c == '\n') return at_begin ? finish() : not_http;
    // A folded line: obsolete, and a way to smuggle.
    if (at_begin && (c == ' ' || c == '\t')) return not_http;
    if (at_begin && c == '\r') return false;
    text_.append(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
    return false;
  }

  void take_value(char c, url_buffer& location) {
    if (c == '\r') return;
    if (text_.empty() && header_ != header::status && (c == ' ' || c == '\t')) return;
    if (header_ == header::location) location.add_location(c);
    text_.append(c);
  }

  // False when it is the status line of something else.
  bool end_value() {
    while (!text_.empty() && text_[text_.size() - 1u] == ' ') text_.resize(text_.size() - 1u);
    std::size_t number = 0;
    const bool is_number = is("#", &number);
    const std::uint32_t date = parse_http_date(text_);
    switch (header_) {
      case header::content_length:
        if (!is_number || (response.has_length && response.content_length != number))
          bad_length_ = true;
        response.has_length = true;
        response.content_length = number;
        break;
      case header::transfer_encoding:
        chunked_ = holds("chunked");  // as the last of its words
        if (!chunked_) bad_length_ = true;
        break;
      case header::connection:
        if (holds("close*"))
          keep_alive = false;
        else if (holds("keep-alive*"))
          keep_alive = true;
        break;
      case header::etag:
        if (!text_.overflowed()) etag = text_;
        break;
      case header::content_range:
        read_range();
        break;
      case header::retry_after:
        response.has_retry_after = is_number;
        response.retry_after = to_u32(number);
        retry_date_ = date;
        break;
      case header::date:
        response.date = date;
        break;
      case header::rate_remaining:
        response.has_rate_remaining = is_number;
        response.rate_remaining = to_u32(number);
        break;
      case header::rate_reset:
        response.rate_reset = is_number ? to_u32(number) : 0;
        break;
      case header::status:
        return read_status();
      default:
        break;
    }
    return true;
  }

  static std::uint32_t to_u32(std::size_t number) {
    return number < UINT32_MAX ? static_cast<std::uint32_t>(number) : UINT32_MAX;
  }

  bool is(const char* form, std::size_t* numbers) const { return has_form(text_, form, numbers); }

  // Whether the value, or what is left of it from some place on, has a form.
  bool holds(const char* form) const {
    for (std::size_t at = 0; at < text_.size(); ++at)
      if (has_form({text_.c_str() + at, text_.size() - at}, form)) return true;
    return false;
  }

  // "HTTP/1.1 200 OK"
  bool read_status() {
    std::size_t status = 0;
    if (!is("HTTP/1.? #*", &status) || status < 100) return false;
    response.status = static_cast<std::uint16_t>(status);
    if (text_[7] == '0') keep_alive = false;
    const char next = text_.c_str()[12];  // after three digits
    return next == ' ' || next == '\0';
  }

  // "bytes 100-199/200", the total also "*"
  void read_range() {
    std::size_t numbers[3];
    numbers[2] = 0;
    if (!is("bytes #-#/*", numbers)) return;
    is("bytes #-#/#", numbers);
    response.range_start = numbers[0];
    response.range_total = numbers[2];
    response.has_range = numbers[1] >= numbers[0];
  }

  result<bool> finish() {
    const std::uint32_t date = response.date;
    if (retry_date_ != 0 && date != 0) {
      response.has_retry_after = true;
      response.retry_after = retry_date_ > date ? retry_date_ - date : 0;
    }
    return true;
  }

  std::uint32_t retry_date_ = 0;
  std::uint32_t size_ = 0;
  fixed_string<128> text_;  // of the status line, a name or a value

 public:
  fixed_string<128> etag;
};

}  // namespace ota::detail

// ota/http/client.hpp

namespace ota {

/// An HTTP/1.1 client (RFC 9110, RFC 9112) over any byte stream: GET, one request at a time, one
/// connection at a time, kept alive from one request to the next.
///
/// `Buffer` bytes hold what has arrived and was not read yet; `MaxUrl` is the longest address,
/// also of a redirect. Header lines may be of any length.
template <class Stream, std::size_t Buffer = 512, std::size_t MaxUrl = 1536>
class http_client : private check_byte_stream<Stream> {
 public:
  http_client() = default;
  explicit http_client(Stream stream) : stream_(static_cast<Stream&&>(stream)) {}
  /// For a client that has sent nothing yet: an answer, and a connection, stay behind.
  http_client(http_client&& other) noexcept
      : timeouts_(other.timeouts_), stream_(static_cast<Stream&&>(other.stream_)) {}

  Stream& stream() { return stream_; }
  void set_timeouts(const http_timeouts& limits) { timeouts_ = limits; }

  /// Sends a request and reads the head of its answer, following at most five redirects, but none
  /// from https to http. A status of 400 and more is an answer, not an error.
  result<void> open(const http_request& request) {
    for (const header& one : headers)
      if (!detail::is_printable(request.*one.value, ' ')) return bad_header_value;
    const auto answer = follow(request);
    if (!answer) close();
    return answer;
  }

  /// Reads the next bytes of the body; 0 at its end. A body shorter than promised is an error.
  result<std::size_t> read(const mutable_bytes& out) {
    std::size_t size = 0;
    if (out.empty()) return size;
    if (auto done = read_body(out, size); !done) {
      close();
      return done.error();
    }
    return size;
  }

  /// The head of the last answer.
  const http_response& response() const { return head_.response; }

  /// The answer's ETag; empty when there is none, or it is longer than 128 bytes.
  std::string_view etag() const { return head_.etag; }

  /// Where a redirect that was not followed leads.
  std::string_view location() const { return location_; }

  void close() {
    if (connected_) stream_.close();
    connected_ = false;
    begin_ = end_ = 0;
    left_ = 0;
    body_ = detail::body::none;
  }

 private:
  static constexpr error ended_early{errc::connection, "http",
                                     "the answer ended before its promised length"};
  static constexpr error bad_header_value{errc::invalid_argument, "http",
                                          "a header value holds a control character"};
  static constexpr error no_tls{errc::unsupported, "http",
                                "https needs TLS, which this program is built without: build it "
                                "with mbedtls, see docs/tls.md"};
  static constexpr error downgraded{errc::untrusted, "http",
                                    "a redirect leads from https to plain http"};
  static constexpr error host_too_long{errc::too_long, "http", "the host name is too long"};
  static constexpr error endless_interim{errc::malformed, "http",
                                         "the server sends interim answers without end"};
  static constexpr error tiny_pieces{
      errc::too_slow, "http",
      "the server sends the head of its answer, or of a chunk, in tiny pieces"};
  static constexpr error no_answer{errc::connection, "http",
                                   "the server closed the connection without an answer"};
  static constexpr error endless_trailer{errc::too_long, "http",
                                         "the trailer of the answer does not end"};
  static constexpr error bad_chunks{errc::malformed, "http",
                                    "the chunks of the answer are damaged"};
  static constexpr error address_too_long{errc::too_long, "http", "the address is too long"};
  static constexpr error endless_redirects{errc::http_status, "http",
                                           "the server redirects without end"};
  static constexpr error redirect_too_long{errc::too_long, "http",
                                           "the address of a redirect is too long"};
  static constexpr error redirect_nowhere{errc::malformed, "http", "a redirect without an address"};

  // What of a request is sent as it stands. Nothing in it may break out of its line.
  struct header {
    const char* name;
    std::string_view http_request::*value;
  };
  static constexpr header headers[] = {{"\r\nUser-Agent: ", &http_request::user_agent},
                                       {"\r\nAccept: ", &http_request::accept},
                                       {"\r\nAuthorization: token ", &http_request::token},
                                       {"\r\nIf-None-Match: ", &http_request::if_none_match},
                                       {"\r\nIf-Range: ", &http_request::if_range}};

  result<void> follow(const http_request& wanted) {
    http_request request = wanted;
    if (request.user_agent.empty()) request.user_agent = "ota-updater"sv;
    if (request.range_from == 0) request.if_range = {};
    detail::url_buffer url(url_, MaxUrl);
    if (!url.assign(request.url)) return address_too_long;
    for (int redirects = 0;; ++redirects) {
      url_view target;
      if (auto done = detail::split_url(url.url(), target); !done) return done;
      if (redirects != 0) {
        if (secure_ && !target.secure) return downgraded;
        if (!is_same_host(target)) request.token = {};
      }
      const auto answer = exchange(request, target, url);
      location_ = url.location();
      const std::uint16_t status = head_.response.status;
      const bool redirected =
          status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
      if (!answer || !redirected || !request.follow_redirects) return answer;
      if (redirects == 5) return endless_redirects;
      if (location_.empty()) return redirect_nowhere;
      close();
      if (url.overflowed() || !url.follow(target)) return redirect_too_long;
    }
  }

  bool is_same_host(const url_view& url) const {
    return url.secure == secure_ && url.port == port_ && url.host == host_.view();
  }

  // One request and the head of its answer.
  result<void> exchange(const http_request& request, const url_view& target,
                        detail::url_buffer& url) {
    if (target.secure && !Stream::can_secure) return no_tls;
    finish_last_body();
    for (;;) {
      const bool is_new = !connected_ || !is_same_host(target);
      if (is_new)
        if (auto done = connect(target); !done) return done;
      heard_ = is_new;
      const auto answer = send_and_read(request, target, url);
      // A server may have closed an idle connection in the meantime: that is no failure.
      if (answer || heard_ || answer.error().code == errc::timeout) return answer;
      close();
    }
  }

  result<void> connect(const url_view& target) {
    close();
    if (!host_.assign(target.host)) return host_too_long;
    port_ = target.port;
    secure_ = target.secure;
    auto done = stream_.connect(host_, port_, secure_, timeouts_.connect_ms);
    connected_ = done.has_value();
    return done;
  }

  // What is left of the last body would be taken for the next answer. A short rest is cheaper to
  // read than a new connection.
  void finish_last_body() {
    std::uint8_t rest[64];
    for (int pieces = 0; body_ != detail::body::none; ++pieces) {
      if (pieces == 16 || body_ == detail::body::until_close) return close();
      (void)read(rest);  // closes where it fails
    }
  }

  result<void> send_and_read(const http_request& request, const url_view& target,
                             detail::url_buffer& url) {
    if (auto done = send(request, target); !done) return done;
    for (int interim = 0; interim < 8; ++interim) {
      if (auto done = read_head(url); !done) return done;
      if (head_.response.status >= 200) return begin_body(request.range_from);
      if (head_.response.status == 101) break;
    }
    return endless_interim;
  }

  result<void> send(const http_request& request, const url_view& target) {
    begin_ = end_ = 0;
    written_ = {};
    put("GET ", target.target);
    put(" HTTP/1.1\r\nHost: ", target.authority);
    if (request.range_from != 0) {
      fixed_string<21> from;
      put("\r\nRange: bytes=", from.append_number(request.range_from).append('-'));
    }
    for (const header& one : headers) {
      const std::string_view& value = request.*one.value;
      if (!value.empty()) put(one.name, value);
    }
    put("\r\n\r\n", {});
    flush();
    return written_;
  }

  void put(const char* name, const std::string_view& value) {
    const char* end = name;
    while (*end != '\0') ++end;
    put(detail::text_between(name, end));
    put(value);
  }

  // The receive buffer is empty while a request is sent, and gathers it.
  void put(const std::string_view& text) {
    for (char c : text) {
      if (end_ == Buffer) flush();
      buffer_[end_++] = static_cast<std::uint8_t>(c);
    }
  }

  void flush() {
    if (written_) written_ = stream_.write({buffer_, end_}, timeouts_.read_ms);
    end_ = 0;
  }

  result<void> read_head(detail::url_buffer& url) {
    ::new (&head_) detail::head_parser;
    url.begin_location();
    pieces_ = 0;
    for (;;) {
      const auto c = get(no_answer);
      if (!c) return c.error();
      heard_ = true;
      const auto complete = head_.take(static_cast<char>(*c), url);
      if (!complete) return complete.error();
      if (*complete) return {};
    }
  }

  result<void> begin_body(std::size_t range_from) {
    const auto kind = head_.begin_body(range_from, left_);
    if (!kind) return kind.error();
    body_ = *kind;
    digits_ = 0;
    return {};
  }

  result<void> read_body(mutable_bytes out, std::size_t& size) {
    pieces_ = 0;
    if (body_ == detail::body::chunked && left_ == 0)
      if (auto done = begin_chunk(); !done) return done;
    if (left_ == 0) return end_body();
    const std::size_t room = out.size() < left_ ? out.size() : left_;
    // Buffered bytes first; else straight from the stream.
    if (begin_ == end_ && room >= Buffer) {
      const auto direct = stream_.read({out.data(), room}, timeouts_.read_ms);
      if (!direct) return direct.error();
      size = *direct;
    } else {
      if (auto done = fill(); !done) return done;
      size = end_ - begin_;
      if (size > room) size = room;
      std::memcpy(out.data(), buffer_ + begin_, size);
      begin_ += static_cast<std::uint32_t>(size);
    }
    if (body_ != detail::body::until_close) {
      left_ -= size;
      return size != 0 ? result<void>() : ended_early;
    }
    return size != 0 ? result<void>() : end_body();
  }

  result<void> end_body() {
    body_ = detail::body::none;
    if (!head_.keep_alive) close();
    return {};
  }

  // Sees to it that the buffer holds something, unless the other side has closed.
  result<void> fill() {
    if (begin_ != end_) return {};
    const auto size = stream_.read({buffer_, Buffer}, timeouts_.read_ms);
    if (!size) return size.error();
    begin_ = 0;
    end_ = static_cast<std::uint32_t>(*size);
    return {};
  }

  // The next byte, or `at_end`. Each piece may take as long as the time limit, and there are
  // thousands of bytes in a head, in what stands around a chunk, and in a trailer.
  result<std::byte> get(const error& at_end) {
    if (begin_ == end_ && ++pieces_ > 256) return tiny_pieces;
    if (auto done = fill(); !done) return done.error();
    if (begin_ == end_) return at_end;
    return std::byte{buffer_[begin_++]};
  }

  // Reads "\r\n" behind the last chunk, the size line, and behind the last one the trailer.
  result<void> begin_chunk() {
    if (digits_ != 0)
      if (auto line = read_line(2); !line) return line;
    if (auto line = read_line(4096); !line) return line;
    if (digits_ == 0 || digits_ >= 2 * sizeof left_) return bad_chunks;
    if (left_ != 0) return {};
    for (int lines = 0; lines < 64; ++lines) {
      if (auto line = read_line(8192); !line) return line;
      if (line_size_ == 0) {
        body_ = detail::body::none;
        return {};
      }
    }
    return endless_trailer;
  }

  // Reads a line of at most `limit` bytes, and the hexadecimal number that it may begin with.
  result<void> read_line(std::uint32_t limit) {
    line_size_ = digits_ = 0;
    left_ = 0;
    for (std::uint32_t at = 0; at <= limit; ++at) {
      const auto next = get(ended_early);
      if (!next) return next.error();
      const char c = static_cast<char>(*next);
      if (c == '\n') return {};
      if (c == '\r') continue;
      const int digit = hex_digit(c);
      if (digit >= 0 && digits_ == line_size_) {
        left_ = left_ << 4 | static_cast<unsigned>(digit);
        ++digits_;
      }
      ++line_size_;
    }
    return bad_chunks;
  }

  // The small ones first: a Cortex-M0+ reaches bytes that are near the beginning with less code.
  bool connected_ = false;
  bool secure_ = false;
  bool heard_ = false;  // the connection is new, or has answered
  detail::body body_ = detail::body::none;
  std::uint16_t port_ = 0;
  std::uint16_t line_size_ = 0;
  std::uint16_t digits_ = 0;  // of the last chunk's size; 0: the first chunk is to come
  std::uint16_t pieces_ = 0;  // in which the head at hand, or what stands around a chunk, came
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  std::size_t left_ = 0;
  result<void> written_;
  http_timeouts timeouts_;
  std::string_view location_;
  detail::head_parser head_;
  Stream stream_;
  fixed_string<255> host_;
  std::uint8_t buffer_[Buffer];
  char url_[MaxUrl];
};

}  // namespace ota

// ota/ota.hpp

#if defined(__unix__) || defined(__APPLE__)

// ota/flash/file_flash.hpp

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// ota/storage/posix_error.hpp

#include <errno.h>

// ota/storage/posix_error.hpp

namespace ota::detail {

/// The error for what `errno` says; `otherwise` where that needs no words of its own.
inline const error& posix_error(const error& otherwise) {
  static constexpr error no_such_file{errc::not_found, "storage", "no such file"};
  static constexpr error full{errc::no_space, "storage", "the storage is full"};
  static constexpr error not_empty{errc::not_empty, "storage",
                                   "the directory still holds something"};
  static constexpr error directory{errc::exists, "storage", "a directory is in the way"};
  static constexpr error link{errc::invalid_path, "storage",
                              "a symbolic link is in the way; it is not followed"};
  static constexpr error no_permission{errc::storage, "storage",
                                       "no permission: check who owns the device's root"};
  static constexpr error read_only{errc::storage, "storage",
                                   "the file system is mounted read-only"};
  static constexpr error damaged{errc::storage, "storage",
                                 "the disk reports an input/output error; see the system's log"};
  static constexpr error no_descriptors{errc::storage, "storage",
                                        "too many open files: raise the limit (ulimit -n)"};
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
      return no_such_file;
    case ENOSPC:
    case EFBIG:
    case EDQUOT:
      return full;
    case ENOTEMPTY:
    case EEXIST:
      return not_empty;
    case EISDIR:
      return directory;
    case ELOOP:
      return link;
    case EACCES:
    case EPERM:
      return no_permission;
    case EROFS:
      return read_only;
    case EIO:
      return damaged;
    case EMFILE:
    case ENFILE:
      return no_descriptors;
    default:
      return otherwise;
  }
}

}  // namespace ota::detail

// ota/flash/file_flash.hpp

namespace ota {

/// A flash in a file of a POSIX system: for tools, simulations, and Linux devices that keep images
/// in a partition. `Chip` is whatever has the geometry: another flash policy, or a struct of one
/// line. Erases and programs as the chip does, and each is on disk when it returns.
template <class Chip>
class file_flash {
 public:
  static constexpr auto geometry = Chip::geometry;

  file_flash() = default;
  ~file_flash() { close(); }
  file_flash(file_flash&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  file_flash& operator=(file_flash&& other) noexcept {
    close();
    file_ = std::exchange(other.file_, -1);
    return *this;
  }

  /// Opens the file, or makes one that is erased. It must be as large as the flash.
  result<void> open(const char* path) {
    close();
    file_ = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) return detail::posix_error(no_open);
    const off_t size = ::lseek(file_, 0, SEEK_END);
    if (size == static_cast<off_t>(geometry.size())) return {};
    if (size != 0) return wrong_size;
    return fill(0, geometry.size());
  }

  result<void> read(std::uint32_t address, mutable_bytes out) {
    while (!out.empty()) {
      const ssize_t got = ::pread(file_, out.data(), out.size(), static_cast<off_t>(address));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return detail::posix_error(no_read);
      out = out.drop(static_cast<std::size_t>(got));
      address += static_cast<std::uint32_t>(got);
    }
    return {};
  }

  result<void> program(std::uint32_t address, bytes data) {
    std::uint8_t piece[piece_size];
    while (!data.empty()) {
      const mutable_bytes cells = mutable_bytes(piece).first(data.size());
      if (auto done = read(address, cells); !done) return done;
      // A cell that has left its erased value stays so.
      for (std::size_t i = 0; i < cells.size(); ++i)
        cells[i] = geometry.erased == 0 ? cells[i] | data[i] : cells[i] & data[i];
      if (auto done = write(address, cells); !done) return done;
      data = data.drop(cells.size());
      address += static_cast<std::uint32_t>(cells.size());
    }
    return sync();
  }

  result<void> erase(std::uint32_t address) { return fill(address, geometry.sector_size(address)); }

 private:
  static_assert(geometry.erased == 0xff || geometry.erased == 0,
                "erased cells are all ones or zeros");

  static constexpr std::size_t piece_size = 512;

  static constexpr error no_open{errc::storage, "flash", "cannot open the flash's file"};
  static constexpr error wrong_size{errc::invalid_argument, "flash",
                                    "the file is not as large as the flash"};
  static constexpr error no_read{errc::storage, "flash", "cannot read the flash's file"};
  static constexpr error no_write{errc::storage, "flash", "cannot write the flash's file"};
  static constexpr error no_sync{errc::storage, "flash", "cannot sync the flash's file"};

  result<void> write(std::uint32_t address, bytes data) {
    while (!data.empty()) {
      const ssize_t put = ::pwrite(file_, data.data(), data.size(), static_cast<off_t>(address));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return detail::posix_error(no_write);
      data = data.drop(static_cast<std::size_t>(put));
      address += static_cast<std::uint32_t>(put);
    }
    return {};
  }

  result<void> fill(std::uint32_t address, std::uint32_t size) {
    std::uint8_t piece[piece_size];
    for (std::uint8_t& cell : piece) cell = geometry.erased;
    while (size != 0) {
      const bytes cells = bytes(piece).first(size);
      if (auto done = write(address, cells); !done) return done;
      address += static_cast<std::uint32_t>(cells.size());
      size -= static_cast<std::uint32_t>(cells.size());
    }
    return sync();
  }

  result<void> sync() {
    if (::fdatasync(file_) != 0) return detail::posix_error(no_sync);
    return {};
  }

  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }

  int file_ = -1;
};

}  // namespace ota

// ota/http/posix_socket.hpp

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

// ota/http/posix_socket.hpp

namespace ota {

/// A TCP connection of a POSIX system, IPv4 or IPv6, whichever of the host's addresses answers.
class posix_socket {
 public:
  static constexpr bool can_secure = false;

  posix_socket() = default;
  ~posix_socket() { close(); }
  posix_socket(posix_socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  posix_socket& operator=(posix_socket&& other) noexcept {
    close();
    fd_ = other.fd_;
    other.fd_ = -1;
    return *this;
  }

  result<void> connect(std::string_view host, std::uint16_t port, bool, std::uint32_t timeout_ms) {
    close();
    const fixed_string<255> name(host);
    // A numeric address needs no look-up, and so no memory from the heap.
    sockaddr_in four{};
    sockaddr_in6 six{};
    four.sin_family = AF_INET;
    six.sin6_family = AF_INET6;
    four.sin_port = six.sin6_port = htons(port);
    if (::inet_pton(AF_INET, name.c_str(), &four.sin_addr) == 1)
      try_address(reinterpret_cast<const sockaddr*>(&four), sizeof four, timeout_ms);
    else if (::inet_pton(AF_INET6, name.c_str(), &six.sin6_addr) == 1)
      try_address(reinterpret_cast<const sockaddr*>(&six), sizeof six, timeout_ms);
    else
      look_up(name, port, timeout_ms);
    if (fd_ < 0) return *failure_;
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {};
  }

  result<std::size_t> read(mutable_bytes out, std::uint32_t timeout_ms) {
    for (;;) {
      const ssize_t size = ::recv(fd_, out.data(), out.size(), 0);
      if (size >= 0) return static_cast<std::size_t>(size);
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return broken;
      acknowledge();
      if (auto ready = wait(POLLIN, timeout_ms); !ready) return ready.error();
    }
  }

  result<void> write(bytes data, std::uint32_t timeout_ms) {
    while (!data.empty()) {
      const ssize_t size = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (size >= 0) {
        data = data.drop(static_cast<std::size_t>(size));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return broken;
      if (auto ready = wait(POLLOUT, timeout_ms); !ready) return ready;
    }
    return {};
  }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  static constexpr error silent{errc::timeout, "socket", "the other side was silent for too long"};
  static constexpr error no_answer{errc::timeout, "socket", "the host does not answer"};

  static constexpr error broken{errc::connection, "socket", "the connection broke"};
  static constexpr error unknown_host{errc::connection, "socket",
                                      "the host name is not known; check it and the network"};
  static constexpr error no_socket{errc::connection, "socket",
                                   "the system gives no socket: too many open files?"};
  static constexpr error refused{errc::connection, "socket",
                                 "the host refuses the connection: is the server running?"};
  static constexpr error unreachable{errc::connection, "socket", "the host cannot be reached"};

  // Tries the addresses of a name until one answers.
  void look_up(const fixed_string<255>& name, std::uint16_t port, std::uint32_t timeout_ms) {
    failure_ = &unknown_host;
    fixed_string<5> service;
    service.append_number(port);
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(name.c_str(), service.c_str(), &wanted, &found) != 0) return;
    for (const addrinfo* one = found; one != nullptr && fd_ < 0; one = one->ai_next)
      try_address(one->ai_addr, one->ai_addrlen, timeout_ms);
    ::freeaddrinfo(found);
  }

  // Leaves the socket open where the address answers; else it is closed, and `failure_` says why.
  void try_address(const sockaddr* address, socklen_t size, std::uint32_t timeout_ms) {
    fd_ = ::socket(address->sa_family, SOCK_STREAM, 0);
    if (fd_ < 0) {
      failure_ = &no_socket;
      return;
    }
    ::fcntl(fd_, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
    if (::connect(fd_, address, size) == 0) return;
    int number = errno;
    if (number == EINPROGRESS) {
      if (auto ready = wait(POLLOUT, timeout_ms); !ready) {
        close();
        failure_ = &no_answer;
        return;
      }
      socklen_t length = sizeof number;
      ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &number, &length);
      if (number == 0) return;
    }
    close();
    failure_ = number == ECONNREFUSED ? &refused : &unreachable;
  }

  // A server that sends an answer's head and body apart waits for the head to be acknowledged, and
  // the system would let it wait for 40 ms, in hope of something to send along.
  void acknowledge() {
#ifdef TCP_QUICKACK
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
  }

  result<void> wait(short events, std::uint32_t timeout_ms) {
    pollfd one{fd_, events, 0};
    for (;;) {
      const int ready = ::poll(&one, 1, static_cast<int>(timeout_ms));
      if (ready > 0) return {};
      if (ready == 0) return silent;
      if (errno != EINTR) return broken;
    }
  }

  int fd_ = -1;
  const error* failure_ = nullptr;
};

}  // namespace ota

// ota/ota.hpp
#endif
#if defined(__linux__)

// ota/hardware/linux_host.hpp

#include <errno.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

// ota/hardware/linux_files.hpp

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>

// ota/hardware/linux_files.hpp

// What Linux tells in files, taken apart.

namespace ota::detail {

/// As much of a file of the kernel as fits; empty when there is none.
template <std::size_t N>
std::string_view read_text(const char* path, char (&into)[N]) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::size_t size = 0;
  for (ssize_t got; size < N && (got = ::read(file, into + size, N - size)) > 0;)
    size += static_cast<std::size_t>(got);
  ::close(file);
  return {into, size};
}

/// Takes the next field of a line, fields being divided by spaces.
inline std::string_view take_field(std::string_view& line) {
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(field.size());
  return field;
}

/// The decimal number that a text begins with, sign included; 0 when there is none.
inline int leading_number(std::string_view text) {
  const bool is_negative = !text.empty() && text.front() == '-';
  int number = 0;
  for (char c : text.substr(is_negative ? 1 : 0)) {
    if (c < '0' || c > '9' || number > 100000) break;
    number = number * 10 + (c - '0');
  }
  return is_negative ? -number : number;
}

/// The first signal level of `/proc/net/wireless` in dBm, 0 when there is none. Below two lines of
/// headings each interface has a line "wlan0: 0000   61.  -49.  -256 …": status, link quality,
/// level. A driver that does not know dBm gives a positive level, one without a link -256.
inline int wireless_dbm(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    line.remove_prefix(colon + 1);
    take_field(line);
    take_field(line);
    const int level = leading_number(take_field(line));
    if (level < 0 && level > -150) return level;
  }
  return 0;
}

/// The charge of the fullest battery below `folder` (`/sys/class/power_supply`) in percent, -1 when
/// there is none. Batteries with the scope `Device` are those of mice and the like.
inline int power_supply_charge(const char* folder) {
  DIR* const entries = ::opendir(folder);
  if (entries == nullptr) return -1;
  int fullest = -1;
  while (const dirent* entry = ::readdir(entries)) {
    fixed_string<400> path;
    const auto read = [&](const char* name, char(&into)[16]) {
      path.assign(folder);
      path.append('/').append(entry->d_name).append('/').append(name);
      return path.overflowed() ? std::string_view{} : read_text(path.c_str(), into);
    };
    char text[16];
    if (read("type", text) != "Battery\n"sv || read("scope", text) == "Device\n"sv) continue;
    const std::string_view charge = read("capacity", text);
    if (charge.empty() || charge.front() < '0' || charge.front() > '9') continue;
    const int percent = leading_number(charge);
    if (percent > fullest) fullest = percent < 100 ? percent : 100;
  }
  ::closedir(entries);
  return fullest;
}

}  // namespace ota::detail

// ota/hardware/linux_host.hpp

namespace ota {

/// A Linux computer: clocks, memory, the battery's charge and the WiFi signal as the kernel tells
/// them, and the host name as the device's id, as 0x687931/ota has it on a computer. It has no LED
/// and no watchdog, and does not reset the computer: derive from it to add those.
struct linux_host : no_hardware {
  /// 0 while the clock has not been set: boards without a battery begin in 1970.
  std::uint64_t now() {
    constexpr time_t year_2020 = 1577836800;
    timespec time{};
    if (::clock_gettime(CLOCK_REALTIME, &time) != 0 || time.tv_sec < year_2020) return 0;
    return static_cast<std::uint64_t>(time.tv_sec);
  }

  std::uint64_t ticks_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1000000;
  }

  int hour() {
    const auto time = static_cast<time_t>(now());
    tm local{};
    ::tzset();  // localtime_r need not
    return time == 0 || ::localtime_r(&time, &local) == nullptr ? -1 : local.tm_hour;
  }

  void wait(std::uint32_t milliseconds) {
    timespec left{};
    left.tv_sec = static_cast<time_t>(milliseconds / 1000);
    left.tv_nsec = static_cast<long>(milliseconds % 1000) * 1000000;
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }

  std::size_t free_memory() {
    struct ::sysinfo info {};
    if (::sysinfo(&info) != 0) return 0;
    const std::uint64_t size = std::uint64_t{info.freeram} * info.mem_unit;
    return size < SIZE_MAX ? static_cast<std::size_t>(size) : SIZE_MAX;
  }

  /// Of the first interface that has a signal.
  int signal_dbm() {
    char text[1024];
    return detail::wireless_dbm(detail::read_text("/proc/net/wireless", text));
  }

  /// Percent; of several batteries the fullest.
  int battery_charge() { return detail::power_supply_charge("/sys/class/power_supply"); }

  std::uint32_t random() {
    std::uint32_t value = 0;
    if (::getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value) return value;
    return static_cast<std::uint32_t>(ticks_ms());
  }

  std::string_view unique_id() {
    if (name_[0] == '\0' && ::gethostname(name_, sizeof name_ - 1) != 0) name_[0] = '\0';
    return name_[0] == '\0' ? std::string_view("unknown") : std::string_view(name_);
  }

 private:
  char name_[65] = {};  // Linux has host names of at most 64 bytes
};

}  // namespace ota

// ota/storage/posix_files.hpp

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

// ota/storage/posix_files.hpp

namespace ota {

/// Files below a root directory of a Linux system. Takes nothing from the heap.
///
/// No symbolic link is followed, inside the root or out of it: each directory on the way is opened
/// with O_NOFOLLOW. The last file read or written stays open until another one is used.
class posix_files {
 public:
  explicit posix_files(std::string_view root = ".") {
    const fixed_string<1023> path(root);
    root_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  ~posix_files() {
    close_file();
    close_parent();
    if (root_ >= 0) ::close(root_);
  }
  posix_files(posix_files&& other) noexcept { take(other); }
  posix_files& operator=(posix_files&&) = delete;

  result<file_info> stat(std::string_view path) {
    file_info info;
    const auto name = enter(path, false);
    if (!name) {
      if (name.error().code == errc::not_found) return info;
      return name.error();
    }
    struct ::stat found;
    if (::fstatat(parent_, name->c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return info;
      return detail::posix_error(no_stat);
    }
    info.kind = kind_of(found);
    if (info.kind != file_kind::file) return info;
    info.size = static_cast<std::size_t>(found.st_size);
    info.executable = (found.st_mode & S_IXUSR) != 0;
    return info;
  }

  result<std::size_t> read(std::string_view path, std::size_t offset, mutable_bytes out) {
    if (!is_open(path, false)) {
      const auto name = enter(path, false);
      if (!name) return name.error();
      if (auto done = open_file(path, *name, O_RDONLY); !done) return done.error();
    }
    std::size_t size = 0;
    while (size < out.size()) {
      const ssize_t got =
          ::pread(file_, out.data() + size, out.size() - size, static_cast<off_t>(offset + size));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return detail::posix_error(no_read);
      if (got == 0) break;
      size += static_cast<std::size_t>(got);
    }
    return size;
  }

  result<void> write(std::string_view path, std::size_t offset, bytes data) {
    if (offset == 0 || !is_open(path, true)) {
      const auto name = enter(path, true);
      if (!name) return name.error();
      const int flags = O_RDWR | (offset == 0 ? O_CREAT | O_TRUNC : 0);
      if (auto done = open_file(path, *name, flags); !done) return done;
    }
    std::size_t size = 0;
    while (size < data.size()) {
      const ssize_t put = ::pwrite(file_, data.data() + size, data.size() - size,
                                   static_cast<off_t>(offset + size));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return detail::posix_error(no_write);
      size += static_cast<std::size_t>(put);
    }
    return {};
  }

  result<void> rename(std::string_view from, std::string_view to) {
    close_file();
    const auto source = enter(from, false);
    if (!source) return source.error();
    const int source_parent = ::dup(parent_);
    if (source_parent < 0) return detail::posix_error(no_rename);
    const auto target = enter(to, true);
    int status = -1;
    if (target) status = ::renameat(source_parent, source->c_str(), parent_, target->c_str());
    const error& failure = target ? detail::posix_error(no_rename) : target.error();
    ::close(source_parent);
    return status == 0 ? result<void>{} : result<void>(failure);
  }

  result<void> remove(std::string_view path) {
    close_file();
    close_parent();
    const auto name = enter(path, false);
    if (!name) {
      if (name.error().code == errc::not_found) return {};
      return name.error();
    }
    if (::unlinkat(parent_, name->c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM) return detail::posix_error(no_remove);
    if (::unlinkat(parent_, name->c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return detail::posix_error(no_remove_directory);
  }

  result<void> sync() {
    if (::syncfs(root_) != 0) return detail::posix_error(no_sync);
    return {};
  }

  result<std::uint64_t> free_space() {
    struct ::statvfs info;
    if (::fstatvfs(root_, &info) != 0) return detail::posix_error(no_root);
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  }

  template <class Visit>
  result<void> list(std::string_view directory, Visit&& visit) {
    int fd = -1;
    if (directory.empty()) {
      fd = ::openat(root_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } else {
      const auto name = enter(directory, false);
      if (!name) {
        if (name.error().code == errc::not_found) return {};
        return name.error();
      }
      fd = ::openat(parent_, name->c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return detail::posix_error(no_list);
    }
    const auto done = for_each_name(fd, [fd, &visit](const char* name) {
      struct ::stat found;
      if (::fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return true;
      return static_cast<bool>(visit(std::string_view(name), kind_of(found)));
    });
    ::close(fd);
    return done;
  }

  result<void> set_executable(std::string_view path, bool executable) {
    if (!is_open(path, false)) {
      const auto name = enter(path, false);
      if (!name) return name.error();
      if (auto done = open_file(path, *name, O_RDONLY); !done) return done;
    }
    struct ::stat found;
    if (::fstat(file_, &found) != 0) return detail::posix_error(no_stat);
    const mode_t readable = (found.st_mode & 0444u) >> 2;
    const mode_t mode =
        executable ? found.st_mode | readable : found.st_mode & ~static_cast<mode_t>(0111);
    if (mode != found.st_mode && ::fchmod(file_, mode & 07777u) != 0)
      return detail::posix_error(no_mode);
    return {};
  }

 private:
  static constexpr error bad_path{errc::invalid_path, "storage",
                                  "not a relative path below the device's root"};
  static constexpr error name_too_long{errc::too_long, "storage",
                                       "a file name is longer than 255 bytes"};

  static constexpr error no_stat{errc::storage, "storage", "cannot look at a file"};
  static constexpr error no_read{errc::storage, "storage", "cannot read a file"};
  static constexpr error no_write{errc::storage, "storage", "cannot write a file"};
  static constexpr error no_rename{errc::storage, "storage", "cannot rename a file"};
  static constexpr error no_remove{errc::storage, "storage", "cannot remove a file"};
  static constexpr error no_remove_directory{errc::storage, "storage", "cannot remove a directory"};
  static constexpr error no_sync{errc::storage, "storage", "cannot sync"};
  static constexpr error no_root{errc::storage, "storage", "cannot open the root directory"};
  static constexpr error no_list{errc::storage, "storage", "cannot list a directory"};
  static constexpr error no_mode{errc::storage, "storage", "cannot change a file's mode"};
  static constexpr error no_directory{errc::exists, "storage",
                                      "a file or a link is where a directory is needed"};
  static constexpr error no_enter{errc::storage, "storage", "cannot enter a directory"};
  static constexpr error no_open{errc::storage, "storage", "cannot open a file"};

  using name_text = fixed_string<255>;

  static file_kind kind_of(const struct ::stat& found) {
    if (S_ISREG(found.st_mode)) return file_kind::file;
    return S_ISDIR(found.st_mode) ? file_kind::directory : file_kind::other;
  }

  // `readdir` would take memory from the heap; Linux gives the entries without.
  template <class Take>
  static result<void> for_each_name(int fd, Take&& take) {
    alignas(std::uint64_t) char buffer[1024];
    for (;;) {
      const long size = ::syscall(SYS_getdents64, fd, buffer, sizeof buffer);
      if (size < 0) return detail::posix_error(no_list);
      if (size == 0) return {};
      // u64 inode, u64 offset, u16 length of the record, u8 type, name
      for (long at = 0; at < size;) {
        std::uint16_t length = 0;
        std::memcpy(&length, buffer + at + 16, sizeof length);
        const char* const name = buffer + at + 19;
        at += length;
        if (std::string_view(name) == "."sv || std::string_view(name) == ".."sv) continue;
        if (!take(name)) return {};
      }
    }
  }

  // Opens the directory that `path` lies in; the result is the last part.
  result<name_text> enter(std::string_view path, bool make) {
    if (!is_valid_path(path) || path.size() > 1023) return bad_path;
    const std::string_view directory = parent_path(path);
    const std::size_t last = directory.empty() ? 0 : directory.size() + 1;
    const name_text name(slice(path, last));
    if (name.overflowed()) return name_too_long;
    if (parent_ >= 0 && !path_.overflowed() && parent_path(path_) == directory) return name;
    close_file();
    close_parent();
    int fd = ::dup(root_);
    for (std::size_t at = 0; fd >= 0 && at < directory.size();) {
      std::size_t end = directory.find('/', at);
      if (end == std::string_view::npos) end = directory.size();
      const name_text part(slice(directory, at, end - at));
      constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
      int next = ::openat(fd, part.c_str(), flags);
      if (next < 0 && errno == ENOENT && make && ::mkdirat(fd, part.c_str(), 0777) == 0)
        next = ::openat(fd, part.c_str(), flags);
      const int number = errno;
      ::close(fd);
      errno = number;
      fd = next;
      at = end + 1;
    }
    if (fd < 0 && make && errno == ENOTDIR) return no_directory;
    if (fd < 0) return detail::posix_error(no_enter);
    parent_ = fd;
    path_.assign(path);
    return name;
  }

  bool is_open(std::string_view path, bool to_write) const {
    return file_ >= 0 && path_.view() == path && (writable_ || !to_write);
  }

  result<void> open_file(std::string_view path, const name_text& name, int flags) {
    close_file();
    file_ = ::openat(parent_, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    if (file_ < 0) return detail::posix_error(no_open);
    path_.assign(path);
    writable_ = (flags & O_RDWR) != 0;
    return {};
  }

  void close_file() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }
  void close_parent() {
    if (parent_ >= 0) ::close(parent_);
    parent_ = -1;
  }

  void take(posix_files& other) {
    root_ = other.root_;
    other.root_ = -1;
    other.close_file();
    other.close_parent();
  }

  int root_ = -1;
  int parent_ = -1;
  int file_ = -1;
  bool writable_ = false;
  fixed_string<255> path_;  // `parent_` is its directory; it is `file_`, where that is open
};

}  // namespace ota

// ota/ota.hpp
#endif

// Flash by what vendors bring, where that is there.
#if __has_include(<pico/flash.h>)

// ota/flash/pico_flash.hpp

#include <hardware/flash.h>
#include <pico/flash.h>

#include <cstring>

// ota/flash/pico_flash.hpp

namespace ota {

/// The NOR flash beside an RP2040 or RP2350, by the Pico SDK (2.x; libraries `hardware_flash` and
/// `pico_flash`). Its `flash_safe_execute` turns interrupts off and has the other core, or the
/// other tasks of FreeRTOS, keep away from flash; a core that runs must have called
/// `flash_safe_execute_core_init`.
template <std::uint32_t Size = 2 * 1024 * 1024, class Bus = memory_bus>
struct pico_flash {
  static constexpr flash_geometry<1> geometry{{{Size / 4096, 4096}}, 256, 0xff, true, 100'000};

  static result<void> read(std::uint32_t address, mutable_bytes out) {
    Bus::copy(0x10000000 + address, out);
    return {};
  }

  static result<void> program(std::uint32_t address, bytes data) {
    job one;
    for (; !data.empty(); data = data.drop(sizeof one.page), address += sizeof one.page) {
      one.offset = address;
      std::memcpy(one.page, data.data(), sizeof one.page);  // it may lie in flash itself
      const auto steps = [](void* it) {
        flash_range_program(static_cast<job*>(it)->offset, static_cast<job*>(it)->page, 256);
      };
      if (auto done = run(steps, one); !done) return done;
    }
    return {};
  }

  static result<void> erase(std::uint32_t address) {
    job one;
    one.offset = address;
    return run([](void* it) { flash_range_erase(static_cast<job*>(it)->offset, 4096); }, one);
  }

 private:
  static constexpr error other_core{
      errc::storage, "flash",
      "the other core does not leave the flash: has it called flash_safe_execute_core_init?"};

  static constexpr std::uint32_t patience_ms = 1000;

  struct job {
    std::uint32_t offset;
    std::uint8_t page[256];
  };

  static result<void> run(void (*steps)(void*), job& one) {
    if (flash_safe_execute(steps, &one, patience_ms) != 0) return other_core;
    return {};
  }
};

}  // namespace ota

// ota/ota.hpp
#endif
#if __has_include(<esp_partition.h>)

// ota/flash/esp_partition.hpp

#include <esp_partition.h>

// ota/flash/esp_partition.hpp

namespace ota {

/// A partition of ESP-IDF (4.x, 5.x), such as what `esp_ota_get_next_update_partition` gives.
/// `Size` is what is used of it. With flash encryption `ProgramSize` must be 16, or 32 on ESP32.
///
/// Nothing is programmed twice: an encrypted partition does not allow it. Nor does one read as
/// erased after an erase: it will do for `esp_otadata`, but neither for a boot journal, which has
/// to know erased units, nor for staging, which leaves them as they are.
template <std::uint32_t Size, std::uint32_t ProgramSize = 4>
class esp_partition_flash {
 public:
  static constexpr flash_geometry<1> geometry{
      {{Size / 4096, 4096}}, ProgramSize, 0xff, false, 100'000};

  esp_partition_flash() = default;
  explicit esp_partition_flash(const esp_partition_t* partition) : partition_(partition) {}

  result<void> read(std::uint32_t address, mutable_bytes out) {
    if (!fits()) return no_partition;
    if (esp_partition_read(partition_, address, out.data(), out.size()) != ESP_OK) return no_read;
    return {};
  }

  result<void> program(std::uint32_t address, bytes data) {
    if (!fits()) return no_partition;
    if (esp_partition_write(partition_, address, data.data(), data.size()) != ESP_OK)
      return no_write;
    return {};
  }

  result<void> erase(std::uint32_t address) {
    if (!fits()) return no_partition;
    if (esp_partition_erase_range(partition_, address, 4096) != ESP_OK) return no_erase;
    return {};
  }

 private:
  static constexpr error no_partition{
      errc::invalid_argument, "flash",
      "no partition, or one that is too small: check the partition table"};
  static constexpr error no_read{errc::storage, "flash", "ESP-IDF cannot read the partition"};
  static constexpr error no_write{errc::storage, "flash", "ESP-IDF cannot write the partition"};
  static constexpr error no_erase{errc::storage, "flash", "ESP-IDF cannot erase the partition"};

  bool fits() const { return partition_ != nullptr && partition_->size >= geometry.size(); }

  const esp_partition_t* partition_ = nullptr;
};

}  // namespace ota

// ota/ota.hpp
#endif

// With mbedtls, which the program then links: TLS, and hashes and signatures by it.
#if defined(OTA_MBEDTLS)

// ota/hash/mbedtls.hpp

#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <mbedtls/version.h>

#include <array>
#include <cstddef>
#include <cstdint>

// ota/hash/mbedtls.hpp

namespace ota {
namespace detail {

// mbedtls 2.28 has the functions that tell of errors under names with `_ret`; 3.x has only them,
// and without it.
struct mbedtls_sha1_calls {
  using context = mbedtls_sha1_context;
  static constexpr std::size_t digest_size = 20;
  static constexpr std::size_t block_size = 64;
  static void init(context* c) { mbedtls_sha1_init(c); }
  static void free(context* c) { mbedtls_sha1_free(c); }
  static void clone(context* to, const context* from) { mbedtls_sha1_clone(to, from); }
#if MBEDTLS_VERSION_MAJOR >= 3
  static int starts(context* c) { return mbedtls_sha1_starts(c); }
  static int update(context* c, bytes data) {
    return mbedtls_sha1_update(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha1_finish(c, out); }
#else
  static int starts(context* c) { return mbedtls_sha1_starts_ret(c); }
  static int update(context* c, bytes data) {
    return mbedtls_sha1_update_ret(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha1_finish_ret(c, out); }
#endif
};

struct mbedtls_sha256_calls {
  using context = mbedtls_sha256_context;
  static constexpr std::size_t digest_size = 32;
  static constexpr std::size_t block_size = 64;
  static void init(context* c) { mbedtls_sha256_init(c); }
  static void free(context* c) { mbedtls_sha256_free(c); }
  static void clone(context* to, const context* from) { mbedtls_sha256_clone(to, from); }
#if MBEDTLS_VERSION_MAJOR >= 3
  static int starts(context* c) { return mbedtls_sha256_starts(c, 0); }
  static int update(context* c, bytes data) {
    return mbedtls_sha256_update(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha256_finish(c, out); }
#else
  static int starts(context* c) { return mbedtls_sha256_starts_ret(c, 0); }
  static int update(context* c, bytes data) {
    return mbedtls_sha256_update_ret(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha256_finish_ret(c, out); }
#endif
};

struct mbedtls_sha512_calls {
  using context = mbedtls_sha512_context;
  static constexpr std::size_t digest_size = 64;
  static constexpr std::size_t block_size = 128;
  static void init(context* c) { mbedtls_sha512_init(c); }
  static void free(context* c) { mbedtls_sha512_free(c); }
  static void clone(context* to, const context* from) { mbedtls_sha512_clone(to, from); }
#if MBEDTLS_VERSION_MAJOR >= 3
  static int starts(context* c) { return mbedtls_sha512_starts(c, 0); }
  static int update(context* c, bytes data) {
    return mbedtls_sha512_update(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha512_finish(c, out); }
#else
  static int starts(context* c) { return mbedtls_sha512_starts_ret(c, 0); }
  static int update(context* c, bytes data) {
    return mbedtls_sha512_update_ret(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha512_finish_ret(c, out); }
#endif
};

/// A hash policy over the calls of mbedtls.
template <class Calls>
class mbedtls_hash {
 public:
  static constexpr std::size_t digest_size = Calls::digest_size;
  static constexpr std::size_t block_size = Calls::block_size;
  using digest_type = std::array<std::uint8_t, digest_size>;

  mbedtls_hash() {
    Calls::init(&context_);
    note(Calls::starts(&context_));
  }
  mbedtls_hash(const mbedtls_hash& other) : failed_(other.failed_) {
    Calls::init(&context_);
    Calls::clone(&context_, &other.context_);
  }
  mbedtls_hash& operator=(const mbedtls_hash& other) {
    if (this == &other) return *this;
    Calls::free(&context_);
    Calls::init(&context_);
    Calls::clone(&context_, &other.context_);
    failed_ = other.failed_;
    return *this;
  }
  ~mbedtls_hash() { Calls::free(&context_); }

  /// Adds bytes to what is hashed.
  void update(bytes data) {
    if (!data.empty()) note(Calls::update(&context_, data));
  }

  /// The digest of all that was added; zeros when mbedtls failed, see `failed()`.
  digest_type finish() {
    digest_type digest;
    note(Calls::finish(&context_, digest.data()));
    if (failed_) digest.fill(0);
    return digest;
  }

  /// Whether mbedtls refused a call. Its own code never does; a driver of hash hardware may.
  bool failed() const { return failed_; }

 private:
  void note(int status) { failed_ = failed_ || status != 0; }

  typename Calls::context context_;
  bool failed_ = false;
};

}  // namespace detail

/// SHA-1, SHA-256 and SHA-512 by mbedtls 2.28 or 3.x, for devices whose mbedtls drives hash
/// hardware or is linked anyway. The program links mbedcrypto.
class mbedtls_sha1 : public detail::mbedtls_hash<detail::mbedtls_sha1_calls> {};
class mbedtls_sha256 : public detail::mbedtls_hash<detail::mbedtls_sha256_calls> {};
class mbedtls_sha512 : public detail::mbedtls_hash<detail::mbedtls_sha512_calls> {};

}  // namespace ota

// ota/http/mbedtls_channel.hpp

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_PSA_CRYPTO_C)
#include <psa/crypto.h>
#endif

// ota/http/mbedtls_failure.hpp

#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include <string_view>

// ota/http/mbedtls_failure.hpp

namespace ota::detail {

/// What mbedtls has failed at, as an error whose text is made for the occasion: it names the
/// certificate or the alert, and quotes mbedtls. The text stays until the next one.
class mbedtls_failure {
 public:
  using text = fixed_string<max_log_line>;

  /// The text as it begins, with what was found wrong with certificates.
  text& findings() { return text_; }

  const error& tell(int status, const mbedtls_ssl_context& ssl) {
    if (status == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) return tell_certificate(ssl);
    text_.clear();
    if (status == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) return tell_alert(ssl);
    if (status == too_old)
      text_.append("the server chose a version of TLS that is too old");
    else if (status == MBEDTLS_ERR_SSL_CONN_EOF)
      text_.append("the server closed the connection during the TLS handshake");
    else if (status == MBEDTLS_ERR_SSL_INVALID_RECORD)
      text_.append("the server does not speak TLS on this port, or what it sent was damaged");
    else
      text_.append("TLS failed");
#ifdef MBEDTLS_ERROR_C
    char words[100] = "";
    mbedtls_strerror(status, words, sizeof words);
    quote(words);
#endif
    return make(status == too_old ? errc::unsupported : errc::connection);
  }

 private:
  // For programs that keep no texts.
  static constexpr error bad_certificate{errc::untrusted, "tls",
                                         "the server's certificate is not acceptable"};
  static constexpr error no_agreement{
      errc::unsupported, "tls", "the server and this device do not agree on how to speak TLS"};
  static constexpr error tls_failed{errc::connection, "tls",
                                    "TLS failed: see docs/tls.md for what may be wrong"};

#if MBEDTLS_VERSION_MAJOR >= 3
  static constexpr int too_old = MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION;
#else
  static constexpr int too_old = MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION;
#endif

  const error& make(errc code) {
    if constexpr (!error::has_text)
      return code == errc::untrusted     ? bad_certificate
             : code == errc::unsupported ? no_agreement
                                         : tls_failed;
    failure_ = {code, "tls", text_.c_str()};
    return failure_;
  }

  const error& tell_certificate(const mbedtls_ssl_context& ssl) {
    if (text_.empty()) text_.append("the server's certificate is not acceptable");
#ifndef MBEDTLS_X509_REMOVE_INFO
    char words[200] = "";
    mbedtls_x509_crt_verify_info(words, sizeof words, "", mbedtls_ssl_get_verify_result(&ssl));
    quote(words);
#else
    (void)ssl;
#endif
    return make(errc::untrusted);
  }

  // A level and a description (RFC 8446, 6).
  const error& tell_alert(const mbedtls_ssl_context& ssl) {
#ifdef MBEDTLS_PRIVATE
    const unsigned char alert = ssl.MBEDTLS_PRIVATE(in_msg)[1];
#else
    const unsigned char alert = ssl.in_msg[1];
#endif
    text_.append("the server ended TLS with alert ").append_number(std::uint32_t{alert});
    text_.append(name_of(alert));
    return make(errc::unsupported);
  }

  // The alerts that a client meets, and what they mean here.
  static const char* name_of(unsigned char alert) {
    switch (alert) {
      case MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE:
        return ", handshake_failure: nothing that both sides can use, or a client certificate is "
               "asked for";
      case MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION:
        return ", protocol_version: it speaks no version of TLS that this program does";
      case MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR:
        return ", internal_error";
      case MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME:
        return ", unrecognized_name: it does not serve this host name";
      default:
        return "";
    }
  }

  // mbedtls's own words: of certificates a line for each thing that is wrong.
  void quote(const char* words) {
    text_.append(" (mbedtls: ");
    for (; *words != '\0'; ++words)
      if (*words != '\n')
        text_.append(*words);
      else if (words[1] != '\0')
        text_.append("; ");
    text_.append(')');
  }

  text text_;
  error failure_;
};

}  // namespace ota::detail

// ota/http/mbedtls_trust.hpp

#include <mbedtls/base64.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>

#include <cstdint>
#include <string_view>

// ota/http/tls_settings.hpp

#include <string_view>

// ota/http/tls_settings.hpp

namespace ota {

/// Whom a TLS connection trusts. A plain struct of views: what they show lives with whoever fills
/// it, as long as the connection.
struct tls_settings {
  /// A file of certificate authorities in PEM; empty: the system's own, where it has them.
  std::string_view ca_file;
  /// Certificate authorities in memory, instead of a file: one PEM text with its terminating zero,
  /// or certificates in DER, one behind the other.
  bytes ca;
  /// Public keys of which the proved chain, from the server's certificate to its authority, must
  /// hold one: `sha256/` and the base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4).
  /// Empty: any key.
  list_view<std::string_view> pins;
};

namespace detail {

/// The base64 of a pin; empty where the text is no pin. curl writes a second `/`, which may also be
/// the first character of the base64: the length tells.
constexpr std::string_view pin_digest(std::string_view pin) {
  if (!starts_with(pin, "sha256/"sv)) return {};
  const std::string_view digest = slice(pin, pin.size() == 52 && pin[7] == '/' ? 8 : 7);
  if (digest.size() != 44 || digest[43] != '=') return {};
  for (char c : slice(digest, 0, 43))
    if (!is_alphanumeric(c) && c != '+' && c != '/') return {};
  return digest;
}

}  // namespace detail

/// Whether a text has the form of a pin: `sha256/` and 44 characters of base64.
constexpr bool is_tls_pin(std::string_view pin) { return !detail::pin_digest(pin).empty(); }

}  // namespace ota

// ota/http/mbedtls_trust.hpp

namespace ota::detail {

/// Judges a server's certificates: mbedtls proves the chain, the pins are added, and what is wrong
/// is put in words.
class mbedtls_trust {
 public:
  using text = fixed_string<max_log_line>;

  explicit mbedtls_trust(const tls_settings& settings) : settings_(settings) {
    mbedtls_x509_crt_init(&authorities_);
  }
  ~mbedtls_trust() { mbedtls_x509_crt_free(&authorities_); }
  mbedtls_trust(const mbedtls_trust&) = delete;
  mbedtls_trust& operator=(const mbedtls_trust&) = delete;

  const tls_settings& settings() const { return settings_; }
  mbedtls_x509_crt* authorities() { return &authorities_; }

  /// Reads the authorities, once.
  result<void> load() {
    for (std::string_view pin : settings_.pins)
      if (!is_tls_pin(pin)) return bad_pin;
    if (authorities_.raw.p != nullptr) return {};
    if (!settings_.ca.empty())
      read(settings_.ca);
    else if (!settings_.ca_file.empty())
      read_file(settings_.ca_file);
    else
      for (std::string_view file : system_files) read_file(file);
    if (authorities_.raw.p != nullptr) return {};
    if (!settings_.ca.empty()) return bad_ca;
    return settings_.ca_file.empty() ? no_ca : bad_ca_file;
  }

  /// What is found wrong from now on is told to `out`.
  void begin(std::string_view host, text& out) {
    host_ = host;
    out_ = &out;
    pinned_ = settings_.pins.empty();
  }

  /// For `mbedtls_ssl_conf_verify`: called for each certificate of the chain, the server's own last
  /// and at depth 0.
  static int judge(void* self, mbedtls_x509_crt* one, int depth, std::uint32_t* flags) {
    static_cast<mbedtls_trust*>(self)->judge(*one, depth == 0, *flags);
    return 0;
  }

 private:
  static constexpr error bad_pin{errc::invalid_argument, "tls",
                                 "a pin must be sha256/ and 44 characters of base64"};
  static constexpr error bad_ca{errc::invalid_argument, "tls",
                                "the certificate authorities given are neither PEM nor DER"};
  static constexpr error bad_ca_file{errc::invalid_argument, "tls",
                                     "the CA file cannot be read or holds no certificate in PEM"};
  static constexpr error no_ca{errc::invalid_argument, "tls",
                               "this system has no certificate authorities: install "
                               "ca-certificates, or name a CA file"};

  // Debian, Alpine, Arch; Fedora; openSUSE; BSD, macOS.
  static constexpr const char* system_files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                                 "/etc/pki/tls/certs/ca-bundle.crt",
                                                 "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

  void read(bytes ca) {
    bytes rest = ca;
    while (mbedtls_x509_crt_parse_der_nocopy(&authorities_, rest.data(), rest.size()) == 0) {
      const mbedtls_x509_crt* last = &authorities_;
      while (last->next != nullptr) last = last->next;
      rest = rest.drop(last->raw.len);
    }
    if (authorities_.raw.p == nullptr)
      (void)mbedtls_x509_crt_parse(&authorities_, ca.data(), ca.size());
  }

  // In a bundle, mbedtls passes over what it does not understand.
  void read_file(std::string_view path) {
#ifdef MBEDTLS_FS_IO
    if (authorities_.raw.p != nullptr) return;
    (void)mbedtls_x509_crt_parse_file(&authorities_, fixed_string<255>(path).c_str());
#else
    (void)path;
#endif
  }

  void judge(const mbedtls_x509_crt& one, bool is_server, std::uint32_t& flags) {
    fixed_string<44> key;
    if (!pinned_) pinned_ = is_pinned(one, key);
    if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
      append_date(begin_clause(one, is_server).append(" expired on "), one.valid_to);
    if (flags & MBEDTLS_X509_BADCERT_FUTURE)
      append_date(begin_clause(one, is_server).append(" is not valid before "), one.valid_from)
          .append(": is this device's clock right?");
    if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
      append_names(begin_clause(one, is_server).append(" is for "), one);
      out_->append(", not for ").append(host_);
    }
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) describe_issuer(one, is_server);
    if (is_server && !pinned_) {
      flags |= MBEDTLS_X509_BADCERT_OTHER;
      begin_clause(one, true).append(" has another key than the pins: sha256/").append(key);
    }
  }

  void describe_issuer(const mbedtls_x509_crt& one, bool is_server) {
    const bool signs_itself =
        equal({one.issuer_raw.p, one.issuer_raw.len}, {one.subject_raw.p, one.subject_raw.len});
    string_buffer& out = begin_clause(one, is_server);
    if (signs_itself)
      out.append(" is self-signed and not among the trusted ones");
    else
      append_name(out.append(" is issued by "), one.issuer).append(", which is not trusted");
  }

  string_buffer& begin_clause(const mbedtls_x509_crt& one, bool is_server) {
    if (!out_->empty()) out_->append("; ");
    out_->append("the certificate");
    return is_server ? *out_ : append_name(out_->append(" of "), one.subject);
  }

  bool is_pinned(const mbedtls_x509_crt& one, fixed_string<44>& key) const {
    mbedtls_sha256 hash;
    hash.update({one.pk_raw.p, one.pk_raw.len});
    const auto digest = hash.finish();
    unsigned char base64[45];
    std::size_t size = 0;
    if (hash.failed() ||
        mbedtls_base64_encode(base64, sizeof base64, &size, digest.data(), digest.size()) != 0)
      return false;
    key.assign(as_text({base64, size}));
    for (std::string_view pin : settings_.pins)
      if (pin_digest(pin) == key.view()) return true;
    return false;
  }

  // A name that others have chosen, as far as a line can bear it.
  static string_buffer& append_printable(string_buffer& out, const mbedtls_asn1_buf& name) {
    for (char c : as_text(bytes(name.p, name.len).first(40)))
      out.append(c >= ' ' && c < 0x7f ? c : '?');
    return out;
  }

  static string_buffer& append_name(string_buffer& out, const mbedtls_x509_name& whose) {
    for (const mbedtls_x509_name* at = &whose; at != nullptr; at = at->next)
      if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &at->oid) == 0) return append_printable(out, at->val);
    return out.append("an authority without a name");
  }

  // The DNS names of a certificate; the name of its subject where it has none.
  static void append_names(string_buffer& out, const mbedtls_x509_crt& one) {
    constexpr int dns_name = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2;  // RFC 5280, 4.2.1.6
    int count = 0;
    for (auto* at = &one.subject_alt_names; at != nullptr && count != 2; at = at->next)
      if (at->buf.tag == dns_name) append_printable(count++ == 0 ? out : out.append(", "), at->buf);
    if (count == 0) append_name(out, one.subject);
  }

  static string_buffer& append_date(string_buffer& out, const mbedtls_x509_time& time) {
    append_two(append_number(out, time.year).append('-'), time.mon).append('-');
    return append_two(out, time.day);
  }
  static string_buffer& append_two(string_buffer& out, int number) {
    return append_number(number < 10 ? out.append('0') : out, number);
  }
  static string_buffer& append_number(string_buffer& out, int number) {
    return out.append_number(static_cast<std::uint32_t>(number));
  }

  tls_settings settings_;
  std::string_view host_;
  text* out_ = nullptr;
  bool pinned_ = true;
  mbedtls_x509_crt authorities_;
};

}  // namespace ota::detail

// ota/http/mbedtls_channel.hpp

namespace ota::detail {

/// What carries the records of a channel: calls of mbedtls's form on a transport, and the error
/// where the last of them failed.
struct mbedtls_carrier {
  void* transport;
  mbedtls_ssl_send_t* send;
  mbedtls_ssl_recv_t* receive;
  const error* const* failure;
};

/// The TLS client (RFC 5246, RFC 8446) in terms of mbedtls: one connection at a time, and the
/// session of the last one, with which the next to the same host begins sooner.
class mbedtls_channel {
 public:
  explicit mbedtls_channel(const tls_settings& settings) : trust_(settings) {
    mbedtls_entropy_init(&entropy_);
    mbedtls_ctr_drbg_init(&random_);
    mbedtls_ssl_config_init(&config_);
    mbedtls_ssl_init(&ssl_);
    mbedtls_ssl_session_init(&session_);
  }
  ~mbedtls_channel() {
    mbedtls_ssl_session_free(&session_);
    mbedtls_ssl_free(&ssl_);
    mbedtls_ssl_config_free(&config_);
    mbedtls_ctr_drbg_free(&random_);
    mbedtls_entropy_free(&entropy_);
  }
  mbedtls_channel(const mbedtls_channel&) = delete;
  mbedtls_channel& operator=(const mbedtls_channel&) = delete;

  const tls_settings& settings() const { return trust_.settings(); }

  /// Shakes hands over a transport that is connected to the host.
  result<void> open(std::string_view host, std::uint16_t port, const mbedtls_carrier& carrier) {
    carrier_ = carrier;
    if (auto done = prepare(); !done) return done;
    report_.findings().clear();
    server_.assign(host);
    server_.append(':').append_number(std::uint32_t{port});
    trust_.begin(host, report_.findings());
    mbedtls_ssl_set_bio(&ssl_, carrier.transport, carrier.send, carrier.receive, nullptr);
    int status = mbedtls_ssl_setup(&ssl_, &config_);
    const fixed_string<255> name(host);
    if (status == 0) status = mbedtls_ssl_set_hostname(&ssl_, name.c_str());
    if (status == 0) status = shake_hands();
    if (status == 0) return {};
    forget_session();
    return fail(status);
  }

  /// As a byte stream's: at least one byte; 0 when the other side has said that it is done.
  result<std::size_t> read(mutable_bytes out) {
    // Between the data, a server may send messages that carry none; but not without end.
    for (int messages = 0; messages < 32; ++messages) {
      const int status = mbedtls_ssl_read(&ssl_, out.data(), out.size());
      if (status > 0) return static_cast<std::size_t>(status);
      if (status == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return std::size_t{0};
      if (status == 0) return cut;
      if (is_ticket(status))
        keep_session();
      else if (status != MBEDTLS_ERR_SSL_WANT_READ)
        return fail(status);
    }
    return no_data;
  }

  /// As a byte stream's: all of it.
  result<void> write(bytes data) {
    while (!data.empty()) {
      const int status = mbedtls_ssl_write(&ssl_, data.data(), data.size());
      if (status < 0) return fail(status);
      data = data.drop(static_cast<std::size_t>(status));
    }
    return {};
  }

  /// Says that this side is done.
  void say_farewell() { (void)mbedtls_ssl_close_notify(&ssl_); }

  /// Frees what the connection needed, but for its session.
  void close() {
    mbedtls_ssl_free(&ssl_);
    mbedtls_ssl_init(&ssl_);
  }

 private:
  static constexpr error no_data{errc::malformed, "tls",
                                 "the server sends TLS messages without data, and no end"};
  static constexpr error no_random{errc::unsupported, "tls",
                                   "mbedtls finds no source of randomness on this system"};
  static constexpr error cut{errc::connection, "tls",
                             "the connection was cut before TLS ended it: the answer may be short"};

  // What is made once and stays.
  result<void> prepare() {
    if (auto done = trust_.load(); !done) return done;
    if (prepared_) return {};
#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_PSA_CRYPTO_C)
    if (psa_crypto_init() != PSA_SUCCESS) return no_random;  // TLS 1.3 needs it
#endif
    if (mbedtls_ctr_drbg_seed(&random_, mbedtls_entropy_func, &entropy_, nullptr, 0) != 0)
      return no_random;
    mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config_, trust_.authorities(), nullptr);
    mbedtls_ssl_conf_verify(&config_, mbedtls_trust::judge, &trust_);
    mbedtls_ssl_conf_rng(&config_, mbedtls_ctr_drbg_random, &random_);
#if MBEDTLS_VERSION_MAJOR < 3  // later ones have nothing older than TLS 1.2
    mbedtls_ssl_conf_min_version(&config_, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
#endif
#if defined(MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED) && \
    defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        &config_, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
    prepared_ = true;
    return {};
  }

  int shake_hands() {
    if (has_session_ && server_.view() == session_of_.view())
      (void)mbedtls_ssl_set_session(&ssl_, &session_);  // a new one does as well
    const int status = mbedtls_ssl_handshake(&ssl_);
    if (status == 0 && !is_tls13()) keep_session();
    return status;
  }

  // In TLS 1.3 a session can be resumed only with the ticket that comes later.
  bool is_tls13() const { return mbedtls_ssl_get_version(&ssl_) == "TLSv1.3"sv; }

  static bool is_ticket(int status) {
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
    return status == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
#else
    (void)status;
    return false;
#endif
  }

  void keep_session() {
    forget_session();
    has_session_ = mbedtls_ssl_get_session(&ssl_, &session_) == 0;
    session_of_ = server_;
  }

  void forget_session() {
    mbedtls_ssl_session_free(&session_);
    mbedtls_ssl_session_init(&session_);
    has_session_ = false;
  }

  const error& fail(int status) {
    return *carrier_.failure != nullptr ? **carrier_.failure : report_.tell(status, ssl_);
  }

  mbedtls_trust trust_;
  mbedtls_failure report_;
  mbedtls_carrier carrier_{};
  bool prepared_ = false;
  bool has_session_ = false;
  fixed_string<255 + 6> server_;  // host:port
  fixed_string<255 + 6> session_of_;
  mbedtls_entropy_context entropy_;
  mbedtls_ctr_drbg_context random_;
  mbedtls_ssl_config config_;
  mbedtls_ssl_context ssl_;
  mbedtls_ssl_session session_;
};

}  // namespace ota::detail

// ota/http/mbedtls_tls.hpp

#if defined(__unix__) || defined(__APPLE__)

// ota/http/mbedtls_tls.hpp
#endif

namespace ota {

class posix_socket;  // where there is none, a transport is named

/// A byte stream that speaks TLS 1.2 or 1.3, by mbedtls 2.28 or 3.x, where the address is https,
/// and is the plain `Transport` where it is http.
///
/// The server's certificate is checked against the authorities and the pins of `tls_settings`, its
/// names against the host's. Of each error `text` says what is wrong with which certificate; it
/// stays until the next connection. The session of the last connection is resumed by the next to
/// the same host.
///
/// The library itself takes no memory from the heap here; mbedtls does. Its randomness, memory and
/// time are those that mbedtls is configured with; see docs/tls.md.
template <class Transport = posix_socket>
class mbedtls_tls : private check_byte_stream<Transport> {
 public:
  static constexpr bool can_secure = true;

  explicit mbedtls_tls(const tls_settings& settings = {}, Transport transport = {})
      : channel_(settings), transport_(static_cast<Transport&&>(transport)) {}
  ~mbedtls_tls() { close(); }

  /// Takes the settings and the transport over; what was connected is closed.
  mbedtls_tls(mbedtls_tls&& other) noexcept
      : mbedtls_tls(other.channel_.settings(), static_cast<Transport&&>(other.released())) {}
  mbedtls_tls& operator=(mbedtls_tls&&) = delete;

  result<void> connect(std::string_view host, std::uint16_t port, bool secure,
                       std::uint32_t timeout_ms) {
    close();
    begin(timeout_ms);
    if (auto done = transport_.connect(host, port, false, timeout_ms); !done || !secure)
      return done;
    const auto done = channel_.open(host, port, {this, send, receive, &failure_});
    secure_ = done.has_value();
    if (!secure_) drop();
    return done;
  }

  result<std::size_t> read(mutable_bytes out, std::uint32_t timeout_ms) {
    if (!secure_) return transport_.read(out, timeout_ms);
    begin(timeout_ms);
    return channel_.read(out);
  }

  result<void> write(bytes data, std::uint32_t timeout_ms) {
    if (!secure_) return transport_.write(data, timeout_ms);
    begin(timeout_ms);
    return channel_.write(data);
  }

  void close() {
    if (secure_) channel_.say_farewell();
    drop();
  }

 private:
  // Any negative number: what really happened is in `failure_`.
  static constexpr int failed = -1;

  static int send(void* self, const unsigned char* data, std::size_t size) {
    auto& me = *static_cast<mbedtls_tls*>(self);
    const auto done = me.transport_.write({data, size}, me.timeout_ms_);
    return done ? static_cast<int>(size) : me.fail(done.error());
  }

  static int receive(void* self, unsigned char* out, std::size_t size) {
    auto& me = *static_cast<mbedtls_tls*>(self);
    const auto done = me.transport_.read({out, size}, me.timeout_ms_);
    return done ? static_cast<int>(*done) : me.fail(done.error());
  }

  int fail(const error& failure) {
    failure_ = &failure;
    return failed;
  }

  void begin(std::uint32_t timeout_ms) {
    timeout_ms_ = timeout_ms;
    failure_ = nullptr;
  }

  void drop() {
    channel_.close();
    transport_.close();
    secure_ = false;
  }

  Transport& released() {
    close();
    return transport_;
  }

  bool secure_ = false;
  std::uint32_t timeout_ms_ = 0;
  const error* failure_ = nullptr;
  detail::mbedtls_channel channel_;
  Transport transport_;
};

}  // namespace ota

// ota/sign/mbedtls.hpp

#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>

// ota/sign/mbedtls.hpp

namespace ota {
namespace detail {

/// One of mbedtls' structures, made ready and freed.
template <class T, void (*Init)(T*), void (*Free)(T*)>
struct mbedtls_object : T {
  mbedtls_object() { Init(this); }
  ~mbedtls_object() { Free(this); }
  mbedtls_object(const mbedtls_object&) = delete;
  mbedtls_object& operator=(const mbedtls_object&) = delete;
};

using mbedtls_number = mbedtls_object<mbedtls_mpi, mbedtls_mpi_init, mbedtls_mpi_free>;
using mbedtls_group =
    mbedtls_object<mbedtls_ecp_group, mbedtls_ecp_group_init, mbedtls_ecp_group_free>;
using mbedtls_point =
    mbedtls_object<mbedtls_ecp_point, mbedtls_ecp_point_init, mbedtls_ecp_point_free>;

/// False when mbedtls failed.
inline bool mbedtls_digest(mbedtls_sha256::digest_type& digest, bytes message) {
  mbedtls_sha256 hash;
  hash.update(message);
  digest = hash.finish();
  return !hash.failed();
}

inline bool mbedtls_verify_p256(bytes public_key, bytes message, bytes r, bytes s) {
  mbedtls_group group;
  mbedtls_point key;
  mbedtls_number first, second;
  mbedtls_sha256::digest_type digest;
  return mbedtls_digest(digest, message) && public_key.size() == 65 && public_key[0] == 4 &&
         mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
         mbedtls_ecp_point_read_binary(&group, &key, public_key.data(), public_key.size()) == 0 &&
         mbedtls_ecp_check_pubkey(&group, &key) == 0 &&
         mbedtls_mpi_read_binary(&first, r.data(), r.size()) == 0 &&
         mbedtls_mpi_read_binary(&second, s.data(), s.size()) == 0 &&
         mbedtls_ecdsa_verify(&group, digest.data(), digest.size(), &key, &first, &second) == 0;
}

class mbedtls_rsa_key {
 public:
#if MBEDTLS_VERSION_MAJOR >= 3
  mbedtls_rsa_key() { mbedtls_rsa_init(&context_); }
#else
  mbedtls_rsa_key() { mbedtls_rsa_init(&context_, MBEDTLS_RSA_PKCS_V15, 0); }
#endif
  ~mbedtls_rsa_key() { mbedtls_rsa_free(&context_); }
  mbedtls_rsa_key(const mbedtls_rsa_key&) = delete;
  mbedtls_rsa_key& operator=(const mbedtls_rsa_key&) = delete;

  /// Reads an RSAPublicKey of so many bytes of modulus.
  bool load(bytes key, std::size_t size) {
    der_reader whole(key);
    der_reader pair(whole.sequence());
    const bytes n = pair.integer(), e = pair.integer();
    return whole.done() && pair.done() && n.size() == size && (n[0] & 0x80) != 0 &&
           mbedtls_rsa_import_raw(&context_, n.data(), n.size(), nullptr, 0, nullptr, 0, nullptr, 0,
                                  e.data(), e.size()) == 0 &&
           mbedtls_rsa_complete(&context_) == 0 && mbedtls_rsa_check_pubkey(&context_) == 0;
  }

  /// Whether it is a signature of a digest by SHA-256; without `salt` by PKCS #1 v1.5, else by PSS.
  bool verify(const std::uint8_t* digest, const std::uint8_t* signature, int salt) {
    // 2.28 offers to do it with the private key; 3.x does not.
    const auto ask = [&](auto pkcs1, auto pss, auto... which) {
      return salt == no_salt ? pkcs1(&context_, which..., MBEDTLS_MD_SHA256, 32u, digest, signature)
                             : pss(&context_, which..., MBEDTLS_MD_SHA256, 32u, digest,
                                   MBEDTLS_MD_SHA256, salt, signature);
    };
#if MBEDTLS_VERSION_MAJOR >= 3
    return ask(mbedtls_rsa_rsassa_pkcs1_v15_verify, mbedtls_rsa_rsassa_pss_verify_ext) == 0;
#else
    return ask(mbedtls_rsa_rsassa_pkcs1_v15_verify, mbedtls_rsa_rsassa_pss_verify_ext, nullptr,
               nullptr, MBEDTLS_RSA_PUBLIC) == 0;
#endif
  }
  static constexpr int no_salt = -1;

 private:
  mbedtls_rsa_context context_;
};

template <std::size_t Bits, int Salt>
struct mbedtls_rsa_sha256 {
  static constexpr std::size_t public_key_size = Bits / 8 + 16;  ///< the greatest
  static constexpr std::size_t signature_size = Bits / 8;

  static bool verify(bytes public_key, bytes message, bytes signature) {
    mbedtls_rsa_key key;
    mbedtls_sha256::digest_type digest;
    return signature.size() == signature_size && key.load(public_key, Bits / 8) &&
           mbedtls_digest(digest, message) && key.verify(digest.data(), signature.data(), Salt);
  }
};

}  // namespace detail

/// `ecdsa_p256` and `ecdsa_p256_der` by mbedtls 2.28 or 3.x, for devices whose mbedtls drives
/// hardware or is linked anyway. Uses the heap as mbedtls does. The program links mbedcrypto.
struct mbedtls_ecdsa_p256 {
  static constexpr std::string_view name = "ecdsa-p256";
  static constexpr std::size_t public_key_size = 65;
  static constexpr std::size_t signature_size = 64;

  static bool verify(bytes public_key, bytes message, bytes signature) {
    return signature.size() == signature_size &&
           detail::mbedtls_verify_p256(public_key, message, signature.first(32),
                                       signature.drop(32));
  }
};

struct mbedtls_ecdsa_p256_der {
  static constexpr std::string_view name = "ecdsa-p256-der";
  static constexpr std::size_t public_key_size = 65;
  static constexpr std::size_t signature_size = 72;  ///< the greatest

  static bool verify(bytes public_key, bytes message, bytes signature) {
    detail::der_reader whole(signature);
    detail::der_reader pair(whole.sequence());
    const bytes r = pair.integer(), s = pair.integer();
    return whole.done() && pair.done() && detail::mbedtls_verify_p256(public_key, message, r, s);
  }
};

/// `rsa_pkcs1_sha256` and `rsa_pss_sha256` by mbedtls, likewise.
template <std::size_t Bits>
struct mbedtls_rsa_pkcs1_sha256
    : detail::mbedtls_rsa_sha256<Bits, detail::mbedtls_rsa_key::no_salt> {
  static constexpr std::string_view name = "rsa-pkcs1-sha256";
};
template <std::size_t Bits, std::size_t Salt = 32>
struct mbedtls_rsa_pss_sha256 : detail::mbedtls_rsa_sha256<Bits, static_cast<int>(Salt)> {
  static constexpr std::string_view name = "rsa-pss-sha256";
};

}  // namespace ota

// ota/ota.hpp
#endif
