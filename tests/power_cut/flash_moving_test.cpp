// Images exchanged by moving: the power is cut at every operation, on the geometries of real chips.

#include "ota/image/swap_by_moving.hpp"

#include "support/flash_proof.hpp"

namespace {

using namespace ota::testing;
using ota::swap_by_moving;

TEST(flash_moving, nrf51) { prove_strategy<nrf51_map, swap_by_moving>("moving_nrf51"); }
TEST(flash_moving, rp2040) { prove_strategy<rp2040_map, swap_by_moving>("moving_rp2040"); }
TEST(flash_moving, esp32) { prove_strategy<esp32_map, swap_by_moving>("moving_esp32"); }
TEST(flash_moving, samd21) { prove_strategy<samd21_map, swap_by_moving>("moving_samd21"); }
TEST(flash_moving, stm32l) { prove_strategy<stm32l_map, swap_by_moving>("moving_stm32l"); }
TEST(flash_moving, stm32f4) { prove_strategy<stm32f4_map, swap_by_moving>("moving_stm32f4"); }
TEST(flash_moving, ten_thousand_series_of_ten_cuts) {
  prove_series<nrf51_map, swap_by_moving>("moving_nrf51", 10000);
}

}  // namespace
