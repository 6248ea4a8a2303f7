// ECDSA over P-256 against the vectors of Project Wycheproof, and what they leave out.

#include "ota/sign/ecdsa_p256.hpp"

#include <gtest/gtest.h>

#include "support/wycheproof.hpp"

namespace {

using namespace ota_test::wycheproof;

TEST(ecdsa_p256, accepts_what_wycheproof_calls_valid) {
  expect_policy<ota::ecdsa_p256>("ecdsa_secp256r1_sha256_p1363", "publicKey.uncompressed");
}

TEST(ecdsa_p256_der, accepts_what_wycheproof_calls_valid) {
  expect_policy<ota::ecdsa_p256_der>("ecdsa_secp256r1_sha256", "publicKey.uncompressed");
}

/// A signature of the vectors that is valid.
struct sample {
  std::vector<std::uint8_t> key, message, signature;

  explicit sample(const std::string& file) {
    for_each_test(file, [&](const fields& group, const fields& test) {
      if (!key.empty() || test.text("result") != "valid") return;
      key = group.bytes("publicKey.uncompressed");
      message = test.bytes("msg");
      signature = test.bytes("sig");
    });
  }
};

template <class Policy>
bool verify(const sample& s) {
  return Policy::verify(view(s.key), view(s.message), view(s.signature));
}

TEST(ecdsa_p256, takes_only_uncompressed_keys_on_the_curve) {
  const sample valid("ecdsa_secp256r1_sha256_p1363");
  ASSERT_TRUE(verify<ota::ecdsa_p256>(valid));
  for (int first = 0; first < 256; ++first) {
    sample other = valid;
    other.key[0] = static_cast<std::uint8_t>(first);
    EXPECT_EQ(verify<ota::ecdsa_p256>(other), first == 4) << first;
  }
  for (std::size_t size = 0; size < 70; ++size) {
    sample other = valid;
    other.key.resize(size);
    EXPECT_EQ(verify<ota::ecdsa_p256>(other), size == 65) << size;
  }
  sample other = valid;
  std::fill(other.key.begin() + 1, other.key.end(), std::uint8_t{0});
  EXPECT_FALSE(verify<ota::ecdsa_p256>(other));
}

std::vector<std::uint8_t> bytes_of(std::string_view digits) {
  std::vector<std::uint8_t> value(digits.size() / 2);
  EXPECT_TRUE(ota::from_hex(digits, {value.data(), value.size()}));
  return value;
}

bool is_key(const std::vector<std::uint8_t>& key) {
  ota::detail::p256_affine point;
  return point.load(view(key));
}

TEST(ecdsa_p256, takes_no_point_beside_the_curve) {
  auto key = sample("ecdsa_secp256r1_sha256_p1363").key;
  ASSERT_TRUE(is_key(key));
  for (std::size_t bit = 0; bit < 8 * key.size(); ++bit) {
    const auto mask = static_cast<std::uint8_t>(1 << bit % 8);
    key[bit / 8] ^= mask;
    EXPECT_FALSE(is_key(key)) << bit;
    key[bit / 8] ^= mask;
  }
}

// Points of the curve with x = 5 and y = 5; p + 5 fits 256 bits too.
TEST(ecdsa_p256, takes_no_coordinate_of_p_or_more) {
  const std::string five = std::string(63, '0') + "5";
  const std::string above = "ffffffff00000001000000000000000000000001000000000000000000000004";
  const std::string y = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
  const std::string x = "d7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7";
  EXPECT_TRUE(is_key(bytes_of("04" + five + y)));
  EXPECT_FALSE(is_key(bytes_of("04" + above + y)));
  EXPECT_TRUE(is_key(bytes_of("04" + x + five)));
  EXPECT_FALSE(is_key(bytes_of("04" + x + above)));
}

template <class Policy>
void expect_no_other_size(const std::string& file) {
  const sample valid(file);
  ASSERT_TRUE(verify<Policy>(valid));
  for (std::size_t size = 0; size < 150; ++size) {
    sample other = valid;
    other.signature.resize(size);
    EXPECT_EQ(verify<Policy>(other), size == valid.signature.size()) << size;
  }
}

TEST(ecdsa_p256, takes_no_signature_of_another_size) {
  expect_no_other_size<ota::ecdsa_p256>("ecdsa_secp256r1_sha256_p1363");
  expect_no_other_size<ota::ecdsa_p256_der>("ecdsa_secp256r1_sha256");
}

}  // namespace
