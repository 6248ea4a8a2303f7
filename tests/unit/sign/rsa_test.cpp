// RSA against the vectors of Project Wycheproof. Their one "acceptable" signature in each file of
// PKCS #1 v1.5 lacks the NULL in DigestInfo, which RFC 8017 (9.2, note 1) wants; it is refused, as
// what is not exactly what a signer makes always is.

#include "ota/sign/rsa.hpp"

#include <gtest/gtest.h>

#include "support/wycheproof.hpp"

namespace {

using namespace ota_test::wycheproof;

TEST(rsa_pkcs1_sha256, accepts_what_wycheproof_calls_valid) {
  expect_policy<ota::rsa_pkcs1_sha256<2048>>("rsa_signature_2048_sha256", "publicKeyAsn");
  expect_policy<ota::rsa_pkcs1_sha256<3072>>("rsa_signature_3072_sha256", "publicKeyAsn");
  expect_policy<ota::rsa_pkcs1_sha256<4096>>("rsa_signature_4096_sha256", "publicKeyAsn");
}

TEST(rsa_pss_sha256, accepts_what_wycheproof_calls_valid) {
  for (const std::string kind : {"", "_params"}) {
    expect_policy<ota::rsa_pss_sha256<2048, 0>>("rsa_pss_2048_sha256_mgf1_0" + kind,
                                                "publicKeyAsn");
    expect_policy<ota::rsa_pss_sha256<2048>>("rsa_pss_2048_sha256_mgf1_32" + kind, "publicKeyAsn");
    expect_policy<ota::rsa_pss_sha256<3072>>("rsa_pss_3072_sha256_mgf1_32" + kind, "publicKeyAsn");
  }
  expect_policy<ota::rsa_pss_sha256<4096>>("rsa_pss_4096_sha256_mgf1_32", "publicKeyAsn");
}

/// A key in DER: its two numbers are given with their leading zeros.
std::vector<std::uint8_t> key_of(std::vector<std::uint8_t> modulus,
                                 std::vector<std::uint8_t> exponent) {
  std::vector<std::uint8_t> key = {0x30, 0x82, 0, 0, 0x02, 0x82, 0, 0};
  const auto set_size = [&](std::size_t at, std::size_t size) {
    key[at] = static_cast<std::uint8_t>(size >> 8);
    key[at + 1] = static_cast<std::uint8_t>(size);
  };
  set_size(6, modulus.size());
  key.insert(key.end(), modulus.begin(), modulus.end());
  key.push_back(0x02);
  key.push_back(static_cast<std::uint8_t>(exponent.size()));
  key.insert(key.end(), exponent.begin(), exponent.end());
  set_size(2, key.size() - 4);
  return key;
}

TEST(rsa, takes_only_keys_of_its_size_in_the_one_form) {
  const auto takes = [](const std::vector<std::uint8_t>& key) {
    return ota::detail::rsa_key<2048>().load(view(key));
  };
  std::vector<std::uint8_t> modulus(257, 0xab);
  modulus[0] = 0;
  ASSERT_TRUE(takes(key_of(modulus, {1, 0, 1})));
  EXPECT_TRUE(takes(key_of(modulus, {3})));
  EXPECT_TRUE(takes(key_of(modulus, {0, 0xff, 0xff, 0xff, 0xff})));
  EXPECT_EQ(key_of(modulus, {0, 0xff, 0xff, 0xff, 0xff}).size(),
            ota::rsa_pkcs1_sha256<2048>::public_key_size);

  for (const std::vector<std::uint8_t>& exponent : std::vector<std::vector<std::uint8_t>>{
           {}, {0}, {1}, {2}, {0, 3}, {0x81}, {1, 0, 0}, {1, 0, 0, 0, 3}})
    EXPECT_FALSE(takes(key_of(modulus, exponent)));
  auto changed = modulus;
  changed.back() ^= 1;
  EXPECT_FALSE(takes(key_of(changed, {3}))) << "even";
  changed = modulus;
  changed[1] = 0x7f;
  EXPECT_FALSE(takes(key_of(changed, {3}))) << "2047 bits, a zero too many";
  changed.erase(changed.begin());
  EXPECT_FALSE(takes(key_of(changed, {3}))) << "2047 bits";
  changed = modulus;
  changed.erase(changed.begin());
  EXPECT_FALSE(takes(key_of(changed, {3}))) << "negative";
  changed = modulus;
  changed.push_back(1);
  EXPECT_FALSE(takes(key_of(changed, {3}))) << "2056 bits";

  auto key = key_of(modulus, {3, 0x02, 0x01, 0x03});
  key[key.size() - 5] = 1;  // the size of the second
  EXPECT_FALSE(takes(key)) << "a third number";
  key = key_of(modulus, {3});
  key.insert(key.begin() + 2, 0);
  key[1] = 0x83;
  EXPECT_FALSE(takes(key)) << "a length of three bytes";
  key = key_of(modulus, {3});
  for (std::size_t size = 0; size < key.size() + 5; ++size) {
    auto other = key;
    other.resize(size);
    EXPECT_EQ(takes(other), size == key.size()) << size;
  }
}

/// What a valid signature recovers is not taken with any bit of it changed.
template <class Padding>
void expect_no_flip(const std::string& file) {
  int count = 0;
  for_each_test(file, [&](const fields& group, const fields& test) {
    if (test.text("result") != "valid" || ++count > 3) return;
    constexpr std::size_t limbs = 2048 / ota::detail::limb_bits;
    ota::detail::limb power[limbs];
    ASSERT_TRUE(ota::detail::rsa_power<2048>(power, view(group.bytes("publicKeyAsn")),
                                             view(test.bytes("sig"))));
    const std::uint8_t* const recovered = ota::detail::to_big_endian(power, limbs);
    ota::sha256 hash;
    hash.update(view(test.bytes("msg")));
    const auto digest = hash.finish();
    for (std::size_t bit = 0; bit <= 2048; ++bit) {
      std::vector<std::uint8_t> encoded(recovered, recovered + 256);
      if (bit < 2048) encoded[bit / 8] ^= static_cast<std::uint8_t>(0x80 >> bit % 8);
      EXPECT_EQ(Padding::holds(encoded.data(), encoded.size(), {digest.data(), digest.size()}),
                bit == 2048)
          << "bit " << bit;
    }
  });
  EXPECT_GE(count, 3);
}

TEST(rsa, takes_no_padding_with_a_flipped_bit) {
  expect_no_flip<ota::detail::rsa_pkcs1_padding>("rsa_signature_2048_sha256");
  expect_no_flip<ota::detail::rsa_pss_padding<32>>("rsa_pss_2048_sha256_mgf1_32");
}

}  // namespace
