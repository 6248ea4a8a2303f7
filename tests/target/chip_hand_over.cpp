// One program starts another one, which then takes an interrupt: STAGE 1 and 2 of the same source.
#if defined(CHIP_NRF51)
#include "board_nrf51.hpp"
using chip = board_nrf51;
constexpr std::uint32_t second = 0x4000;
#else
#include "board_rp2040.hpp"
#if STAGE == 1
#include "boot2.hpp"
#endif
using chip = board_rp2040;
constexpr std::uint32_t second = 0x10010000;
#endif

namespace {

void say(const char* text) {
  while (*text != '\0') chip::write(static_cast<std::uint8_t>(*text++));
}

}  // namespace

extern "C" void fault_handler() {
  say("fault\n");
  chip::reset();
}

#if STAGE == 1
extern "C" void program() {
  chip::start();
  say("first\n");
  chip::start_program(second);
}
#else
static volatile bool interrupted = false;
extern "C" void other_handler() { interrupted = true; }

extern "C" void program() {
  say("second\n");
  constexpr std::uint32_t irq = 1u << 26;  // used by nothing on either chip
  reg(0xe000e100) = irq;                   // NVIC: ISER
  reg(0xe000e200) = irq;                   // ISPR
  while (!interrupted) {
  }
  say("interrupted\n");
  asm volatile("svc 0");
  say("DONE\n");
  chip::reset();
}
#endif
