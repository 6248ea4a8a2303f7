#pragma once

#include <cstdint>
#include <vector>

#include "../core/bytes.hpp"
#include "../delta/patch_header.hpp"
#include "../delta/patch_model.hpp"
#include "base_finder.hpp"
#include "program_form.hpp"
#include "shift_votes.hpp"

namespace ota::host {

/// An old and a new file as programs of the kind of code, and at the addresses, that a header
/// tells: where both name addresses, and how these move.
class program_pair {
 public:
  program_pair(const patch_header& header, const padded_bytes& old_file,
               const padded_bytes& new_file)
      : header_(header), old_(old_file), new_(new_file) {
    if (header.code == code_kind::plain) return;
    old_marks_ = program_marks(space_, old_);
    new_marks_ = program_marks(space_, new_);
  }
  program_pair(const program_pair&) = delete;
  program_pair& operator=(const program_pair&) = delete;

  const patch_header& header() const { return header_; }
  const program_space& space() const { return space_; }  ///< in which nothing has moved
  const padded_bytes& old_file() const { return old_; }
  const padded_bytes& new_file() const { return new_; }
  const program_marks& old_marks() const { return old_marks_; }

  /// Both files, as `absolute_form`, by how addresses have moved; plain ones as they are.
  std::vector<std::uint8_t> old_form(const program_map& moves, bool blind) const {
    return absolute_form({header_, moves}, old_, old_marks_, blind);
  }
  std::vector<std::uint8_t> new_form(bool blind) const {
    return absolute_form(space_, new_, new_marks_, blind);
  }

  /// Where the addresses that copies name have gone: at most so many stretches.
  std::vector<address_stretch> stretches(const std::vector<ota::detail::patch_op>& steps,
                                         std::size_t most) const {
    shift_votes votes;
    for_moves(steps, [&](bool, const address_move& m) { votes.add(m.from, m.shift); });
    return votes.stretches(most);
  }

  /// What tells the base by these moves.
  base_finder moves(const std::vector<ota::detail::patch_op>& steps) const {
    std::vector<address_move> calls, pointers;
    for_moves(steps, [&](bool pointer, const address_move& m) {
      if (pointer)
        pointers.push_back(m);
      else
        calls.push_back({m.from - header_.base, m.shift});
    });
    return {std::move(calls), std::move(pointers)};
  }

 private:
  /// Visits the places that a copy took from the old file to the new: what they named, and name.
  template <class Visit>
  void for_moves(const std::vector<ota::detail::patch_op>& steps, Visit&& visit) const {
    std::uint32_t to = 0;
    for (const ota::detail::patch_op& step : steps) {
      if (step.kind == ota::detail::patch_op::kind_of::from_old)
        for (std::uint32_t i = 0; i < step.length; ++i) {
          if (!old_marks_.begins(step.from + i) || !new_marks_.begins(to + i)) continue;
          const auto before = unit_in(space_, old_, step.from + i, true);
          const auto now = unit_in(space_, new_, to + i, true);
          if (before.pointer == now.pointer && before.length == now.length)
            visit(before.pointer,
                  address_move{before.site.target & ~1U, now.site.target - before.site.target});
        }
      to += step.length;
    }
  }

  patch_header header_;
  program_map still_{};
  program_space space_{header_, still_};
  const padded_bytes& old_;
  const padded_bytes& new_;
  program_marks old_marks_, new_marks_;
};

}  // namespace ota::host
