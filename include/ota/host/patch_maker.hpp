#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../hash/sha256.hpp"
#include "elf_addresses.hpp"
#include "patch_encoder.hpp"
#include "patch_matcher.hpp"
#include "program_addresses.hpp"
#include "program_pair.hpp"

namespace ota::host {

/// What a patch may ask of the device that applies it.
struct patch_options {
  std::size_t map_entries = patch_header::max_map_entries;
  unsigned literal_bits = 1;
  std::uint32_t lag = patch_header::no_lag;  ///< see `patch_header::lag`
  /// Kinds of code that are tried; none: plain, and those that the files seem to be.
  std::vector<code_kind> kinds{};
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
    plain_ = plain_header();
    std::vector<address_finder> kinds;
    for (const code_kind kind : options_.kinds) kinds.emplace_back(new_, kind);
    if (kinds.empty()) {
      kinds = likely_kinds();
      kinds.emplace(kinds.begin(), new_, code_kind::plain);
    }
    for (const address_finder& one : kinds) passes_ += passes_as(one.kind());
    for (const address_finder& one : kinds) try_as(one);
    return std::move(best_);
  }

 private:
  using steps_type = std::vector<ota::detail::patch_op>;

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

  patch_header plain_header() const {
    patch_header header;
    header.old_size = static_cast<std::uint32_t>(old_.size());
    header.new_size = static_cast<std::uint32_t>(new_.size());
    header.lag = options_.lag;
    put_hash(old_.view(), header.old_hash, sizeof header.old_hash);
    put_hash(new_.view(), header.new_hash, sizeof header.new_hash);
    return header;
  }

  static void put_hash(bytes data, std::uint8_t* out, std::size_t size) {
    sha256 hash;
    hash.update(data);
    const auto digest = hash.finish();
    std::copy_n(digest.begin(), size, out);
  }

  void try_as(const address_finder& finder) {
    if (finder.kind() == code_kind::plain)
      try_as_plain();
    else
      try_as_code(finder);
  }

  void try_as_plain() {
    const program_pair pair(plain_, old_, new_);
    match_prices prices;
    if (!large()) prices.learn_literals(match(pair, {}, prices, true), new_.view());
    keep_smallest(plain_, {}, match(pair, {}, prices, true));
  }

  void try_as_code(const address_finder& finder) {
    patch_header header = plain_;
    header.code = finder.kind();
    const std::optional<program_addresses> known = elf_addresses(new_.view());
    const auto guesses = known ? std::vector<program_addresses>{*known} : finder.guesses();
    place(header, guesses[0]);
    match_prices prices;
    steps_type steps = match({header, old_, new_}, {}, prices, true);
    if (!known) choose(header, guesses, steps);

    const program_pair pair(header, old_, new_);
    auto stretches = pair.stretches(steps, options_.map_entries);
    for (int pass = 1; pass < passes_as(header.code); ++pass) {
      prices.learn_literals(steps, new_.view());
      steps = match(pair, stretches, prices, false);
      stretches = pair.stretches(steps, options_.map_entries);
    }
    keep_smallest(header, stretches, steps);
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
              const steps_type& steps) const {
    patch_header best = header;
    double most = -std::numeric_limits<double>::infinity();
    for (const program_addresses& guess : guesses) {
      place(header, guess);
      const base_finder finder = program_pair(header, old_, new_).moves(steps);
      header.base = finder.find(header.base, header.larger_size());
      const double gain = finder.gain(header.base);
      if (gain <= most) continue;
      most = gain;
      best = header;
    }
    header = best;
  }

  steps_type match(const program_pair& pair, const std::vector<address_stretch>& stretches,
                   const match_prices& prices, bool blind) {
    program_map moves{};
    for (const address_stretch& s : stretches) moves.add(s.begin, s.shift);
    return patch_matcher(pair, moves, blind, prices, options_.lag)
        .run([this, pass = pass_++](double done) {
          if (progress_) progress_((pass + done) / passes_);
        });
  }

  /// Codes it in each way that may be the shortest.
  void keep_smallest(patch_header header, const std::vector<address_stretch>& stretches,
                     const steps_type& steps) {
    header.map_entries = static_cast<std::uint8_t>(stretches.size());
    std::vector<patch_header> ways;
    for (unsigned rate = 4; rate <= 5; ++rate)
      for (unsigned bits = 0; bits <= options_.literal_bits; ++bits)
        for (unsigned position = 0; position <= std::min(bits, 2U); ++position) {
          header.rate = static_cast<std::uint8_t>(rate);
          header.position_bits = static_cast<std::uint8_t>(position);
          header.previous_bits = static_cast<std::uint8_t>(bits - position);
          ways.push_back(header);
        }
    patch_encoder encoder(ways, stretches, old_, new_);
    for (const ota::detail::patch_op& step : steps) encoder.put(step);
    std::vector<std::uint8_t> patch = encoder.finish();
    if (best_.empty() || patch.size() < best_.size()) best_ = std::move(patch);
  }

  padded_bytes old_, new_;
  patch_options options_;
  patch_header plain_;  // what is known of all patches
  std::function<void(double)> progress_;
  int passes_ = 0;
  int pass_ = 0;
  std::vector<std::uint8_t> best_;
};

}  // namespace ota::host
