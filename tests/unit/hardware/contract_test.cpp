#include <gtest/gtest.h>

#include <ota/hardware/no_hardware.hpp>
#include <string>

namespace {

using ota::detail::gives;

TEST(hardware_contract, is_kept_by_no_hardware_and_what_derives_from_it) {
  struct board : ota::no_hardware {
    std::uint64_t now() { return 1; }
    int battery_charge() { return 50; }
  };
  EXPECT_TRUE(ota::check_hardware<ota::no_hardware>::ok);
  EXPECT_TRUE(ota::check_hardware<board>::ok);
  EXPECT_FALSE(ota::has_fuel_gauge<ota::no_hardware>);
  EXPECT_TRUE(ota::has_fuel_gauge<board>);
}

// The mistakes that a looser check would let pass.
TEST(hardware_contract, sees_a_member_of_another_type) {
  struct mistaken : ota::no_hardware {
    std::uint32_t ticks_ms() { return 0; }           // would wrap after 49 days
    std::string unique_id() { return "temporary"; }  // would dangle
    void wait() {}
  };
  EXPECT_FALSE((gives<std::uint64_t, ota::detail::ticks_of, mistaken>::value));
  EXPECT_FALSE((gives<std::string_view, ota::detail::id_of, mistaken>::value));
  EXPECT_FALSE((gives<void, ota::detail::wait_of, mistaken>::value));
  EXPECT_TRUE((gives<std::uint64_t, ota::detail::now_of, mistaken>::value));
}

TEST(hardware_contract, knows_nothing_without_hardware) {
  ota::no_hardware none;
  EXPECT_EQ(none.now(), 0u);
  EXPECT_EQ(none.hour(), -1);
  EXPECT_EQ(none.battery_raw(), -1);
  EXPECT_EQ(none.free_memory(), 0u);
  EXPECT_EQ(none.signal_dbm(), 0);
  EXPECT_EQ(none.unique_id(), "unknown");
}

}  // namespace
