// Images exchanged through a scratch area: the power is cut at every operation, on the geometries
// of real chips.

#include "ota/image/swap_with_scratch.hpp"

#include "support/flash_proof.hpp"

namespace {

using namespace ota::testing;
using ota::swap_with_scratch;

TEST(flash_scratch, nrf51) { prove_strategy<nrf51_map, swap_with_scratch>("scratch_nrf51"); }
TEST(flash_scratch, rp2040) { prove_strategy<rp2040_map, swap_with_scratch>("scratch_rp2040"); }
TEST(flash_scratch, esp32) { prove_strategy<esp32_map, swap_with_scratch>("scratch_esp32"); }
TEST(flash_scratch, samd21) { prove_strategy<samd21_map, swap_with_scratch>("scratch_samd21"); }
TEST(flash_scratch, stm32l) { prove_strategy<stm32l_map, swap_with_scratch>("scratch_stm32l"); }
TEST(flash_scratch, stm32f4) { prove_strategy<stm32f4_map, swap_with_scratch>("scratch_stm32f4"); }
TEST(flash_scratch, stm32f4_uneven) {
  prove_strategy<stm32f4_uneven_map, swap_with_scratch>("scratch_stm32f4_uneven");
}
TEST(flash_scratch, ten_thousand_series_of_ten_cuts) {
  prove_series<nrf51_map, swap_with_scratch>("scratch_nrf51", 10000);
}

}  // namespace
