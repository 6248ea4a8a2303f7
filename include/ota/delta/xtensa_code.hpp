#pragma once

#include "code_site.hpp"

namespace ota {

/// Xtensa, little-endian, with or without windowed calls (Xtensa ISA reference manual, "CALL0",
/// "CALL4"…, "L32R", "Narrow instructions").
struct xtensa_code {
  static constexpr code_kind kind = code_kind::xtensa;
  static constexpr unsigned step = 1;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t word = detail::get_u32(code);
    if (is_call(word))
      return code_site::far_at(3, call_base(address) + detail::sign_extend(word >> 6, 18) * 4);
    if (is_literal_load(word))
      return code_site::far_at(3, literal_base(address) + (word >> 8 & 0xffff) * 4);
    return code_site::none((word & 8) != 0 ? 2 : 3);
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t word = detail::get_u32(code);
    std::uint32_t made = 0;
    if (is_literal_load(word))
      made = (word & 0xff) | (target - literal_base(address)) >> 2 << 8;
    else
      made = (word & 0x3f) | (target - call_base(address)) >> 2 << 6;
    detail::put_u16(code, static_cast<std::uint16_t>(made));
    code[2] = static_cast<std::uint8_t>(made >> 16);
  }

 private:
  static constexpr bool is_call(std::uint32_t word) { return (word & 0xf) == 5; }
  static constexpr bool is_literal_load(std::uint32_t word) { return (word & 0xf) == 1; }

  static constexpr std::uint32_t call_base(std::uint32_t address) { return (address & ~3U) + 4; }
  // Literals lie in the 256 KB before what loads them.
  static constexpr std::uint32_t literal_base(std::uint32_t address) {
    return ((address + 3) & ~3U) - 0x40000;
  }
};

}  // namespace ota
