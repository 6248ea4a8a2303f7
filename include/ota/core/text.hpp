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

}  // namespace ota
