#pragma once

#include "code_site.hpp"

namespace ota {

/// A32 (Arm ARM, "B", "BL, BLX (immediate)", "LDR (literal)", "MOV (immediate)" A2, "MOVT").
struct arm_code {
  static constexpr code_kind kind = code_kind::arm;
  static constexpr unsigned step = 4;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    const std::uint32_t pc = address + 8;
    if (is_branch(word)) {
      const std::uint32_t target = pc + detail::sign_extend(word, 24) * 4;
      return leaves(word) ? code_site::far_at(4, target) : code_site::near_at(4, target);
    }
    if (is_literal_load(word)) {
      const std::uint32_t offset = word & 0xfff;
      return code_site::near_at(4, pc + ((word & up) != 0 ? offset : 0 - offset));
    }
    if (is_move_pair(word, next))
      return code_site::far_at(8, move_value(word) | move_value(next) << 16);
    return code_site::none(4);
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t offset = target - (address + 8);
    if (is_branch(word)) {
      detail::put_u32(code, detail::put_bits(word, 0xffffff, offset >> 2));
    } else if (is_literal_load(word)) {
      const bool down = offset >> 31 != 0;
      const std::uint32_t bits = down ? 0 - offset : offset;
      detail::put_u32(code, detail::put_bits(word, up | 0xfff, (bits & 0xfff) | (down ? 0 : up)));
    } else {
      put_move(code, target);
      put_move(code + 4, target >> 16);
    }
  }

 private:
  static constexpr std::uint32_t up = 1U << 23;  // the offset is added

  static constexpr bool is_branch(std::uint32_t word) {
    return (word & 0x0e000000) == 0x0a000000 && word < 0xf0000000;
  }
  // Calls, and what always branches: mostly to another function.
  static constexpr bool leaves(std::uint32_t word) {
    return (word & 0x01000000) != 0 || word >> 28 == 0xe;
  }
  static constexpr bool is_literal_load(std::uint32_t word) {
    return (word & 0x0f7f0000) == 0x051f0000;
  }

  // MOVW, and MOVT of the same register on the same condition.
  static constexpr bool is_move_pair(std::uint32_t first, std::uint32_t second) {
    return (first & 0x0ff00000) == 0x03000000 && ((first ^ second) & 0xfff0f000) == 0x00400000;
  }
  static constexpr std::uint32_t move_value(std::uint32_t word) {
    return (word >> 4 & 0xf000) | (word & 0xfff);
  }
  static void put_move(std::uint8_t* code, std::uint32_t value) {
    detail::put_u32(code, detail::put_bits(detail::get_u32(code), 0xf0fff,
                                           (value << 4 & 0xf0000) | (value & 0xfff)));
  }
};

}  // namespace ota
