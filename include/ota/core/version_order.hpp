#pragma once

#include <string_view>

#include "text.hpp"

namespace ota {

namespace detail {

/// Takes what stands before the next dot off a version.
constexpr std::string_view take_identifier(std::string_view& rest) {
  const std::string_view first = slice(rest, 0, rest.find('.'));
  rest = slice(rest, first.size() + 1);
  return first;
}

constexpr bool is_number(std::string_view text) {
  for (char c : text)
    if (!is_digit(c)) return false;
  return true;
}

/// Digits of any length are numbers, nothing is 0; a number comes before a text.
constexpr int compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_is_number = is_number(a), b_is_number = is_number(b);
  if (a_is_number != b_is_number) return a_is_number ? -1 : 1;
  if (!a_is_number) return a.compare(b);
  while (!a.empty() && a.front() == '0') a.remove_prefix(1);
  while (!b.empty() && b.front() == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

constexpr int compare_dotted(std::string_view a, std::string_view b) {
  int order = 0;
  while (order == 0 && !(a.empty() && b.empty()))
    order = compare_identifiers(take_identifier(a), take_identifier(b));
  return order;
}

}  // namespace detail

/// Which of two versions is the newer, by the precedence of Semantic Versioning 2.0.0 (semver.org,
/// 11): below 0 when `a` comes before `b`, 0 when they are the same. A `v` in front and the build
/// behind a `+` do not count; there may be any number of numbers, and one that is missing is 0.
constexpr int compare_versions(std::string_view a, std::string_view b) {
  std::string_view rest[2] = {};
  std::string_view numbers[2] = {};
  const std::string_view versions[] = {a, b};
  for (int i = 0; i < 2; ++i) {
    std::string_view version = slice(versions[i], 0, versions[i].find('+'));
    if (starts_with(version, "v"sv) || starts_with(version, "V"sv)) version.remove_prefix(1);
    numbers[i] = slice(version, 0, version.find('-'));
    rest[i] = slice(version, numbers[i].size() + 1);
  }
  if (const int order = detail::compare_dotted(numbers[0], numbers[1]); order != 0) return order;
  // A prerelease comes before its release.
  if (rest[0].empty() != rest[1].empty()) return rest[0].empty() ? 1 : -1;
  return detail::compare_dotted(rest[0], rest[1]);
}

}  // namespace ota
