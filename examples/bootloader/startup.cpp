// What runs before program() on a bare Cortex-M: vectors, .data, .bss. There are no static
// constructors (the linker scripts see to that).
#include <cstdint>

extern "C" {

extern std::uint32_t data_in_flash[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];

/// The program itself; does not end.
void program();

/// What it does about a fault.
void fault_handler();

/// All other exceptions, and interrupts: faults, unless the program expects them.
[[gnu::weak]] void other_handler() { fault_handler(); }

void reset_handler() {
  const std::uint32_t* from = data_in_flash;
  for (std::uint32_t* to = data_begin; to != data_end; ++to) *to = *from++;
  for (std::uint32_t* to = bss_begin; to != bss_end; ++to) *to = 0;
  program();
  fault_handler();
}
}

namespace {

struct vector_table {
  constexpr vector_table() {
    for (auto& handler : other) handler = other_handler;
  }
  std::uint32_t* stack = stack_top;
  void (*reset)() = reset_handler;
  void (*nmi)() = fault_handler;
  void (*hard_fault)() = fault_handler;
  void (*other[44])() = {};
};

[[gnu::section(".vectors"), gnu::used]] constexpr vector_table vectors;

}  // namespace
