// Where a redirect leads, against the examples of RFC 3986.

#include <gtest/gtest.h>

#include <ota/http/head_parser.hpp>
#include <string>
#include <utility>

namespace {

std::string resolved(std::string_view base, std::string_view location) {
  char memory[256];
  ota::detail::url_buffer url(memory, sizeof memory);
  EXPECT_TRUE(url.assign(base));
  url.begin_location();
  for (char c : location) url.add_location(c);
  ota::url_view parts;
  EXPECT_TRUE(ota::detail::split_url(url.url(), parts));
  EXPECT_TRUE(url.follow(parts));
  return std::string(url.url());
}

TEST(url_buffer, follows_the_examples_of_rfc_3986) {
  // Section 5.4.1, without the empty reference (a redirect has an address) and those with dots,
  // which are the server's to resolve.
  const std::pair<const char*, const char*> examples[] = {{"g", "http://a/b/c/g"},
                                                          {"g/", "http://a/b/c/g/"},
                                                          {"/g", "http://a/g"},
                                                          {"?y", "http://a/b/c/d;p?y"},
                                                          {"g?y", "http://a/b/c/g?y"},
                                                          {"g#s", "http://a/b/c/g#s"},
                                                          {";x", "http://a/b/c/;x"},
                                                          {"g;x", "http://a/b/c/g;x"},
                                                          {"g;x?y#s", "http://a/b/c/g;x?y#s"},
                                                          {"//g", "http://g"},
                                                          {"g?y/./x", "http://a/b/c/g?y/./x"}};
  for (const auto& [location, expected] : examples)
    EXPECT_EQ(resolved("http://a/b/c/d;p?q", location), expected) << location;
}

TEST(url_buffer, gives_up_the_old_address_for_an_absolute_one_only) {
  for (const auto& [location, fits] :
       {std::pair("https://other.example/", true), std::pair("https:other.example/aa", false),
        std::pair("httpsother.example/aaa", false)}) {
    char memory[24];
    ota::detail::url_buffer url(memory, sizeof memory);
    EXPECT_TRUE(url.assign("http://host/a"));
    url.begin_location();
    for (const char* c = location; *c != '\0'; ++c) url.add_location(*c);
    EXPECT_EQ(!url.overflowed(), fits) << location;
    EXPECT_EQ(url.url(), fits ? "" : "http://host/a") << location;
  }
}

TEST(url_buffer, resolves_nothing_against_an_address_that_was_given_up) {
  char memory[24];
  ota::detail::url_buffer url(memory, sizeof memory);
  EXPECT_TRUE(url.assign("http://host/a"));
  ota::url_view parts;
  EXPECT_TRUE(ota::detail::split_url(url.url(), parts));
  url.begin_location();
  for (char c : std::string_view("https://other.example/")) url.add_location(c);
  url.begin_location();
  for (char c : std::string_view("b/c")) url.add_location(c);
  EXPECT_TRUE(url.follow(parts));
  EXPECT_EQ(url.url(), "b/c");
}

// RFC 3986, 5.2.3: never another host.
TEST(url_buffer, takes_an_address_without_a_path_for_its_root) {
  EXPECT_EQ(resolved("http://h", "x"), "http://h/x");
  EXPECT_EQ(resolved("http://h:80", "x/y?z"), "http://h:80/x/y?z");
  EXPECT_EQ(resolved("http://h", "?x"), "http://h/?x");
  EXPECT_EQ(resolved("http://h", "/x"), "http://h/x");
  EXPECT_EQ(resolved("http://h", "//g/x"), "http://g/x");
  char memory[11];
  ota::detail::url_buffer url(memory, sizeof memory);
  ASSERT_TRUE(url.assign("http://h"));
  url.begin_location();
  for (char c : std::string_view("xyz")) url.add_location(c);
  ASSERT_FALSE(url.overflowed());
  ota::url_view parts;
  ASSERT_TRUE(ota::detail::split_url(url.url(), parts));
  EXPECT_FALSE(url.follow(parts));
}

TEST(url_buffer, goes_where_servers_send) {
  EXPECT_EQ(resolved("https://github.com/o/r/releases/download/v1/f",
                     "https://objects.example.com/x?sig=a%2Fb&e=1"),
            "https://objects.example.com/x?sig=a%2Fb&e=1");
  EXPECT_EQ(resolved("https://h:8443/a/b?q", "/c"), "https://h:8443/c");
  EXPECT_EQ(resolved("https://h:8443/a/b?q", "//[::1]:80/c"), "https://[::1]:80/c");
  EXPECT_EQ(resolved("http://h/a", "?u=http://x"), "http://h/a?u=http://x");
  EXPECT_EQ(resolved("http://h/a?b=c/d", "e"), "http://h/e");
  EXPECT_EQ(resolved("http://h/a", "HTTPS://G/b"), "HTTPS://G/b");
}

}  // namespace
