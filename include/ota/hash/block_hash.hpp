#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "../core/bytes.hpp"

namespace ota::detail {

inline std::uint32_t rotate_left(std::uint32_t x, int n) { return x << n | x >> (32 - n); }
inline std::uint32_t rotate_right(std::uint32_t x, int n) { return x >> n | x << (32 - n); }

inline std::uint32_t load_big_endian(const std::uint8_t* in) {
  return std::uint32_t{in[0]} << 24 | std::uint32_t{in[1]} << 16 | std::uint32_t{in[2]} << 8 |
         std::uint32_t{in[3]};
}

inline void store_big_endian(std::uint32_t value, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

/// What SHA-1 and SHA-256 have in common (FIPS 180-4): blocks of 64 bytes, a state of 32-bit
/// words, and a padding that ends with the length. `Compress` has `words`, `initial` and
/// `void blocks(uint32_t* state, const uint8_t* data, size_t count)`.
template <class Compress>
class block_hash {
 public:
  static constexpr std::size_t digest_size = 4 * Compress::words;
  using digest_type = std::array<std::uint8_t, digest_size>;

  block_hash() {
    for (std::size_t i = 0; i < Compress::words; ++i) state_[i] = Compress::initial[i];
  }

  /// Adds bytes to what is hashed.
  void update(bytes data) {
    const std::size_t used = static_cast<std::size_t>(length_ % 64);
    length_ += data.size();
    if (used != 0) {
      const std::size_t size = data.size() < 64 - used ? data.size() : 64 - used;
      if (size != 0) std::memcpy(block_ + used, data.data(), size);
      if (used + size < 64) return;
      Compress::blocks(state_, block_, 1);
      data = data.drop(size);
    }
    if (data.size() >= 64) {
      Compress::blocks(state_, data.data(), data.size() / 64);
      data = data.drop(data.size() / 64 * 64);
    }
    if (!data.empty()) std::memcpy(block_, data.data(), data.size());
  }

  /// The digest of all that was added. The object is used up: a new one begins the next.
  digest_type finish() {
    std::size_t used = static_cast<std::size_t>(length_ % 64);
    block_[used++] = 0x80;
    if (used > 56) {
      std::memset(block_ + used, 0, 64 - used);
      Compress::blocks(state_, block_, 1);
      used = 0;
    }
    std::memset(block_ + used, 0, 56 - used);
    const std::uint64_t bits = length_ * 8;
    store_big_endian(static_cast<std::uint32_t>(bits >> 32), block_ + 56);
    store_big_endian(static_cast<std::uint32_t>(bits), block_ + 60);
    Compress::blocks(state_, block_, 1);
    digest_type digest;
    for (std::size_t i = 0; i < Compress::words; ++i)
      store_big_endian(state_[i], digest.data() + 4 * i);
    return digest;
  }

 private:
  std::uint64_t length_ = 0;
  std::uint32_t state_[Compress::words];
  std::uint8_t block_[64];
};

}  // namespace ota::detail
