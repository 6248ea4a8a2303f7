#pragma once

#include "code_site.hpp"

namespace ota {

/// x86-64 (Intel SDM, volume 2): what has a displacement of 32 bits from the instruction's end.
///
/// Lengths of instructions are not followed: any bytes that name an address of the program are a
/// place. It begins at the opcode, since prefixes change no displacement, and ends with the
/// displacement: an immediate behind it, which counts as well, moves with what is named.
struct x86_64_code {
  static constexpr code_kind kind = code_kind::x86_64;
  static constexpr unsigned step = 1;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const unsigned before = before_displacement(code);
    if (before == 0) return code_site::none(1);
    const auto length = static_cast<std::uint8_t>(before + 4);
    return code_site::far_at(length, address + length + detail::get_u32(code + before));
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const unsigned before = before_displacement(code);
    detail::put_u32(code + before, target - (address + before + 4));
  }

 private:
  // A ModRM byte with no base register but the instruction pointer.
  static constexpr bool counts_from_here(std::uint8_t modrm) { return (modrm & 0xc7) == 0x05; }

  /// Bytes of opcode and ModRM; 0 if there is no such displacement.
  static unsigned before_displacement(const std::uint8_t* code) {
    if (code[0] == 0xe8 || code[0] == 0xe9) return 1;  // CALL, JMP
    if (code[0] == 0x0f) {
      if ((code[1] & 0xf0) == 0x80) return 2;  // Jcc
      return counts_from_here(code[2]) ? 3 : 0;
    }
    return is_plain_opcode(code[0]) && counts_from_here(code[1]) ? 2 : 0;
  }

  static constexpr bool is_plain_opcode(std::uint8_t op) {
    return (op < 0x40 && (op & 7) < 4) ||             // ADD, OR, AND, SUB, XOR, CMP…
           op == 0x63 || op == 0x69 || op == 0x6b ||  // MOVSXD, IMUL
           (op >= 0x80 && op <= 0x8f) ||              // the same of an immediate, TEST, MOV, LEA
           op == 0xc6 || op == 0xc7 ||                // MOV of an immediate
           op == 0xf6 || op == 0xf7 || op == 0xff;
  }
};

}  // namespace ota
