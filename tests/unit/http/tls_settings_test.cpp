#include "ota/http/tls_settings.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

const std::string digest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";  // of nothing

TEST(tls_settings, takes_a_pin_as_it_is_usually_written) {
  EXPECT_TRUE(ota::is_tls_pin("sha256/" + digest));
  EXPECT_EQ(ota::detail::pin_digest("sha256/" + digest), digest);
  EXPECT_EQ(ota::detail::pin_digest("sha256//" + digest), digest);
}

TEST(tls_settings, tells_curl_s_second_slash_from_a_digest_that_begins_with_one) {
  const std::string slash = "/" + digest.substr(1);
  EXPECT_EQ(ota::detail::pin_digest("sha256/" + slash), slash);
  EXPECT_EQ(ota::detail::pin_digest("sha256//" + slash), slash);
}

TEST(tls_settings, refuses_what_is_no_pin) {
  for (const std::string& text :
       {std::string(), std::string("sha256/"), digest, "sha1/" + digest, "SHA256/" + digest,
        "sha256/" + digest.substr(1), "sha256/A" + digest, "sha256///" + digest,
        "sha256/" + digest + "=", "sha256/" + digest.substr(0, 43) + "A",
        "sha256/*" + digest.substr(1), "sha256/ " + digest.substr(1)})
    EXPECT_FALSE(ota::is_tls_pin(text)) << text;
}

}  // namespace
