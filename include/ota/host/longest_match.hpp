#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "../core/bytes.hpp"

namespace ota::host {

/// A piece of a text that is the same as something else.
struct text_match {
  std::size_t begin = 0, size = 0;
};

/// How many bytes two views have in common at their beginning.
inline std::size_t same_bytes(bytes a, bytes b) {
  const std::size_t size = std::min(a.size(), b.size());
  std::size_t same = 0;
  while (same + 16 <= size && std::memcmp(a.data() + same, b.data() + same, 16) == 0) same += 16;
  while (same < size && a[same] == b[same]) ++same;
  return same;
}

/// The longest piece of `text` that `pattern` begins with, by the suffix array of the text; one of
/// them where there are several, of no size where there is none.
///
/// Binary search that compares no symbol again which both ends of the interval have in common with
/// the pattern (U. Manber and G. Myers, "Suffix Arrays", SIAM Journal on Computing 22(5), 1993): in
/// practice m + log n comparisons for a match of m bytes, at worst m log n. Where data may repeat
/// itself without end, give `pattern.first(limit)` and go on from there with `same_bytes()`.
inline text_match longest_match(bytes text, const std::vector<std::int32_t>& suffixes,
                                bytes pattern) {
  // The suffixes before `low` are less than the pattern, those from `high` on are not.
  std::size_t low = 0, high = suffixes.size();
  text_match less, greater;  // the nearest on both sides
  while (low < high && greater.size < pattern.size()) {
    const std::size_t middle = low + (high - low) / 2;
    const auto begin = static_cast<std::size_t>(suffixes[middle]);
    const std::size_t known = std::min(less.size, greater.size);
    const std::size_t size = known + same_bytes(text.drop(begin + known), pattern.drop(known));
    const bool is_less = size < pattern.size() &&
                         (begin + size == text.size() || text[begin + size] < pattern[size]);
    (is_less ? less : greater) = {begin, size};
    (is_less ? low : high) = is_less ? middle + 1 : middle;
  }
  return less.size > greater.size ? less : greater;
}

}  // namespace ota::host
