#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "../core/bytes.hpp"

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
