#pragma once

#include <string_view>

#include "fixed_vector.hpp"
#include "text.hpp"

namespace ota {

/// Whether `path` may name a file below a device's root: relative, parts divided
/// by `/`, no empty part, no `.` or `..`, no control character and no backslash
/// (which some file systems take for a divider).
constexpr bool is_valid_path(const std::string_view& path) {
  std::size_t size = 0, dots = 0;  // of the part at hand
  for (std::size_t i = 0;; ++i) {
    if (i == path.size() || path[i] == '/') {
      if (size == dots && size <= 2) return false;
      if (i == path.size()) return true;
      size = dots = 0;
      continue;
    }
    const auto c = static_cast<unsigned char>(path[i]);
    if (c < 0x20 || c == 0x7f || c == '\\') return false;
    ++size;
    if (c == '.') ++dots;
  }
}

/// Everything before the last `/`; empty for a path without one.
constexpr std::string_view parent_path(const std::string_view& path) {
  std::size_t size = path.size();
  while (size != 0 && path[--size] != '/') {
  }
  return {path.data(), size};
}

/// `text` without `/` at either end: `lib` and `/lib/` name the same directory.
constexpr std::string_view trim_slashes(std::string_view text) {
  while (!text.empty() && text.front() == '/') text.remove_prefix(1);
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  return text;
}

/// Whether `path` is `entry` itself or lies in the directory `entry`.
constexpr bool is_within(const std::string_view& path, const std::string_view& entry) {
  const std::string_view place = trim_slashes(entry);
  if (place.empty() || !starts_with(path, place)) return false;
  return path.size() == place.size() || path[place.size()] == '/';
}

/// Whether `path` is, or lies in, one of `entries`.
constexpr bool is_within_any(const std::string_view& path, list_view<std::string_view> entries) {
  for (const std::string_view& entry : entries)
    if (is_within(path, entry)) return true;
  return false;
}

}  // namespace ota
