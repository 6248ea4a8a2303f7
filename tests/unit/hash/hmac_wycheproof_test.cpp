// HMAC-SHA-256 against the vectors of Project Wycheproof. Where a tag is shorter than the digest,
// it is the digest's beginning (RFC 2104, 5).

#include <gtest/gtest.h>

#include "ota/hash/hmac.hpp"
#include "support/wycheproof.hpp"

namespace {

using namespace ota_test::wycheproof;

TEST(hmac_sha256, gives_the_tags_that_wycheproof_calls_valid) {
  std::size_t truncated = 0;
  for_each_test("hmac_sha256", [&](const fields& group, const fields& test) {
    const auto key = test.bytes("key"), message = test.bytes("msg"), tag = test.bytes("tag");
    ota::hmac_sha256 mac(view(key));
    mac.update(view(message));
    const auto digest = mac.finish();
    const std::size_t size = group.number("tagSize") / 8;
    truncated += size < digest.size() ? 1u : 0u;
    EXPECT_EQ(ota::equal_constant_time(ota::bytes{digest.data(), size}, view(tag)),
              test.text("result") == "valid");
  });
  EXPECT_GT(truncated, 0u);
}

}  // namespace
