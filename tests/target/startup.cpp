// What runs before program() on a bare Cortex-M: vectors, .data, .bss, and a painted stack.
#include <cstdint>

#include "board.hpp"

extern "C" {

extern std::uint32_t data_in_flash[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];

/// What the program of this test does; its value is the exit status.
int program();

void reset_handler();
void fault_handler();

void reset_handler() {
  const std::uint32_t* from = data_in_flash;
  for (std::uint32_t* to = data_begin; to != data_end; ++to) *to = *from++;
  for (std::uint32_t* to = bss_begin; to != bss_end; ++to) *to = 0;
  board::trap_unaligned_access();
  board::paint_stack();
  board::program_ended(program());
}

void fault_handler() {
  board::print("the processor faulted\n");
  board::exit(3);
}

[[gnu::section(".vectors"), gnu::used]] void (*const vectors[16])() = {
    reinterpret_cast<void (*)()>(stack_top), reset_handler,
    fault_handler,  // NMI
    fault_handler,  // hard fault; usage and bus faults end here too
};
}
