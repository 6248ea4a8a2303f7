#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "../core/little_endian.hpp"
#include "../delta/all_codes.hpp"
#include "program_form.hpp"
#include "shift_votes.hpp"

namespace ota::host {

/// Where a program lies when it runs, and what else it points to.
struct program_addresses {
  std::uint32_t base = 0;
  std::uint32_t around_before = 0;
  std::uint32_t around_behind = 0;
  std::uint32_t data_begin = 0;
  std::uint32_t data_size = 0;
  std::size_t places = 0;  ///< in its code that name an address which others name as well
};

/// Finds out, from the program alone. Its pointers lie within one stretch as long as the program.
class address_finder {
 public:
  address_finder(const padded_bytes& file, code_kind kind)
      : file_(file), kind_(kind), code_(file.size() + ota::detail::copy_unit::max_length) {}

  program_addresses find() {
    gather_calls();
    gather_words();
    program_addresses found;
    found.places = places_;
    found.around_before = before_;
    found.around_behind = behind_;
    found.base = guess_base();
    find_data(found);
    return found;
  }

 private:
  static constexpr std::uint32_t around = 1U << 20;  // looked at before and behind the program
  static constexpr std::uint32_t page = 4096;
  static constexpr std::size_t often = 4;  // so often the same call is not by chance

  std::uint32_t size() const { return static_cast<std::uint32_t>(file_.size()); }

  void gather_calls() {
    const std::uint32_t step = all_codes::step(kind_);
    std::vector<std::uint32_t> targets;  // from as far before the file as behind it
    for (std::uint32_t i = 0; i < size();) {
      const code_site site = all_codes::find(kind_, file_.at(i), i);
      if (site.length != 0 && !site.near && site.target + around < size() + 2 * around) {
        targets.push_back(site.target + around);
        if (site.target < size()) std::fill_n(code_.begin() + i, site.length, true);
      }
      i += std::max<std::uint32_t>(step, site.length != 0 ? site.length : site.skip);
    }
    std::sort(targets.begin(), targets.end());
    std::uint32_t lowest = around, highest = around + size();
    std::size_t outside = 0;
    for (std::size_t i = 0, end; i < targets.size(); i = end) {
      for (end = i; end < targets.size() && targets[end] == targets[i];) ++end;
      const bool inside = targets[i] >= around && targets[i] < around + size();
      if (inside && end - i > 1) places_ += end - i;
      if (inside || end - i < often) continue;
      outside += end - i;
      lowest = std::min(lowest, targets[i]);
      highest = std::max(highest, targets[i]);
    }
    if (outside < 4 * often) return;  // by chance
    before_ = (around - lowest + page - 1) / page * page;
    behind_ = (highest - around - size() + page - 1) / page * page;
  }

  void gather_words() {
    for (std::uint32_t i = 0; i + 4 <= size(); i += 4) {
      const std::uint32_t word = ota::detail::get_u32(file_.at(i));
      if (code_[i] || code_[i + 3]) continue;  // calls look like numbers, and are many
      if (word >= small && word <= ~small) words_.push_back(word);
    }
    std::sort(words_.begin(), words_.end());
  }

  /// Somewhat below the lowest of what seem to be pointers into the program.
  std::uint32_t guess_base() const {
    if (words_.empty()) return 0;
    std::size_t best_begin = 0, best_end = 0;
    for (std::size_t begin = 0, end = 0; begin < words_.size(); ++begin) {
      while (end < words_.size() && words_[end] - words_[begin] < size()) ++end;
      if (end - begin > best_end - best_begin) {
        best_begin = begin;
        best_end = end;
      }
    }
    return words_[best_begin] & ~0xfffU;
  }

  /// The pages that most of the other words point to. A variable is mostly named more than once.
  void find_data(program_addresses& found) const {
    constexpr unsigned page_bits = 16;
    std::vector<std::uint32_t> counts(1U << (32 - page_bits), 0);
    for (std::size_t i = 1; i < words_.size(); ++i) {
      const bool second = words_[i] == words_[i - 1] && (i == 1 || words_[i] != words_[i - 2]);
      if (second && words_[i] % 4 == 0 && words_[i] - found.base >= size())
        ++counts[words_[i] >> page_bits];
    }
    const auto most = std::max_element(counts.begin(), counts.end());
    const std::uint32_t few = std::max(2U, *most / 100);
    if (*most < 2 * few) return;
    auto first = most, last = most;
    while (first != counts.begin() && *(first - 1) >= few) --first;
    while (last + 1 != counts.end() && *(last + 1) >= few) ++last;
    found.data_begin = static_cast<std::uint32_t>(first - counts.begin()) << page_bits;
    found.data_size = static_cast<std::uint32_t>(last - first + 1) << page_bits;
  }

  static constexpr std::uint32_t small = 0x10000;  // numbers, not addresses; so those below zero

  const padded_bytes& file_;
  code_kind kind_;
  std::size_t places_ = 0;
  std::uint32_t before_ = 0, behind_ = 0;
  std::vector<bool> code_;
  std::vector<std::uint32_t> words_;
};

/// How far an address has moved, as one place tells it.
struct address_move {
  std::uint32_t from;
  std::uint32_t shift;
};

/// Finds the base at which calls, which know no address but only distances, and pointers tell of
/// the same moves.
class base_finder {
 public:
  /// \param calls     moves of offsets in the file
  /// \param pointers  moves of whole addresses
  base_finder(std::vector<address_move> calls, std::vector<address_move> pointers)
      : calls_(std::move(calls)), pointers_(std::move(pointers)) {
    std::stable_sort(calls_.begin(), calls_.end(), lower);
  }

  /// \param guess  the base is hardly higher, and lower by less than the program's size
  std::uint32_t find(std::uint32_t guess, std::uint32_t size) const {
    if (calls_.empty() || pointers_.empty()) return guess;
    const std::uint32_t about = roughly(guess, size);
    std::uint32_t best = about;
    double least = cost(about);
    for (std::uint32_t step = alignment; step <= 0x10000; step *= 2)
      for (const std::uint32_t base :
           {about / step * step - step, about / step * step, about / step * step + step}) {
        if (base > guess + 0xfff) continue;
        const double now = cost(base);
        if (now >= least) continue;
        least = now;
        best = base;
      }
    return best;
  }

 private:
  static constexpr std::uint32_t alignment = 256;  // of every base; vector tables need as much

  static bool lower(const address_move& a, const address_move& b) { return a.from < b.from; }

  /// The base with which most pointers move as the calls around what they point to.
  std::uint32_t roughly(std::uint32_t guess, std::uint32_t size) const {
    constexpr std::size_t sample = 2000;
    const std::size_t stride = pointers_.size() / sample + 1;
    std::uint32_t best = guess;
    std::size_t most = 0;
    const std::uint32_t lowest = guess > size ? (guess - size) / alignment * alignment : 0;
    for (std::uint32_t base = lowest; base <= guess + 0xfff; base += alignment) {
      std::size_t agreeing = 0;
      for (std::size_t i = 0; i < pointers_.size(); i += stride) {
        const address_move offset{pointers_[i].from - base, 0};
        const auto next = std::upper_bound(calls_.begin(), calls_.end(), offset, lower);
        if (next != calls_.begin() && next != calls_.end() &&
            (next - 1)->shift == pointers_[i].shift)
          ++agreeing;
      }
      if (agreeing <= most) continue;
      most = agreeing;
      best = base;
    }
    return best;
  }

  double cost(std::uint32_t base) const {
    shift_votes votes;
    for (const address_move& call : calls_) votes.add(call.from + base, call.shift);
    for (const address_move& pointer : pointers_) votes.add(pointer.from, pointer.shift);
    // Bases are round: each bit of it counts as one pointer that agrees.
    double cost = votes.cost();
    for (std::uint32_t bit = alignment; bit < 0x10000 && base % (2 * bit) == 0; bit *= 2)
      cost -= shift_votes::wrong_price;
    return cost;
  }

  std::vector<address_move> calls_, pointers_;
};

}  // namespace ota::host
