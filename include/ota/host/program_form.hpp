#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/bytes.hpp"
#include "../delta/copy_model.hpp"

namespace ota::host {

/// Bytes with as many zeros behind them as a place in code may be long: what looks for places there
/// need not ask where the end is.
class padded_bytes {
 public:
  padded_bytes() = default;
  explicit padded_bytes(bytes data) : data_(data.begin(), data.end()), size_(data.size()) {
    data_.resize(size_ + ota::detail::copy_unit::max_length, 0);
  }

  const std::uint8_t* at(std::size_t i) const { return data_.data() + i; }
  std::uint8_t operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return size_; }
  bytes view() const { return {data_.data(), size_}; }

 private:
  std::vector<std::uint8_t> data_;
  std::size_t size_ = 0;
};

/// A unit of a copy, and what is foretold of its bytes.
struct foretold_unit : ota::detail::copy_unit {
  std::uint8_t bytes[max_length];

  /// \param file  what is copied from
  template <class Space>
  foretold_unit(const Space& space, const ota::detail::copy_place& at, const padded_bytes& file,
                bool moved) {
    std::copy_n(file.at(at.from), max_length, bytes);
    static_cast<copy_unit&>(*this) = space.unit_at(at, bytes, moved);
  }
};

/// Where a file names addresses, each place once.
class program_marks {
 public:
  static constexpr std::uint8_t inside = 0xff;

  program_marks() = default;

  template <class Space>
  program_marks(const Space& space, const padded_bytes& file) : marks_(file.size(), 0) {
    ota::detail::copy_place at;
    at.start(0, 0, static_cast<std::uint32_t>(file.size()));
    while (at.left != 0) {
      const foretold_unit unit(space, at, file, true);
      if (unit.far()) {
        marks_[at.from] = static_cast<std::uint8_t>(unit.length | (unit.pointer ? pointer : 0));
        std::fill_n(marks_.begin() + at.from + 1, unit.length - 1, inside);
      }
      space.pass(at, unit, file.at(at.from));
    }
    may_begin_.resize(file.size());
    for (std::uint32_t i = 0; i < file.size(); ++i) {
      ota::detail::copy_place here;
      here.start(i, i, static_cast<std::uint32_t>(file.size()) - i);
      may_begin_[i] = foretold_unit(space, here, file, false).far();
    }
  }

  bool begins(std::size_t i) const { return !marks_.empty() && marks_[i] != 0 && !within(i); }
  bool within(std::size_t i) const { return !marks_.empty() && marks_[i] == inside; }
  bool is_pointer(std::size_t i) const { return (marks_[i] & pointer) != 0; }
  std::uint32_t length(std::size_t i) const { return marks_[i] & 0x0fU; }
  bool empty() const { return marks_.empty(); }

  /// Whether a place in code begins in a piece, wherever one begins to look for it.
  bool may_begin(std::size_t i, std::size_t size) const {
    if (may_begin_.empty()) return false;
    const auto begin = may_begin_.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(size, may_begin_.size() - i));
    return std::find(begin, end, true) != end;
  }

 private:
  static constexpr std::uint8_t pointer = 0x40;
  std::vector<std::uint8_t> marks_;
  std::vector<bool> may_begin_;
};

}  // namespace ota::host
