#pragma once

#include <cstdint>

/// A register of a microcontroller.
inline volatile std::uint32_t& reg(std::uint32_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

/// Starts another program: its stack and entry stand at the beginning of its vectors.
[[noreturn]] inline void jump(std::uint32_t vectors) {
  const std::uint32_t stack = reg(vectors), entry = reg(vectors + 4);
  asm volatile("msr msp, %0\n\tbx %1" : : "r"(stack), "r"(entry) : "memory");
  __builtin_unreachable();
}
