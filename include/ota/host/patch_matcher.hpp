#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "../delta/patch_model.hpp"
#include "earlier_bytes.hpp"
#include "longest_match.hpp"
#include "match_prices.hpp"
#include "nearest_matches.hpp"
#include "program_pair.hpp"

namespace ota::host {

/// Finds the cheapest way to make one file from another, as far as prices tell: a shortest path
/// over the new file's bytes. The states at a byte are "between two steps" and, for each of the
/// best shifts between old and new file, "in a copy with this shift". New shifts come from the
/// longest matches by a suffix array.
///
/// Paths are decided every two megabytes, so memory is that of the suffix array and little more.
class patch_matcher {
 public:
  /// \param moves  how addresses have moved, as far as it is known
  /// \param blind  nothing is known of that: addresses are as good as any other
  /// \param lag    bytes that the old file may be read behind what is written
  patch_matcher(const program_pair& pair, const program_map& moves, bool blind,
                const match_prices& prices, std::uint32_t lag)
      : pair_(pair),
        new_file_(pair.new_file()),
        old_form_(pair.old_form(moves, blind)),
        new_form_(pair.new_form(blind)),
        old_marks_(pair.old_marks()),
        new_places_(pair.space(), pair.new_file()),
        prices_(prices),
        step_mask_(all_codes::step(pair.space().code()) - 1),
        lag_(lag),
        in_old_(old_view()),
        in_new_(new_view()) {}

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
  static constexpr match_cost unreachable = std::numeric_limits<match_cost>::max() / 2;
  static constexpr std::size_t segment_size = std::size_t{2} << 20;
  static constexpr std::size_t most_live = 24;
  static constexpr index seed = 5;            // shortest match that begins a copy from the old file
  static constexpr index pattern_size = 256;  // looked for at most
  static constexpr index longest = 1U << 16;  // of a copy from the new file
  static constexpr index long_match = 256;    // from here on nothing better is looked for
  static constexpr index near_end = 16;       // of a copy: from here on others are looked at

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

  std::size_t size() const { return new_form_.size(); }

  void run_segment(std::size_t begin, std::size_t end) {
    cells_.assign(end - begin + 1, cell{});
    cells_[0] = last_;
    cells_[0].cost = 0;
    live_.clear();
    begin_ = static_cast<index>(begin);
    end_ = static_cast<index>(end);
    for (index at = begin_; at < end_; ++at) {
      const live_copy* const good = good_copy(at);
      if (good != nullptr) at = run_on(*good, at);
      const bool searches = at >= skip_until_ && good == nullptr;
      if (searches) find_shifts(at);
      resume_shifts(at);
      put_literal(at);
      if (searches) find_in_new(at);
      in_new_.add(at);
      advance_copies(at);
    }
  }

  bytes old_view() const { return {old_form_.data(), old_form_.size()}; }
  bytes new_view() const { return {new_form_.data(), new_form_.size()}; }
  cell& here(index at) { return cells_[at - begin_]; }

  // --- copies from the old file

  match_cost start_price(const cell& before, index at, index shift) const {
    if (shift == before.shift) return prices_.go_on;
    if (at - shift == before.old_end) return prices_.go_on + in_bits(2);
    return prices_.jump;
  }

  bool may_read(index at, index from) const {
    return from < old_form_.size() &&
           (from >= at || lag_ == patch_header::no_lag || at - from <= lag_);
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

  /// A copy that runs so well that none better need be looked for, if there is one.
  const live_copy* good_copy(index at) {
    constexpr index proven = 24;
    for (const live_copy& copy : live_)
      if (at - copy.begin >= proven && copy.cost < here(at).cost + in_bits(1) &&
          same_ahead(copy, at, near_end) == near_end)
        return &copy;
    return nullptr;
  }

  /// How many of the next bytes of a copy are as foretold.
  index same_ahead(const live_copy& copy, index at, index most) const {
    const index from = at - copy.shift;
    const bool places_fit = (copy.shift & (3 | step_mask_)) == 0;
    const bytes before = places_fit ? old_view() : pair_.old_file().view();
    const bytes now = places_fit ? new_view() : new_file_.view();
    return static_cast<index>(same_bytes(before.drop(from).first(most), now.drop(at).first(most)));
  }

  /// Goes on with this copy to shortly before its next byte that is not as foretold; of the others,
  /// with those that are as good until there.
  index run_on(const live_copy& copy, index at) {
    const index same = same_ahead(copy, at, end_ - at);
    if (same < 4 * near_end) return at;
    const index size = same - near_end;
    for (live_copy& one : live_) {
      one.cost = same_ahead(one, at, size) == size ? one.cost + prices_.right * size : unreachable;
      extend(one, at + size);
    }
    for (index i = 0; i < size; ++i) in_new_.add(at + i);
    return at + size;
  }

  void find_shifts(index at) {
    const cell& before = here(at);
    start_copy(at, before.shift);
    start_copy(at, at - before.old_end);
    const bytes pattern = new_view().drop(at).first(pattern_size);
    for (const index from : in_old_.find(pattern, seed, at - before.shift))
      start_copy(at, at - from);
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
      return pair_.old_file()[from] == new_file_[at] ? prices_.right : prices_.wrong;
    };
    if (old_marks_.empty()) return raw();
    if (old_marks_.within(from)) {
      index begin = from;
      while (begin > 0 && old_marks_.within(begin)) --begin;
      return fits(begin, shift) ? match_cost{0} : raw();
    }
    if (!old_marks_.begins(from) || !fits(from, shift)) return raw();
    const std::size_t length = old_marks_.length(from);
    const bool right =
        at + length <= size() && same_bytes(old_view().drop(from).first(length),
                                            new_view().drop(at).first(length)) == length;
    return right ? prices_.right : prices_.wrong_place;
  }

  /// Whether a place stays one when it moves so far.
  bool fits(index from, index shift) const {
    return (shift & (old_marks_.is_pointer(from) ? 3 : step_mask_)) == 0;
  }

  /// A copy may end here.
  void extend(const live_copy& copy, index end) {
    if (copy.cost >= here(end).cost) return;
    here(end) = {
        copy.cost,  op::kind_of::from_old, end - copy.begin,         copy.begin - copy.shift,
        copy.shift, end - copy.shift,      here(copy.begin).distance};
  }

  void advance_copies(index at) {
    for (live_copy& copy : live_) {
      const index from = at - copy.shift;
      if (!may_read(at, from)) {
        copy.cost = unreachable;
        continue;
      }
      copy.cost += byte_price(at, from);
      extend(copy, at + 1);
    }
    const match_cost limit = here(at + 1).cost + prices_.jump + in_bits(8);
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
    const match_cost cost = before.cost + prices_.literals[new_file_[at]];
    if (cost < next.cost)
      next = {cost, op::kind_of::literal, 1, 0, before.shift, before.old_end, before.distance};
  }

  void find_in_new(index at) {
    const index last = here(at).distance;
    if (last <= at) relax_new(at, at - last, prices_.same_distance, 1);
    index known = 2;
    int depth = old_form_.empty() ? 64 : 16;  // beside an old file it hardly matters
    in_new_.for_each(at, [&](index from) {
      const match_cost price = prices_.from_new + log2_cost(at - from) * 9 / 10;
      known = std::max(known, relax_new(at, from, price, known));
      return --depth > 0;
    });
    if (known >= long_match) skip_until_ = at + known - 32;
  }

  /// Tries a copy from the new file with all lengths above `known`. \return the longest
  index relax_new(index at, index from, match_cost price, index known) {
    // A first look that mostly says no. Addresses in code may differ and yet be carried over.
    if (new_form_[from + known - 1] != new_form_[at + known - 1] ||
        new_form_[from] != new_form_[at])
      return 0;
    const index most = std::min<index>(end_ - at, longest);
    const index same = static_cast<index>(
        same_bytes(new_file_.view().drop(from).first(most), new_file_.view().drop(at).first(most)));
    const bool sites = at - from >= ota::detail::copy_unit::max_length &&
                       new_places_.in(from, same + std::size_t{1});
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
      const foretold_unit unit(pair_.space(), place, new_file_, false);
      if (std::memcmp(unit.bytes, new_file_.at(place.to), unit.length) != 0) break;
      pair_.space().pass(place, unit, unit.bytes);
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
      way.push_back({c.kind, new_file_[at - 1], c.from, length});
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

  const program_pair& pair_;
  const padded_bytes& new_file_;
  std::vector<std::uint8_t> old_form_, new_form_;
  const program_marks& old_marks_;
  possible_places new_places_;
  match_prices prices_;
  index step_mask_;
  index lag_;
  nearest_matches in_old_;
  earlier_bytes in_new_;
  std::vector<cell> cells_;
  std::vector<live_copy> live_;
  std::vector<op> ops_;
  cell last_;
  index begin_ = 0, end_ = 0;
  index skip_until_ = 0;
};

}  // namespace ota::host
