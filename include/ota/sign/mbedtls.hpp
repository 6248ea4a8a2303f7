#pragma once

#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>

#include "../hash/mbedtls.hpp"
#include "der.hpp"

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
