#pragma once

#include <cstddef>
#include <cstdint>

/// Code that belongs to the test, not to the library: kept apart, and not counted as its size.
#define BOARD_TEST_CODE(name) [[gnu::noinline, gnu::section(".canned." name)]]

/// The few things a program on the emulated board needs from outside: text, an end, and to know how
/// much stack it used. Talks to the emulator by Arm's semihosting (ARM IHI 0068).
namespace board {

extern "C" std::uint32_t bss_end[], stack_top[];

inline std::uint32_t semihost(std::uint32_t operation, const void* argument) {
  register std::uint32_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

BOARD_TEST_CODE("print") inline void print(const char* text) { semihost(0x04, text); }

// In hexadecimal digits, with nothing of the library, which would count as the program's.
BOARD_TEST_CODE("number") inline void print(std::uint32_t number) {
  char text[] = "0x00000000";
  for (int i = 9; i > 1; --i, number >>= 4)
    text[i] = static_cast<char>((number & 15) + ((number & 15) < 10 ? '0' : 'a' - 10));
  print(text);
}

[[noreturn]] inline void exit(int status) {
  const std::uint32_t block[] = {0x20026, static_cast<std::uint32_t>(status)};
  semihost(0x20, block);
  for (;;) {
  }
}

/// An M0+ faults on an unaligned access; the emulated M3 does so only when it is told to.
inline void trap_unaligned_access() {
  auto* const configuration = reinterpret_cast<volatile std::uint32_t*>(0xe000ed14);
  *configuration = *configuration | 1u << 3;
}

inline constexpr std::uint32_t paint = 0x5aa5c33c;

/// Fills the unused stack; call it first of all.
inline void paint_stack() {
  const volatile std::uint32_t* top;
  asm volatile("mov %0, sp" : "=r"(top));
  for (volatile std::uint32_t* word = bss_end; word < top; ++word) *word = paint;
}

/// The deepest that the stack has been since, in bytes.
inline std::uint32_t stack_used() {
  const volatile std::uint32_t* word = bss_end;
  while (word < stack_top && *word == paint) ++word;
  return static_cast<std::uint32_t>(stack_top - const_cast<std::uint32_t*>(word)) * 4;
}

/// Where every program ends: tells how much stack it used. `count_instructions` counts up to here.
extern "C" [[noreturn]] BOARD_TEST_CODE("end") inline void program_ended(int status) {
  const std::uint32_t used = stack_used();
  print("stack ");
  print(used);
  print("\n");
  exit(status);
}

}  // namespace board
