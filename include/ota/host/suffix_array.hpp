#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "../core/bytes.hpp"

// All suffixes of a text in order, in linear time: SA-IS (G. Nong, S. Zhang and W. H. Chan, "Two
// Efficient Algorithms for Linear Time Suffix Array Construction", IEEE Transactions on Computers
// 60(10), 2011), with the reduced text kept in the room of the result.
//
// A suffix is S where it is less than the one behind it, else L; an S behind an L is LMS ("leftmost
// S"). From the LMS suffixes in order, one pass induces the order of the L, and one more that of
// the S. Pieces from one LMS to the next are put in order by the same two passes; their ranks are a
// text of at most half the length, whose suffix array is the order of the LMS suffixes.

namespace ota::host {

namespace detail {

/// Suffixes in order of a text of symbols below `alphabet`, into `order`, which has room for
/// `size`. `buckets` has room for `alphabet`.
template <class Symbol>
class induced_sorting {
 public:
  using index = std::int32_t;

  induced_sorting(const Symbol* text, index size, index alphabet, index* order, index* buckets)
      : text_(text), size_(size), alphabet_(alphabet), order_(order), buckets_(buckets) {}

  void run();

 private:
  // In `order_`, 0 is nothing, and ~i is suffix i of which the pass at hand induces nothing.
  // (Nothing is to be induced of suffix 0 either.)
  static constexpr bool pieces = true, suffixes = false;

  index symbol(index i) const { return static_cast<index>(text_[i]); }

  template <class Visit>
  void each_lms_from_the_end(Visit&& visit) const;
  void find_buckets(bool ends);
  template <bool For>
  void induce_l();
  template <bool For>
  void induce_s();
  index sort_pieces();
  index name_pieces(index count);
  bool same_piece(index a, index b, index length) const;
  void sort_lms(index count, index names);

  const Symbol* text_;
  index size_, alphabet_;
  index *order_, *buckets_;
};

template <class Symbol>
template <class Visit>
void induced_sorting<Symbol>::each_lms_from_the_end(Visit&& visit) const {
  bool behind_is_s = false;  // the last suffix is L: nothing is less than what follows it
  for (index i = size_ - 1; i > 0; --i) {
    const bool before_is_s =
        symbol(i - 1) < symbol(i) || (symbol(i - 1) == symbol(i) && behind_is_s);
    if (behind_is_s && !before_is_s) visit(i);
    behind_is_s = before_is_s;
  }
}

/// Where the suffixes of each first symbol begin, or end.
template <class Symbol>
void induced_sorting<Symbol>::find_buckets(bool ends) {
  std::fill_n(buckets_, alphabet_, 0);
  for (index i = 0; i < size_; ++i) ++buckets_[text_[i]];
  index end = 0;
  for (index c = 0; c < alphabet_; ++c) {
    const index begin = end;
    end += buckets_[c];
    buckets_[c] = ends ? end : begin;
  }
}

/// The L suffixes from the LMS ones. An L in front of a suffix has a symbol that is not less.
template <class Symbol>
template <bool For>
void induced_sorting<Symbol>::induce_l() {
  find_buckets(false);
  const auto put = [&](index i) {
    const bool s_before = i > 0 && symbol(i - 1) < symbol(i);
    order_[buckets_[text_[i]]++] = s_before ? ~i : i;
  };
  put(size_ - 1);
  for (index at = 0; at < size_; ++at) {
    const index i = order_[at];
    order_[at] = For == pieces && i > 0 ? ~0 : ~i;
    if (i > 0) put(i - 1);
  }
}

/// The S suffixes from the L ones, from the end. Of pieces, only the LMS are left.
template <class Symbol>
template <bool For>
void induced_sorting<Symbol>::induce_s() {
  find_buckets(true);
  for (index at = size_ - 1; at >= 0; --at) {
    const index i = order_[at];
    if (i <= 0) {
      order_[at] = ~i;
      continue;
    }
    if (For == pieces) order_[at] = 0;
    const index put = i - 1;
    const bool l_before = put == 0 || symbol(put - 1) > symbol(put);
    order_[--buckets_[text_[put]]] = l_before ? ~put : put;
  }
}

/// The LMS suffixes, by their pieces, to the front; gives how many there are.
template <class Symbol>
typename induced_sorting<Symbol>::index induced_sorting<Symbol>::sort_pieces() {
  std::fill_n(order_, size_, 0);
  find_buckets(true);
  each_lms_from_the_end([&](index i) { order_[--buckets_[text_[i]]] = i; });
  induce_l<pieces>();
  induce_s<pieces>();
  return static_cast<index>(std::remove(order_, order_ + size_, 0) - order_);
}

template <class Symbol>
bool induced_sorting<Symbol>::same_piece(index a, index b, index length) const {
  if (a + length > size_ || b + length > size_) return false;  // one with the end in it is alone
  return std::equal(text_ + a, text_ + a + length, text_ + b);
}

/// Behind the `count` pieces: the name of each, in the order of the text. Gives how many names
/// there are. Two LMS are never neighbours, so that half of an LMS is a place of its own.
template <class Symbol>
typename induced_sorting<Symbol>::index induced_sorting<Symbol>::name_pieces(index count) {
  index* const place = order_ + count;
  std::fill(place, order_ + size_, 0);
  index next = size_;
  each_lms_from_the_end([&](index i) {
    place[i / 2] = next - i + 1;  // the length of the piece, first symbol of the next one included
    next = i;
  });
  index names = 0, before = 0, length_before = 0;
  for (index k = 0; k < count; ++k) {
    const index i = order_[k], length = place[i / 2];
    if (length != length_before || !same_piece(before, i, length)) ++names;
    place[i / 2] = names;
    before = i;
    length_before = length;
  }
  index* end = order_ + size_;
  for (index* at = end; at-- != place;)
    if (*at != 0) *--end = *at - 1;
  return names;
}

/// Puts the LMS suffixes in order, at the front, by the names of their pieces.
template <class Symbol>
void induced_sorting<Symbol>::sort_lms(index count, index names) {
  index* const reduced = order_ + size_ - count;
  if (names == count) {
    for (index i = 0; i < count; ++i) order_[reduced[i]] = i;
  } else {
    std::vector<index> own;  // where there is no room between the two
    if (names > size_ - 2 * count) own.resize(static_cast<std::size_t>(names));
    index* const room = own.empty() ? order_ + count : own.data();
    induced_sorting<index>(reduced, count, names, order_, room).run();
  }
  index k = count;
  each_lms_from_the_end([&](index i) { reduced[--k] = i; });
  for (k = 0; k < count; ++k) order_[k] = reduced[order_[k]];
}

template <class Symbol>
void induced_sorting<Symbol>::run() {
  const index count = sort_pieces();
  if (count > 1) sort_lms(count, name_pieces(count));
  std::fill(order_ + count, order_ + size_, 0);
  find_buckets(true);
  for (index k = count; k-- > 0;) {
    const index i = order_[k];
    order_[k] = 0;
    order_[--buckets_[text_[i]]] = i;
  }
  induce_l<suffixes>();
  induce_s<suffixes>();
}

}  // namespace detail

/// Where each suffix of `text` begins, in the order of the suffixes; one that begins another comes
/// first. Takes time in proportion to the length; of memory 4 bytes a byte, beside the text, rarely
/// up to 6. Throws std::length_error for a text of 2^31 - 1 bytes or more.
inline std::vector<std::int32_t> suffix_array(bytes text) {
  if (text.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw std::length_error("a text of 2 GiB or more has no suffix array here");
  std::vector<std::int32_t> order(text.size());
  if (text.empty()) return order;
  std::int32_t buckets[256];
  detail::induced_sorting<std::uint8_t>(text.data(), static_cast<std::int32_t>(text.size()), 256,
                                        order.data(), buckets)
      .run();
  return order;
}

}  // namespace ota::host
