#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ota {

// A literal text with its length: without, every use would count its characters at run time.
using std::literals::operator""sv;

/// Part of a text: as `text.substr(first, count)`, but a `first` behind the end gives an empty
/// text. The standard one throws there, which without exceptions still links the means to abort.
constexpr std::string_view slice(std::string_view text, std::size_t first,
                                 std::size_t count = std::string_view::npos) {
  if (first > text.size()) first = text.size();
  const std::size_t rest = text.size() - first;
  return {text.data() + first, count < rest ? count : rest};
}

/// Whether a text begins with another.
constexpr bool starts_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() &&
         std::string_view(text.data(), beginning.size()) == beginning;
}

namespace detail {

/// Where the first of `stops` is between two places; the end where there is none.
constexpr const char* find_any(const char* at, const char* end, const char* stops) {
  for (; at != end; ++at)
    for (const char* stop = stops; *stop != '\0'; ++stop)
      if (*at == *stop) return at;
  return at;
}

/// Which of the words of `list`, each with a space behind it, `word` is: counted from 1; 0 for none
/// of them. An enumeration in the same order names them.
constexpr std::uint8_t find_word(std::string_view word, const char* list) {
  for (std::uint8_t number = 1; *list != '\0'; ++number) {
    std::size_t same = 0;
    while (same < word.size() && list[same] != ' ' && list[same] == word[same]) ++same;
    if (same == word.size() && list[same] == ' ') return number;
    while (*list++ != ' ') {
    }
  }
  return 0;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a whole text has a form: `#` is a number in decimal digits, `?` any character, `*` at
/// the end any rest, a small letter itself in either case, another character itself. The numbers go
/// to `numbers`; one that is too large is none.
constexpr bool has_form(std::string_view text, const char* form, std::size_t* numbers = nullptr) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; *form != '\0'; ++form) {
    if (*form == '*') return true;
    if (at == end) return false;
    const char c = *at++;
    if (*form == '#') {
      if (!is_digit(c)) return false;
      std::size_t number = static_cast<std::size_t>(c - '0');
      for (; at != end && is_digit(*at); ++at) {
        if (number > (SIZE_MAX - 9) / 10) return false;
        number = number * 10 + static_cast<std::size_t>(*at - '0');
      }
      *numbers++ = number;
    } else if (c != *form && *form != '?' && (*form < 'a' || (c | 0x20) != *form)) {
      return false;
    }
  }
  return at == end;
}

}  // namespace detail
}  // namespace ota
