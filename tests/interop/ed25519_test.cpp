// Ed25519 with OpenSSL: each signs what the other verifies; and that signing tells no secret by
// its time, which valgrind watches.

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "ota/host/ed25519_sign.hpp"
#include "support/digest.hpp"
#include "support/field25519.hpp"
#include "support/process.hpp"

#if __has_include(<openssl/evp.h>)
#include <openssl/evp.h>
#endif
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif

namespace {

using key = ota::host::ed25519_key;
using ota_test::hex;

template <class Bytes>
ota::bytes view(const Bytes& data) {
  return {data.data(), data.size()};
}

/// Everything random in a test, the same every time.
struct randomness {
  std::mt19937 random{17};

  key::seed_type seed() {
    key::seed_type seed;
    for (std::uint8_t& byte : seed) byte = static_cast<std::uint8_t>(random());
    return seed;
  }
  std::vector<std::uint8_t> message() {
    std::vector<std::uint8_t> message(random() % 300);
    for (std::uint8_t& byte : message) byte = static_cast<std::uint8_t>(random());
    return message;
  }
  /// Changes one bit.
  template <class Bytes>
  void spoil(Bytes& data) {
    data[random() % data.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
  }
};

#if __has_include(<openssl/evp.h>)
/// A key in the hands of OpenSSL.
class openssl_key {
 public:
  explicit openssl_key(const key::seed_type& seed)
      : key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size())) {}
  ~openssl_key() {
    EVP_MD_CTX_free(context_);
    EVP_PKEY_free(key_);
  }
  openssl_key(const openssl_key&) = delete;
  openssl_key& operator=(const openssl_key&) = delete;

  key::public_key_type public_key() {
    key::public_key_type out;
    std::size_t size = out.size();
    EXPECT_EQ(EVP_PKEY_get_raw_public_key(key_, out.data(), &size), 1);
    return out;
  }
  key::signature_type sign(ota::bytes message) {
    key::signature_type out;
    std::size_t size = out.size();
    EXPECT_EQ(EVP_DigestSignInit(context_, nullptr, nullptr, nullptr, key_), 1);
    EXPECT_EQ(EVP_DigestSign(context_, out.data(), &size, message.data(), message.size()), 1);
    return out;
  }
  bool verify(ota::bytes message, ota::bytes signature) {
    EXPECT_EQ(EVP_DigestVerifyInit(context_, nullptr, nullptr, nullptr, key_), 1);
    return EVP_DigestVerify(context_, signature.data(), signature.size(), message.data(),
                            message.size()) == 1;
  }

 private:
  EVP_PKEY* key_;
  EVP_MD_CTX* context_ = EVP_MD_CTX_new();
};

TEST(ed25519_openssl, agrees_on_keys_and_signatures) {
  randomness some;
  for (int i = 0; i < 3000; ++i) {
    const auto seed = some.seed();
    const auto message = some.message();
    openssl_key theirs(seed);
    const key ours(seed);
    ASSERT_EQ(hex(ours.public_key()), hex(theirs.public_key()));
    const auto signature = ours.sign(view(message));
    ASSERT_EQ(hex(signature), hex(theirs.sign(view(message))));
    ASSERT_TRUE(theirs.verify(view(message), view(signature)));
    ASSERT_TRUE(ota::ed25519::verify(view(ours.public_key()), view(message), view(signature)));
  }
}

TEST(ed25519_openssl, agrees_on_spoiled_signatures) {
  randomness some;
  const auto seed = some.seed();
  openssl_key theirs(seed);
  const auto public_key = theirs.public_key();
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    auto message = some.message();
    message.push_back(0);
    auto signature = theirs.sign(view(message));
    if (some.random() % 2 != 0) some.spoil(signature);
    if (some.random() % 4 == 0) some.spoil(message);
    const bool good = ota::ed25519::verify(view(public_key), view(message), view(signature));
    ASSERT_EQ(good, theirs.verify(view(message), view(signature))) << hex(signature);
    accepted += good;
  }
  EXPECT_GT(accepted, 900);
  EXPECT_LT(accepted, 1400);
}
#endif

TEST(ed25519_key, is_generated_anew_each_time) {
  const key one = key::generate(), other = key::generate();
  EXPECT_NE(hex(one.seed()), hex(other.seed()));
  EXPECT_EQ(hex(key(one.seed()).public_key()), hex(one.public_key()));
  const auto signature = one.sign(ota::as_bytes("a message"));
  EXPECT_TRUE(
      ota::ed25519::verify(view(one.public_key()), ota::as_bytes("a message"), view(signature)));
  EXPECT_FALSE(
      ota::ed25519::verify(view(other.public_key()), ota::as_bytes("a message"), view(signature)));
}

#if __has_include(<valgrind/memcheck.h>)
/// For valgrind a secret is memory without a value: it tells of every jump and every address that
/// depends on one. Without valgrind this test only signs.
template <class Field>
struct secret : ::testing::Test {};
TYPED_TEST_SUITE(secret, ota_test::fields25519, ota_test::field25519_names);

TYPED_TEST(secret, signing) {
  auto seed = randomness().seed();
  (void)VALGRIND_MAKE_MEM_UNDEFINED(seed.data(), seed.size());
  const ota::host::basic_ed25519_key<TypeParam> signer(seed);
  auto signature = signer.sign(ota::as_bytes("a message"));
  auto public_key = signer.public_key();
  (void)VALGRIND_MAKE_MEM_DEFINED(signature.data(), signature.size());
  (void)VALGRIND_MAKE_MEM_DEFINED(public_key.data(), public_key.size());
  EXPECT_TRUE(ota::ed25519::verify(view(public_key), ota::as_bytes("a message"), view(signature)));
}

/// What valgrind must find: verification takes its time as the key tells it.
TYPED_TEST(secret, leak) {
  const key signer(randomness().seed());
  const auto signature = signer.sign({});
  auto public_key = signer.public_key();
  (void)VALGRIND_MAKE_MEM_UNDEFINED(public_key.data(), public_key.size());
  (void)ota::detail::ed25519_verifier<TypeParam>::verify(public_key.data(), {}, signature.data());
}

/// Runs tests of this program under valgrind; 99 when it found something.
int under_valgrind(const std::string& tests, int count) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto ended = ota_test::run("valgrind --quiet --error-exitcode=99 '" + program +
                                   "' --gtest_filter='" + tests + "'");
  EXPECT_NE(ended.out.find("[  PASSED  ] " + std::to_string(count) + " test"), std::string::npos)
      << ended.out;
  return ended.code;
}

TEST(valgrind, finds_no_secret_in_the_time_of_signing) {
  if (ota_test::run("valgrind --version").code != 0) GTEST_SKIP() << "valgrind is not installed";
  constexpr int fields = ota_test::field25519_count;
  EXPECT_EQ(under_valgrind("secret/*.signing", fields), 0);
  EXPECT_EQ(under_valgrind("secret/*.leak", fields), 99);
}
#endif

}  // namespace
