// The token and the manifest's key, from wherever they come: used, and told to nobody. Whatever a
// run prints or leaves in the device is searched for them.

#include <algorithm>

#include "support/device.hpp"
#include "support/scripted_github.hpp"

namespace {

using namespace ota_test;

const std::string token = "t0k3n-of-7Qx2Lw9Zr4";
const std::string key = "k3y-of-h5Vb8Nd1Ss6";

struct secrets : ::testing::Test {
  scratch_folder here;
  device target;
  scripted_github github;

  void SetUp() override {
    setenv("OTA_TEST_TOKEN", (token + "\n").c_str(), 1);
    setenv("OTA_TEST_KEY", key.c_str(), 1);
    write_file(here / "token", token + "\r\n");
    write_file(here / "key", key);
    github.publish("v1", {{"a.txt", "one"}, {"lib/b.txt", "two"}});
    sign_with(key);
  }
  void TearDown() override {
    unsetenv("OTA_TEST_TOKEN");
    unsetenv("OTA_TEST_KEY");
  }

  /// Gives release v1 a manifest, signed with `secret`.
  void sign_with(const std::string& secret) {
    const std::string files = here / "files";
    write_file(files + "/a.txt", "one");
    write_file(files + "/lib/b.txt", "two");
    ASSERT_EQ(run(OTA_TOOL " manifest --root " + files + " --version v1 --out " +
                  (here / "manifest.json") + " --hmac-key " + secret)
                  .code,
              0);
    const std::string manifest = content_of(here / "manifest.json");
    github.set_manifest("v1",
                        [manifest](const asked&, wire& out) { out.answer("200 OK", manifest); });
  }

  void configure(const std::string& members) const {
    target.configure(R"("debug": true, "http_retries": 2, )" + members);
  }

  static void expect_none(const std::string& where, const std::string& text) {
    for (const std::string& secret : {token, key})
      EXPECT_EQ(text.find(secret), std::string::npos) << where << ": " << text;
  }

  /// An update, of which neither words nor files may hold a secret.
  measured update(const std::string& options = {}) {
    const measured done = target.update(github.url(), github.url() + " " + options);
    expect_none("standard output", done.out);
    expect_none("standard error", done.err);
    for (const auto& file : std::filesystem::recursive_directory_iterator(target.root()))
      if (file.is_regular_file())
        expect_none(file.path().string(), content_of(file.path().string()));
    return done;
  }

  void expect_failure(const std::string& why, const std::string& options = {}) {
    const measured done = update(options);
    EXPECT_EQ(done.code, 1) << done.out;
    EXPECT_NE(done.err.find(why), std::string::npos) << done.err;
  }

  std::string file(const std::string& name) const { return "\"" + (here / name) + "\""; }

  std::string from_files() const {
    return R"("token_file": )" + file("token") + R"(, "manifest_key_file": )" + file("key");
  }
};

const std::string from_environment =
    R"("token_env": "OTA_TEST_TOKEN", "manifest_key_env": "OTA_TEST_KEY")";

TEST_F(secrets, are_used_wherever_they_stand) {
  write_file(target.outside("beside"), token + "\n");  // the configuration
  for (const std::string& members :
       {R"("token": ")" + token + R"(", "manifest_key": ")" + key + "\"", from_files(),
        R"("token_file": "beside", "manifest_key_env": "OTA_TEST_KEY")" + std::string(),
        from_environment}) {
    configure(members + R"(, "force": true)");
    const std::size_t before = github.requests().size();
    const measured done = update();
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(content_of(target.root() + "/lib/b.txt"), "two");
    const auto asked_for = github.requests("/repos/o/r/");
    ASSERT_GT(github.requests().size(), before);
    EXPECT_EQ(asked_for.back().header("Authorization"), "token " + token);
    target.confirm();
  }
  // Another key than the manifest's would not have passed.
  sign_with("another");
  expect_failure("signature");
}

TEST_F(secrets, are_not_told_by_what_goes_wrong_with_a_server) {
  configure(from_environment + R"(, "backoff_sec": 0)");
  const std::string release = github.api("/releases/latest");
  const auto answer_with = [&](const std::string& status, const std::string& body,
                               const std::string& headers = {}) {
    github.on(release, [=](const asked&, wire& out) { out.answer(status, body, headers); });
  };
  answer_with("401 Unauthorized", "{}");
  expect_failure("does not accept the token");
  expect_failure("does not accept the token", "--json");
  answer_with("403 Forbidden", "{}");
  expect_failure("status 403");
  answer_with("404 Not Found", "{}");
  expect_failure("status 404");
  answer_with("429 Slow", "{}", "Retry-After: 9999\r\n");
  expect_failure("status 429");
  answer_with("500 Trouble", "{}");
  expect_failure("status 500");
  answer_with("200 OK", "{\"tag_name\": nonsense");
  expect_failure("not JSON");
  answer_with("302 Found", "", "Location: " + github.url() + "/elsewhere\r\n");
  expect_failure("status 404");
  answer_with("302 Found", "", "Location: nonsense://\r\n");
  expect_failure("URL");
  github.on(release, [](const asked&, wire& out) { out.hang_up(); });
  expect_failure("closed the connection");
}

TEST_F(secrets, are_not_told_by_what_goes_wrong_with_a_version) {
  configure(from_files());
  sign_with("another");
  expect_failure("signature");
  sign_with(key);
  github.on("/manifest", "{}");
  expect_failure("manifest missing signature");
  sign_with(key);
  github.on("/o/r/v1/lib/b.txt", "2wo");
  expect_failure("lib/b.txt");
  github.publish("v1", {{"a.txt", "one"}, {"lib/b.txt", "two"}});
  expect_failure("manifest_key is set, but the release has no manifest.json");
}

TEST_F(secrets, do_not_follow_a_redirect_to_another_host) {
  loopback_server other([](const asked&, wire& out) { out.answer("200 OK", "two"); });
  configure(from_environment);
  github.on("/o/r/v1/lib/b.txt", [&](const asked&, wire& out) {
    out.answer("302 Found", "", "Location: " + other.url() + "/b\r\n");
  });
  EXPECT_EQ(update().code, 0);
  ASSERT_EQ(other.requests().size(), 1u);
  expect_none("another host", other.requests()[0].head);
}

TEST_F(secrets, are_not_told_where_they_cannot_be_had) {
  const std::string nowhere = here / "nowhere";
  configure(R"("token_file": ")" + nowhere + "\"");
  expect_failure("`token_file`: cannot read " + nowhere);
  configure(R"("token_file": ")" + here.path() + "\"");
  expect_failure("`token_file`: cannot read " + here.path());
  configure(R"("manifest_key_env": "OTA_TEST_NOTHING")");
  expect_failure("`manifest_key_env`: the environment has no variable OTA_TEST_NOTHING");
  write_file(here / "empty", "\n");
  configure(R"("token_file": )" + file("empty"));
  expect_failure("`token`: " + (here / "empty") + " is empty");
  for (const std::string& twice :
       {R"("token": ")" + token + R"(", "token_env": "OTA_TEST_TOKEN")",
        R"("token_env": "OTA_TEST_TOKEN", "token_file": )" + file("token")}) {
    configure(twice);
    expect_failure("only one of `token`, `token_file` and `token_env` may be given", "--json");
  }
  write_file(here / "two_words", token + " " + token);
  configure(R"("token_file": )" + file("two_words"));
  expect_failure("`token` holds a space or a control character");
  configure(R"("token": ")" + token + R"(", "owner": 1)");
  expect_failure("owner");
  configure(R"("token": [")" + token + "\"]");
  expect_failure("token: must be a text");
  configure(R"("token": ")" + token);  // no JSON
  expect_failure("json");
  EXPECT_EQ(github.requests().size(), 0u);
}

}  // namespace
