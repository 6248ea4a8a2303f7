// What runs before program() on a bare Cortex-M: vectors, .data, .bss. There are no static
// constructors (the linker scripts see to that).
#include <cstdint>

extern "C" {

extern std::uint32_t data_in_flash[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];

/// The program itself; does not end.
void program();

/// What it does about a fault.
void fault_handler();

void reset_handler();

void reset_handler() {
  const std::uint32_t* from = data_in_flash;
  for (std::uint32_t* to = data_begin; to != data_end; ++to) *to = *from++;
  for (std::uint32_t* to = bss_begin; to != bss_end; ++to) *to = 0;
  program();
  fault_handler();
}

[[gnu::section(".vectors"), gnu::used]] void (*const vectors[48])() = {
    reinterpret_cast<void (*)()>(stack_top), reset_handler,
    fault_handler,  // NMI
    fault_handler,  // hard fault, the only one of a Cortex-M0
};
}
