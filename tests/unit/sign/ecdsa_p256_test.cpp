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

// The generator with a coordinate of p more: the same point, were it not to be below p.
TEST(ecdsa_p256, takes_no_coordinate_of_p_or_more) {
  const auto bytes_of = [](std::string_view digits) {
    std::vector<std::uint8_t> value(digits.size() / 2);
    EXPECT_TRUE(ota::from_hex(digits, {value.data(), value.size()}));
    return value;
  };
  // The point with x = 5 (its y by x^3 - 3x + b), and x = p + 5, which fits 256 bits too.
  const std::string y = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
  ota::detail::p256_affine point;
  const auto below = bytes_of("04" + std::string(63, '0') + "5" + y);
  const auto above =
      bytes_of("04ffffffff00000001000000000000000000000001000000000000000000000004" + y);
  EXPECT_TRUE(point.load(view(below)));
  EXPECT_FALSE(point.load(view(above)));
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
