// Programs that do with an RP2040's flash what the chip forbids, one a value of MISUSE: the bench
// has to notice each of them. Built and run by chips.py.
#include <ota/flash/rp2040.hpp>

#include "board_rp2040.hpp"
#include "boot2.hpp"

extern "C" void fault_handler() {
  for (;;) {
  }
}

namespace {

std::uintptr_t rom(char a, char b) {
  using look_up = std::uintptr_t (*)(std::uintptr_t table, std::uint32_t name);
  return reinterpret_cast<look_up>(ota::memory_bus::load(0x18) & 0xffff)(
      ota::memory_bus::load(0x14) & 0xffff,
      static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b) << 8);
}
void call(char a, char b) { reinterpret_cast<void (*)()>(rom(a, b))(); }

void misuse() {
  using erase_call = void (*)(std::uint32_t, std::size_t, std::uint32_t, std::uint32_t);
  static const std::uint8_t page[256] = {};
  switch (MISUSE) {
    case 0:  // interrupts stay on
      return call('I', 'F');
    case 1:  // runs from flash that cannot be read
      asm volatile("cpsid i");
      return call('E', 'X');
    case 2:  // stores into flash as if it were memory
      reg(0x10100000) = 0;
      return;
    case 3:  // erases while flash is being read from
      asm volatile("cpsid i");
      return reinterpret_cast<erase_call>(rom('R', 'E'))(0x100000, 4096, 0x10000, 0xd8);
    case 4:  // half a page
      (void)ota::rp2040_flash<>::program(0x100080, page);
  }
}

}  // namespace

extern "C" void program() {
  board_rp2040::start();
  misuse();
  board_rp2040::reset();
}
