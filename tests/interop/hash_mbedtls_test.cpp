// The adapters for mbedtls, where it is installed.

#include <gtest/gtest.h>

#ifdef OTA_HAS_MBEDTLS
#include "ota/hash/git_blob_id.hpp"
#include "ota/hash/hash_policy.hpp"
#include "ota/hash/hmac.hpp"
#include "ota/hash/mbedtls.hpp"
#include "ota/hash/sha256.hpp"
#include "ota/hash/sha512.hpp"
#include "support/digest.hpp"

namespace {

using ota_test::digest_of;
using ota_test::hex;
using ota_test::some_text;

static_assert(ota::check_hash<ota::mbedtls_sha1>::ok);
static_assert(ota::check_hash<ota::mbedtls_sha256>::ok);
static_assert(ota::check_hash<ota::mbedtls_sha512>::ok);

TEST(hash_mbedtls, agrees_with_the_library_at_every_length) {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string text = some_text(size);
    EXPECT_EQ(digest_of<ota::mbedtls_sha1>(text), digest_of<ota::sha1>(text)) << size;
    EXPECT_EQ(digest_of<ota::mbedtls_sha256>(text), digest_of<ota::sha256>(text)) << size;
    EXPECT_EQ(digest_of<ota::mbedtls_sha512>(text), digest_of<ota::sha512>(text)) << size;
  }
}

TEST(hash_mbedtls, a_copy_goes_on_from_where_the_original_stood) {
  const std::string text = some_text(300);
  ota::mbedtls_sha256 original, assigned;
  assigned.update(ota::as_bytes("something else"));
  original.update(ota::as_bytes(text).first(100));
  ota::mbedtls_sha256 copy = original;
  assigned = original;
  const ota::mbedtls_sha256& itself = assigned;
  assigned = itself;
  copy.update(ota::as_bytes(text).drop(100));
  assigned.update(ota::as_bytes(text).drop(100));
  EXPECT_EQ(hex(copy.finish()), digest_of<ota::sha256>(text));
  EXPECT_EQ(hex(assigned.finish()), digest_of<ota::sha256>(text));
  EXPECT_EQ(hex(original.finish()), digest_of<ota::sha256>(text.substr(0, 100)));
  EXPECT_FALSE(original.failed());
}

TEST(hash_mbedtls, serves_where_a_hash_is_asked_for) {
  const std::string text = some_text(100);
  EXPECT_EQ(digest_of(text, ota::hmac<ota::mbedtls_sha256>(ota::as_bytes("key"))),
            digest_of(text, ota::hmac_sha256(ota::as_bytes("key"))));
  EXPECT_EQ(digest_of(text, ota::hmac<ota::mbedtls_sha512>(ota::as_bytes("key"))),
            digest_of(text, ota::hmac<ota::sha512>(ota::as_bytes("key"))));
  EXPECT_EQ(digest_of(text, ota::git_blob_id<ota::mbedtls_sha1>(100)),
            digest_of(text, ota::git_blob_id<>(100)));
}

}  // namespace
#endif
