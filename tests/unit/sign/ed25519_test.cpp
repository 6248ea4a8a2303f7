// Ed25519 over the field of every width, against the vectors of Wycheproof, of RFC 8032 and of
// Chalkias, Garillot and Nikolaenko.

#include "ota/sign/ed25519.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "ota/sign/signature_policy.hpp"
#include "support/digest.hpp"
#include "support/field25519.hpp"
#include "support/wycheproof.hpp"

namespace {

using ota_test::from_digits;
using ota_test::json_value;

static_assert(ota::check_signature<ota::ed25519>::ok);

ota::bytes view(const std::vector<std::uint8_t>& data) { return {data.data(), data.size()}; }

template <class Field>
struct ed25519 : ::testing::Test {
  /// As `ota::ed25519::verify`, with a field of our choice.
  static bool verify(ota::bytes key, ota::bytes message, ota::bytes signature) {
    return key.size() == 32 && signature.size() == 64 &&
           ota::detail::ed25519_verifier<Field>::verify(key.data(), message, signature.data());
  }
};
TYPED_TEST_SUITE(ed25519, ota_test::fields25519, ota_test::field25519_names);

TYPED_TEST(ed25519, wycheproof) {
  ota_test::for_each_wycheproof(
      "ed25519_test.json", [](const json_value& group, const json_value& test) {
        EXPECT_EQ(TestFixture::verify(view(group["publicKey"]["pk"].from_hex()),
                                      view(test["msg"].from_hex()), view(test["sig"].from_hex())),
                  test["result"].text == "valid");
      });
}

// RFC 8032, 7.1, TEST SHA(abc); the four before it are tests 80 to 83 of Wycheproof.
struct signed_message {
  std::vector<std::uint8_t> key, message, signature;
};
const signed_message rfc_vector = {
    from_digits("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"),
    from_digits("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
    from_digits("dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
                "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704")};

TYPED_TEST(ed25519, refuses_every_changed_bit) {
  signed_message changed = rfc_vector;
  const auto accepts = [&changed] {
    return TestFixture::verify(view(changed.key), view(changed.message), view(changed.signature));
  };
  ASSERT_TRUE(accepts());
  for (auto* part : {&changed.key, &changed.message, &changed.signature})
    for (std::size_t bit = 0; bit < 8 * part->size(); ++bit) {
      (*part)[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      EXPECT_FALSE(accepts()) << bit;
      (*part)[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    }
  EXPECT_TRUE(accepts());
}

TEST(ed25519_policy, refuses_other_sizes) {
  auto [key, message, signature] = rfc_vector;
  EXPECT_TRUE(ota::ed25519::verify(view(key), view(message), view(signature)));
  EXPECT_FALSE(ota::ed25519::verify(view(key).first(31), view(message), view(signature)));
  EXPECT_FALSE(ota::ed25519::verify(view(key), view(message), view(signature).first(63)));
  EXPECT_FALSE(ota::ed25519::verify({}, view(message), {}));
  key.push_back(0);
  EXPECT_FALSE(ota::ed25519::verify(view(key), view(message), view(signature)));
  key.pop_back();
  signature.push_back(0);
  EXPECT_FALSE(ota::ed25519::verify(view(key), view(message), view(signature)));
}

// Cases 0 to 2: the key or R has small order. 3: both have a part of small order beside a large
// one, and the equation holds even so; only a check of the full order, which RFC 8032 does not ask
// for, would refuse it. 4 and 5: the equation holds only times the cofactor. 6 and 7: S >= L. 8 to
// 11: R or the key is not encoded in the least way.
TYPED_TEST(ed25519, answers_the_edge_cases_strictly) {
  constexpr std::array<bool, 12> accepted = {false, false, false, true};
  const ota_test::json_tree cases(
      ota_test::content_of(OTA_TEST_DATA_DIR "/ed25519_speccheck/cases.json"));
  ASSERT_EQ(cases.root().items.size(), accepted.size());
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    const json_value& one = cases.root().items[i];
    EXPECT_EQ(TestFixture::verify(view(one["pub_key"].from_hex()), view(one["message"].from_hex()),
                                  view(one["signature"].from_hex())),
              accepted[i])
        << i;
  }
}

}  // namespace
