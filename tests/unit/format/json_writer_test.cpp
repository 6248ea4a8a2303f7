#include <gtest/gtest.h>

#include "support.hpp"

namespace {

TEST(json_writer, writes_version_json_as_the_original_client_does) {
  ota::fixed_string<100> text;
  ota::json_writer writer(text);
  writer.begin_object().key("ref").string("ref123").key("commit").string("c1").end_object();
  EXPECT_EQ(text.view(), R"({"ref": "ref123", "commit": "c1"})");
}

TEST(json_writer, puts_commas_between_members_only) {
  for (const bool spaced : {true, false}) {
    ota::fixed_string<200> text;
    ota::json_writer writer(text, {spaced, true});
    writer.begin_array().begin_object().end_object().begin_array().end_array();
    writer.begin_object().key("a").begin_array().number(1u).number(-2).end_array();
    writer.key("b").boolean(true).key("c").null().end_object().string("").end_array();
    EXPECT_EQ(text.view(), spaced ? R"([{}, [], {"a": [1, -2], "b": true, "c": null}, ""])"
                                  : R"([{},[],{"a":[1,-2],"b":true,"c":null},""])");
  }
}

TEST(json_writer, writes_the_extremes_of_integers) {
  ota::fixed_string<200> text;
  ota::json_writer writer(text, {false, true});
  writer.begin_array().number(UINT64_MAX).number(INT64_MIN).number(INT64_MAX);
  writer.number(UINT32_MAX).number(INT32_MIN).number(0u).end_array();
  EXPECT_EQ(text.view(),
            "[18446744073709551615,-9223372036854775808,9223372036854775807,4294967295,"
            "-2147483648,0]");
}

TEST(json_writer, tells_that_the_text_did_not_fit) {
  ota::fixed_string<10> text;
  ota::json_writer writer(text);
  writer.begin_array().string("0123456789").end_array();
  EXPECT_TRUE(text.overflowed());
}

TEST(json_writer, replaces_what_is_not_utf8) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a\xff\x62", "\"a\\ufffdb\""},     {"\xc3", "\"\\ufffd\""},
      {"\xe2\x82", "\"\\ufffd\""},        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
      {"\xc0\xaf", "\"\\ufffd\\ufffd\""}, {"\xf0\x9f\x98x", "\"\\ufffdx\""}};
  for (const auto& [bad, expected] : cases) {
    ota::fixed_string<60> ascii, utf8;
    ota::json_writer(ascii).string(bad);
    ota::json_writer(utf8, {true, false}).string(bad);
    EXPECT_EQ(ascii.view(), expected);
    std::string plain(expected);
    for (std::size_t at; (at = plain.find("\\ufffd")) != std::string::npos;)
      plain.replace(at, 6, "\xef\xbf\xbd");
    EXPECT_EQ(utf8.view(), plain);
  }
}

std::string random_text(std::mt19937& random) {
  std::string text;
  for (std::size_t n = random() % 30; n != 0; --n) {
    static constexpr std::uint32_t limits[] = {0x80, 0x20, 0x800, 0x10000, 0x110000};
    auto code = static_cast<std::uint32_t>(random() % limits[random() % 5]);
    if (code >= 0xd800 && code < 0xe000) code = 0xd7ff;
    char utf8[4];
    text.append(ota::detail::encode_utf8(code, utf8));
  }
  return text;
}

TEST(json_writer, writes_what_python_writes) {
  if (!format_test::has_python()) GTEST_SKIP() << "python3 is not installed";
  std::mt19937 random(7);
  std::vector<std::string> texts;
  for (std::uint32_t code = 0; code < 0x100; ++code) {
    char utf8[4];
    texts.emplace_back(ota::detail::encode_utf8(code, utf8));
  }
  for (int i = 0; i < 2000; ++i) texts.push_back(random_text(random));
  std::string input;
  for (const std::string& text : texts) input += format_test::hex(text) + "\n";
  const auto lines = format_test::ask_python(R"py(
import json, sys
for line in sys.stdin:
    text = bytes.fromhex(line).decode("utf-8")
    for ascii in (True, False):
        for marks in ((", ", ": "), (",", ":")):
            out = json.dumps({text: [text, 1, None]}, ensure_ascii=ascii, separators=marks)
            print(out.encode("utf-8").hex())
)py",
                                             input);
  ASSERT_EQ(lines.size(), 4 * texts.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string out;
    auto put = [&out](std::string_view part) { out.append(part); };
    ota::json_writer writer(put, {i % 2 == 0, i % 4 < 2});
    writer.begin_object().key(texts[i / 4]).begin_array();
    writer.string(texts[i / 4]).number(1u).null().end_array().end_object();
    EXPECT_EQ(format_test::hex(out), lines[i]);
  }
}

}  // namespace
