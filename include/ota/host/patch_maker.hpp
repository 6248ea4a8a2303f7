#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "../delta/address_map.hpp"
#include "../delta/all_codes.hpp"
#include "../hash/sha256.hpp"
#include "base_finder.hpp"
#include "elf_addresses.hpp"
#include "patch_encoder.hpp"
#include "patch_matcher.hpp"
#include "program_addresses.hpp"
#include "shift_votes.hpp"

namespace ota::host {

/// What a patch may ask of the device that applies it.
struct patch_options {
  std::size_t map_entries = patch_header::max_map_entries;
  unsigned literal_bits = 1;
  std::uint32_t lag = patch_header::no_lag;  ///< see `patch_header::lag`
  std::optional<code_kind> code{};           ///< this kind only, whatever the files seem to be
};

/// Makes patches from one file to another, and gives the smallest of those that it tries: as text,
/// and as each kind of code that the files seem to be.
class patch_maker {
 public:
  patch_maker(bytes old_file, bytes new_file, const patch_options& options = {})
      : old_(old_file), new_(new_file), options_(options) {
    if (old_file.size() > patch_header::max_file_size ||
        new_file.size() > patch_header::max_file_size)
      throw std::length_error("files of 2 GiB and more have no patches here");
  }

  /// \param progress  told from time to time how much is done, from 0 to 1
  std::vector<std::uint8_t> make(std::function<void(double)> progress = {}) {
    progress_ = std::move(progress);
    std::vector<address_finder> kinds;
    if (options_.code) {
      kinds.emplace_back(new_, *options_.code);
    } else {
      kinds = likely_kinds();
      kinds.emplace(kinds.begin(), new_, code_kind::plain);
    }
    for (const address_finder& one : kinds) passes_ += passes_as(one.kind());
    for (const address_finder& one : kinds) try_as(one);
    return std::move(best_);
  }

 private:
  using map_type = ota::detail::address_map<patch_header::max_map_entries>;
  using space_type = ota::detail::address_space<all_codes, map_type>;
  using op = ota::detail::patch_op;

  /// Files this large are gone through less often, and as one kind of code at most.
  bool large() const { return old_.size() + new_.size() > std::size_t{32} << 20; }

  /// How often files are matched: what is found makes the next pass better.
  int passes_as(code_kind kind) const {
    return (kind == code_kind::plain ? 2 : 3) - (large() ? 1 : 0);
  }

  bool is_text() const {
    const bytes file = new_.view();
    return std::find(file.begin(), file.end(), 0) == file.end();
  }

  /// The kind of code that most places speak for, and a second that has nearly as many; pointers
  /// alone where it is none.
  std::vector<address_finder> likely_kinds() const {
    std::vector<address_finder> found;
    if (is_text()) return found;
    for (auto kind = code_kind::thumb; kind <= code_kind::x86_64;
         kind = static_cast<code_kind>(static_cast<unsigned>(kind) + 1))
      if (address_finder finder(new_, kind); finder.places() >= new_.size() / 1024)
        found.push_back(std::move(finder));
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.places() > b.places(); });
    if (found.empty()) found.emplace_back(new_, code_kind::words);
    const std::size_t few = found[0].places() / 2, most = large() ? 1 : 2;
    while (found.size() > most || found.back().places() < few) found.pop_back();
    return found;
  }

  void try_as(const address_finder& finder) {
    patch_header header;
    header.code = finder.kind();
    header.old_size = static_cast<std::uint32_t>(old_.size());
    header.new_size = static_cast<std::uint32_t>(new_.size());
    header.lag = options_.lag;
    put_hash(old_.view(), header.old_hash, sizeof header.old_hash);
    put_hash(new_.view(), header.new_hash, sizeof header.new_hash);
    match_prices prices;
    if (header.code == code_kind::plain) {
      if (!large()) prices.literals = prices_of_literals(match(header, {}, prices, true));
      return keep_smallest(header, {}, match(header, {}, prices, true));
    }

    const std::optional<program_addresses> known = elf_addresses(new_.view());
    const auto guesses = known ? std::vector<program_addresses>{*known} : finder.guesses();
    place(header, guesses[0]);
    std::vector<op> ops = match(header, {}, prices, true);
    if (!known) choose(header, guesses, ops);
    std::vector<address_stretch> stretches = vote(header, ops);
    for (int pass = 1; pass < passes_as(header.code); ++pass) {
      prices.literals = prices_of_literals(ops);
      ops = match(header, stretches, prices, false);
      stretches = vote(header, ops);
    }
    keep_smallest(header, stretches, ops);
  }

  static void place(patch_header& header, const program_addresses& addresses) {
    header.base = addresses.base;
    header.around_before = addresses.around_before;
    header.around_behind = addresses.around_behind;
    header.data_begin = addresses.data_begin;
    header.data_size = addresses.data_size;
  }

  /// Of guesses, the one by which the map foretells most.
  void choose(patch_header& header, const std::vector<program_addresses>& guesses,
              const std::vector<op>& ops) const {
    patch_header best = header;
    double most = -std::numeric_limits<double>::infinity();
    for (const program_addresses& guess : guesses) {
      place(header, guess);
      const base_finder finder = moves_of(header, ops);
      header.base = finder.find(header.base, header.larger_size());
      const double gain = finder.gain(header.base);
      if (gain <= most) continue;
      most = gain;
      best = header;
    }
    header = best;
  }

  static void put_hash(bytes data, std::uint8_t* out, std::size_t size) {
    sha256 hash;
    hash.update(data);
    const auto digest = hash.finish();
    std::copy_n(digest.begin(), size, out);
  }

  static map_type map_of(const std::vector<address_stretch>& stretches) {
    map_type map{};
    for (const address_stretch& s : stretches) map.add(s.begin, s.shift);
    return map;
  }

  /// A file with what its places name as absolute addresses, or, as long as nothing is known of
  /// their moves, without.
  static std::vector<std::uint8_t> form_of(const space_type& space, const padded_bytes& file,
                                           const program_marks& marks, bool blind) {
    std::vector<std::uint8_t> form(file.view().begin(), file.view().end());
    form.resize(form.size() + ota::detail::copy_unit::max_length);
    for (std::uint32_t i = 0; i < file.size(); ++i) {
      if (!marks.begins(i)) continue;
      const std::uint32_t target = blind ? 0 : unit_in(space, file, i).site.target;
      if (marks.is_pointer(i))
        ota::detail::put_u32(form.data() + i, blind ? 0x5a5a5a5a : target);
      else
        all_codes::aim(space.code(), form.data() + i, 0, target);
    }
    form.resize(file.size());
    return form;
  }

  static foretold_unit unit_in(const space_type& space, const padded_bytes& file, std::uint32_t i) {
    ota::detail::copy_place at;
    at.start(i, i, static_cast<std::uint32_t>(file.size()) - i);
    return {space, at, file, true};
  }

  /// By how often each was one. A literal also ends a run of copies, which costs a little.
  std::array<match_cost, 256> prices_of_literals(const std::vector<op>& ops) const {
    constexpr std::uint64_t unseen = 2;
    std::array<std::uint64_t, 256> counts{};
    counts.fill(unseen);
    std::uint64_t all = 256 * unseen;
    std::uint32_t to = 0;
    for (const op& step : ops) {
      if (step.kind == op::kind_of::literal) {
        ++counts[new_[to]];
        ++all;
      }
      to += step.length;
    }
    std::array<match_cost, 256> prices{};
    for (std::size_t i = 0; i < prices.size(); ++i)
      prices[i] = in_bits(0.6) + log2_cost(all) - log2_cost(counts[i]);
    return prices;
  }

  std::vector<op> match(const patch_header& header, const std::vector<address_stretch>& stretches,
                        const match_prices& prices, bool blind) {
    const auto progress = [this, pass = pass_++](double done) {
      if (progress_) progress_((pass + done) / passes_);
    };
    const map_type map = map_of(stretches), still{};
    const space_type moved(header, map), unmoved(header, still);
    if (header.code == code_kind::plain) {
      const program_marks none;
      return patch_matcher(unmoved, {old_, old_.view(), none}, {new_, new_.view(), none}, prices, 1,
                           header.lag)
          .run(progress);
    }
    const program_marks old_marks(unmoved, old_), new_marks(unmoved, new_);
    const auto old_form = form_of(moved, old_, old_marks, blind);
    const auto new_form = form_of(unmoved, new_, new_marks, blind);
    return patch_matcher(unmoved, {old_, {old_form.data(), old_form.size()}, old_marks},
                         {new_, {new_form.data(), new_form.size()}, new_marks}, prices,
                         all_codes::step(header.code), header.lag)
        .run(progress);
  }

  /// Visits the places that a copy took from the old file to the new: what they named, and name.
  template <class Visit>
  void for_moves(const patch_header& header, const std::vector<op>& ops, Visit&& visit) const {
    const map_type still{};
    const space_type unmoved(header, still);
    const program_marks old_marks(unmoved, old_), new_marks(unmoved, new_);
    std::uint32_t to = 0;
    for (const op& step : ops) {
      if (step.kind == op::kind_of::from_old)
        for (std::uint32_t i = 0; i < step.length; ++i) {
          if (!old_marks.begins(step.from + i) || !new_marks.begins(to + i)) continue;
          const auto before = unit_in(unmoved, old_, step.from + i);
          const auto now = unit_in(unmoved, new_, to + i);
          if (before.pointer == now.pointer && before.length == now.length)
            visit(before.pointer,
                  address_move{before.site.target & ~1U, now.site.target - before.site.target});
        }
      to += step.length;
    }
  }

  /// Where the addresses that copies name have gone.
  std::vector<address_stretch> vote(const patch_header& header, const std::vector<op>& ops) const {
    shift_votes votes;
    for_moves(header, ops, [&](bool, const address_move& m) { votes.add(m.from, m.shift); });
    return votes.stretches(options_.map_entries);
  }

  base_finder moves_of(const patch_header& header, const std::vector<op>& ops) const {
    std::vector<address_move> calls, pointers;
    for_moves(header, ops, [&](bool pointer, const address_move& m) {
      if (pointer)
        pointers.push_back(m);
      else
        calls.push_back({m.from - header.base, m.shift});
    });
    return {std::move(calls), std::move(pointers)};
  }

  void keep_smallest(patch_header header, const std::vector<address_stretch>& stretches,
                     const std::vector<op>& ops) {
    header.map_entries = static_cast<std::uint8_t>(stretches.size());
    for (unsigned rate = 4; rate <= 5; ++rate)
      for (unsigned bits = 0; bits <= options_.literal_bits; ++bits)
        for (unsigned position = 0; position <= std::min(bits, 2U); ++position) {
          header.rate = static_cast<std::uint8_t>(rate);
          header.position_bits = static_cast<std::uint8_t>(position);
          header.previous_bits = static_cast<std::uint8_t>(bits - position);
          keep_if_smaller(encode(header, stretches, ops));
        }
  }

  std::vector<std::uint8_t> encode(const patch_header& header,
                                   const std::vector<address_stretch>& stretches,
                                   const std::vector<op>& ops) const {
    map_type map{};
    const space_type space(header, map);
    patch_encoder<space_type> encoder(header, space, old_, new_);
    encoder.put_map(map, stretches);
    for (const op& step : ops) encoder.put(step);
    return encoder.finish();
  }

  void keep_if_smaller(std::vector<std::uint8_t> patch) {
    if (best_.empty() || patch.size() < best_.size()) best_ = std::move(patch);
  }

  padded_bytes old_, new_;
  patch_options options_;
  std::function<void(double)> progress_;
  int passes_ = 0;
  int pass_ = 0;
  std::vector<std::uint8_t> best_;
};

}  // namespace ota::host
