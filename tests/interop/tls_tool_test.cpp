// The tool over https: its own server behind an nginx that speaks TLS.

#include "support/certificates.hpp"
#include "support/device.hpp"
#include "support/nginx.hpp"

namespace {

using namespace ota_test;

struct tool_over_tls : ::testing::Test {
  scratch_folder here;
  std::string repository = here / "repo";
  device target;

  void SetUp() override {
#ifndef OTA_HAS_MBEDTLS
    GTEST_SKIP() << "the tool is built without mbedtls";
#endif
    const auto committed =
        run("set -e; git init -q -b main " + repository + "; cd " + repository +
            "; echo one > a.txt; head -c 300000 /dev/urandom > big.bin; git add .; "
            "git -c user.name=t -c user.email=t@example.invalid commit -qm one");
    ASSERT_EQ(committed.code, 0) << committed.out;
    configure("");
  }

  void configure(const std::string& members) const {
    target.configure(R"("channel": "developer", "http_retries": 1)" + members);
  }

  /// An nginx with a certificate, in front of a server of versions.
  std::string front(const std::string& name, const server& behind, const std::string& more) const {
    return "ssl_certificate " + made->path(name + ".chain") + ";\nssl_certificate_key " +
           made->path(name + ".key") + ";\nlocation / { proxy_pass " + behind.url() + "; }\n" +
           more;
  }

  measured update_from(const std::string& name, const std::string& options = "",
                       const std::string& more = "", const std::string& serve_options = "") const {
    const server github(OTA_TOOL " serve --port 0 --git o/r=" + repository + " " + serve_options);
    const nginx peer(here.path(), front(name, github, more), " ssl");
    const std::string url = "https://localhost:" + peer.port();
    return target.update(url, url + " " + options);
  }

  std::string trusting(const std::string& file = "root.crt") const {
    return "--ca-file " + made->path(file);
  }

  void expect_updated(const measured& done) const {
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(
        run("diff -r -x .git -x .ota -x version.json " + repository + " " + target.root()).out, "");
  }

  /// Told in one line and in the error file, and nothing was installed.
  void expect_refused(const measured& done, const std::string& why) const {
    EXPECT_EQ(done.code, 1);
    EXPECT_EQ(done.err.rfind("ota: ", 0), 0u) << done.err;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    EXPECT_NE(done.err.find(why), std::string::npos) << done.err;
    const std::string kept = content_of(target.root() + "/ota_error.json");
    EXPECT_NE(kept.find(why.substr(0, 60)), std::string::npos) << kept;
    EXPECT_FALSE(std::filesystem::exists(target.root() + "/a.txt"));
  }

  static void SetUpTestSuite() { made = new certificates; }
  static void TearDownTestSuite() { delete made; }
  static certificates* made;
};

certificates* tool_over_tls::made = nullptr;

TEST_F(tool_over_tls, makes_the_same_tree) {
  expect_updated(update_from("good", trusting() + " --pin " + made->pin("good")));
}

TEST_F(tool_over_tls, is_configured_by_the_document_as_well) {
  configure(R"(, "tls_ca_file": ")" + made->root() + R"(", "tls_pins": [")" +
            made->pin("stranger") + "\", \"" + made->pin("intermediate") + "\"]");
  expect_updated(update_from("good"));
}

TEST_F(tool_over_tls, takes_options_over_the_document) {
  configure(R"(, "tls_ca_file": "/nonexistent", "tls_pins": [")" + made->pin("stranger") + "\"]");
  expect_updated(update_from(
      "good", trusting() + " --pin " + made->pin("stranger") + " --pin=" + made->pin("root")));
}

TEST_F(tool_over_tls, sends_the_token) {
  configure(R"(, "token": "secret")");
  expect_updated(update_from("good", trusting(), "", "--token secret"));
}

TEST_F(tool_over_tls, refuses_an_unknown_authority) {
  expect_refused(update_from("good"),
                 "the certificate of Test Intermediate is issued by Test Root, which is not "
                 "trusted (mbedtls: ");
  expect_refused(update_from("good", trusting("stranger.crt")), "Test Root, which is not trusted");
}

TEST_F(tool_over_tls, refuses_an_expired_certificate) {
  certificates::kind what;
  what.to = "20210102000000Z";
  made->make("expired", what);
  expect_refused(update_from("expired", trusting()),
                 "the certificate expired on 2021-01-02 (mbedtls: The certificate validity has "
                 "expired)");
}

TEST_F(tool_over_tls, refuses_a_changed_key) {
  const std::string other = made->pin("stranger");
  expect_refused(update_from("good", trusting() + " --pin " + other),
                 "the certificate has another key than the pins: " + made->pin("good"));
}

TEST_F(tool_over_tls, refuses_a_redirect_to_plain_http) {
  expect_refused(
      update_from("good", trusting(), "location ~ /a.txt { return 302 http://localhost:1/a.txt; }"),
      "a.txt: a redirect leads from https to plain http");
}

TEST_F(tool_over_tls, tells_a_pin_that_is_none) {
  const measured done = update_from("good", trusting() + " --pin sha256/abc");
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.err, "ota: a pin must be sha256/ and 44 characters of base64, not sha256/abc\n");
}

TEST(tool_without_tls, says_how_to_get_it) {
#ifdef OTA_HAS_MBEDTLS
  GTEST_SKIP() << "the tool is built with mbedtls";
#endif
  device target;
  target.configure(R"("channel": "developer")");
  const measured done = target.update("https://localhost:1", "https://localhost:1");
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.err,
            "ota: https needs TLS, which this program is built without: build it with mbedtls, "
            "see docs/tls.md\n");
}

}  // namespace
