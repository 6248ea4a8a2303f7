// Suffix arrays beside sorting by comparison, what is known of them, and libdivsufsort where it is
// installed; longest matches beside a search of every place.

#include "ota/host/suffix_array.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

#include "ota/host/longest_match.hpp"
#include "support/process.hpp"

#if defined(OTA_HAS_DIVSUFSORT)
#include <divsufsort.h>
#endif

namespace {

using order = std::vector<std::int32_t>;

order own(const std::string& text) { return ota::host::suffix_array(ota::as_bytes(text)); }

/// std::string_view compares as unsigned bytes, and what begins another is less.
order by_comparison(std::string_view text) {
  order out(text.size());
  std::iota(out.begin(), out.end(), 0);
  std::sort(out.begin(), out.end(), [&](std::int32_t a, std::int32_t b) {
    return text.substr(static_cast<std::size_t>(a)) < text.substr(static_cast<std::size_t>(b));
  });
  return out;
}

std::string random_text(std::mt19937& random, std::size_t size, std::size_t alphabet) {
  std::string text(size, '\0');
  // The symbols lie on both sides of 0x80, and 0 and 0xff are among them.
  for (char& symbol : text)
    symbol =
        static_cast<char>((random() % alphabet) * 255 / std::max<std::size_t>(1, alphabet - 1));
  return text;
}

std::string fibonacci_word(std::size_t at_least) {
  std::string before = "b", word = "a";
  while (word.size() < at_least) before = std::exchange(word, word + before);
  return word;
}

/// Every word of `length` symbols once: the Lyndon words whose length divides it, in order (H.
/// Fredricksen and J. Maiorana, "Necklaces of beads in k colors and k-ary de Bruijn sequences").
std::string de_bruijn(std::size_t alphabet, std::size_t length) {
  std::string out, word(1, '\0');
  while (!word.empty()) {
    if (length % word.size() == 0) out += word;
    const std::size_t period = word.size();
    while (word.size() < length) word += word[word.size() - period];
    while (!word.empty() && static_cast<std::size_t>(word.back()) + 1 == alphabet) word.pop_back();
    if (!word.empty()) ++word.back();
  }
  return out;
}

TEST(suffix_array, of_texts_that_are_written_down) {
  EXPECT_EQ(own(""), order{});
  EXPECT_EQ(own("x"), order{0});
  EXPECT_EQ(own("banana"), (order{5, 3, 1, 0, 4, 2}));
  EXPECT_EQ(own("mississippi"), (order{10, 7, 4, 1, 0, 9, 8, 6, 3, 5, 2}));
  EXPECT_EQ(own(std::string("\0\xff\0", 3)), (order{2, 0, 1}));
}

TEST(suffix_array, of_every_short_text_of_three_symbols) {
  for (std::size_t size = 1, count = 3; size <= 8; ++size, count *= 3)
    for (std::size_t number = 0; number < count; ++number) {
      std::string text;
      for (std::size_t rest = number; text.size() < size; rest /= 3) text += "a\x7f\x80"[rest % 3];
      ASSERT_EQ(own(text), by_comparison(text)) << size << ' ' << number;
    }
}

TEST(suffix_array, of_random_texts_is_that_of_sorting) {
  std::mt19937 random(1);
  for (int round = 0; round < 6000; ++round) {
    const std::size_t size = 1 + random() % (round % 10 == 0 ? 2000 : 60);
    const std::size_t alphabet = 1 + random() % (round % 3 == 0 ? 256 : 4);
    const std::string text = random_text(random, size, alphabet);
    ASSERT_EQ(own(text), by_comparison(text)) << "round " << round;
  }
}

TEST(suffix_array, of_repeated_pieces_is_that_of_sorting) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    const std::string piece = random_text(random, 1 + random() % 40, 1 + random() % 4);
    std::string text;
    while (text.size() < 1000) text += piece;
    text.resize(900 + random() % 100);
    if (round % 2 == 0) text[random() % text.size()] ^= 1;
    ASSERT_EQ(own(text), by_comparison(text)) << "round " << round;
  }
}

TEST(suffix_array, of_words_with_a_structure) {
  for (const std::string& text :
       {fibonacci_word(3000), de_bruijn(2, 11), de_bruijn(4, 6), de_bruijn(16, 3)})
    EXPECT_EQ(own(text), by_comparison(text)) << text.size();
  EXPECT_EQ(de_bruijn(2, 11).size(), 2048u);
  EXPECT_EQ(de_bruijn(16, 3).size(), 4096u);
}

TEST(suffix_array, of_one_symbol_is_from_the_end) {
  const auto found = own(std::string(5'000'000, '\0'));
  ASSERT_EQ(found.size(), 5'000'000u);
  for (std::size_t i = 0; i < found.size(); ++i)
    ASSERT_EQ(static_cast<std::size_t>(found[i]), found.size() - 1 - i);
}

// High and low symbols in turn: as many LMS suffixes as there can be, so that the names of their
// pieces find no room beside them.
TEST(suffix_array, of_a_text_with_every_second_suffix_an_lms) {
  std::mt19937 random(3);
  for (const unsigned kinds : {2u, 6u, 40u, 128u}) {
    std::string text;
    for (unsigned i = 0; i < 20000; ++i)
      text += static_cast<char>((i % 2 == 0 ? 128 : 0) + random() % kinds);
    EXPECT_EQ(own(text), by_comparison(text)) << kinds;
  }
}

#if defined(OTA_HAS_DIVSUFSORT)
TEST(suffix_array, is_that_of_libdivsufsort) {
  std::mt19937 random(4);
  const std::string programs = ota_test::content_of("/proc/self/exe").substr(0, 4'000'000);
  ASSERT_GT(programs.size(), 100'000u);
  for (const std::string& text :
       {programs, programs + programs, random_text(random, 1'000'000, 2),
        random_text(random, 1'000'000, 256), fibonacci_word(500'000), de_bruijn(2, 19)}) {
    order peers(text.size());
    ASSERT_EQ(divsufsort(reinterpret_cast<const std::uint8_t*>(text.data()), peers.data(),
                         static_cast<std::int32_t>(text.size())),
              0);
    EXPECT_TRUE(own(text) == peers) << text.size();
  }
}
#endif

ota::host::text_match find(const std::string& text, const std::string& pattern) {
  return ota::host::longest_match(ota::as_bytes(text), own(text), ota::as_bytes(pattern));
}

TEST(longest_match, is_as_long_as_that_of_a_search_of_every_place) {
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t alphabet = 1 + random() % 4;
    const std::string text = random_text(random, random() % 100, alphabet);
    std::string pattern = random_text(random, random() % 20, alphabet);
    if (round % 3 == 0 && !text.empty()) pattern = text.substr(random() % text.size()) + pattern;
    std::size_t longest = 0;
    for (std::size_t size = 1; size <= pattern.size(); ++size)
      if (text.find(pattern.substr(0, size)) != std::string::npos) longest = size;
    const auto found = find(text, pattern);
    ASSERT_EQ(found.size, longest) << "round " << round;
    ASSERT_EQ(text.substr(found.begin, found.size), pattern.substr(0, longest));
  }
}

TEST(longest_match, at_the_ends) {
  EXPECT_EQ(find("", "abc").size, 0u);
  EXPECT_EQ(find("abc", "").size, 0u);
  EXPECT_EQ(find("bbb", "a").size, 0u);
  EXPECT_EQ(find("bbb", "c").size, 0u);
  EXPECT_EQ(find("xyzabc", "abcd").begin, 3u);
  EXPECT_EQ(find("xyzabc", "xyzabc").size, 6u);
}

TEST(longest_match, in_repetitive_data_is_found_piece_by_piece) {
  const std::string text(1'000'000, '\0');
  const auto suffixes = own(text);
  const ota::bytes old = ota::as_bytes(text);
  for (std::size_t at = 0; at < 1000; ++at) {
    const auto match = ota::host::longest_match(old, suffixes, old.drop(at).first(4096));
    ASSERT_EQ(match.size, 4096u);
  }
  EXPECT_EQ(ota::host::longest_match(old, suffixes, old).size, text.size());
}

TEST(same_bytes, ends_at_the_first_difference) {
  for (std::size_t size = 0; size < 70; ++size)
    for (std::size_t at = 0; at <= size; ++at) {
      const std::string one(size, 'x');
      std::string other = one + "yy";
      other[at] = 'y';
      EXPECT_EQ(ota::host::same_bytes(ota::as_bytes(one), ota::as_bytes(other)), at);
    }
}

}  // namespace
