#pragma once

#include "../sign/ecdsa_p256.hpp"
#include "../sign/ed25519.hpp"
#include "../sign/rsa.hpp"
#include "image_tlvs.hpp"

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
