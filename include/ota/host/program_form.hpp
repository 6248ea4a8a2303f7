#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/bytes.hpp"
#include "../core/little_endian.hpp"
#include "../delta/address_map.hpp"
#include "../delta/all_codes.hpp"
#include "../delta/copy_model.hpp"

namespace ota::host {

using program_map = ota::detail::address_map<patch_header::max_map_entries>;
/// What the addresses in programs mean, of whatever kind of code.
using program_space = ota::detail::address_space<all_codes, program_map>;

/// Bytes with as many zeros behind them as a place in code may be long: what looks for places there
/// need not ask where the end is.
class padded_bytes {
 public:
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

  /// \param file   what is copied from
  /// \param moved  what its places name has moved since
  foretold_unit(const program_space& space, const ota::detail::copy_place& at,
                const padded_bytes& file, bool moved) {
    std::copy_n(file.at(at.from), max_length, bytes);
    static_cast<copy_unit&>(*this) = space.unit_at(at, bytes, moved);
  }
};

/// The unit that a copy of the rest of a file onto itself begins with.
inline foretold_unit unit_in(const program_space& space, const padded_bytes& file, std::uint32_t i,
                             bool moved) {
  ota::detail::copy_place at;
  at.start(i, i, static_cast<std::uint32_t>(file.size()) - i);
  return {space, at, file, moved};
}

/// Where a file names addresses, each place once.
class program_marks {
 public:
  program_marks() = default;
  program_marks(const program_space& space, const padded_bytes& file) : marks_(file.size(), 0) {
    ota::detail::copy_place at;
    at.start(0, 0, static_cast<std::uint32_t>(file.size()));
    while (at.left != 0) {
      const foretold_unit unit(space, at, file, true);
      if (unit.far()) {
        marks_[at.from] = static_cast<std::uint8_t>(unit.length | (unit.pointer ? pointer : 0));
        std::fill_n(marks_.data() + at.from + 1, unit.length - 1, inside);
      }
      space.pass(at, unit, file.at(at.from));
    }
  }

  bool begins(std::size_t i) const { return !marks_.empty() && marks_[i] != 0 && !within(i); }
  bool within(std::size_t i) const { return !marks_.empty() && marks_[i] == inside; }
  bool is_pointer(std::size_t i) const { return (marks_[i] & pointer) != 0; }
  std::uint32_t length(std::size_t i) const { return marks_[i] & 0x0fU; }
  bool empty() const { return marks_.empty(); }

 private:
  static constexpr std::uint8_t inside = 0xff;
  static constexpr std::uint8_t pointer = 0x40;
  std::vector<std::uint8_t> marks_;
};

/// Where places in code begin, for one who begins anywhere to look for them.
class possible_places {
 public:
  possible_places(const program_space& space, const padded_bytes& file) {
    if (space.code() == code_kind::plain) return;
    begins_.resize(file.size());
    for (std::uint32_t i = 0; i < file.size(); ++i)
      begins_[i] = unit_in(space, file, i, false).far();
  }

  /// Whether one may begin in a piece.
  bool in(std::size_t i, std::size_t size) const {
    if (begins_.empty()) return false;
    const auto begin = begins_.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(size, begins_.size() - i));
    return std::find(begin, end, true) != end;
  }

 private:
  std::vector<bool> begins_;
};

/// A file with what its places name as absolute addresses, so that code which only moved is the
/// same; or, as long as nothing is known of their moves, without.
inline std::vector<std::uint8_t> absolute_form(const program_space& space, const padded_bytes& file,
                                               const program_marks& marks, bool blind) {
  constexpr std::uint32_t any_pointer = 0x5a5a5a5a;
  std::vector<std::uint8_t> form(file.at(0),
                                 file.at(file.size() + ota::detail::copy_unit::max_length));
  for (std::uint32_t i = 0; i < file.size(); ++i) {
    if (!marks.begins(i)) continue;
    const std::uint32_t target = blind ? 0 : unit_in(space, file, i, true).site.target;
    if (marks.is_pointer(i))
      ota::detail::put_u32(form.data() + i, blind ? any_pointer : target);
    else
      all_codes::aim(space.code(), form.data() + i, 0, target);
  }
  form.resize(file.size());
  return form;
}

}  // namespace ota::host
