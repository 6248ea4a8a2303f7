#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "../core/little_endian.hpp"
#include "bit_model.hpp"
#include "code_site.hpp"
#include "patch_header.hpp"

namespace ota::detail {

/// Where a copy is. Small: it is part of what is kept over a power cut.
struct copy_place {
  std::uint32_t from = 0;  ///< the next byte, there
  std::uint32_t to = 0;    ///< and here
  std::uint32_t left = 0;
  std::uint32_t begin = 0;  ///< of the whole copy, there
  std::uint32_t end = 0;
  std::uint32_t shift = 0;         ///< of all of it
  std::uint32_t shift_before = 0;  ///< of what lies before it: that of the copy before
  std::uint32_t shift_behind = 0;  ///< of what lies behind it: as the last place there has shown
  std::uint8_t quiet = 0;          ///< bytes in which no instruction begins

  void start(std::uint32_t from_, std::uint32_t to_, std::uint32_t length) {
    from = begin = from_;
    to = to_;
    left = length;
    end = from + length;
    shift_before = shift;
    shift = shift_behind = to - from;
    quiet = 0;
  }
};

/// A place in code that names an address, or one byte.
struct copy_unit {
  static constexpr std::uint32_t max_length = 8;

  code_site site;
  std::uint8_t length = 1;
  bool pointer = false;
  std::uint8_t run = 1;    ///< of a byte: in so many from here on no place begins
  std::uint8_t quiet = 0;  ///< bytes from here on in which no instruction begins

  bool far() const { return pointer || (site.length != 0 && !site.near); }
};

/// What the addresses in a patch's files mean.
template <class Codes, class Map>
class address_space {
 public:
  /// \param header  stays as it is
  address_space(const patch_header& header, const Map& map)
      : header_(header),
        map_(map),
        code_begin_(header.code_begin()),
        code_size_(header.code_size()) {}

  /// The unit that a copy is at.
  /// \param bytes  what is copied, `max_length` bytes more than `most`, zeros beyond its end; those
  ///               of the unit become what is foretold
  /// \param moved  the copy is from the old file: what places name has moved since. Otherwise only
  ///               the code itself has.
  /// \param most   how far to look for the next place, where none begins here
  copy_unit unit_at(const copy_place& at, std::uint8_t* bytes, bool moved,
                    std::uint32_t most = 1) const {
    copy_unit unit;
    unit.run = static_cast<std::uint8_t>(most);
    unit.quiet = at.quiet;
    const std::uint32_t apart = at.from ^ at.to;
    const bool has_words = moved && apart % 4 == 0;
    const std::uint32_t step = Codes::step(header_.code);  // a power of two
    const bool has_code = (apart & (step - 1)) == 0;
    if (header_.code == code_kind::plain || (!has_words && !has_code)) return unit;
    const std::uint32_t grid = has_code ? step : 4;
    for (std::uint32_t i = 0; i < most; i += grid - ((at.from + i) & (grid - 1))) {
      const std::uint32_t from = at.from + i;
      const std::uint32_t left = at.left - i;
      if (has_words && from % 4 == 0 && left >= 4 && is_named(get_u32(bytes + i))) {
        unit.run = static_cast<std::uint8_t>(i);
        if (i == 0) foretell_pointer(unit, bytes);
        break;
      }
      if (!has_code || (from & (step - 1)) != 0 || i < unit.quiet) continue;
      const code_site site = Codes::find(header_.code, bytes + i, header_.base + from);
      if (site.length != 0 && site.length <= left && is_place(at, site, moved)) {
        unit.run = static_cast<std::uint8_t>(i);
        if (i == 0) foretell_code(unit, at, site, bytes, moved);
        break;
      }
      unit.quiet = static_cast<std::uint8_t>(i + site.skip);
    }
    return unit;
  }

  /// Goes on behind a unit, or `count` bytes of a run.
  /// \param made  the bytes that it became
  void pass(copy_place& at, const copy_unit& unit, const std::uint8_t* made,
            std::uint32_t count) const {
    if (unit.site.near && !lies_before(at, unit.site.target)) learn_shift(at, unit, made);
    at.quiet = static_cast<std::uint8_t>(unit.quiet > count ? unit.quiet - count : 0);
    at.from += count;
    at.to += count;
    at.left -= count;
  }
  void pass(copy_place& at, const copy_unit& unit, const std::uint8_t* made) const {
    pass(at, unit, made, unit.length);
  }

  code_kind code() const { return header_.code; }
  std::uint32_t base() const { return header_.base; }

 private:
  /// Whether an address lies in the program, or in its data.
  bool is_named(std::uint32_t address) const {
    return address - code_begin_ < code_size_ || address - header_.data_begin < header_.data_size;
  }

  std::uint32_t now_at(std::uint32_t address) const {
    return address + map_.shift_at(address & ~1U);
  }

  bool lies_before(const copy_place& at, std::uint32_t address) const {
    return address - header_.base < at.begin;
  }

  bool is_place(const copy_place& at, const code_site& site, bool moved) const {
    if (!site.near) return is_named(site.target);
    const std::uint32_t offset = site.target - header_.base;
    return moved && (offset < at.begin || offset >= at.end);
  }

  void foretell_pointer(copy_unit& unit, std::uint8_t* bytes) const {
    unit.pointer = true;
    unit.length = 4;
    unit.site.target = now_at(get_u32(bytes));
    put_u32(bytes, unit.site.target);
  }

  void foretell_code(copy_unit& unit, const copy_place& at, const code_site& site,
                     std::uint8_t* bytes, bool moved) const {
    unit.site = site;
    unit.length = site.length;
    std::uint32_t target = site.target;
    if (site.near)
      target += lies_before(at, target) ? at.shift_before : at.shift_behind;
    else if (moved)
      target = unit.site.target = now_at(target);
    Codes::aim(header_.code, bytes, header_.base + at.to, target);
  }

  void learn_shift(copy_place& at, const copy_unit& unit, const std::uint8_t* made) const {
    std::uint8_t bytes[copy_unit::max_length] = {};
    std::memcpy(bytes, made, unit.length);
    const code_site now = Codes::find(header_.code, bytes, header_.base + at.to);
    if (now.near && now.length == unit.length) at.shift_behind = now.target - unit.site.target;
  }

  const patch_header& header_;
  const Map& map_;
  std::uint32_t code_begin_;
  std::uint32_t code_size_;
};

/// How a copy from the old file is coded where it is not as foretold.
///
/// Units come in lines of 64 bytes. A line that is all as foretold costs one decision; in others
/// each unit has one, and what is wrong is coded: a byte as its difference, an address as how far
/// it is from the foretold one.
class copy_model {
 public:
  static constexpr std::uint32_t line_size = 64;
  static constexpr unsigned recent_count = 15;

  /// Codes whether all of a line is as foretold.
  template <class Coder>
  bool code_line(Coder& coder, bool differs) {
    const bool does = coder.bit(line_differs_[lines_ & 3], differs);
    lines_ = static_cast<std::uint8_t>(lines_ << 1 | static_cast<int>(does));
    bytes_ = 0;
    sites_ = 0;
    return does;
  }

  /// Codes a unit of a line that differs.
  /// \param bytes   its bytes as foretold; they become what they are
  /// \param wanted  what they are, where that is being coded
  template <class Codes, class Map, class Coder>
  void code_unit(Coder& coder, const address_space<Codes, Map>& space, const copy_place& at,
                 const copy_unit& unit, std::uint8_t* bytes, const std::uint8_t* wanted) {
    if (unit.far()) {
      bool wrong = Coder::encodes && std::memcmp(wanted, bytes, unit.length) != 0;
      wrong = coder.bit(site_wrong_[unit.pointer ? 1 : 0][sites_ & 3], wrong);
      sites_ = static_cast<std::uint8_t>(sites_ << 1 | static_cast<int>(wrong));
      if (!wrong || code_target(coder, space, at, unit, bytes, wanted)) return;
    }
    for (unsigned i = 0; i < unit.length; ++i)
      code_byte(coder, at.to + i, bytes[i], Coder::encodes ? wanted[i] : std::uint8_t{0});
  }

 private:
  template <class Coder>
  void code_byte(Coder& coder, std::uint32_t position, std::uint8_t& byte, std::uint8_t wanted) {
    const unsigned often_right = byte == 0 || byte == 0xff ? 1 : 0;
    const bool wrong =
        coder.bit(byte_wrong_[often_right][bytes_ & 3][position & 3], wanted != byte);
    bytes_ = static_cast<std::uint8_t>(bytes_ << 1 | static_cast<int>(wrong));
    if (wrong)
      byte = static_cast<std::uint8_t>(
          byte + difference_.code(coder, static_cast<std::uint8_t>(wanted - byte)));
  }

  /// Codes what a place names, if it is the same instruction; false if it is not.
  template <class Codes, class Map, class Coder>
  bool code_target(Coder& coder, const address_space<Codes, Map>& space, const copy_place& at,
                   const copy_unit& unit, std::uint8_t* bytes, const std::uint8_t* wanted) {
    const std::uint32_t address = space.base() + at.to;
    std::uint32_t off = 0;
    bool same = true;
    if constexpr (Coder::encodes) {
      const std::uint32_t target =
          unit.pointer ? get_u32(wanted) : Codes::find(space.code(), wanted, address).target;
      off = target - unit.site.target;
      std::uint8_t aimed[copy_unit::max_length];
      std::memcpy(aimed, bytes, unit.length);
      aim(space, unit, aimed, address, target);
      same = std::memcmp(aimed, wanted, unit.length) == 0 && fold_sign(off) <= number_model::max;
    }
    if (!coder.bit(same_instruction_[unit.pointer ? 1 : 0], same)) return false;
    aim(space, unit, bytes, address, unit.site.target + code_offset(coder, off));
    return true;
  }

  template <class Codes, class Map>
  static void aim(const address_space<Codes, Map>& space, const copy_unit& unit,
                  std::uint8_t* bytes, std::uint32_t address, std::uint32_t target) {
    if (unit.pointer)
      put_u32(bytes, target);
    else
      Codes::aim(space.code(), bytes, address, target);
  }

  /// One of the last offsets, by how long ago it was, or a new one.
  template <class Coder>
  std::uint32_t code_offset(Coder& coder, std::uint32_t off) {
    unsigned index = 0;
    if constexpr (Coder::encodes)
      while (index < recent_count && recent_[index] != off) ++index;
    index = which_recent_.code(coder, index);
    if (index < recent_count) {
      off = recent_[index];
    } else {
      off = unfold_sign(offset_.code(coder, fold_sign(off)));
      index = recent_count - 1;
    }
    // The last comes first; those before it step back.
    std::uint32_t moved = off;
    for (unsigned i = 0; i <= index; ++i) std::swap(moved, recent_[i]);
    return off;
  }

  // What is small comes first: near addresses take less code.
  std::uint8_t lines_;  // which of the last lines differed; and so on
  std::uint8_t bytes_;
  std::uint8_t sites_;
  std::uint32_t recent_[recent_count];
  bit_model line_differs_[4];
  bit_model byte_wrong_[2][4][4];
  bit_model site_wrong_[2][4];
  bit_model same_instruction_[2];
  bit_tree<4> which_recent_;
  number_model offset_;
  bit_tree<8> difference_;
};

}  // namespace ota::detail
