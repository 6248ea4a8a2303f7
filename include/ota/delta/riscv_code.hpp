#pragma once

#include "code_site.hpp"

namespace ota {

/// RISC-V with or without compressed instructions (unprivileged ISA, "RV32I": JAL, AUIPC, LUI).
/// Addresses are taken by their lower 32 bits.
struct riscv_code {
  static constexpr code_kind kind = code_kind::riscv;
  static constexpr unsigned step = 2;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    if ((word & 3) != 3) return code_site::none(2);
    if (is_jump(word)) return code_site::far_at(4, address + jump_offset(word));
    if (is_pair(word, next)) {
      const std::uint32_t value = (word & high) + low_value(next);
      return code_site::far_at(8, is_relative(word) ? address + value : value);
    }
    return code_site::none(4);
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    const std::uint32_t offset = target - address;
    if (is_jump(word)) return detail::put_u32(code, (word & 0xfff) | jump_bits(offset));
    const std::uint32_t value = is_relative(word) ? offset : target;
    // The lower part counts with its sign: the upper is one more where that is negative.
    detail::put_u32(code, detail::put_bits(word, high, value + 0x800));
    detail::put_u32(
        code + 4,
        is_store(next)
            ? detail::put_bits(next, 0xfe000f80, (value << 20 & 0xfe000000) | (value << 7 & 0xf80))
            : detail::put_bits(next, 0xfff00000, value << 20));
  }

 private:
  static constexpr std::uint32_t high = 0xfffff000;

  static constexpr bool is_jump(std::uint32_t word) { return (word & 0x7f) == 0x6f; }

  // JAL: bits 20, 10 to 1, 11 and 19 to 12 of the offset, from the highest bit down.
  static constexpr std::uint32_t jump_offset(std::uint32_t word) {
    return detail::sign_extend(
        (word >> 11 & 0x100000) | (word >> 20 & 0x7fe) | (word >> 9 & 0x800) | (word & 0xff000),
        21);
  }
  static constexpr std::uint32_t jump_bits(std::uint32_t offset) {
    return (offset << 11 & 0x80000000) | (offset << 20 & 0x7fe00000) | (offset << 9 & 0x100000) |
           (offset & 0xff000);
  }

  // AUIPC counts from itself, LUI from zero.
  static constexpr bool is_relative(std::uint32_t word) { return (word & 0x7f) == 0x17; }
  static constexpr bool is_store(std::uint32_t word) { return (word & 0x7b) == 0x23; }

  /// AUIPC or LUI, and what adds the lower bits: a load, a store, ADDI or JALR.
  static constexpr bool is_pair(std::uint32_t first, std::uint32_t second) {
    const bool adds = (second & 0x7b) == 0x03 || is_store(second) || (second & 0x707f) == 0x0013 ||
                      (second & 0x707f) == 0x0067;
    return (first & 0x5f) == 0x17 && adds && (first >> 7 & 0x1f) == (second >> 15 & 0x1f);
  }
  static constexpr std::uint32_t low_value(std::uint32_t word) {
    return detail::sign_extend(
        is_store(word) ? (word >> 20 & 0xfe0) | (word >> 7 & 0x1f) : word >> 20, 12);
  }
};

}  // namespace ota
