#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "../core/bytes.hpp"

namespace ota::host {

/// Bytes of a new file that stand in an old one too.
struct file_copy {
  std::uint32_t from = 0;  ///< where in the old file
  std::uint32_t length = 0;
};

namespace detail {

/// All places of a text by a hash of the bytes there; those of one hash in their order.
class seed_index {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  seed_index(bytes text, std::size_t seed) : seed_(seed), next_(text.size(), none) {
    while (bits_ < 24 && std::size_t{2} << bits_ <= text.size()) ++bits_;
    heads_.assign(std::size_t{1} << bits_, none);
    if (text.size() < seed) return;
    for (std::size_t at = text.size() - seed + 1; at-- > 0;) {
      std::uint32_t& head = heads_[slot_of(text.drop(at))];
      next_[at] = head;
      head = static_cast<std::uint32_t>(at);
    }
  }

  /// The first place where the bytes may be those that `text` begins with; `none` where there is
  /// no such place.
  std::uint32_t first(bytes text) const {
    return text.size() < seed_ ? none : heads_[slot_of(text)];
  }
  std::uint32_t next(std::uint32_t place) const { return next_[place]; }

 private:
  std::size_t slot_of(bytes text) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < seed_; ++i) sum = (sum + text[i] + 1) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(sum >> (64 - bits_));
  }

  std::size_t seed_;
  unsigned bits_ = 8;
  std::vector<std::uint32_t> heads_, next_;
};

}  // namespace detail

/// Finds for each place of a new file a long copy out of an old one that begins there: nearly
/// always the longest. Memory: 16 bytes for a byte of the old file, 8 for one of the new file. The
/// time is linear: only so many places are looked at, and none inside of a copy that is long
/// enough.
class copy_finder {
 public:
  copy_finder(bytes old_file, bytes new_file)
      : old_(old_file), new_(new_file), copies_(new_file.size()) {}

  /// `progress(done)` is called with how many places are done.
  template <class Progress>
  std::vector<file_copy> find(Progress&& progress) {
    const detail::seed_index longer(old_, long_seed), shorter(old_, short_seed);
    for (std::size_t at = 0; at < new_.size(); ++at) {
      if (at % 65536 == 0) progress(at);
      file_copy best;
      if (at != 0 && copies_[at - 1].length > 1)
        best = {copies_[at - 1].from + 1, copies_[at - 1].length - 1};
      const file_copy carried = best;
      if (best.length < long_enough) {
        search(longer, at, best);
        search(shorter, at, best);
      }
      copies_[at] = best;
      if (best.length > carried.length) extend_back(at);
    }
    return std::move(copies_);
  }

 private:
  // Of much larger values patches hardly get smaller: 0.2 % for files in Python.
  static constexpr std::size_t long_seed = 16, short_seed = 4;
  static constexpr int places = 128;
  static constexpr std::uint32_t long_enough = 512, farthest_back = 256;

  void search(const detail::seed_index& index, std::size_t at, file_copy& best) const {
    const bytes wanted = new_.drop(at);
    std::uint32_t place = index.first(wanted);
    for (int i = 0; i < places && place != index.none; ++i, place = index.next(place)) {
      const bytes there = old_.drop(place);
      // One that is longer has this byte too.
      if (best.length >= there.size() || best.length >= wanted.size() ||
          there[best.length] != wanted[best.length])
        continue;
      const auto ends = std::mismatch(there.begin(), there.end(), wanted.begin(), wanted.end());
      const auto length = static_cast<std::uint32_t>(ends.first - there.begin());
      if (length > best.length) best = {place, length};
    }
  }

  // A copy found late, since what it begins with stands in too many places.
  void extend_back(std::size_t at) {
    file_copy longer = copies_[at];
    for (std::uint32_t i = 0; i < farthest_back && at > 0 && longer.from > 0; ++i) {
      if (old_[--longer.from] != new_[--at] || copies_[at].length > longer.length) return;
      ++longer.length;
      copies_[at] = longer;
    }
  }

  bytes old_, new_;
  std::vector<file_copy> copies_;
};

}  // namespace ota::host
