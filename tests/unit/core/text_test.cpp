#include "ota/core/text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "ota/core/error_text.hpp"
#include "ota/core/path.hpp"

namespace {

using namespace std::literals;
using ota::detail::find_word;

TEST(find_word, counts_the_words_of_a_list) {
  EXPECT_EQ(find_word("path", "tree path sha "), 2);
  EXPECT_EQ(find_word("sha", "tree path sha "), 3);
  for (const std::string_view other : {""sv, "tre"sv, "trees"sv, " "sv, "tree path"sv, "tree "sv})
    EXPECT_EQ(find_word(other, "tree path sha "), 0) << other;
}

// What is compared may come from a server. Run with AddressSanitizer in CI.
TEST(find_word, stays_within_its_list) {
  const std::string list = "tree path sha ";
  for (std::size_t size = 0; size < 64; ++size) {
    const std::string word = "sha " + std::string(size, '\0');
    EXPECT_EQ(find_word(word, list.c_str()), 0) << size;
    EXPECT_EQ(find_word(std::string(size, '\0'), list.c_str()), 0) << size;
  }
}

TEST(append_text, is_what_the_error_says) {
  static constexpr ota::error worn{ota::errc::storage, "flash", "a sector is worn out"};
  ota::fixed_string<40> line("told: ");
  ota::append_text(line, worn);
  EXPECT_EQ(line.view(), "told: a sector is worn out");
}

TEST(parent_path, is_what_lies_before_the_last_slash) {
  EXPECT_EQ(ota::parent_path("a/b/c"), "a/b");
  EXPECT_EQ(ota::parent_path("a"), "");
  EXPECT_EQ(ota::parent_path(""), "");
}

}  // namespace
