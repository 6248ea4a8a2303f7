#pragma once

#include "code_site.hpp"

namespace ota {

namespace detail {

/// BL, and from Thumb-2 on B.W: a displacement of 25 bits over both halfwords (Arm ARM, "BL, BLX
/// (immediate)", encoding T1; "B", T4).
constexpr bool is_thumb_bl(std::uint32_t first, std::uint32_t second) {
  return (first & 0xf800) == 0xf000 && (second & 0x9000) == 0x9000;
}

/// J1 and J2 are the two bits below the sign, the other way round where that is zero.
constexpr std::uint32_t flip_thumb_j(std::uint32_t offset) {
  return (offset >> 24 & 1) != 0 ? offset : offset ^ 3U << 22;
}

constexpr std::uint32_t thumb_bl_offset(std::uint32_t first, std::uint32_t second) {
  return sign_extend(
      flip_thumb_j((first & 0x400) << 14 | (second & 0x2000) << 10 | (second & 0x800) << 11 |
                   (first & 0x3ff) << 12 | (second & 0x7ff) << 1),
      25);
}

inline void put_thumb_bl(std::uint8_t* code, std::uint32_t offset) {
  const std::uint32_t coded = flip_thumb_j(offset);
  put_u16(code, static_cast<std::uint16_t>(0xf000 | (coded >> 14 & 0x400) | (coded >> 12 & 0x3ff)));
  put_u16(code + 2, static_cast<std::uint16_t>(put_bits(
                        get_u16(code + 2), 0x2fff,
                        (coded >> 10 & 0x2000) | (coded >> 11 & 0x800) | (coded >> 1 & 0x7ff))));
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
    const std::uint32_t operation = half >> 11;
    if (operation == 0b01001 || operation == 0b10100)  // LDR of a literal, ADR
      return code_site::near_at(2, detail::thumb_literal_base(address) + (half & 0xff) * 4);
    if (operation == 0b11100)  // B
      return code_site::near_at(2, address + 4 + detail::sign_extend(half, 11) * 2);
    // Conditional; the two highest conditions are UDF and SVC.
    if (operation >> 1 == 0b1101 && (half & 0x0f00) < 0x0e00)
      return code_site::near_at(2, address + 4 + detail::sign_extend(half, 8) * 2);
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
