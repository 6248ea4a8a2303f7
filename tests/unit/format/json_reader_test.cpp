#include <gtest/gtest.h>

#include <dirent.h>

#include <algorithm>

#include "support.hpp"

namespace {

using format_test::content_of;
using format_test::rewrite;
using ota::json_event;

constexpr std::size_t piece_sizes[] = {std::string_view::npos, 1, 2, 3, 5, 7, 8, 9, 61};

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  if (DIR* open = opendir(directory.c_str())) {
    while (const dirent* entry = readdir(open))
      if (entry->d_name[0] != '.') names.push_back(entry->d_name);
    closedir(open);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// ---- the public JSONTestSuite ---------------------------------------------------------------

TEST(json_reader, agrees_with_the_json_test_suite) {
  const std::string directory = OTA_TEST_DATA_DIR "/json/test_parsing/";
  int accepted = 0, refused = 0, free = 0;
  for (const std::string& name : names_in(directory)) {
    const std::string document = content_of(directory + name);
    const std::string whole = rewrite(document);
    for (const std::size_t size : piece_sizes) {
      if (document.size() > 50000 && size < 61) continue;
      EXPECT_EQ(rewrite(document, size), whole) << name << " in pieces of " << size;
    }
    ota::json_reader<> small;
    const bool small_accepts = rewrite(small, document, 4) != "refused";
    if (name[0] == 'y') {
      ++accepted;
      EXPECT_NE(whole, "refused") << name;
      EXPECT_TRUE(small_accepts) << name;
    } else if (name[0] == 'n') {
      ++refused;
      EXPECT_EQ(whole, "refused") << name;
      EXPECT_FALSE(small_accepts) << name;
    } else {
      ++free;
    }
  }
  EXPECT_EQ(accepted, 95);
  EXPECT_EQ(refused, 188);
  EXPECT_EQ(free, 35);
}

TEST(json_reader, reads_the_json_test_suite_as_python_does) {
  if (!format_test::has_python()) GTEST_SKIP() << "python3 is not installed";
  const std::string directory = OTA_TEST_DATA_DIR "/json/test_parsing/";
  std::vector<std::string> names, documents;
  for (const std::string& name : names_in(directory)) {
    const std::string document = content_of(directory + name);
    if (document.size() > 50000) continue;  // deeper than either reader goes
    names.push_back(name);
    documents.push_back(document);
  }
  const auto expected = format_test::rewrite_by_python(documents);
  ASSERT_EQ(expected.size(), documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i)
    EXPECT_EQ(rewrite(documents[i]), expected[i]) << names[i];
}

// ---- recorded answers of GitHub -------------------------------------------------------------

TEST(json_reader, reads_recorded_answers_of_github_as_python_does) {
  if (!format_test::has_python()) GTEST_SKIP() << "python3 is not installed";
  const std::string directory = OTA_TEST_DATA_DIR "/github/";
  std::vector<std::string> documents;
  for (const std::string& name : names_in(directory))
    if (name.find(".json") != std::string::npos) documents.push_back(content_of(directory + name));
  ASSERT_EQ(documents.size(), 6u);
  const auto expected = format_test::rewrite_by_python(documents);
  ASSERT_EQ(expected.size(), documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    EXPECT_NE(expected[i], "refused");
    for (const std::size_t size : {std::size_t{1}, std::size_t{13}, std::size_t{1024}})
      EXPECT_EQ(rewrite(documents[i], size), expected[i]);
  }
}

// The strings and numbers that follow a key, in order.
std::vector<std::string> values_of(const std::string& document, std::string_view key) {
  std::vector<std::string> values;
  ota::json_reader<> reader;
  reader.feed(ota::as_bytes(document));
  reader.finish();
  bool wanted = false;
  for (;;) {
    const auto event = reader.next();
    if (!event || *event == json_event::end) return values;
    if (wanted && (*event == json_event::string || *event == json_event::number))
      values.emplace_back(reader.text());
    wanted = *event == json_event::key && reader.text() == key;
  }
}

TEST(json_reader, finds_the_fields_of_a_recorded_release) {
  const std::string document = content_of(OTA_TEST_DATA_DIR "/github/release-assets.json");
  EXPECT_EQ(values_of(document, "tag_name"),
            (std::vector<std::string>{"v1.0.0", "v1.0.0", "v1.0.0"}));
  EXPECT_EQ(values_of(document, "browser_download_url").at(0),
            "https://github.com/octokit-fixture-org/"
            "tmp-scenario-release-assets-20220719044014639-1reww/releases/download/v1.0.0/"
            "test-upload.txt");
  const std::string refs = content_of(OTA_TEST_DATA_DIR "/github/git-refs.json");
  const auto names = values_of(refs, "ref");
  EXPECT_NE(std::find(names.begin(), names.end(), "refs/heads/main"), names.end());
  for (const std::string& id : values_of(refs, "sha")) EXPECT_EQ(id.size(), 40u);
}

// ---- random documents, whole and damaged ----------------------------------------------------

class random_document {
 public:
  explicit random_document(std::uint32_t seed) : random_(seed) {}

  std::string make() {
    text_.clear();
    space();
    value(0);
    space();
    return text_;
  }

  std::string damage(std::string text) {
    static const std::string_view inserts[] = {"\"",
                                               "\\",
                                               ",",
                                               ":",
                                               "]",
                                               "}",
                                               "[",
                                               "{",
                                               "-",
                                               "0",
                                               "1",
                                               ".",
                                               "e",
                                               "+",
                                               " ",
                                               "\t",
                                               "null",
                                               "NaN",
                                               "\\u",
                                               "\\ud800",
                                               "\\udc00",
                                               "\xc3",
                                               "\x80",
                                               "\xed\xa0\x80",
                                               "\xf5",
                                               "\x01",
                                               "//",
                                               "\xef\xbb\xbf",
                                               "\xf0\x8f\xbf\xbf",
                                               "\xf4\x90\x80\x80",
                                               "Infinity",
                                               "'",
                                               "\\x41"};
    for (std::uint32_t n = 1 + below(3); n != 0; --n) {
      const std::size_t at = text.empty() ? 0 : below(static_cast<std::uint32_t>(text.size()));
      switch (below(5)) {
        case 0:
          text.insert(at, inserts[below(std::size(inserts))]);
          break;
        case 1:
          text.erase(at, 1 + below(3));
          break;
        case 2:
          text.resize(at);
          break;
        case 3:
          text.insert(at, text.substr(at, 1 + below(5)));
          break;
        default:
          if (!text.empty()) text[at] = static_cast<char>(below(256));
      }
    }
    return text;
  }

  std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

 private:
  void space() {
    while (below(4) == 0) text_ += " \t\n\r"[below(4)];
  }

  void digits() {
    for (std::uint32_t n = 1 + below(12); n != 0; --n) text_ += static_cast<char>('0' + below(10));
  }

  void number() {
    if (below(3) == 0) text_ += '-';
    if (below(4) == 0)
      text_ += '0';
    else
      text_ += static_cast<char>('1' + below(9)), digits();
    if (below(3) == 0) text_ += '.', digits();
    if (below(3) == 0) {
      text_ += "eE"[below(2)];
      if (below(2) == 0) text_ += "+-"[below(2)];
      digits();
    }
  }

  void string() {
    static const std::string_view parts[] = {"\\n",
                                             "\\\"",
                                             "\\\\",
                                             "\\/",
                                             "\\b",
                                             "\\f",
                                             "\\r",
                                             "\\t",
                                             "\\u0000",
                                             "\\u00e9",
                                             "\\uD83d\\uDE00",
                                             "\xc3\xa9",
                                             "\xe2\x82\xac",
                                             "\xf0\x9f\x98\x80",
                                             "\xed\x9f\xbf",
                                             "\xee\x80\x80",
                                             "\xf4\x8f\xbf\xbf",
                                             "\x7f",
                                             "/",
                                             " "};
    text_ += '"';
    for (std::uint32_t n = below(8); n != 0; --n) {
      if (below(2) == 0) text_ += parts[below(std::size(parts))];
      for (std::uint32_t k = below(20); k != 0; --k) text_ += static_cast<char>('a' + below(26));
    }
    text_ += '"';
  }

  void value(int depth) {
    const std::uint32_t kind = below(depth > 6 ? 5 : 8);
    if (kind == 0)
      text_ += "null";
    else if (kind == 1)
      text_ += below(2) == 0 ? "true" : "false";
    else if (kind == 2)
      number();
    else if (kind <= 4)
      string();
    else
      container(depth, kind == 5);
  }

  void container(int depth, bool array) {
    text_ += array ? '[' : '{';
    space();
    for (std::uint32_t n = below(5), i = 0; i < n; ++i) {
      if (i != 0) text_ += ',', space();
      if (!array) string(), space(), text_ += ':', space();
      value(depth + 1);
      space();
    }
    text_ += array ? ']' : '}';
  }

  std::mt19937 random_;
  std::string text_;
};

TEST(json_reader, agrees_with_python_on_random_documents) {
  if (!format_test::has_python()) GTEST_SKIP() << "python3 is not installed";
  random_document random(20260101);
  std::vector<std::string> documents;
  for (int i = 0; i < 3000; ++i) {
    documents.push_back(random.make());
    for (int k = 0; k < 3; ++k) documents.push_back(random.damage(documents.back()));
  }
  const auto expected = format_test::rewrite_by_python(documents);
  ASSERT_EQ(expected.size(), documents.size());
  int refused = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    refused += expected[i] == "refused";
    EXPECT_EQ(rewrite(documents[i]), expected[i]) << documents[i];
    EXPECT_EQ(rewrite(documents[i], 1), expected[i]) << documents[i];
    EXPECT_EQ(rewrite(documents[i], 2 + i % 17), expected[i]) << documents[i];
  }
  EXPECT_GT(refused, 3000);
  EXPECT_LT(refused, 9000);
}

// ---- the contract, point by point -----------------------------------------------------------

template <class Reader>
void start(Reader& reader, std::string_view document) {
  reader.reset();
  reader.feed(ota::as_bytes(document));
  reader.finish();
}

template <class Reader>
json_event expect_next(Reader& reader) {
  const auto event = reader.next();
  EXPECT_TRUE(event) << event.error().text;
  return *event;
}

TEST(json_reader, tells_depth_and_offset) {
  ota::json_reader<> reader;
  start(reader, R"( {"a": [12, "x"] } )");
  EXPECT_EQ(expect_next(reader), json_event::begin_object);
  EXPECT_EQ(reader.depth(), 1u);
  EXPECT_EQ(reader.offset(), 2u);
  EXPECT_EQ(expect_next(reader), json_event::key);
  EXPECT_EQ(reader.text(), "a");
  EXPECT_EQ(expect_next(reader), json_event::begin_array);
  EXPECT_EQ(reader.depth(), 2u);
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(expect_next(reader), json_event::number);
  EXPECT_EQ(reader.offset(), 10u);
  EXPECT_EQ(expect_next(reader), json_event::string);
  EXPECT_EQ(reader.offset(), 15u);
  EXPECT_EQ(expect_next(reader), json_event::end_array);
  EXPECT_EQ(reader.depth(), 1u);
  EXPECT_EQ(expect_next(reader), json_event::end_object);
  EXPECT_EQ(reader.depth(), 0u);
  EXPECT_EQ(expect_next(reader), json_event::end);
  EXPECT_EQ(expect_next(reader), json_event::end);
}

TEST(json_reader, asks_for_input_until_told_that_there_is_none) {
  ota::json_reader<> reader;
  EXPECT_EQ(expect_next(reader), json_event::need_input);
  reader.feed({});
  EXPECT_EQ(expect_next(reader), json_event::need_input);
  reader.feed(ota::as_bytes("12"));
  EXPECT_EQ(expect_next(reader), json_event::need_input);
  reader.feed(ota::as_bytes("3"));
  EXPECT_EQ(expect_next(reader), json_event::need_input);
  reader.finish();
  EXPECT_EQ(expect_next(reader), json_event::number);
  EXPECT_EQ(reader.text(), "123");
  EXPECT_EQ(expect_next(reader), json_event::end);
}

TEST(json_reader, stays_at_its_error) {
  ota::json_reader<> reader;
  start(reader, "[1 2]");
  expect_next(reader);
  expect_next(reader);
  for (int i = 0; i < 3; ++i) {
    const auto event = reader.next();
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code, ota::errc::malformed);
    EXPECT_STREQ(event.error().where, "json");
    EXPECT_EQ(reader.offset(), 4u);
    reader.feed(ota::as_bytes("]"));
  }
  start(reader, "[]");
  EXPECT_EQ(expect_next(reader), json_event::begin_array);
}

TEST(json_reader, bounds_depth) {
  ota::json_reader<8, 3> reader;
  start(reader, "[[[1]]]");
  for (int i = 0; i < 8; ++i) expect_next(reader);
  start(reader, "[{\"a\":[[");
  for (int i = 0; i < 4; ++i) expect_next(reader);
  const auto event = reader.next();
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().code, ota::errc::too_long);
}

TEST(json_reader, keeps_the_kinds_of_open_containers_apart) {
  for (const char* wrong : {"[}", "{]", "[1}", "{\"a\":1]", "[[1}]", "{\"a\":[1]]", "[{\"a\":1]}"})
    EXPECT_EQ(rewrite(wrong), "refused") << wrong;
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += i % 3 == 0 ? "[" : "{\"k\":";
  deep += "0";
  for (int i = 199; i >= 0; --i) deep += i % 3 == 0 ? "]" : "}";
  EXPECT_EQ(rewrite(deep), deep);
}

TEST(json_reader, cuts_long_texts_between_characters) {
  ota::json_reader<5> reader;
  start(reader, "\"abcde\"");
  expect_next(reader);
  EXPECT_EQ(reader.text(), "abcde");
  EXPECT_FALSE(reader.truncated());
  const std::pair<const char*, const char*> cases[] =
      {{"\"abcdef\"", "abcde"},
       {"\"abcd\xc3\xa9g\"", "abcd"},  // a character of two bytes with room for one
       {"\"abcd\\u00e9g\"", "abcd"},   // the same, escaped
       {"\"ab\xf0\x9f\x98\x80g\"", "ab"},
       {"\"abc\xc3\xa9g\"", "abc\xc3\xa9"},
       {"1234567", "12345"}};
  for (const auto& [document, kept] : cases) {
    start(reader, document);
    expect_next(reader);
    EXPECT_EQ(reader.text(), kept);
    EXPECT_TRUE(reader.truncated());
    EXPECT_EQ(expect_next(reader), json_event::end);
    EXPECT_FALSE(reader.truncated());
  }
  start(reader, "\"abcdefgh\xff\"");  // what is dropped is checked all the same
  EXPECT_FALSE(reader.next());
}

TEST(json_reader, passes_a_string_of_any_length) {
  ota::json_reader<16> reader;
  const std::string piece(1000, 'x');
  reader.feed(ota::as_bytes("\""));
  EXPECT_EQ(expect_next(reader), json_event::need_input);
  for (int i = 0; i < 1000; ++i) {
    reader.feed(ota::as_bytes(piece));
    ASSERT_EQ(expect_next(reader), json_event::need_input);
  }
  reader.feed(ota::as_bytes("\""));
  EXPECT_EQ(expect_next(reader), json_event::string);
  EXPECT_EQ(reader.text(), "xxxxxxxxxxxxxxxx");
  EXPECT_TRUE(reader.truncated());
  EXPECT_EQ(reader.offset(), 1000002u);
}

TEST(json_reader, keeps_a_nul) {
  ota::json_reader<> reader;
  start(reader, "\"a\\u0000b\"");
  expect_next(reader);
  EXPECT_EQ(reader.text(), std::string_view("a\0b", 3));
}

TEST(json_reader, converts_integers_exactly) {
  ota::json_reader<> reader;
  const auto u64 = [&reader](const char* text) {
    start(reader, text);
    EXPECT_EQ(expect_next(reader), json_event::number);
    return reader.as_u64();
  };
  EXPECT_EQ(*u64("0"), 0u);
  EXPECT_EQ(*u64("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(u64("18446744073709551616").error().code, ota::errc::too_long);
  EXPECT_EQ(u64("99999999999999999999").error().code, ota::errc::too_long);
  for (const char* text : {"1.0", "1e3", "-1", "0.5", "-0"})
    EXPECT_EQ(u64(text).error().code, ota::errc::malformed) << text;

  const auto i64 = [&reader](const char* text) {
    start(reader, text);
    EXPECT_EQ(expect_next(reader), json_event::number);
    return reader.as_i64();
  };
  EXPECT_EQ(*i64("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(*i64("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(*i64("-1"), -1);
  EXPECT_EQ(*i64("-0"), 0);
  EXPECT_FALSE(i64("9223372036854775808"));
  EXPECT_FALSE(i64("-9223372036854775809"));
  EXPECT_FALSE(i64("-1.5"));
  start(reader, "true");
  expect_next(reader);
  EXPECT_FALSE(reader.as_u64());
  EXPECT_FALSE(reader.as_i64());

  ota::json_reader<2> narrow;  // a number that was cut is not taken for a smaller one
  start(narrow, "123");
  expect_next(narrow);
  EXPECT_EQ(narrow.as_u64().error().code, ota::errc::too_long);
}

TEST(json_reader, may_be_copied_in_the_middle) {
  ota::json_reader<> reader;
  reader.feed(ota::as_bytes("[\"half"));
  expect_next(reader);
  expect_next(reader);
  ota::json_reader<> copy = reader;
  copy.feed(ota::as_bytes(" done\"]"));
  expect_next(copy);
  EXPECT_EQ(copy.text(), "half done");
}

static_assert(sizeof(ota::json_reader<256, 32>) <= 256 + 32 + 80, "the reader is mostly its text");

}  // namespace
