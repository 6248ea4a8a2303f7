#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/little_endian.hpp"
#include "../delta/all_codes.hpp"
#include "program_form.hpp"

namespace ota::host {

/// Where a program lies when it runs, and what else it points to.
struct program_addresses {
  std::uint32_t base = 0;
  std::uint32_t data_begin = 0;
  std::uint32_t data_size = 0;
  std::size_t places = 0;  ///< in its code that name an address which others name as well
};

/// Finds out, from the program alone. Its pointers lie within one stretch as long as the program;
/// those to functions are what calls reach, seen from the file's begin, plus the base.
class address_finder {
 public:
  address_finder(const padded_bytes& file, code_kind kind) : file_(file), kind_(kind), code_(file.size() + ota::detail::copy_unit::max_length) {}

  program_addresses find() {
    gather_calls();
    gather_words();
    program_addresses found;
    found.places = places_;
    found.base = find_base();
    find_data(found);
    return found;
  }

 private:
  static constexpr std::size_t sample = 2048;

  std::uint32_t size() const { return static_cast<std::uint32_t>(file_.size()); }

  void gather_calls() {
    const std::uint32_t step = all_codes::step(kind_);
    std::vector<std::uint32_t> targets;
    for (std::uint32_t i = 0; i < size();) {
      const code_site site = all_codes::find(kind_, file_.at(i), i);
      if (site.length != 0 && !site.near && site.target < size()) {
        targets.push_back(site.target);
        std::fill_n(code_.begin() + i, site.length, true);
      }
      i += std::max<std::uint32_t>(step, site.length != 0 ? site.length : site.skip);
    }
    std::sort(targets.begin(), targets.end());
    for (std::size_t i = 0; i < targets.size();) {
      std::size_t end = i;
      while (end < targets.size() && targets[end] == targets[i]) ++end;
      if (end - i > 1) {
        called_.push_back(targets[i]);
        places_ += end - i;
      }
      i = end;
    }
    thin_out(called_);
  }

  void gather_words() {
    for (std::uint32_t i = 0; i + 4 <= size(); i += 4) {
      const std::uint32_t word = ota::detail::get_u32(file_.at(i));
      if (code_[i] || code_[i + 3]) continue;  // calls look like numbers, and are many
      if (word >= small && word <= ~small) words_.push_back(word);
    }
    std::sort(words_.begin(), words_.end());
  }

  std::uint32_t find_base() const {
    if (words_.empty()) return 0;
    std::size_t best_begin = 0, best_end = 0;
    for (std::size_t begin = 0, end = 0; begin < words_.size(); ++begin) {
      while (end < words_.size() && words_[end] - words_[begin] < size()) ++end;
      if (end - begin > best_end - best_begin) {
        best_begin = begin;
        best_end = end;
      }
    }
    const std::uint32_t lowest = words_[best_begin];
    const std::uint32_t highest = words_[best_end - 1];
    std::vector<std::uint32_t> pointers(words_.begin() + static_cast<std::ptrdiff_t>(best_begin),
                                        words_.begin() + static_cast<std::ptrdiff_t>(best_end));
    pointers.erase(std::unique(pointers.begin(), pointers.end()), pointers.end());
    thin_out(pointers);
    std::vector<std::uint32_t> bases;
    for (const std::uint32_t pointer : pointers)
      for (const std::uint32_t target : called_) {
        const std::uint32_t base = (pointer & ~1U) - target;
        if (base % 4 == 0 && base <= lowest && highest - base < size()) bases.push_back(base);
      }
    std::sort(bases.begin(), bases.end());
    std::uint32_t best = lowest & ~0xfffU;
    std::size_t votes = 7;
    for (std::size_t i = 0; i < bases.size();) {
      std::size_t end = i;
      while (end < bases.size() && bases[end] == bases[i]) ++end;
      if (end - i > votes) {
        votes = end - i;
        best = bases[i];
      }
      i = end;
    }
    return best;
  }

  /// The pages that most of the other words point to.
  void find_data(program_addresses& found) const {
    constexpr unsigned page_bits = 16;
    constexpr std::size_t few = 4;
    std::vector<std::uint32_t> counts(1U << (32 - page_bits), 0);
    for (const std::uint32_t word : words_)
      if (word - found.base >= size()) ++counts[word >> page_bits];
    const auto most = std::max_element(counts.begin(), counts.end());
    if (*most < 2 * few) return;
    auto first = most, last = most;
    while (first != counts.begin() && *(first - 1) >= few) --first;
    while (last + 1 != counts.end() && *(last + 1) >= few) ++last;
    found.data_begin = static_cast<std::uint32_t>(first - counts.begin()) << page_bits;
    found.data_size = static_cast<std::uint32_t>(last - first + 1) << page_bits;
  }

  /// Leaves a sample of what are too many.
  static void thin_out(std::vector<std::uint32_t>& values) {
    if (values.size() <= sample) return;
    for (std::size_t i = 0; i < sample; ++i) values[i] = values[i * values.size() / sample];
    values.resize(sample);
  }

  static constexpr std::uint32_t small = 0x10000;  // numbers, not addresses; so those below zero

  const padded_bytes& file_;
  code_kind kind_;
  std::size_t places_ = 0;
  std::vector<bool> code_;
  std::vector<std::uint32_t> called_;
  std::vector<std::uint32_t> words_;
};

}  // namespace ota::host
