#pragma once

#include "code_site.hpp"

namespace ota {

namespace detail {

/// BL, and from Thumb-2 on B.W: a displacement of 25 bits over both halfwords (Arm ARM, "BL, BLX
/// (immediate)", encoding T1; "B", T4).
constexpr bool is_thumb_bl(std::uint32_t first, std::uint32_t second) {
  return (first & 0xf800) == 0xf000 && (second & 0x9000) == 0x9000;
}

constexpr std::uint32_t thumb_bl_offset(std::uint32_t first, std::uint32_t second) {
  const std::uint32_t s = first >> 10 & 1;
  const std::uint32_t i1 = 1 ^ s ^ (second >> 13 & 1);
  const std::uint32_t i2 = 1 ^ s ^ (second >> 11 & 1);
  return sign_extend(s << 24 | i1 << 23 | i2 << 22 | (first & 0x3ff) << 12 | (second & 0x7ff) << 1,
                     25);
}

inline void put_thumb_bl(std::uint8_t* code, std::uint32_t offset) {
  const std::uint32_t s = offset >> 24 & 1;
  const std::uint32_t j1 = 1 ^ s ^ (offset >> 23 & 1);
  const std::uint32_t j2 = 1 ^ s ^ (offset >> 22 & 1);
  put_u16(code, static_cast<std::uint16_t>(0xf000 | s << 10 | (offset >> 12 & 0x3ff)));
  put_u16(code + 2, static_cast<std::uint16_t>(put_bits(
                        get_u16(code + 2), 0x2fff, j1 << 13 | j2 << 11 | (offset >> 1 & 0x7ff))));
}

/// What LDR, ADR and the like count from: the address of the instruction plus four, at a word.
constexpr std::uint32_t thumb_literal_base(std::uint32_t address) { return (address + 4) & ~3U; }

}  // namespace detail

/// Thumb as Cortex-M0 and M0+ have it, and all of ARM7's.
struct thumb_code {
  static constexpr code_kind kind = code_kind::thumb;
  static constexpr unsigned step = 2;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t half = detail::get_u16(code);
    const std::uint32_t next = detail::get_u16(code + 2);
    if (detail::is_thumb_bl(half, next))
      return code_site::far_at(4, address + 4 + detail::thumb_bl_offset(half, next));
    switch (half >> 12) {
      case 0x4:  // LDR of a literal is 0100 1…, ADR 1010 0…
      case 0xa:
        if ((half & 0x0800) != (half >> 12 == 4 ? 0x0800U : 0)) break;
        return code_site::near_at(2, detail::thumb_literal_base(address) + (half & 0xff) * 4);
      case 0xd:  // conditional; the two highest conditions are UDF and SVC
        if ((half & 0x0f00) >= 0x0e00) break;
        return code_site::near_at(2, address + 4 + detail::sign_extend(half, 8) * 2);
      case 0xe:
        if ((half & 0x0800) != 0) break;
        return code_site::near_at(2, address + 4 + detail::sign_extend(half, 11) * 2);
      default:
        break;
    }
    return code_site::none(2);
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t half = detail::get_u16(code);
    const std::uint32_t offset = target - (address + 4);
    if (half >> 12 == 0xf) return detail::put_thumb_bl(code, offset);
    if (half >> 12 == 0xe) {
      detail::put_u16(code, static_cast<std::uint16_t>(detail::put_bits(half, 0x7ff, offset >> 1)));
      return;
    }
    code[0] = static_cast<std::uint8_t>(
        half >> 12 == 0xd ? offset >> 1 : (target - detail::thumb_literal_base(address)) >> 2);
  }
};

}  // namespace ota
