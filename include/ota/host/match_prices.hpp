#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/bytes.hpp"
#include "../delta/patch_model.hpp"

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

  /// Learns by how often each byte was a literal, among steps that make a file. A literal also ends
  /// a run of copies, which costs a little.
  void learn_literals(const std::vector<ota::detail::patch_op>& steps, bytes file) {
    constexpr std::uint64_t unseen = 2;
    std::array<std::uint64_t, 256> counts{};
    counts.fill(unseen);
    std::uint64_t all = 256 * unseen;
    std::size_t to = 0;
    for (const ota::detail::patch_op& step : steps) {
      if (step.kind == ota::detail::patch_op::kind_of::literal) {
        ++counts[file[to]];
        ++all;
      }
      to += step.length;
    }
    for (std::size_t i = 0; i < literals.size(); ++i)
      literals[i] = in_bits(0.6) + log2_cost(all) - log2_cost(counts[i]);
  }
};

}  // namespace ota::host
