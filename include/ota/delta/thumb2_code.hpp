#pragma once

#include "thumb_code.hpp"

namespace ota {

/// Thumb-2, as Cortex-M3 and above have it: what `thumb_code` finds, and addresses in MOVW and MOVT
/// (Arm ARM, "MOV (immediate)" T3, "MOVT" T1). No instruction begins within a wide one.
struct thumb2_code {
  static constexpr code_kind kind = code_kind::thumb2;
  static constexpr unsigned step = 2;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    if (is_move_pair(code))
      return code_site::far_at(8, move_value(code) | move_value(code + 4) << 16);
    const code_site site = thumb_code::find(code, address);
    return site.length == 0 && code[1] >= 0xe8 ? code_site::none(4) : site;
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    if (!is_move_pair(code)) return thumb_code::aim(code, address, target);
    put_move(code, target);
    put_move(code + 4, target >> 16);
  }

 private:
  // MOVW, and MOVT of the same register.
  static bool is_move_pair(const std::uint8_t* code) {
    return (detail::get_u32(code) & 0x8000fbf0) == 0x0000f240 &&
           (detail::get_u32(code + 4) & 0x8000fbf0) == 0x0000f2c0 &&
           ((code[3] ^ code[7]) & 0x0f) == 0;
  }

  // The 16 bits imm4:i:imm3:imm8 stand in both halfwords.
  static std::uint32_t move_value(const std::uint8_t* code) {
    const std::uint32_t word = detail::get_u32(code);
    return (word << 12 & 0xf000) | (word << 1 & 0x0800) | (word >> 20 & 0x0700) |
           (word >> 16 & 0xff);
  }
  static void put_move(std::uint8_t* code, std::uint32_t value) {
    const std::uint32_t bits = (value >> 12 & 0xf) | (value >> 1 & 0x0400) |
                               (value << 20 & 0x70000000) | (value << 16 & 0x00ff0000);
    detail::put_u32(code, detail::put_bits(detail::get_u32(code), 0x70ff040f, bits));
  }
};

}  // namespace ota
