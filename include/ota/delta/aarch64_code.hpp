#pragma once

#include "code_site.hpp"

namespace ota {

/// A64 (Arm ARM for the A-profile, C6.2: B, BL, ADRP). Addresses are taken by their lower 32 bits.
struct aarch64_code {
  static constexpr code_kind kind = code_kind::aarch64;
  static constexpr unsigned step = 4;

  static code_site find(const std::uint8_t* code, std::uint32_t address) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    if (is_branch(word)) return code_site::far_at(4, address + detail::sign_extend(word, 26) * 4);
    if (!is_page(word)) return code_site::none(4);
    const std::uint32_t pages = (word >> 3 & 0x1ffffc) | (word >> 29 & 3);
    const std::uint32_t begin = (address & high) + (pages << 12);
    if (!completes(word, next)) return code_site::far_at(4, begin);
    return code_site::far_at(8, begin + ((next >> 10 & 0xfff) << scale(next)));
  }

  static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target) {
    const std::uint32_t word = detail::get_u32(code);
    const std::uint32_t next = detail::get_u32(code + 4);
    if (is_branch(word))
      return detail::put_u32(code, detail::put_bits(word, 0x03ffffff, (target - address) >> 2));
    // Pages beyond 2 GiB are 21 bits away with their sign.
    const std::uint32_t pages = detail::sign_extend(((target & high) - (address & high)) >> 12, 20);
    detail::put_u32(code,
                    detail::put_bits(word, 0x60ffffe0, pages << 29 | (pages << 3 & 0xffffe0)));
    if (completes(word, next))
      detail::put_u32(code + 4,
                      detail::put_bits(next, 0x3ffc00, (target & 0xfff) >> scale(next) << 10));
  }

 private:
  static constexpr std::uint32_t high = 0xfffff000;

  static constexpr bool is_branch(std::uint32_t word) { return (word & 0x7c000000) == 0x14000000; }
  static constexpr bool is_page(std::uint32_t word) { return (word & 0x9f000000) == 0x90000000; }

  /// Whether an instruction adds the lower 12 bits to what ADRP set: ADD, a load, a store.
  static constexpr bool completes(std::uint32_t first, std::uint32_t second) {
    const bool adds = (second & 0xffc00000) == 0x91000000 || is_access(second);
    return adds && (first & 0x1f) == (second >> 5 & 0x1f);
  }
  static constexpr bool is_access(std::uint32_t word) { return (word & 0x3b000000) == 0x39000000; }

  /// A load or store counts in its own size; that of 16 bytes stands elsewhere.
  static constexpr unsigned scale(std::uint32_t word) {
    if (!is_access(word)) return 0;
    return (word & 0x04800000) == 0x04800000 ? 4 : word >> 30;
  }
};

}  // namespace ota
