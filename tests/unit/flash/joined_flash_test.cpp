// Two flashes as one.

#include "ota/flash/joined_flash.hpp"

#include <array>

#include "support.hpp"

namespace {

/// A flash in memory, which notes what is asked of it.
template <std::uint32_t Sectors, std::uint32_t Sector, std::uint32_t Unit, bool Reprograms>
struct array_flash {
  static constexpr ota::flash_geometry<1> geometry{
      {{Sectors, Sector}}, Unit, 0xff, Reprograms, Unit * 1000};

  ota::result<void> read(std::uint32_t address, ota::mutable_bytes out) {
    inside = inside && address + out.size() <= cells.size();
    for (std::uint8_t& byte : out) byte = cells[address++];
    return {};
  }
  ota::result<void> program(std::uint32_t address, ota::bytes data) {
    inside = inside && address % Unit == 0 && data.size() % Unit == 0 && !data.empty() &&
             address + data.size() <= cells.size();
    for (std::uint8_t byte : data) cells[address++] &= byte;
    return failing ? ota::result<void>(worn_out) : ota::result<void>();
  }
  ota::result<void> erase(std::uint32_t address) {
    inside = inside && address % Sector == 0 && address < cells.size();
    for (std::uint32_t i = 0; i < Sector; ++i) cells[address + i] = 0xff;
    return {};
  }

  static constexpr ota::error worn_out{ota::errc::storage, "test", "worn out"};
  std::array<std::uint8_t, Sectors * Sector> cells{};
  bool inside = true;
  bool failing = false;
};

using internal = array_flash<8, 1024, 4, false>;
using external = array_flash<4, 4096, 256, true>;
using both = ota::joined_flash<internal, external>;

TEST(joined_flash, has_the_sectors_of_both_and_the_limits_of_the_weaker) {
  constexpr auto geometry = both::geometry;
  static_assert(geometry.size() == 8 * 1024 + 4 * 4096);
  static_assert(geometry.sector_size(8191) == 1024 && geometry.sector_size(8192) == 4096);
  static_assert(geometry.program_size == 256 && geometry.erased == 0xff && !geometry.reprograms);
  static_assert(geometry.endurance == 4000);
  static_assert(ota::check_flash<both>::ok);
}

TEST(joined_flash, keeps_the_contract_on_either_side_and_across) {
  both flash;
  EXPECT_EQ(ota_test::broken_rule(flash, {0, 4096}), "");
  EXPECT_EQ(ota_test::broken_rule(flash, {7 * 1024, 1024 + 8192}), "");
  EXPECT_EQ(ota_test::broken_rule(flash, {8192, 4 * 4096}), "");
  EXPECT_EQ(ota_test::broken_rule(flash, {0, both::geometry.size()}), "");
  EXPECT_TRUE(flash.first().inside && flash.second().inside);
}

TEST(joined_flash, joins_more_than_two) {
  ota::joined_flash<both, external> flash;
  EXPECT_EQ(ota_test::broken_rule(flash, {8192, 8 * 4096}), "");
}

TEST(joined_flash, stops_at_the_first_failure) {
  both flash;
  flash.first().failing = true;
  std::uint8_t data[512] = {};
  flash.second().cells.fill(0xff);
  EXPECT_EQ(&flash.program(8192 - 256, data).error(), &internal::worn_out);
  EXPECT_EQ(flash.second().cells[0], 0xff);
  EXPECT_TRUE(flash.program(8192, data));
}

}  // namespace
