// Images chosen between two slots: the power is cut at every operation, on the geometries of real
// chips.

#include "ota/image/two_slots.hpp"

#include "support/flash_proof.hpp"

namespace {

using namespace ota::testing;
using ota::two_slots;

TEST(flash_slots, nrf51) { prove_strategy<nrf51_map, two_slots>("slots_nrf51"); }
TEST(flash_slots, rp2040) { prove_strategy<rp2040_map, two_slots>("slots_rp2040"); }
TEST(flash_slots, esp32) { prove_strategy<esp32_map, two_slots>("slots_esp32"); }
TEST(flash_slots, samd21) { prove_strategy<samd21_map, two_slots>("slots_samd21"); }
TEST(flash_slots, stm32l) { prove_strategy<stm32l_map, two_slots>("slots_stm32l"); }
TEST(flash_slots, stm32f4) { prove_strategy<stm32f4_map, two_slots>("slots_stm32f4"); }
TEST(flash_slots, stm32f4_uneven) {
  prove_strategy<stm32f4_uneven_map, two_slots>("slots_stm32f4_uneven");
}
TEST(flash_slots, ten_thousand_series_of_ten_cuts) {
  prove_series<nrf51_map, two_slots>("slots_nrf51", 10000);
}

}  // namespace
