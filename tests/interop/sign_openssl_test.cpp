// What OpenSSL signs is accepted, and nothing of it with a bit flipped.

#include <gtest/gtest.h>

#if __has_include(<openssl/evp.h>)
#define OPENSSL_SUPPRESS_DEPRECATED  // the plain functions, which show best what is signed
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <memory>
#include <random>
#include <vector>

#include "ota/sign/ecdsa_p256.hpp"
#include "ota/sign/rsa.hpp"

namespace {

using buffer = std::vector<std::uint8_t>;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using owned = std::unique_ptr<T, freed_by<Free>>;
using number = owned<BIGNUM, BN_free>;

ota::bytes view(const buffer& data) { return {data.data(), data.size()}; }

struct random_source {
  std::mt19937 engine{20};

  std::size_t below(std::size_t limit) { return engine() % limit; }
  buffer message() {
    buffer data(below(300));
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(engine());
    return data;
  }
};

buffer digest_of(const buffer& message) {
  buffer digest(32);
  SHA256(message.data(), message.size(), digest.data());
  return digest;
}

/// What `write` writes, one of OpenSSL's functions that make DER.
template <class Write>
buffer der(Write&& write) {
  std::uint8_t* made = nullptr;
  const int size = write(&made);
  buffer data(made, made + size);
  OPENSSL_free(made);
  return data;
}

/// A key, a message and a signature.
struct signed_message {
  buffer key, message, signature;

  template <class Policy>
  bool accepted_by() const {
    return Policy::verify(view(key), view(message), view(signature));
  }
};

/// Expects that no bit of a signed message can be changed; `step` bits apart.
template <class Policy>
void expect_no_flip(signed_message changed, std::size_t step = 1) {
  ASSERT_TRUE(changed.accepted_by<Policy>());
  for (buffer* const part : {&changed.key, &changed.message, &changed.signature})
    for (std::size_t bit = 0; bit < 8 * part->size(); bit += step) {
      const auto mask = static_cast<std::uint8_t>(1 << bit % 8);
      (*part)[bit / 8] ^= mask;
      EXPECT_FALSE(changed.accepted_by<Policy>()) << "bit " << bit << " of " << part->size() * 8;
      (*part)[bit / 8] ^= mask;
    }
}

struct ecdsa_signer {
  owned<EC_KEY, EC_KEY_free> key{EC_KEY_new_by_curve_name(NID_X9_62_prime256v1)};

  ecdsa_signer() { EXPECT_EQ(EC_KEY_generate_key(key.get()), 1); }
  explicit ecdsa_signer(const BIGNUM* secret) {
    const EC_GROUP* const group = EC_KEY_get0_group(key.get());
    const owned<EC_POINT, EC_POINT_free> point(EC_POINT_new(group));
    EXPECT_EQ(EC_POINT_mul(group, point.get(), secret, nullptr, nullptr, nullptr), 1);
    EXPECT_EQ(EC_KEY_set_private_key(key.get(), secret), 1);
    EXPECT_EQ(EC_KEY_set_public_key(key.get(), point.get()), 1);
  }

  /// The same signature for both policies.
  std::pair<signed_message, signed_message> sign(const buffer& message) const {
    const buffer digest = digest_of(message);
    const owned<ECDSA_SIG, ECDSA_SIG_free> made(
        ECDSA_do_sign(digest.data(), static_cast<int>(digest.size()), key.get()));
    buffer raw(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(made.get()), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(made.get()), raw.data() + 32, 32);
    const buffer point = der([&](std::uint8_t** out) { return i2o_ECPublicKey(key.get(), out); });
    return {
        {point, message, raw},
        {point, message, der([&](std::uint8_t** out) { return i2d_ECDSA_SIG(made.get(), out); })}};
  }
};

void expect_accepted(const ecdsa_signer& signer, const buffer& message) {
  const auto [raw, der] = signer.sign(message);
  EXPECT_TRUE(raw.accepted_by<ota::ecdsa_p256>());
  EXPECT_TRUE(der.accepted_by<ota::ecdsa_p256_der>());
  EXPECT_LE(der.signature.size(), ota::ecdsa_p256_der::signature_size);
}

TEST(ecdsa_p256, accepts_what_openssl_signs) {
  random_source random;
  for (int i = 0; i < 2000; ++i) expect_accepted(ecdsa_signer(), random.message());
}

// Where the sums of multiples of key and generator meet: the same point twice, or its opposite.
TEST(ecdsa_p256, accepts_keys_that_are_small_multiples_of_the_generator) {
  random_source random;
  const owned<EC_GROUP, EC_GROUP_free> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  for (unsigned i = 1; i < 12; ++i) {
    const number small(BN_new()), opposite(BN_new());
    BN_set_word(small.get(), i);
    BN_sub(opposite.get(), EC_GROUP_get0_order(group.get()), small.get());
    for (int j = 0; j < 50; ++j) {
      expect_accepted(ecdsa_signer(small.get()), random.message());
      expect_accepted(ecdsa_signer(opposite.get()), random.message());
    }
  }
}

TEST(ecdsa_p256, refuses_every_flipped_bit) {
  random_source random;
  for (int i = 0; i < 5; ++i) {
    const auto [raw, der] = ecdsa_signer().sign(random.message());
    expect_no_flip<ota::ecdsa_p256>(raw);
    expect_no_flip<ota::ecdsa_p256_der>(der);
  }
}

struct rsa_signer {
  owned<RSA, RSA_free> key{RSA_new()};
  buffer public_key;

  rsa_signer(int bits, unsigned long exponent) {
    const number e(BN_new());
    BN_set_word(e.get(), exponent);
    EXPECT_EQ(RSA_generate_key_ex(key.get(), bits, e.get(), nullptr), 1);
    public_key = der([&](std::uint8_t** out) { return i2d_RSAPublicKey(key.get(), out); });
  }

  std::size_t size() const { return static_cast<std::size_t>(RSA_size(key.get())); }

  signed_message sign_pkcs1(const buffer& message) const {
    const buffer digest = digest_of(message);
    buffer signature(size());
    unsigned length = 0;
    EXPECT_EQ(RSA_sign(NID_sha256, digest.data(), 32, signature.data(), &length, key.get()), 1);
    EXPECT_EQ(length, signature.size());
    return {public_key, message, signature};
  }

  signed_message sign_pss(const buffer& message, int salt) const {
    const buffer digest = digest_of(message);
    buffer encoded(size()), signature(size());
    EXPECT_EQ(
        RSA_padding_add_PKCS1_PSS(key.get(), encoded.data(), digest.data(), EVP_sha256(), salt), 1);
    EXPECT_EQ(RSA_private_encrypt(static_cast<int>(size()), encoded.data(), signature.data(),
                                  key.get(), RSA_NO_PADDING),
              static_cast<int>(size()));
    return {public_key, message, signature};
  }
};

template <std::size_t Bits>
void expect_rsa(unsigned long exponent, int count) {
  random_source random;
  const rsa_signer signer(Bits, exponent);
  EXPECT_LE(signer.public_key.size(), ota::rsa_pkcs1_sha256<Bits>::public_key_size);
  for (int i = 0; i < count; ++i) {
    const buffer message = random.message();
    const signed_message pkcs1 = signer.sign_pkcs1(message), pss = signer.sign_pss(message, 32);
    EXPECT_TRUE(pkcs1.accepted_by<ota::rsa_pkcs1_sha256<Bits>>());
    EXPECT_TRUE(pss.accepted_by<ota::rsa_pss_sha256<Bits>>());
    EXPECT_FALSE(pkcs1.accepted_by<ota::rsa_pss_sha256<Bits>>());
    EXPECT_FALSE(pss.accepted_by<ota::rsa_pkcs1_sha256<Bits>>());
  }
  const signed_message pkcs1 = signer.sign_pkcs1({1, 2, 3}), pss = signer.sign_pss({1, 2, 3}, 32);
  expect_no_flip<ota::rsa_pkcs1_sha256<Bits>>(pkcs1, 5);  // that is one of every byte at least
  expect_no_flip<ota::rsa_pss_sha256<Bits>>(pss, 5);
}

TEST(rsa, accepts_what_openssl_signs_and_refuses_flipped_bits) {
  expect_rsa<2048>(65537, 500);
  expect_rsa<2048>(3, 50);
  expect_rsa<2048>(0xc0000001, 50);
  expect_rsa<2304>(0x10000003, 50);
  expect_rsa<3072>(65537, 200);
  expect_rsa<4096>(65537, 100);
}

TEST(rsa_pss_sha256, takes_only_salts_of_its_length) {
  random_source random;
  const rsa_signer signer(2048, 65537);
  for (int salt = 0; salt <= 222; ++salt) {
    const signed_message made = signer.sign_pss(random.message(), salt);
    EXPECT_EQ((made.accepted_by<ota::rsa_pss_sha256<2048, 0>>()), salt == 0);
    EXPECT_EQ((made.accepted_by<ota::rsa_pss_sha256<2048, 20>>()), salt == 20);
    EXPECT_EQ((made.accepted_by<ota::rsa_pss_sha256<2048>>()), salt == 32);
    EXPECT_EQ((made.accepted_by<ota::rsa_pss_sha256<2048, 222>>()), salt == 222);
  }
}

}  // namespace
#endif
