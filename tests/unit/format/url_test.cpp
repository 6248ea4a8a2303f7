#include <gtest/gtest.h>

#include <ota/format/url.hpp>

#include "support.hpp"

namespace {

using ota::parse_url;

TEST(parse_url, takes_a_url_apart) {
  const auto url = parse_url("https://api.github.com/repos/o/r/git/trees/x?recursive=1");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->secure);
  EXPECT_EQ(url->authority, "api.github.com");
  EXPECT_EQ(url->host, "api.github.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->target, "/repos/o/r/git/trees/x?recursive=1");
}

TEST(parse_url, knows_ports_and_addresses) {
  struct one {
    const char* url;
    const char* authority;
    const char* host;
    std::uint16_t port;
    const char* target;
  };
  for (const one& c : {one{"http://h", "h", "h", 80, "/"}, one{"HTTP://H/", "H", "H", 80, "/"},
                       one{"Https://h:/x", "h:", "h", 443, "/x"},
                       one{"http://127.0.0.1:8080/a#b", "127.0.0.1:8080", "127.0.0.1", 8080, "/a"},
                       one{"http://[::1]:8080/a", "[::1]:8080", "::1", 8080, "/a"},
                       one{"https://[fe80::1]", "[fe80::1]", "fe80::1", 443, "/"},
                       one{"http://h:65535/", "h:65535", "h", 65535, "/"},
                       one{"http://my_host-1.example./?q=a/b?c", "my_host-1.example.",
                           "my_host-1.example.", 80, "/?q=a/b?c"},
                       one{"http://h#f", "h", "h", 80, "/"}}) {
    const auto url = parse_url(c.url);
    ASSERT_TRUE(url) << c.url << ": " << url.error().text;
    EXPECT_EQ(url->authority, c.authority);
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->target, c.target);
  }
}

TEST(parse_url, refuses_what_could_lead_astray) {
  for (const char* url : {"",
                          "h",
                          "/a",
                          "//h/a",
                          "ftp://h/",
                          "http:/h",
                          "http:h",
                          "http://",
                          "http:///a",
                          "http://u@h/",
                          "http://u:p@h/",
                          "http://good.example@bad.example/",
                          "http://h:0/",
                          "http://h:65536/",
                          "http://h:99999999999/",
                          "http://h:8a/",
                          "http://h:-1/",
                          "http://h /",
                          "http://h/a b",
                          "http://h/a\r\nHost: x",
                          "http://h/\t",
                          "http://h/\x7f",
                          "http://[::1",
                          "http://[::1]x/",
                          "http://[]/",
                          "http://[::1%25eth0]/",
                          "http://h\\@x/",
                          "http://a:b:c/",
                          "http://h?x=1",
                          "http://:80/",
                          "http://h%2fx/",
                          "http://b\xc3\xbc"
                          "cher.example/"}) {
    const auto parts = parse_url(url);
    ASSERT_FALSE(parts) << url;
    EXPECT_EQ(parts.error().code, ota::errc::invalid_argument);
  }
  EXPECT_FALSE(parse_url(std::string_view("http://h/\0", 10)));
}

std::string escaped(std::string_view path) {
  ota::fixed_string<2000> out;
  ota::append_escaped(out, path);
  EXPECT_FALSE(out.overflowed());
  return std::string(out.view());
}

TEST(append_escaped, encodes_as_python_quotes) {
  if (!format_test::has_python()) GTEST_SKIP() << "python3 is not installed";
  std::vector<std::string> paths = {"lib/my file.py", "a+b&c=d?e#f%41", "\xc3\xa9/~x_-.y"};
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  paths.push_back(all);
  std::string input;
  for (const std::string& path : paths) input += format_test::hex(path) + "\n";
  const auto lines = format_test::ask_python(
      "import sys, urllib.parse\n"
      "for line in sys.stdin: print(urllib.parse.quote(bytes.fromhex(line), safe='/'))\n",
      input);
  ASSERT_EQ(lines.size(), paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) EXPECT_EQ(escaped(paths[i]), lines[i]);
}

}  // namespace
