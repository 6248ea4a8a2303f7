#pragma once

#include <cstddef>
#include <string_view>

namespace ota {

// A literal text with its length: without, every use would count its characters at run time.
using std::literals::operator""sv;

/// Part of a text: as `text.substr(first, count)`, but a `first` behind the end gives an empty
/// text. The standard one throws there, which without exceptions still links the means to abort.
constexpr std::string_view slice(std::string_view text, std::size_t first,
                                 std::size_t count = std::string_view::npos) {
  if (first >= text.size()) return {text.data() + text.size(), 0};
  const std::size_t rest = text.size() - first;
  return {text.data() + first, count < rest ? count : rest};
}

/// Whether a text begins with another.
constexpr bool starts_with(std::string_view text, std::string_view beginning) {
  return slice(text, 0, beginning.size()) == beginning;
}

namespace detail {

/// Whether `text` begins with `prefix`, which is in lower case, in any case of its ASCII letters.
constexpr bool starts_with_any_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != prefix[i]) return false;
  }
  return true;
}

constexpr bool is_same_any_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && starts_with_any_case(text, lower);
}

}  // namespace detail
}  // namespace ota
