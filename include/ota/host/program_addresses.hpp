#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "../core/little_endian.hpp"
#include "../delta/all_codes.hpp"
#include "program_form.hpp"

namespace ota::host {

/// Where a program lies when it runs, and what else it points to.
struct program_addresses {
  std::uint32_t base = 0;
  std::uint32_t around_before = 0;  ///< what its code calls before and behind it
  std::uint32_t around_behind = 0;
  std::uint32_t data_begin = 0;
  std::uint32_t data_size = 0;
};

/// Guesses them from the program alone, taken as a kind of code.
class address_finder {
 public:
  address_finder(const padded_bytes& file, code_kind kind) : file_(file), kind_(kind) {
    gather_code();
    gather_words();
  }

  code_kind kind() const { return kind_; }

  /// Places that name an address which others name as well: many, where the kind is the right one.
  std::size_t places() const { return places_; }

  std::vector<program_addresses> guesses() const {
    std::vector<program_addresses> found{with_data(densest_base())};
    if (const std::uint32_t base = base_of_functions(); base != found[0].base)
      found.push_back(with_data(base));
    return found;
  }

 private:
  static constexpr std::uint32_t small = 0x400;      // numbers, not addresses; so those below zero
  static constexpr std::uint32_t around = 1U << 20;  // looked at before and behind the program
  static constexpr std::size_t often = 4;            // so often the same is not by chance
  static constexpr std::uint32_t page = 0x1000;      // what most programs begin at a multiple of

  const padded_bytes& file() const { return file_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(file().size()); }

  /// Whether an instruction reads a number of 32 bits that stands in the program.
  bool loads_number(std::uint32_t i) const {
    const std::uint32_t word = ota::detail::get_u32(file().at(i));
    switch (kind_) {
      case code_kind::thumb:
      case code_kind::thumb2:
        return (word & 0xf800) == 0x4800 || (word & 0xff7f) == 0xf85f;
      case code_kind::arm:
        return (word & 0x0f7f0000) == 0x051f0000;
      case code_kind::xtensa:
        return (word & 0xf) == 1;
      default:
        return false;
    }
  }

  void gather_code() {
    const std::uint32_t step = all_codes::step(kind_);
    std::vector<std::uint32_t> targets;  // counted from as far before the program as is looked at
    std::vector<bool> known(file().size());
    for (std::uint32_t i = 0; i < size();) {
      const code_site site = all_codes::find(kind_, file().at(i), i);
      if (site.length != 0 && loads_number(i)) {
        if (site.target % 4 == 0 && site.target < size() && !known[site.target]) {
          known[site.target] = true;
          add_word(ota::detail::get_u32(file().at(site.target)));
        }
      } else if (site.length != 0 && !site.near) {
        if (all_codes::find(kind_, file().at(i), i + page).target == site.target)
          add_word(site.target);
        else
          targets.push_back(site.target + around);
      }
      i += std::max<std::uint32_t>(step, site.length != 0 ? site.length : site.skip);
    }
    std::sort(targets.begin(), targets.end());
    std::uint32_t lowest = around, highest = around + size();
    std::size_t outside = 0;
    for (std::size_t i = 0, end = 0; i < targets.size(); i = end) {
      while (end < targets.size() && targets[end] == targets[i]) ++end;
      if (end - i < 2) continue;
      const std::uint32_t target = targets[i] - around;
      if (target < size()) {
        places_ += end - i;
        functions_.push_back(target);
      } else if (targets[i] >= size() + 2 * around) {
        elsewhere_.push_back(target);
      } else if (end - i >= often) {
        outside += end - i;
        lowest = std::min(lowest, targets[i]);
        highest = std::max(highest, targets[i]);
      }
    }
    if (outside < 4 * often) return;  // by chance
    before_ = (around - lowest + page - 1) / page * page;
    behind_ = (highest - around - size() + page - 1) / page * page;
  }

  void gather_words() {
    const bool wide = kind_ == code_kind::aarch64 || kind_ == code_kind::x86_64;
    if (wide || kind_ == code_kind::words)
      for (std::uint32_t i = 0; i + 8 <= size(); i += wide ? 8 : 4)
        // Of a pointer of 64 bits the upper half is zero.
        if (!wide || ota::detail::get_u32(file().at(i + 4)) == 0)
          add_word(ota::detail::get_u32(file().at(i)));
    std::sort(words_.begin(), words_.end());
    named_ = words_;
    if (kind_ == code_kind::riscv)  // has no literals: functions are pointed to from tables
      for (std::uint32_t i = 0; i + 4 <= size(); i += 4)
        named_.push_back(ota::detail::get_u32(file().at(i)));
    std::sort(named_.begin(), named_.end());
    named_.erase(std::unique(named_.begin(), named_.end()), named_.end());
  }

  void add_word(std::uint32_t word) {
    if (word >= small && word <= ~small) words_.push_back(word);
  }

  /// Somewhat below the lowest of what seem to be pointers into the program: they lie within one
  /// stretch as long as it.
  std::uint32_t densest_base() const {
    std::size_t best_begin = 0, best_end = 0;
    for (std::size_t begin = 0, end = 0; begin < words_.size(); ++begin) {
      while (end < words_.size() && words_[end] - words_[begin] < size()) ++end;
      if (end - begin <= best_end - best_begin) continue;
      best_begin = begin;
      best_end = end;
    }
    return words_.empty() ? 0 : words_[best_begin] / page * page;
  }

  /// The base at which most pointers name functions that are called as well.
  std::uint32_t base_of_functions() const {
    std::vector<std::vector<std::uint32_t>> functions(page);
    for (const std::uint32_t f : functions_) functions[f % page].push_back(f);
    const bool odd = kind_ == code_kind::thumb || kind_ == code_kind::thumb2;
    std::vector<std::uint32_t> bases;
    for (const std::uint32_t word : named_) {
      if (word % 2 != (odd ? 1 : 0)) continue;
      const std::uint32_t address = word & ~1U;
      for (const std::uint32_t f : functions[address % page]) bases.push_back(address - f);
    }
    std::sort(bases.begin(), bases.end());
    std::uint32_t best = densest_base();
    std::size_t most = 0;
    for (std::size_t i = 0, end = 0; i < bases.size(); i = end) {
      while (end < bases.size() && bases[end] == bases[i]) ++end;
      if (end - i <= most) continue;
      most = end - i;
      best = bases[i];
    }
    return best;
  }

  /// With the pages that most of the other words point to, and those not far from them: constants
  /// and variables are often apart.
  program_addresses with_data(std::uint32_t base) const {
    constexpr unsigned page_bits = 16;
    constexpr std::size_t not_far = 1024;
    std::vector<std::uint32_t> counts(1U << (32 - page_bits), 0);
    for (const std::uint32_t word : words_)
      if (word - base >= size() && word >> page_bits != 0) ++counts[word >> page_bits];
    for (const std::uint32_t offset : elsewhere_) ++counts[(base + offset) >> page_bits];
    const auto most =
        static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    const std::uint32_t few = std::max(2U, counts[most] / 100);
    const std::uint32_t many = std::max(few, counts[most] / 16);
    if (counts[most] < 2 * few) return {base, before_, behind_, 0, 0};
    std::size_t first = most, last = most;
    for (std::size_t i = most; i-- > 0 && first - i <= not_far;)
      if (counts[i] >= (first - i == 1 ? few : many)) first = i;
    for (std::size_t i = most + 1; i < counts.size() && i - last <= not_far; ++i)
      if (counts[i] >= (i - last == 1 ? few : many)) last = i;
    return {base, before_, behind_, static_cast<std::uint32_t>(first << page_bits),
            static_cast<std::uint32_t>((last - first + 1) << page_bits)};
  }

  std::reference_wrapper<const padded_bytes> file_;
  code_kind kind_;
  std::size_t places_ = 0;
  std::uint32_t before_ = 0, behind_ = 0;
  std::vector<std::uint32_t> functions_;  // that are called more than once, as offsets
  std::vector<std::uint32_t> elsewhere_;  // of the same, those far from the program
  std::vector<std::uint32_t> words_;      // that seem to be pointers, in order
  std::vector<std::uint32_t> named_;      // that may point to functions
};

}  // namespace ota::host
