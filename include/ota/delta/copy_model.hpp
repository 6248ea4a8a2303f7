#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

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
  /// Of a byte: so many bytes from here on are no place either, at least.
  std::uint8_t run = 1;

  bool far() const { return pointer || (site.length != 0 && !site.near); }
};

/// What the addresses in a patch's files mean.
template <class Codes, class Map>
class address_space {
 public:
  address_space(const patch_header& header, const Map& map) : header_(header), map_(map) {}

  /// The unit that a copy is at.
  /// \param bytes  `max_length` bytes of what is copied, zeros beyond its end; those of the unit
  ///               become what is foretold
  /// \param moved  the copy is from the old file: what places name has moved since. Otherwise only
  ///               the code itself has.
  copy_unit unit_at(const copy_place& at, std::uint8_t* bytes, bool moved) const {
    copy_unit unit;
    unit.run = 0xff;
    if (header_.code == code_kind::plain) return unit;
    const std::uint32_t both = at.from | at.to;
    const std::uint32_t apart = at.from ^ at.to;
    if (moved && apart % 4 == 0) {
      if (both % 4 == 0 && at.left >= 4 && find_pointer(unit, bytes)) return unit;
      unit.run = static_cast<std::uint8_t>(4 - at.to % 4);
    }
    const std::uint32_t within_step = Codes::step(header_.code) - 1;
    if ((apart & within_step) != 0) return unit;
    std::uint8_t skip = 1;
    if (at.quiet != 0) {
      skip = at.quiet;
    } else if ((both & within_step) == 0) {
      if (find_code(unit, at, bytes, moved)) return unit;
      skip = unit.site.skip;
    }
    if (skip < unit.run) unit.run = skip;
    return unit;
  }

  /// Goes on behind a unit, or `count` bytes of a run.
  /// \param made  the bytes that it became
  void pass(copy_place& at, const copy_unit& unit, const std::uint8_t* made,
            std::uint32_t count) const {
    if (unit.site.near && !lies_before(at, unit.site.target)) learn_shift(at, unit, made);
    if (at.quiet == 0)
      at.quiet = unit.site.length == 0 && !unit.pointer ? unit.site.skip : unit.length;
    at.quiet = static_cast<std::uint8_t>(at.quiet > count ? at.quiet - count : 0);
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
  bool in_image(std::uint32_t address) const {
    return address - header_.code_begin() < header_.code_size();
  }
  bool in_data(std::uint32_t address) const {
    return address - header_.data_begin < header_.data_size;
  }

  std::uint32_t now_at(std::uint32_t address) const {
    return address + map_.shift_at(address & ~1U);
  }

  bool find_pointer(copy_unit& unit, std::uint8_t* bytes) const {
    const std::uint32_t word = get_u32(bytes);
    if (!in_image(word) && !in_data(word)) return false;
    unit.pointer = true;
    unit.length = 4;
    unit.site.target = now_at(word);
    put_u32(bytes, unit.site.target);
    return true;
  }

  bool lies_before(const copy_place& at, std::uint32_t address) const {
    return address - header_.base < at.begin;
  }

  bool find_code(copy_unit& unit, const copy_place& at, std::uint8_t* bytes, bool moved) const {
    const code_site site = Codes::find(header_.code, bytes, header_.base + at.from);
    unit.site.skip = site.skip;
    if (site.length == 0 || site.length > at.left) return false;
    std::uint32_t target = site.target;
    if (!site.near) {
      if (!in_image(target) && !in_data(target)) return false;
      if (moved) target = now_at(target);
    } else {
      const std::uint32_t offset = target - header_.base;
      if (!moved || (offset >= at.begin && offset < at.end)) return false;
      target += offset < at.begin ? at.shift_before : at.shift_behind;
    }
    unit.site = site;
    unit.length = site.length;
    Codes::aim(header_.code, bytes, header_.base + at.to, target);
    if (!site.near) unit.site.target = target;
    return true;
  }

  void learn_shift(copy_place& at, const copy_unit& unit, const std::uint8_t* made) const {
    std::uint8_t bytes[copy_unit::max_length] = {};
    std::memcpy(bytes, made, unit.length);
    const code_site now = Codes::find(header_.code, bytes, header_.base + at.to);
    if (now.near && now.length == unit.length) at.shift_behind = now.target - unit.site.target;
  }

  const patch_header& header_;
  const Map& map_;
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
    for (; index > 0; --index) recent_[index] = recent_[index - 1];
    return recent_[0] = off;
  }

  bit_model line_differs_[4];
  bit_model byte_wrong_[2][4][4];
  bit_model site_wrong_[2][4];
  bit_model same_instruction_[2];
  bit_tree<4> which_recent_;
  number_model offset_;
  bit_tree<8> difference_;
  std::uint32_t recent_[recent_count];
  std::uint8_t lines_;  // which of the last lines differed; and so on
  std::uint8_t bytes_;
  std::uint8_t sites_;
};

}  // namespace ota::detail
