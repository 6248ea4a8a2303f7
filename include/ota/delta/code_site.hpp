#pragma once

#include <cstdint>

#include "../core/little_endian.hpp"

namespace ota {

/// A place in a program that names an address: an instruction, or a pair of them.
///
/// A kind of code is a struct that finds such places and moves what they name:
///
///     static constexpr code_kind kind       what a patch calls it
///     static constexpr unsigned step        instructions begin at its multiples
///     static code_site find(const std::uint8_t* code, std::uint32_t address)
///     static void aim(std::uint8_t* code, std::uint32_t address, std::uint32_t target)
///
/// `find` looks at eight bytes, whatever they are, and `aim` changes those it found. Both sides of
/// a patch must find the same places, so what a kind finds is part of the patch format.
struct code_site {
  std::uint8_t length = 0;  ///< bytes of the place; 0 where no address is named
  std::uint8_t skip = 1;    ///< where none is named: no instruction begins in so many bytes
  bool near = false;        ///< reaches only what lies around it, and so mostly moves with it
  std::uint32_t target = 0;

  static constexpr code_site none(std::uint8_t skip) { return {0, skip, false, 0}; }
  static constexpr code_site far_at(std::uint8_t length, std::uint32_t target) {
    return {length, 1, false, target};
  }
  static constexpr code_site near_at(std::uint8_t length, std::uint32_t target) {
    return {length, 1, true, target};
  }
};

/// What the old and the new bytes of a patch are, as its header says it.
enum class code_kind : std::uint8_t {
  plain = 0,    ///< text, or anything else
  words = 1,    ///< pointers of 32 bits, at multiples of four; the kinds below have them too
  thumb = 2,    ///< Thumb as of ARMv6-M: BL, short branches, LDR and ADR of literals
  thumb2 = 3,   ///< with Thumb-2's wide instructions
  arm = 4,      ///< A32
  riscv = 5,    ///< RV32, also compressed
  xtensa = 6,   ///< with or without windows
  aarch64 = 7,  ///< A64
  x86_64 = 8
};

namespace detail {

/// The lowest `bits` of a value, as a number with a sign.
constexpr std::uint32_t sign_extend(std::uint32_t value, unsigned bits) {
  const std::uint32_t sign = 1U << (bits - 1);
  return ((value & ((sign << 1) - 1)) ^ sign) - sign;
}

/// `word` with the bits of `mask` taken from `value`.
constexpr std::uint32_t put_bits(std::uint32_t word, std::uint32_t mask, std::uint32_t value) {
  return (word & ~mask) | (value & mask);
}

}  // namespace detail

/// Pointers only.
struct words_code {
  static constexpr code_kind kind = code_kind::words;
  static constexpr unsigned step = 4;
  static code_site find(const std::uint8_t* /*code*/, std::uint32_t /*address*/) {
    return code_site::none(4);
  }
  static void aim(std::uint8_t* /*code*/, std::uint32_t /*address*/, std::uint32_t /*target*/) {}
};

}  // namespace ota
