// What GitHub does to sound devices: it limits requests, answers that nothing has changed, and
// tells a browser which release is the latest.

#include <ctime>

#include "support/attacked_device.hpp"

namespace {

using namespace ota_test;

struct rate_limit : attacked_device {
  /// The first answer to `path` is a refusal, the second is the document.
  void limit_once(const std::string& path, const std::string& document, const std::string& status,
                  const std::function<std::string()>& headers) {
    follow(channel + R"(, "http_retries": 3)");
    auto requests = std::make_shared<int>(0);
    github.on(path, [=](const asked&, wire& out) {
      if ((*requests)++ == 0)
        out.answer(status, R"({"message":"API rate limit exceeded"})", headers());
      else
        out.answer("200 OK", document);
    });
  }

  void limit_reference(const std::string& status, std::function<std::string()> headers) {
    limit_once(reference, R"({"object":{"type":"commit","sha":")" + blob_id("v2") + "\"}}", status,
               std::move(headers));
  }

  void limit_always(const std::string& status, const std::string& headers) {
    follow(channel + R"(, "http_retries": 3)");
    github.on(reference, [=](const asked&, wire& out) { out.answer(status, "{}", headers); });
  }

  /// The update waited as long as it was told, and then brought v2.
  void expect_updated_after(const std::string& path, std::chrono::milliseconds wait) {
    const std::size_t before_limit = github.requests(path).size();
    expect_updated();
    const auto asked_for = github.requests(path);
    ASSERT_EQ(asked_for.size(), before_limit + 2);
    EXPECT_GE(asked_for.back().when - asked_for[before_limit].when, wait);
  }

  void expect_refused_at_once() {
    const std::size_t requests = github.requests(reference).size();
    expect_refused("rate limit");
    EXPECT_EQ(github.requests(reference).size(), requests + 1) << "asked again all the same";
  }

  const std::string reference = scripted_github::api("/git/ref/heads/main");
};

std::string http_date(std::time_t time) {
  char text[64];
  tm parts{};
  gmtime_r(&time, &parts);
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

std::string reset_in(long seconds) {
  return "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: " +
         std::to_string(std::time(nullptr) + seconds) + "\r\n";
}

TEST_F(rate_limit, a_short_wait_in_seconds_is_waited) {
  limit_reference("429 Too Many Requests", [] { return "Retry-After: 1\r\n"; });
  expect_updated_after(reference, std::chrono::milliseconds(1000));
}

TEST_F(rate_limit, a_server_in_trouble_may_ask_for_a_wait_too) {
  limit_reference("503 Service Unavailable", [] { return "Retry-After: 1\r\n"; });
  expect_updated_after(reference, std::chrono::milliseconds(1000));
}

TEST_F(rate_limit, a_short_wait_by_a_date_is_waited) {
  // Seen from the server's clock, which need not be the device's.
  limit_reference("429 Too Many Requests", [] {
    return "Date: " + http_date(1000000000) + "\r\nRetry-After: " + http_date(1000000001) + "\r\n";
  });
  expect_updated_after(reference, std::chrono::milliseconds(1000));
}

TEST_F(rate_limit, a_secondary_limit_is_waited) {
  limit_reference("403 Forbidden", [] { return "Retry-After: 1\r\n"; });
  expect_updated_after(reference, std::chrono::milliseconds(1000));
}

TEST_F(rate_limit, a_reset_that_is_near_is_waited_for) {
  // Two seconds ahead are at least one, wherever in its second the clock stands.
  limit_reference("403 Forbidden", [] { return reset_in(2); });
  expect_updated_after(reference, std::chrono::milliseconds(1000));
}

TEST_F(rate_limit, a_file_that_is_limited_is_waited_for) {
  limit_once(github.raw_path("a.txt"), changed, "429 Too Many Requests",
             [] { return "Retry-After: 1\r\n"; });
  expect_updated_after(github.raw_path("a.txt"), std::chrono::milliseconds(1000));
}

TEST_F(rate_limit, a_long_wait_ends_the_update_and_says_why) {
  limit_always("403 Forbidden", reset_in(3000));
  expect_refused_at_once();
  limit_always("429 Too Many Requests", "Retry-After: 3000\r\n");
  expect_refused_at_once();
  limit_always("429 Too Many Requests", "Date: " + http_date(1000000000) +
                                            "\r\nRetry-After: " + http_date(1000003000) + "\r\n");
  expect_refused_at_once();
}

TEST_F(rate_limit, waits_have_an_end) {
  limit_always("429 Too Many Requests", "Retry-After: 0\r\n");
  const std::size_t requests = github.requests(reference).size();
  expect_refused("rate limit");
  EXPECT_EQ(github.requests(reference).size(), requests + 3);
}

TEST_F(rate_limit, another_refusal_is_not_taken_for_it) {
  limit_always("403 Forbidden", "X-RateLimit-Remaining: 10\r\n");
  const measured done = update();
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.err.find("rate limit"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("token"), std::string::npos) << done.err;
}

struct unchanged : attacked_device {
  const std::string release = R"({"tag_name":"v2","assets":[]})";
  const std::string latest = scripted_github::api("/releases/latest");
  const std::string etag = "\"0123456789abcdef\"";

  /// The release with an ETag, and 304 to whoever has it.
  void SetUp() override {
    attacked_device::SetUp();
    github.on(latest, [this](const asked& request, wire& out) {
      if (request.header("If-None-Match") == etag)
        out.send("HTTP/1.1 304 Not Modified\r\nETag: " + etag + "\r\n\r\n");
      else
        out.answer("200 OK", release, "ETag: " + etag + "\r\n");
    });
    follow(releases);
    expect_updated();
    ASSERT_EQ(victim.confirm(), 0);
    before = victim.files();
    seen_ = github.requests().size();
  }

  /// What was asked since the update.
  std::vector<asked> asked_since(const std::string& path) const {
    const auto all = github.requests();
    std::vector<asked> some;
    for (std::size_t i = seen_; i < all.size(); ++i)
      if (all[i].target.find(path) != std::string::npos) some.push_back(all[i]);
    return some;
  }

  void expect_nothing_new() {
    const measured done = update();
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.out, "No update required\n");
    EXPECT_TRUE(victim.files() == before);
    EXPECT_TRUE(asked_since("/git/trees/").empty());
  }

  /// The web site sends a browser to the page of this tag.
  void set_web_site(const std::string& tag) {
    follow(releases + R"(, "web": ")" + github.url() + "/web\"");
    github.on("/web/o/r/releases/latest", [this, tag](const asked&, wire& out) {
      out.answer("302 Found", "",
                 "Location: " + github.url() + "/web/o/r/releases/tag/" + tag + "\r\n");
    });
  }

 private:
  std::size_t seen_ = 0;
};

TEST_F(unchanged, a_release_is_asked_for_by_its_etag) {
  expect_nothing_new();
  ASSERT_EQ(asked_since(latest).size(), 1u);
  EXPECT_EQ(asked_since(latest)[0].header("If-None-Match"), etag);
}

TEST_F(unchanged, a_tag_that_was_moved_is_seen_behind_a_304) {
  const std::string moved = blob_id("v3");
  github.on(github.api("/git/ref/tags/v2"),
            R"({"object":{"type":"commit","sha":")" + moved + "\"}}");
  github.on(github.api("/git/trees/" + moved),
            R"({"tree":[)" + tree_entry("a.txt", "moved") + R"(],"truncated":false})");
  github.on("/o/r/v2/a.txt", "moved");
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(content_of(victim.root() + "/a.txt"), "moved");
}

TEST_F(unchanged, force_asks_without_the_etag) {
  follow(releases + R"(, "force": true)");
  EXPECT_EQ(update().code, 0);
  ASSERT_FALSE(asked_since(latest).empty());
  EXPECT_EQ(asked_since(latest)[0].header("If-None-Match"), "");
}

TEST_F(unchanged, the_web_site_is_asked_first_and_the_api_not_at_all) {
  set_web_site("v2");
  expect_nothing_new();
  EXPECT_EQ(asked_since("/web/").size(), 1u);
  EXPECT_TRUE(asked_since("/repos/").empty());
}

TEST_F(unchanged, another_release_on_the_web_site_is_asked_of_the_api) {
  set_web_site("v3");
  expect_nothing_new();
  EXPECT_EQ(asked_since("/web/").size(), 1u);
  EXPECT_EQ(asked_since(latest).size(), 1u);
}

TEST_F(unchanged, a_tag_that_only_ends_alike_is_not_the_same) {
  set_web_site("xv2");
  expect_nothing_new();
  EXPECT_EQ(asked_since(latest).size(), 1u);
}

TEST_F(unchanged, a_web_site_that_does_not_answer_is_passed_over) {
  set_web_site("v2");
  github.on("/web/o/r/releases/latest", [](const asked&, wire& out) { out.hang_up(); });
  expect_nothing_new();
  github.on("/web/o/r/releases/latest", [](const asked&, wire& out) {
    out.send("HTTP/1.1 302 Found\r\nX-Long: ");
    out.repeat(std::string(4096, 'x'));
  });
  expect_nothing_new();
  EXPECT_EQ(asked_since(latest).size(), 2u);
}

TEST_F(unchanged, a_token_goes_to_the_api_and_not_to_the_web_site) {
  set_web_site("v2");
  follow(releases + R"(, "token": "secret", "web": ")" + github.url() + "/web\"");
  expect_nothing_new();
  EXPECT_TRUE(asked_since("/web/").empty());
  ASSERT_FALSE(asked_since(latest).empty());
  EXPECT_EQ(asked_since(latest)[0].header("Authorization"), "token secret");
}

}  // namespace
