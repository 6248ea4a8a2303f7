// Tries the memory that plays flash on an MPS2 board on the contract, in the geometry of an nRF51.
#include <ota/flash/nrf_nvmc.hpp>
#include <ota/testing/flash_conformance.hpp>

#include "board.hpp"
#include "ram_flash.hpp"

extern "C" int program() {
  ram_flash<ota::nrf51822> flash;
  const char* const broken = ota::testing::check_flash_rules(flash, {0x10000, 4 * 1024});
  board::print(broken == nullptr ? "all rules hold\n" : broken);
  return broken == nullptr ? 0 : 1;
}
