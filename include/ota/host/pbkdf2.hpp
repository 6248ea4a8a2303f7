#pragma once

#include <cstdint>

#include "../hash/hmac.hpp"

namespace ota::host {

/// PBKDF2 (RFC 8018, 5.2) with HMAC-SHA-256, for a key of 32 bytes: one block.
inline sha256::digest_type pbkdf2_hmac_sha256(bytes passphrase, bytes salt,
                                              std::uint32_t iterations) {
  static constexpr std::uint8_t first_block[] = {0, 0, 0, 1};
  const hmac_sha256 keyed(passphrase);
  hmac_sha256 mac = keyed;
  mac.update(salt);
  mac.update(first_block);
  sha256::digest_type last = mac.finish(), key = last;
  while (--iterations != 0) {
    mac = keyed;
    mac.update({last.data(), last.size()});
    last = mac.finish();
    for (std::size_t i = 0; i < key.size(); ++i) key[i] ^= last[i];
  }
  return key;
}

}  // namespace ota::host
