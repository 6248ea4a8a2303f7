#pragma once

#include <cstring>
#include <string_view>

#include "../hash/sha256.hpp"
#include "rsa_power.hpp"

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
