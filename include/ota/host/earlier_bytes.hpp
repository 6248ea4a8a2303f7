#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/bytes.hpp"

namespace ota::host {

/// Where in a text the three bytes of a place stood before, from the nearest on, within a window:
/// chains of places whose bytes have the same hash, others among them.
class earlier_bytes {
 public:
  using index = std::uint32_t;
  static constexpr index none = 0xffff'ffff;

  explicit earlier_bytes(bytes text)
      : text_(text),
        heads_(std::size_t{1} << hash_bits, none),
        chain_(std::min<std::size_t>(text.size(), window), none) {}

  /// Takes note of a place: of each in turn.
  void add(index at) {
    if (!has_bytes(at)) return;
    index& head = heads_[hash(at)];
    chain_[at % window] = head;
    head = at;
  }

  /// Visits places before one, that was not added yet, as long as `visit` says true.
  template <class Visit>
  void for_each(index at, Visit&& visit) const {
    if (!has_bytes(at)) return;
    index from = heads_[hash(at)];
    while (from != none && at - from < window && visit(from)) from = chain_[from % window];
  }

 private:
  static constexpr std::size_t window = std::size_t{1} << 24;
  static constexpr unsigned hash_bits = 18;

  bool has_bytes(index at) const { return at + std::size_t{3} <= text_.size(); }

  std::size_t hash(index at) const {
    const std::uint32_t three = std::uint32_t{text_[at]} | std::uint32_t{text_[at + 1]} << 8 |
                                std::uint32_t{text_[at + 2]} << 16;
    return three * 2654435761U >> (32 - hash_bits);
  }

  bytes text_;
  std::vector<index> heads_, chain_;
};

}  // namespace ota::host
