#include "ota/host/http_message.hpp"

#include <gtest/gtest.h>

namespace {

using namespace ota::host;

TEST(request, is_taken_apart) {
  server_request request;
  ASSERT_TRUE(parse_request("GET /a%20b/%C3%A9?ref=x%2Fy&n= HTTP/1.1\r\nHOST:h\r\nX-A:  b c \r\n",
                            request));
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/a b/\xc3\xa9");
  EXPECT_EQ(request.version, "HTTP/1.1");
  EXPECT_EQ(request.header("host"), "h");
  EXPECT_EQ(request.header("x-a"), "b c");
  EXPECT_EQ(request.header("absent"), "");
  EXPECT_EQ(request.parameter("ref"), "x/y");
  EXPECT_EQ(request.parameter("n"), "");
  EXPECT_FALSE(request.parameter("re").has_value());
}

// RFC 9112, section 3.2.2: the target's host counts, whatever the header says.
TEST(request, may_name_the_host_in_its_target) {
  const auto of = [](const std::string& target) {
    server_request request;
    if (!parse_request("GET " + target + " HTTP/1.1\r\nHost: other\r\n", request))
      return std::string("refused");
    return request.header("host") + " " + request.path + " " + request.query;
  };
  EXPECT_EQ(of("http://h:80/a%20b?q=/"), "h:80 /a b q=/");
  EXPECT_EQ(of("HTTPS://[::1]/"), "[::1] / ");
  EXPECT_EQ(of("http://h"), "h / ");
  EXPECT_EQ(of("http://h?q"), "h / q");
  EXPECT_EQ(of("//h/x"), "other //h/x ");
  EXPECT_EQ(of("/http://h/x"), "other /http://h/x ");
}

TEST(request, is_refused_when_it_is_none) {
  for (const char* head :
       {"", "\r\n", "GET\r\n", "GET /\r\n", "GET / SPDY/3\r\n", "GET http:///x HTTP/1.1\r\n",
        "GET ftp://h/ HTTP/1.1\r\n", "GET a/b HTTP/1.1\r\n", "GET ?q HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n"}) {
    server_request request;
    EXPECT_FALSE(parse_request(head, request)) << head;
  }
}

TEST(percent, keeps_what_is_no_escape) {
  EXPECT_EQ(percent_decode("100%/%4/%zz/%41"), "100%/%4/%zz/A");
  EXPECT_EQ(percent_encode("a b/\xc3\xa9#?%"), "a%20b/%C3%A9%23%3F%25");
}

// RFC 9110, section 14.1.2.
TEST(range, follows_the_standard) {
  const auto of = [](const char* header, std::uint64_t total) {
    const auto part = parse_range(header, total);
    return part ? std::to_string(part->first) + "+" + std::to_string(part->size) : "ignored";
  };
  EXPECT_EQ(of("bytes=0-499", 10000), "0+500");
  EXPECT_EQ(of("bytes=500-999", 10000), "500+500");
  EXPECT_EQ(of("bytes=-500", 10000), "9500+500");
  EXPECT_EQ(of("bytes=9500-", 10000), "9500+500");
  EXPECT_EQ(of("bytes=0-0", 10000), "0+1");
  EXPECT_EQ(of("bytes=9999-99999999999999999999999", 10000), "9999+1");
  EXPECT_EQ(of("bytes=-99999", 100), "0+100");
  EXPECT_EQ(of("bytes=10000-", 10000), "0+0");
  EXPECT_EQ(of("bytes=99999999999999999999999-", 10000), "0+0");
  EXPECT_EQ(of("bytes=-0", 10000), "10000+0");
  EXPECT_EQ(of("bytes=0-", 0), "0+0");
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b",
                             "bytes=0-1,4-5", "lines=0-1", "bytes=--5"})
    EXPECT_EQ(of(header, 10000), "ignored") << header;
}

TEST(etag, is_compared_weakly) {
  EXPECT_TRUE(matches_any_etag("\"a\"", "W/\"a\""));
  EXPECT_TRUE(matches_any_etag("\"x\", W/\"a\"", "\"a\""));
  EXPECT_TRUE(matches_any_etag("*", ""));
  EXPECT_FALSE(matches_any_etag("\"x\", \"ab\"", "\"a\""));
  EXPECT_FALSE(matches_any_etag("", ""));
}

}  // namespace
