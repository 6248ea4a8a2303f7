#include "glob.hpp"

#include <algorithm>
#include <cstdint>

#include "ota/format/utf8.hpp"

namespace ota_tool {
namespace {

using characters = std::vector<std::uint32_t>;
using parts = std::vector<std::string>;

characters characters_of(std::string_view text) {
  characters all;
  while (!text.empty()) {
    std::uint32_t code = 0;
    text.remove_prefix(ota::detail::decode_utf8(text, code));
    all.push_back(code);
  }
  return all;
}

// Where the set that is opened before `at` is closed; the size of the pattern when it is not. A `]`
// that stands first belongs to the set.
std::size_t end_of_set(const characters& pattern, std::size_t at) {
  if (at < pattern.size() && pattern[at] == '!') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  while (at < pattern.size() && pattern[at] != ']') ++at;
  return at;
}

// Whether `one` is in the set between `at` and `end`.
bool is_in_set(std::uint32_t one, const characters& pattern, std::size_t at, std::size_t end) {
  const bool inverted = at < end && pattern[at] == '!';
  if (inverted) ++at;
  bool found = false;
  while (at < end) {
    const bool is_range = at + 2 < end && pattern[at + 1] == '-';
    const std::size_t last = is_range ? at + 2 : at;
    found |= pattern[at] <= one && one <= pattern[last];
    at = last + 1;
  }
  return found != inverted;
}

// Whether the pattern's character at `at` matches `one`; moves `at` behind it.
bool takes(std::uint32_t one, const characters& pattern, std::size_t& at) {
  const std::uint32_t what = pattern[at++];
  if (what == '?') return true;
  if (what != '[') return what == one;
  const std::size_t begin = at, end = end_of_set(pattern, at);
  if (end == pattern.size()) return one == '[';
  at = end + 1;
  return is_in_set(one, pattern, begin, end);
}

bool is_included_from(const parts& path, std::size_t at, const parts& pattern, std::size_t part) {
  if (part == pattern.size()) return at == path.size();
  if (pattern[part] != "**")
    return at < path.size() && name_matches(path[at], pattern[part]) &&
           is_included_from(path, at + 1, pattern, part + 1);
  if (part + 1 == pattern.size()) return at < path.size();
  for (; at < path.size(); ++at)
    if (is_included_from(path, at, pattern, part + 1)) return true;
  return false;
}

// Whether the pattern, of at most `count` parts, matches the last of the first `count` of a path.
bool matches_end(const parts& path, std::size_t count, const parts& pattern) {
  return std::equal(pattern.begin(), pattern.end(),
                    path.begin() + static_cast<std::ptrdiff_t>(count - pattern.size()),
                    [](const auto& glob, const auto& name) { return name_matches(name, glob); });
}

}  // namespace

parts parts_of(std::string_view path) {
  parts all;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (!part.empty() && part != ".") all.emplace_back(part);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return all;
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

bool name_matches(std::string_view name, std::string_view pattern) {
  const characters text = characters_of(name), glob = characters_of(pattern);
  constexpr auto none = static_cast<std::size_t>(-1);
  std::size_t at = 0, in_glob = 0, star = none, star_at = 0;
  while (at < text.size() || in_glob < glob.size()) {
    if (in_glob < glob.size() && glob[in_glob] == '*') {
      star = ++in_glob;
      star_at = at;
    } else if (at < text.size() && in_glob < glob.size() && takes(text[at], glob, in_glob)) {
      ++at;
    } else if (star != none && star_at < text.size()) {
      // The last star takes one character more.
      in_glob = star;
      at = ++star_at;
    } else {
      return false;
    }
  }
  return true;
}

bool is_included(const std::string& path, const std::string& pattern) {
  const parts names = parts_of(path), globs = parts_of(pattern);
  if (has_wildcard(pattern)) return is_included_from(names, 0, globs, 0);
  return globs.size() <= names.size() && std::equal(globs.begin(), globs.end(), names.begin());
}

bool is_excluded(const std::string& path, const std::string& pattern) {
  const parts names = parts_of(path), globs = parts_of(pattern);
  if (globs.empty()) return false;
  const bool from_root = pattern.front() == '/';
  const std::size_t most = from_root ? std::min(globs.size(), names.size()) : names.size();
  for (std::size_t count = globs.size(); count <= most; ++count)
    if (matches_end(names, count, globs)) return true;
  return false;
}

}  // namespace ota_tool
