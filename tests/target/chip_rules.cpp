// Tries the flash policy of a chip on the contract. Built for each of the emulated chips by
// chips.py.
#include <ota/testing/flash_conformance.hpp>

#if defined(CHIP_NRF51)
#include <ota/flash/nrf_nvmc.hpp>

#include "board_nrf51.hpp"
using chip = board_nrf51;
using flash_type = ota::nrf_nvmc<ota::nrf51822>;
constexpr ota::flash_region tried{0x10000, 4 * 1024};
#elif defined(CHIP_RP2040)
#include <ota/flash/rp2040.hpp>

#include "board_rp2040.hpp"
#include "boot2.hpp"
using chip = board_rp2040;
using flash_type = ota::rp2040_flash<>;
constexpr ota::flash_region tried{0x100000, 3 * 4096};
#endif

namespace {

void say(const char* text) {
  while (*text != '\0') chip::write(static_cast<std::uint8_t>(*text++));
}

}  // namespace

extern "C" void fault_handler() {
  say("FAULT\n");
  for (;;) {
  }
}

extern "C" void program() {
  chip::start();
  flash_type flash;
  const char* const broken = ota::testing::check_flash_rules(flash, tried);
  say(broken == nullptr ? "all rules hold" : broken);
  say("\nDONE\n");
  chip::reset();
}
