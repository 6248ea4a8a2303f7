// Images overwritten, with a backup: the power is cut at every operation, on the geometries of real
// chips.

#include "ota/image/overwrite_with_backup.hpp"

#include "support/flash_proof.hpp"

namespace {

using namespace ota::testing;
using ota::overwrite_with_backup;

TEST(flash_overwrite, nrf51) {
  prove_strategy<nrf51_map, overwrite_with_backup>("overwrite_nrf51");
}
TEST(flash_overwrite, rp2040) {
  prove_strategy<rp2040_map, overwrite_with_backup>("overwrite_rp2040");
}
TEST(flash_overwrite, esp32) {
  prove_strategy<esp32_map, overwrite_with_backup>("overwrite_esp32");
}
TEST(flash_overwrite, samd21) {
  prove_strategy<samd21_map, overwrite_with_backup>("overwrite_samd21");
}
TEST(flash_overwrite, stm32l) {
  prove_strategy<stm32l_map, overwrite_with_backup>("overwrite_stm32l");
}
TEST(flash_overwrite, stm32f4_uneven) {
  prove_strategy<stm32f4_uneven_map, overwrite_with_backup>("overwrite_stm32f4_uneven");
}
TEST(flash_overwrite, ten_thousand_series_of_ten_cuts) {
  prove_series<nrf51_map, overwrite_with_backup>("overwrite_nrf51", 10000);
}

}  // namespace
