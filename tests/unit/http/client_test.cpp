#include "ota/http/client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

/// A stream that plays recorded answers, one a request, in pieces of a given size.
class script {
 public:
  static constexpr bool can_secure = true;

  struct state {
    std::vector<std::string> answers;   // one for each request; then the connection is closed
    std::vector<std::string> sent;      // the requests
    std::vector<std::string> connects;  // host:port of each connection
    std::size_t piece = 1000;
    bool stale_once = false;  // the next request on a kept connection finds it closed
    bool endless = false;     // the last answer repeats without end
  };

  script() = default;
  explicit script(state& shared) : shared_(&shared) {}

  ota::result<void> connect(std::string_view host, std::uint16_t port, bool secure, std::uint32_t) {
    shared_->connects.push_back((secure ? "s:" : "") + std::string(host) + ":" +
                                std::to_string(port));
    left_.clear();
    request_.clear();
    return {};
  }
  ota::result<void> write(ota::bytes data, std::uint32_t) {
    request_ += ota::as_text(data);
    if (request_.size() < 4 || request_.compare(request_.size() - 4, 4, "\r\n\r\n") != 0) return {};
    if (shared_->stale_once && !shared_->sent.empty()) {
      shared_->stale_once = false;
      request_.clear();
      return {};
    }
    if (shared_->sent.size() < shared_->answers.size())
      left_ += shared_->answers[shared_->sent.size()];
    shared_->sent.push_back(request_);
    request_.clear();
    return {};
  }
  ota::result<std::size_t> read(ota::mutable_bytes out, std::uint32_t) {
    if (left_.empty() && shared_->endless) left_ = shared_->answers.back();
    const std::size_t size = std::min({out.size(), left_.size(), shared_->piece});
    std::copy_n(left_.begin(), size, out.begin());
    left_.erase(0, size);
    return size;
  }
  void close() { left_.clear(); }

 private:
  state* shared_ = nullptr;
  std::string left_;
  std::string request_;
};

struct http : ::testing::Test {
  script::state server;

  using client = ota::http_client<script>;

  // One request; the status and the body, or "!" and the error.
  std::string get(client& one, ota::http_request request) {
    const auto answer = one.open(request);
    if (!answer) return "!" + std::string(answer.error().text);
    std::string text = std::to_string(one.response().status) + ":";
    std::uint8_t piece[7];
    for (;;) {
      const auto size = one.read(piece);
      if (!size) return text + "!" + size.error().text;
      if (*size == 0) return text;
      text += ota::as_text({piece, *size});
    }
  }

  std::string get(const std::string& answer, const std::string& url = "http://host/path") {
    server = {};
    server.answers = {answer};
    client one{script(server)};
    ota::http_request request;
    request.url = url;
    return get(one, request);
  }

  // The same at every size of the pieces in which the answer arrives.
  void expect(const std::string& answer, const std::string& result) {
    for (const std::size_t piece : {1u, 2u, 3u, 5u, 16u, 1000u}) {
      server = {};
      server.answers = {answer};
      server.piece = piece;
      client one{script(server)};
      ota::http_request request;
      request.url = "http://host/path";
      EXPECT_EQ(get(one, request), result) << "in pieces of " << piece;
    }
  }
};

TEST_F(http, reads_bodies_of_every_framing) {
  expect("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200:hello");
  expect(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=\"y\"\r\n world\r\n"
      "0\r\nX-Trailer: 1\r\n\r\n",
      "200:hello world");
  expect("HTTP/1.0 200 OK\r\n\r\nuntil the end", "200:until the end");
  expect("HTTP/1.1 204 No Content\r\n\r\n", "204:");
  expect("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "304:");
  expect("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200:");
  expect(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
      "content-length:2\r\n\r\nok",
      "200:ok");
  expect("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", "404:gone");
}

TEST_F(http, says_what_is_wrong_with_an_answer) {
  expect("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
         "200:short!the answer ended before its promised length");
  expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
         "200:hel!the answer ended before its promised length");
  expect("", "!the server closed the connection without an answer");
  expect("SSH-2.0-OpenSSH\r\n", "!the server does not speak HTTP/1.1");
  for (const char* head :
       {"HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1  200\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"})
    EXPECT_EQ(get(head), "!the server does not speak HTTP/1.1") << head;
  for (const char* length :
       {"-1", "5, 6", "0x5", "", "99999999999999999999", "5\r\nContent-Length: 6"})
    EXPECT_EQ(get("HTTP/1.1 200 OK\r\nContent-Length: " + std::string(length) + "\r\n\r\nhello"),
              "!the length of the answer is not one number")
        << length;
  for (const char* size : {"g", "", "-5", "fffffffffffffffff"})
    EXPECT_EQ(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size) +
                  "\r\nhello"),
              "200:!the chunks of the answer are damaged")
        << size;
  EXPECT_EQ(get("HTTP/1.1 206 P\r\nContent-Length: 1\r\nContent-Range: bytes 7-7/9\r\n\r\nx"),
            "!the server sent another range than was asked for");
}

TEST_F(http, ends_a_head_that_does_not_end) {
  for (const char* more : {"x: y\r\n", "aaaaaaaaaaaaaaaa", "HTTP/1.1 100 C\r\n\r\n"}) {
    server = {};
    server.answers = {"HTTP/1.1 100 C\r\n\r\n", more};
    server.answers[0] += more;
    server.answers = {server.answers[0]};
    server.answers.push_back(more);
    server.endless = true;
    client one{script(server)};
    ota::http_request request;
    request.url = "http://host/";
    EXPECT_EQ(get(one, request)[0], '!') << more;
  }
}

// Each piece may take as long as a time limit: a server could hold a read for days.
TEST_F(http, ends_what_stands_around_chunks_where_it_comes_in_tiny_pieces) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& rest : {"2;" + std::string(4000, 'x') + "\r\nok\r\n0\r\n\r\n",
                                  "2\r\nok\r\n0\r\n" + std::string(4000, 'x') + "\r\n\r\n"}) {
    for (const std::size_t piece : {1000u, 1u}) {
      server = {};
      server.piece = piece;
      server.answers = {head + rest};
      client one{script(server)};
      ota::http_request request;
      request.url = "http://host/";
      const std::string got = get(one, request);
      EXPECT_EQ(got.find("tiny pieces") != std::string::npos, piece == 1) << got;
    }
  }
}

TEST_F(http, passes_over_header_lines_of_any_length) {
  EXPECT_EQ(get("HTTP/1.1 200 OK\r\nContent-Security-Policy: " + std::string(30000, 'x') + "\r\n" +
                std::string(500, 'n') + ": y\r\nContent-Length: 2\r\n\r\nok"),
            "200:ok");
}

TEST_F(http, sends_what_is_asked) {
  server.answers = {
      "HTTP/1.1 206 P\r\nContent-Length: 1\r\nContent-Range: bytes 100-100/101\r\n"
      "ETag: \"new\"\r\n\r\nx"};
  client one{script(server)};
  ota::http_request request;
  request.url = "http://[::1]:8080/a%20b?q=1#fragment";
  request.accept = "text/plain";
  request.user_agent = "agent";
  request.token = "secret";
  request.if_none_match = "\"old\"";
  request.range_from = 100;
  request.if_range = "\"same\"";
  EXPECT_EQ(get(one, request), "206:x");
  EXPECT_EQ(server.connects, std::vector<std::string>{"::1:8080"});
  EXPECT_EQ(server.sent[0],
            "GET /a%20b?q=1 HTTP/1.1\r\nHost: [::1]:8080\r\nRange: bytes=100-\r\n"
            "User-Agent: agent\r\nAccept: text/plain\r\nAuthorization: token secret\r\n"
            "If-None-Match: \"old\"\r\nIf-Range: \"same\"\r\n\r\n");
  EXPECT_EQ(one.etag(), "\"new\"");
}

TEST_F(http, refuses_to_send_line_breaks) {
  client one{script(server)};
  ota::http_request request;
  request.url = "http://host/";
  request.token = "a\r\nX-Injected: 1";
  EXPECT_EQ(get(one, request), "!a header value holds a control character");
  request = {};
  request.url = "http://host/a b";
  EXPECT_EQ(get(one, request)[0], '!');
  EXPECT_TRUE(server.sent.empty());
}

TEST_F(http, keeps_a_connection_and_opens_a_stale_one_again) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  server.answers = {answer, answer, answer, answer};
  client one{script(server)};
  ota::http_request request;
  request.url = "http://host/1";
  EXPECT_EQ(get(one, request), "200:ok");
  EXPECT_EQ(get(one, request), "200:ok");
  EXPECT_EQ(server.connects.size(), 1u);
  server.stale_once = true;
  EXPECT_EQ(get(one, request), "200:ok");
  EXPECT_EQ(server.connects.size(), 2u);
  request.url = "http://other/1";
  EXPECT_EQ(get(one, request), "200:ok");
  EXPECT_EQ(server.connects.size(), 3u);
}

TEST_F(http, does_not_take_an_old_body_for_a_new_answer) {
  const std::string large =
      "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + std::string(9000, 'x');
  server.answers = {large, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"};
  client one{script(server)};
  ota::http_request request;
  request.url = "http://host/";
  ASSERT_TRUE(one.open(request));  // and the body is not read
  EXPECT_EQ(get(one, request), "200:new");
  EXPECT_EQ(server.connects.size(), 2u);
}

std::string moved(const std::string& to, int status = 302) {
  return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + to +
         "\r\nContent-Length: 0\r\n\r\n";
}

TEST_F(http, follows_redirects_and_keeps_the_token_at_home) {
  const std::string end = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  struct redirect {
    const char* to;
    const char* request_line;
    bool with_token;
  };
  for (const redirect& one :
       std::vector<redirect>{{"http://host:80/there", "GET /there HTTP", true},
                             {"/there?x=1", "GET /there?x=1 HTTP", true},
                             {"there", "GET /dir/there HTTP", true},
                             {"?x=2", "GET /dir/page?x=2 HTTP", true},
                             {"//other/there", "GET /there HTTP", false},
                             {"http://other/there", "GET /there HTTP", false},
                             {"http://host:81/there", "GET /there HTTP", false},
                             {"https://host/there", "GET /there HTTP", false}}) {
    server = {};
    server.answers = {moved(one.to), end};
    client browser{script(server)};
    ota::http_request request;
    request.url = "http://host/dir/page?q=/slash";
    request.token = "secret";
    EXPECT_EQ(get(browser, request), "200:ok") << one.to;
    ASSERT_EQ(server.sent.size(), 2u);
    EXPECT_EQ(server.sent[1].compare(0, std::string(one.request_line).size(), one.request_line), 0)
        << server.sent[1];
    EXPECT_EQ(server.sent[1].find("secret") != std::string::npos, one.with_token) << one.to;
  }
}

TEST_F(http, does_not_give_the_token_back_after_another_host) {
  server.answers = {moved("http://other/"), moved("http://host/"),
                    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  client one{script(server)};
  ota::http_request request;
  request.url = "http://host/";
  request.token = "secret";
  EXPECT_EQ(get(one, request), "200:");
  EXPECT_EQ(server.sent[2].find("secret"), std::string::npos);
}

TEST_F(http, refuses_a_redirect_from_https_to_http) {
  const std::string end = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (const char* to : {"http://host/there", "http://other/", "HTTP://host:443/there"}) {
    server = {};
    server.answers = {moved(to), end};
    client one{script(server)};
    ota::http_request request;
    request.url = "https://host/";
    EXPECT_EQ(get(one, request), "!a redirect leads from https to plain http") << to;
    EXPECT_EQ(server.connects, std::vector<std::string>{"s:host:443"});
  }
  server = {};
  server.answers = {moved("https://host/b"), moved("/c"), moved("//other/d"), end};
  client one{script(server)};
  ota::http_request request;
  request.url = "http://host/";
  EXPECT_EQ(get(one, request), "200:ok");
  EXPECT_EQ(server.connects.back(), "s:other:443");
}

TEST_F(http, ends_a_loop_of_redirects) {
  server.answers.assign(20, moved("/again"));
  client one{script(server)};
  ota::http_request request;
  request.url = "http://host/";
  EXPECT_EQ(get(one, request), "!the server redirects without end");
  EXPECT_EQ(server.sent.size(), 6u);
}

TEST_F(http, follows_long_addresses_and_refuses_longer_ones) {
  const std::string end = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  server.answers = {moved("http://other/" + std::string(1500, 'a')), end};
  client one{script(server)};
  ota::http_request request;
  const std::string url = "http://host/" + std::string(200, 'b');
  request.url = url;
  EXPECT_EQ(get(one, request), "200:");
  server = {};
  server.answers = {moved("http://other/" + std::string(1600, 'a')), end};
  EXPECT_EQ(get(one, request), "!the address of a redirect is too long");
}

TEST_F(http, hands_a_redirect_out_where_it_is_not_to_be_followed) {
  server.answers = {moved("https://github.com/o/r/releases/tag/v1.0")};
  client one{script(server)};
  ota::http_request request;
  request.url = "http://host/o/r/releases/latest";
  request.follow_redirects = false;
  EXPECT_EQ(get(one, request), "302:");
  EXPECT_EQ(one.location(), "https://github.com/o/r/releases/tag/v1.0");
}

TEST_F(http, reads_limits_and_dates) {
  server.answers = {
      "HTTP/1.1 429 Too Many\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-RateLimit-Remaining: 0\r\n"
      "X-RateLimit-Reset: 1700000000\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n"
      "Content-Length: 0\r\n\r\n",
      "HTTP/1.1 503 Busy\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n"};
  client one{script(server)};
  ota::http_request request;
  request.url = "http://host/";
  ASSERT_TRUE(one.open(request));
  const ota::http_response& answer = one.response();
  EXPECT_EQ(answer.date, 784111777u);
  EXPECT_TRUE(answer.has_rate_remaining);
  EXPECT_EQ(answer.rate_remaining, 0u);
  EXPECT_EQ(answer.rate_reset, 1700000000u);
  EXPECT_EQ(answer.retry_after, 120u);
  ASSERT_TRUE(one.open(request));
  EXPECT_EQ(answer.retry_after, 17u);
}

TEST(http_date, agrees_with_the_calendar) {
  // date -u -d @N
  EXPECT_EQ(ota::detail::parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0u);
  EXPECT_EQ(ota::detail::parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199u);
  EXPECT_EQ(ota::detail::parse_http_date("Fri, 31 Dec 2100 12:00:00 GMT"), 4133937600u);
  EXPECT_EQ(ota::detail::parse_http_date("Sun, 06-Nov-94 08:49:37 GMT"), 0u);
  EXPECT_EQ(ota::detail::parse_http_date("Sun, 06 Nov 1994 25:49:37 GMT"), 0u);
}

struct plain_script : script {
  static constexpr bool can_secure = false;
};

TEST(http_client, needs_tls_for_https) {
  ota::http_client<plain_script> one;
  ota::http_request request;
  request.url = "https://api.github.com/";
  const auto answer = one.open(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ota::errc::unsupported);
  EXPECT_NE(std::string(answer.error().text).find("build it with mbedtls"), std::string::npos);
}

TEST(http_client, is_small) { EXPECT_LT(sizeof(ota::http_client<script>), 3072u); }

}  // namespace
