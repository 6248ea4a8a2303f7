#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/bytes.hpp"
#include "longest_match.hpp"
#include "suffix_array.hpp"

namespace ota::host {

/// Where a text has the most of what a pattern begins with; of places as good, those nearest to
/// where it is wanted.
class nearest_matches {
 public:
  explicit nearest_matches(bytes text) : text_(text), suffixes_(suffix_array(text)) {}

  /// A few offsets in the text, the nearest first; none where nothing of `shortest` bytes matches.
  const std::vector<std::uint32_t>& find(bytes pattern, std::size_t shortest,
                                         std::uint32_t wanted) {
    found_.clear();
    const text_match best = longest_match(text_, suffixes_, pattern);
    if (best.size < shortest) return found_;
    gather(best, pattern.first(best.size));
    const auto distance = [wanted](std::uint32_t i) {
      return i > wanted ? i - wanted : wanted - i;
    };
    const auto nearer = [&](std::uint32_t a, std::uint32_t b) {
      return distance(a) != distance(b) ? distance(a) < distance(b) : a < b;
    };
    const std::size_t count = std::min(most, found_.size());
    const auto end = found_.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(found_.begin(), end, found_.end(), nearer);
    found_.resize(count);
    return found_;
  }

 private:
  static constexpr std::size_t most = 4;
  static constexpr std::size_t reach = 32;  // of those as good, in the order of suffixes

  /// Suffixes that begin with the same lie side by side.
  void gather(const text_match& best, bytes same) {
    const auto take = [&](std::size_t rank) {
      const auto from = static_cast<std::size_t>(suffixes_[rank]);
      if (same_bytes(text_.drop(from), same) != same.size()) return false;
      found_.push_back(static_cast<std::uint32_t>(from));
      return true;
    };
    for (std::size_t i = best.rank; i < suffixes_.size() && i - best.rank < reach && take(i);) ++i;
    for (std::size_t i = best.rank; i > 0 && best.rank - i < reach && take(i - 1);) --i;
  }

  bytes text_;
  std::vector<std::int32_t> suffixes_;
  std::vector<std::uint32_t> found_;
};

}  // namespace ota::host
