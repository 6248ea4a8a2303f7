#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "../core/bytes.hpp"

namespace ota::host {

/// BLAKE2b (RFC 7693) with a digest of 64 bytes, without a key: what minisign signs of a file.
class blake2b {
 public:
  static constexpr std::size_t digest_size = 64;
  using digest_type = std::array<std::uint8_t, digest_size>;

  blake2b() : state_(start) {
    state_[0] ^= 0x01010000 ^ digest_size;  // the parameter block: no key, no tree
  }

  void update(bytes data) {
    // The last block is compressed otherwise, so a full one waits until more comes.
    while (!data.empty()) {
      if (used_ == block_size) compress(false);
      const bytes part = data.first(block_size - used_);
      std::memcpy(block_.data() + used_, part.data(), part.size());
      used_ += part.size();
      data = data.drop(part.size());
    }
  }

  digest_type finish() {
    std::memset(block_.data() + used_, 0, block_size - used_);
    compress(true);
    digest_type digest;
    for (std::size_t i = 0; i < digest.size(); ++i)
      digest[i] = static_cast<std::uint8_t>(state_[i / 8] >> 8 * (i % 8));
    return digest;
  }

 private:
  static constexpr std::size_t block_size = 128;
  using words = std::array<std::uint64_t, 16>;

  // As those of SHA-512: the fractional parts of the square roots of the first primes.
  static constexpr std::array<std::uint64_t, 8> start{
      0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
      0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

  // The order of the message's words in each round (RFC 7693, 2.7); then it begins again.
  static constexpr std::uint8_t order[10][16] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
      {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
      {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
      {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
      {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
      {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
      {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
      {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
      {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
      {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

  static std::uint64_t rotated(std::uint64_t word, unsigned by) {
    return word >> by | word << (64 - by);
  }

  static void mix(words& v, std::size_t a, std::size_t b, std::size_t c, std::size_t d,
                  std::uint64_t x, std::uint64_t y) {
    v[a] += v[b] + x;
    v[d] = rotated(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotated(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotated(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotated(v[b] ^ v[c], 63);
  }

  void compress(bool last) {
    words message{}, v;
    for (std::size_t i = 0; i < block_size; ++i)
      message[i / 8] |= std::uint64_t{block_[i]} << 8 * (i % 8);
    count_ += used_;
    used_ = 0;
    std::memcpy(v.data(), state_.data(), sizeof state_);
    std::memcpy(v.data() + 8, start.data(), sizeof start);
    v[12] ^= count_;  // no file reaches 2^64 bytes, where the next word would count on
    if (last) v[14] = ~v[14];
    for (std::size_t round = 0; round < 12; ++round) {
      const auto& s = order[round % 10];
      for (std::size_t i = 0; i < 4; ++i)
        mix(v, i, i + 4, i + 8, i + 12, message[s[2 * i]], message[s[2 * i + 1]]);
      for (std::size_t i = 0; i < 4; ++i)
        mix(v, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12, message[s[8 + 2 * i]],
            message[s[9 + 2 * i]]);
    }
    for (std::size_t i = 0; i < 8; ++i) state_[i] ^= v[i] ^ v[i + 8];
  }

  std::array<std::uint64_t, 8> state_;
  std::array<std::uint8_t, block_size> block_;
  std::size_t used_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace ota::host
