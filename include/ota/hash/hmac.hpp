#pragma once

#include "sha256.hpp"

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
