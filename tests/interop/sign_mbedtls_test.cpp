// The adapters for mbedtls, where it is installed, against the vectors of Project Wycheproof. They
// read keys and DER as the library does, and mbedtls decides about the rest as it does: there is no
// vector on which they differ.

#include <gtest/gtest.h>

#if __has_include(<mbedtls/ecdsa.h>)
#include "ota/sign/ecdsa_p256.hpp"
#include "ota/sign/mbedtls.hpp"
#include "ota/sign/rsa.hpp"
#include "support/wycheproof.hpp"

namespace {

using namespace ota_test::wycheproof;

TEST(sign_mbedtls, ecdsa_accepts_what_wycheproof_calls_valid) {
  expect_policy<ota::mbedtls_ecdsa_p256>("ecdsa_secp256r1_sha256_p1363", "publicKey.uncompressed");
  expect_policy<ota::mbedtls_ecdsa_p256_der>("ecdsa_secp256r1_sha256", "publicKey.uncompressed");
}

TEST(sign_mbedtls, rsa_accepts_what_wycheproof_calls_valid) {
  expect_policy<ota::mbedtls_rsa_pkcs1_sha256<2048>>("rsa_signature_2048_sha256", "publicKeyAsn");
  expect_policy<ota::mbedtls_rsa_pkcs1_sha256<3072>>("rsa_signature_3072_sha256", "publicKeyAsn");
  expect_policy<ota::mbedtls_rsa_pkcs1_sha256<4096>>("rsa_signature_4096_sha256", "publicKeyAsn");
  expect_policy<ota::mbedtls_rsa_pss_sha256<2048, 0>>("rsa_pss_2048_sha256_mgf1_0", "publicKeyAsn");
  expect_policy<ota::mbedtls_rsa_pss_sha256<2048>>("rsa_pss_2048_sha256_mgf1_32", "publicKeyAsn");
  expect_policy<ota::mbedtls_rsa_pss_sha256<3072>>("rsa_pss_3072_sha256_mgf1_32", "publicKeyAsn");
  expect_policy<ota::mbedtls_rsa_pss_sha256<4096>>("rsa_pss_4096_sha256_mgf1_32", "publicKeyAsn");
}

/// Expects both policies to take the same keys, made of a valid one by changing bytes or its size.
template <class One, class Other>
void expect_same_keys(const std::string& file, const std::string& field) {
  bool done = false;
  for_each_test(file, [&](const fields& group, const fields& test) {
    if (done || test.text("result") != "valid") return;
    done = true;
    const auto key = group.bytes(field), message = test.bytes("msg"), signature = test.bytes("sig");
    const auto expect_same = [&](const std::vector<std::uint8_t>& other) {
      const bool takes = One::verify(view(other), view(message), view(signature));
      EXPECT_EQ(Other::verify(view(other), view(message), view(signature)), takes);
      EXPECT_EQ(takes, other == key);
    };
    for (std::size_t i = 0; i < key.size() + 3; ++i) {
      auto other = key;
      other.resize(i);
      expect_same(other);
      other = key;
      if (i < key.size()) other[i] ^= 2;
      expect_same(other);
    }
  });
}

TEST(sign_mbedtls, takes_the_keys_that_the_library_takes) {
  expect_same_keys<ota::ecdsa_p256, ota::mbedtls_ecdsa_p256>("ecdsa_secp256r1_sha256_p1363",
                                                             "publicKey.uncompressed");
  expect_same_keys<ota::rsa_pkcs1_sha256<2048>, ota::mbedtls_rsa_pkcs1_sha256<2048>>(
      "rsa_signature_2048_sha256", "publicKeyAsn");
}

}  // namespace
#endif
