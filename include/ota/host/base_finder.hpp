#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "shift_votes.hpp"

namespace ota::host {

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

  /// What is spared at a base, in bits, about, by foretelling moves.
  double gain(std::uint32_t base) const {
    const auto moved = [](const address_move& m) { return m.shift != 0; };
    const auto moves = std::count_if(calls_.begin(), calls_.end(), moved) +
                       std::count_if(pointers_.begin(), pointers_.end(), moved);
    return shift_votes::wrong_price * static_cast<double>(moves) - cost(base);
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
        if (base > highest(guess)) continue;  // beyond zero
        const double now = cost(base);
        if (now >= least) continue;
        least = now;
        best = base;
      }
    return best;
  }

 private:
  static constexpr std::uint32_t alignment = 256;  // of every base; vector tables need as much

  static std::uint32_t highest(std::uint32_t guess) {
    return guess > 0xffff'f000 ? 0xffff'ffff : guess + 0xfff;
  }

  static bool lower(const address_move& a, const address_move& b) { return a.from < b.from; }

  /// The base with which most pointers move as the calls around what they point to.
  std::uint32_t roughly(std::uint32_t guess, std::uint32_t size) const {
    constexpr std::size_t sample = 2000;
    const std::size_t stride = pointers_.size() / sample + 1;
    std::uint32_t best = guess;
    std::size_t most = 0;
    const std::uint32_t lowest = guess > size ? (guess - size) / alignment * alignment : 0;
    for (std::uint64_t begin = lowest; begin <= highest(guess); begin += alignment) {
      const auto base = static_cast<std::uint32_t>(begin);
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
