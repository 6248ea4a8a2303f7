// Geometries, by the addresses that data sheets give.

#include <gtest/gtest.h>

#include "ota/flash/nrf_nvmc.hpp"
#include "ota/flash/rp2040.hpp"
#include "ota/flash/stm32f4.hpp"

namespace {

// RM0090, table 5: sectors of an STM32F405/407 with 1 MiB, by their first address.
constexpr std::uint32_t stm32f407_sectors[] = {0x00000, 0x04000, 0x08000, 0x0c000,
                                               0x10000, 0x20000, 0x40000, 0x60000,
                                               0x80000, 0xa0000, 0xc0000, 0xe0000};

TEST(geometry, of_uneven_sectors) {
  constexpr auto geometry = ota::stm32f4_flash<>::geometry;
  EXPECT_EQ(geometry.size(), 0x100000u);
  std::uint32_t next = geometry.size();
  for (std::size_t i = std::size(stm32f407_sectors); i-- > 0;) {
    const std::uint32_t begin = stm32f407_sectors[i];
    for (std::uint32_t inside : {begin, begin + 1, next - 1}) {
      EXPECT_EQ(geometry.sector_begin(inside), begin);
      EXPECT_EQ(geometry.sector_size(inside), next - begin);
    }
    EXPECT_TRUE(geometry.is_boundary(begin));
    EXPECT_FALSE(geometry.is_boundary(begin + 4));
    next = begin;
  }
  EXPECT_TRUE(geometry.is_boundary(geometry.size()));
  EXPECT_EQ(geometry.sector_size(geometry.size()), 0u);
}

TEST(geometry, of_the_chips) {
  EXPECT_EQ(ota::nrf_nvmc<ota::nrf51822>::geometry.size(), 256u * 1024);
  EXPECT_EQ(ota::nrf_nvmc<ota::nrf52832>::geometry.size(), 512u * 1024);
  EXPECT_EQ(ota::nrf_nvmc<ota::nrf52833>::geometry.size(), 512u * 1024);
  EXPECT_EQ(ota::nrf_nvmc<ota::nrf52840>::geometry.size(), 1024u * 1024);
  EXPECT_EQ(ota::stm32f4_flash<1>::geometry.size(), 256u * 1024);
  EXPECT_EQ(ota::stm32f4_flash<3>::geometry.size(), 512u * 1024);
  EXPECT_EQ(ota::rp2040_flash<>::geometry.size(), 2048u * 1024);
  static_assert(ota::check_flash<ota::rp2040_flash<16 * 1024 * 1024>>::ok);
}

TEST(regions, overlap_and_hold) {
  constexpr ota::flash_region a{100, 50}, b{150, 10}, c{149, 2};
  EXPECT_TRUE(a.holds(100) && a.holds(149));
  EXPECT_FALSE(a.holds(99) || a.holds(150));
  EXPECT_FALSE(overlap(a, b));
  EXPECT_TRUE(overlap(a, c) && overlap(c, b) && overlap(b, c));
}

}  // namespace
