#pragma once

#include <cstddef>
#include <cstdint>

#include "bit_model.hpp"

namespace ota::detail {

/// How far what lay at an address has moved: for each stretch of addresses one shift. A release
/// moves most of its code and data in a few such stretches; knowing them foretells the operands of
/// thousands of calls and pointers.
template <std::size_t Capacity>
class address_map {
 public:
  std::size_t size() const { return size_; }

  /// \param begin  not below that of the entry before
  void add(std::uint32_t begin, std::uint32_t shift) { stretches_[size_++] = {begin, shift}; }

  std::uint32_t shift_at(std::uint32_t address) const {
    std::size_t low = 0;
    std::size_t high = size_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (stretches_[middle].begin <= address)
        low = middle + 1;
      else
        high = middle;
    }
    return low == 0 ? 0 : stretches_[low - 1].shift;
  }

  /// Codes one entry more: how much higher it begins, and how its shift differs from the last.
  /// Addresses are even: half of them is coded.
  template <class Coder>
  void code(Coder& coder, number_model& begins, number_model& shifts, std::uint32_t begin,
            std::uint32_t shift) {
    const stretch last = size_ == 0 ? stretch{} : stretches_[size_ - 1];
    const std::uint32_t up = begins.code(coder, (begin - last.begin) >> 1) << 1;
    add(last.begin + up,
        last.shift + unfold_sign(shifts.code(coder, fold_sign(shift - last.shift))));
  }

 private:
  struct stretch {
    std::uint32_t begin;
    std::uint32_t shift;
  };

  stretch stretches_[Capacity];
  std::size_t size_;
};

/// Nothing has moved.
template <>
class address_map<0> {
 public:
  static constexpr std::size_t size() { return 0; }
  static constexpr std::uint32_t shift_at(std::uint32_t /*address*/) { return 0; }
  template <class Coder>
  void code(Coder&, number_model&, number_model&, std::uint32_t, std::uint32_t) {}
};

}  // namespace ota::detail
