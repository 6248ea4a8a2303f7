#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "../delta/patch_model.hpp"
#include "longest_match.hpp"
#include "program_form.hpp"
#include "suffix_array.hpp"

namespace ota::host {

/// A price or a sum of them, in 256ths of a bit. Whole numbers, so that every machine finds the
/// same way to be the cheapest.
using match_cost = std::int64_t;

constexpr match_cost in_bits(double bits) { return static_cast<match_cost>(bits * 256); }

/// The logarithm of 2 of a number that is not zero, at most a tenth of a bit too low.
constexpr match_cost log2_cost(std::uint64_t value) {
  unsigned width = 0;
  while (value >> width > 1) ++width;
  const std::uint64_t rest = value - (std::uint64_t{1} << width);
  return static_cast<match_cost>(width * 256 +
                                 (width <= 8 ? rest << (8 - width) : rest >> (width - 8)));
}

/// What things cost, about.
struct match_prices {
  std::array<match_cost, 256> literals = all_alike(in_bits(7.4));  ///< by byte
  match_cost right = in_bits(0.03);      ///< a byte of a copy that is as foretold
  match_cost wrong = in_bits(10);        ///< one that is not
  match_cost wrong_place = in_bits(20);  ///< an address that is not
  match_cost go_on = in_bits(18);        ///< a copy that goes on where, or as, the last one did
  match_cost resume = in_bits(28);       ///< one that goes on as an earlier one
  match_cost jump = in_bits(32);         ///< any other
  match_cost from_new = in_bits(9);      ///< of what was already made, without distance and length
  match_cost same_distance = in_bits(7);

  static constexpr std::array<match_cost, 256> all_alike(match_cost price) {
    std::array<match_cost, 256> prices{};
    for (match_cost& one : prices) one = price;
    return prices;
  }
};

/// One of two files, as the matcher sees it: `form` is the file with all addresses absolute, so
/// that code which only moved is the same.
struct match_side {
  const padded_bytes& file;
  bytes form;
  const program_marks& marks;
};

/// Finds the cheapest way to make one file from another, as far as prices tell: a shortest path
/// over the new file's bytes. The states at a byte are "between two steps" and, for each of the
/// best shifts between old and new file, "in a copy with this shift". New shifts come from the
/// longest matches by a suffix array.
///
/// Paths are decided every two megabytes, so memory is that of the suffix array and little more.
/// \tparam Space  what addresses mean: `ota::detail::address_space`
template <class Space>
class patch_matcher {
 public:
  /// \param step   instructions begin at multiples of it
  /// \param lag    bytes that the old file may be read behind what is written
  patch_matcher(const Space& space, match_side old_side, match_side new_side,
                const match_prices& prices, unsigned step, std::uint32_t lag)
      : space_(space),
        old_(old_side),
        new_(new_side),
        prices_(prices),
        step_mask_(step - 1),
        lag_(lag),
        suffixes_(suffix_array(old_side.form)),
        heads_(std::size_t{1} << hash_bits, none),
        chain_(std::min<std::size_t>(new_side.form.size(), window), none) {}

  /// \param progress  called with how much is done, from 0 to 1
  template <class Progress>
  std::vector<ota::detail::patch_op> run(Progress&& progress) {
    for (std::size_t begin = 0; begin < size(); begin += segment_size) {
      progress(static_cast<double>(begin) / static_cast<double>(size()));
      const std::size_t end = std::min(size(), begin + segment_size);
      run_segment(begin, end);
      trace_back(begin, end);
    }
    return std::move(ops_);
  }

 private:
  using op = ota::detail::patch_op;
  using index = std::uint32_t;
  static constexpr index none = 0xffff'ffff;
  static constexpr match_cost unreachable = std::numeric_limits<match_cost>::max() / 2;
  static constexpr std::size_t segment_size = std::size_t{2} << 20;
  static constexpr std::size_t window = std::size_t{1} << 24;
  static constexpr unsigned hash_bits = 18;
  static constexpr std::size_t most_live = 24;
  static constexpr index seed = 5;            // shortest match that begins a copy from the old file
  static constexpr index pattern_size = 256;  // looked for at most
  static constexpr index longest = 1U << 16;  // of a copy from the new file
  static constexpr index long_match = 256;    // from here on nothing better is looked for

  /// The best way between two steps.
  struct cell {
    match_cost cost = unreachable;
    op::kind_of kind = op::kind_of::literal;
    index length = 0;  // of the step that ends here
    index from = 0;
    index shift = 0;     // of the last copy from the old file
    index old_end = 0;   // where that ended
    index distance = 1;  // of the last copy from the new file
  };

  /// A copy from the old file that goes on.
  struct live_copy {
    index shift = 0;
    match_cost cost = 0;
    index begin = 0;
  };

  std::size_t size() const { return new_.form.size(); }

  void run_segment(std::size_t begin, std::size_t end) {
    cells_.assign(end - begin + 1, cell{});
    cells_[0] = last_;
    cells_[0].cost = 0;
    live_.clear();
    begin_ = static_cast<index>(begin);
    end_ = static_cast<index>(end);
    for (index at = begin_; at < end_; ++at) {
      const bool searches = at >= skip_until_ && !runs_well(at);
      if (searches) find_shifts(at);
      resume_shifts(at);
      put_literal(at);
      if (at + 3 <= size()) {
        index& head = heads_[hash(at)];
        if (searches) find_in_new(at, head);
        chain_[at % window] = head;
        head = at;
      }
      advance_copies(at);
    }
  }

  cell& here(index at) { return cells_[at - begin_]; }

  // --- copies from the old file

  match_cost start_price(const cell& before, index at, index shift) const {
    if (shift == before.shift) return prices_.go_on;
    if (at - shift == before.old_end) return prices_.go_on + in_bits(2);
    return prices_.jump;
  }

  bool may_read(index at, index from) const {
    return from < old_.form.size() && (from >= at || lag_ == none || at - from <= lag_);
  }

  void start_copy(index at, index shift) {
    if (!may_read(at, at - shift)) return;
    const match_cost cost = here(at).cost + start_price(here(at), at, shift);
    for (live_copy& copy : live_)
      if (copy.shift == shift) {
        if (cost < copy.cost) copy = {shift, cost, at};
        return;
      }
    live_.push_back({shift, cost, at});
  }

  /// Whether a copy runs so well that none better need be looked for.
  bool runs_well(index at) const {
    constexpr index proven = 24, ahead = 16;
    for (const live_copy& copy : live_) {
      const index from = at - copy.shift;
      if (at - copy.begin >= proven && copy.cost < cells_[at - begin_].cost + in_bits(1) &&
          same_bytes(old_.form.drop(from).first(ahead), new_.form.drop(at).first(ahead)) == ahead)
        return true;
    }
    return false;
  }

  void find_shifts(index at) {
    const cell& before = here(at);
    start_copy(at, before.shift);
    start_copy(at, at - before.old_end);
    const bytes pattern = new_.form.drop(at).first(pattern_size);
    const text_match best = longest_match(old_.form, suffixes_, pattern);
    if (best.size < seed) return;
    // Of matches as long, those nearest to where the last copy went on.
    constexpr std::size_t most = 4, reach = 32;
    const index wanted = at - before.shift;
    candidates_.clear();
    const auto consider = [&](std::size_t rank) {
      const auto from = static_cast<std::size_t>(suffixes_[rank]);
      if (same_bytes(old_.form.drop(from).first(best.size), pattern.first(best.size)) != best.size)
        return false;
      candidates_.push_back(static_cast<index>(from));
      return true;
    };
    for (std::size_t i = best.rank; i < suffixes_.size() && i - best.rank < reach && consider(i);)
      ++i;
    for (std::size_t i = best.rank; i > 0 && best.rank - i < reach && consider(i - 1);) --i;
    const auto nearer = [&](index a, index b) {
      const index far_a = a > wanted ? a - wanted : wanted - a;
      const index far_b = b > wanted ? b - wanted : wanted - b;
      return far_a != far_b ? far_a < far_b : a < b;
    };
    const std::size_t count = std::min(most, candidates_.size());
    std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(count),
                      candidates_.end(), nearer);
    for (std::size_t i = 0; i < count; ++i) start_copy(at, at - candidates_[i]);
  }

  void resume_shifts(index at) {
    const cell& before = here(at);
    for (live_copy& copy : live_) {
      const match_cost cost =
          before.cost + std::min(start_price(before, at, copy.shift), prices_.resume);
      if (cost < copy.cost - in_bits(1)) copy = {copy.shift, cost, at};
    }
  }

  /// What the next byte of a copy costs.
  match_cost byte_price(index at, index from) const {
    const index shift = at - from;
    const auto raw = [&] {
      return old_.file[from] == new_.file[at] ? prices_.right : prices_.wrong;
    };
    if (old_.marks.empty()) return raw();
    if (old_.marks.within(from)) {
      index begin = from;
      while (begin > 0 && old_.marks.within(begin)) --begin;
      return fits(begin, shift) ? match_cost{0} : raw();
    }
    if (!old_.marks.begins(from) || !fits(from, shift)) return raw();
    const std::size_t length = old_.marks.length(from);
    const bool right =
        at + length <= size() &&
        same_bytes(old_.form.drop(from).first(length), new_.form.drop(at).first(length)) == length;
    return right ? prices_.right : prices_.wrong_place;
  }

  /// Whether a place stays one when it moves so far.
  bool fits(index from, index shift) const {
    return (shift & (old_.marks.is_pointer(from) ? 3 : step_mask_)) == 0;
  }

  void advance_copies(index at) {
    cell& next = here(at + 1);
    for (live_copy& copy : live_) {
      const index from = at - copy.shift;
      if (!may_read(at, from)) {
        copy.cost = unreachable;
        continue;
      }
      copy.cost += byte_price(at, from);
      if (copy.cost < next.cost) {
        const index distance = here(copy.begin).distance;
        next = {copy.cost,
                op::kind_of::from_old,
                at + 1 - copy.begin,
                copy.begin - copy.shift,
                copy.shift,
                from + 1,
                distance};
      }
    }
    const match_cost limit = next.cost + prices_.jump + in_bits(8);
    const auto worse = [&](const live_copy& copy) { return copy.cost > limit; };
    live_.erase(std::remove_if(live_.begin(), live_.end(), worse), live_.end());
    if (live_.size() > most_live) {
      std::stable_sort(live_.begin(), live_.end(),
                       [](const live_copy& a, const live_copy& b) { return a.cost < b.cost; });
      live_.resize(most_live);
    }
  }

  // --- literals, and copies of what was already made

  void put_literal(index at) {
    const cell& before = here(at);
    cell& next = here(at + 1);
    const match_cost cost = before.cost + prices_.literals[new_.file[at]];
    if (cost < next.cost)
      next = {cost, op::kind_of::literal, 1, 0, before.shift, before.old_end, before.distance};
  }

  std::size_t hash(index at) const {
    const std::uint32_t three = std::uint32_t{new_.form[at]} |
                                std::uint32_t{new_.form[at + 1]} << 8 |
                                std::uint32_t{new_.form[at + 2]} << 16;
    return three * 2654435761U >> (32 - hash_bits);
  }

  void find_in_new(index at, index head) {
    const index last = here(at).distance;
    if (last <= at) relax_new(at, at - last, prices_.same_distance, 1);
    index known = 2;
    int depth = old_.form.empty() ? 64 : 16;  // beside an old file it hardly matters
    for (index from = head; from != none && at - from < window && depth-- > 0;
         from = chain_[from % window]) {
      const match_cost price = prices_.from_new + log2_cost(at - from) * 9 / 10;
      known = std::max(known, relax_new(at, from, price, known));
    }
    if (known >= long_match) skip_until_ = at + known - 32;
  }

  /// Tries a copy from the new file with all lengths above `known`. \return the longest
  index relax_new(index at, index from, match_cost price, index known) {
    // A first look that mostly says no. Addresses in code may differ and yet be carried over.
    if (new_.form[from + known - 1] != new_.form[at + known - 1] ||
        new_.form[from] != new_.form[at])
      return 0;
    const index most = std::min<index>(end_ - at, longest);
    const index same = static_cast<index>(
        same_bytes(new_.file.view().drop(from).first(most), new_.file.view().drop(at).first(most)));
    const bool sites = at - from >= ota::detail::copy_unit::max_length &&
                       new_.marks.may_begin(from, same + std::size_t{1});
    const index length = sites ? carried_length(at, from, most, price, known) : same;
    if (!sites)
      for (index i = std::max<index>(known + 1, 2); i <= std::min<index>(length, 64); ++i)
        relax_to(at, from, price, i);
    if (length > 64 && length > known) relax_to(at, from, price, length);
    return length;
  }

  /// How much of a copy is as it has to be, when addresses in code are carried over.
  index carried_length(index at, index from, index most, match_cost price, index known) {
    ota::detail::copy_place place;
    place.start(from, at, most);
    index length = 0;
    while (place.left != 0) {
      const foretold_unit unit(space_, place, new_.file, false);
      if (std::memcmp(unit.bytes, new_.file.at(place.to), unit.length) != 0) break;
      space_.pass(place, unit, unit.bytes);
      length += unit.length;
      if (length > known && length >= 2 && length <= 64) relax_to(at, from, price, length);
    }
    return length;
  }

  void relax_to(index at, index from, match_cost price, index length) {
    const cell& before = here(at);
    const match_cost cost = before.cost + price + log2_cost(length) * 8 / 5;
    cell& next = here(at + length);
    if (cost < next.cost)
      next = {cost, op::kind_of::from_new, length, from, before.shift, before.old_end, at - from};
  }

  // --- the way taken

  void trace_back(std::size_t begin, std::size_t end) {
    std::vector<op> way;
    for (index at = end_; at > begin_;) {
      const cell& c = here(at);
      const index length = c.length;
      way.push_back({c.kind, new_.file[at - 1], c.from, length});
      at -= length;
    }
    std::reverse(way.begin(), way.end());
    for (const op& next : way) append(next);
    last_ = cells_[end - begin];
  }

  /// Two copies that are one, where a segment ended in it, become one.
  void append(const op& next) {
    if (!ops_.empty() && next.kind == op::kind_of::from_old && ops_.back().kind == next.kind &&
        ops_.back().from + ops_.back().length == next.from)
      ops_.back().length += next.length;
    else
      ops_.push_back(next);
  }

  const Space& space_;
  match_side old_, new_;
  match_prices prices_;
  index step_mask_;
  index lag_;
  std::vector<std::int32_t> suffixes_;
  std::vector<index> heads_, chain_;
  std::vector<cell> cells_;
  std::vector<live_copy> live_;
  std::vector<index> candidates_;
  std::vector<op> ops_;
  cell last_;
  index begin_ = 0, end_ = 0;
  index skip_until_ = 0;
};

}  // namespace ota::host
