#if defined(__linux__)
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ota/hardware/linux_host.hpp>
#include <string>

#include "support/python.hpp"

namespace {

TEST(linux_host, keeps_the_contract) { EXPECT_TRUE(ota::check_hardware<ota::linux_host>::ok); }

TEST(linux_host, has_the_id_that_the_original_has) {
  OTA_NEEDS_PYTHON();
  const auto lines = ota_test::ask_python("import socket\nprint(socket.gethostname())\n", "");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(ota::linux_host().unique_id(), lines[0]);
}

TEST(linux_host, tells_the_time_as_python_does) {
  OTA_NEEDS_PYTHON();
  ota::linux_host host;
  const std::uint64_t before = host.now();
  const auto lines = ota_test::ask_python("import time\nprint(int(time.time()))\n", "");
  const std::uint64_t after = host.now();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LE(before, std::stoull(lines[0]));
  EXPECT_GE(after, std::stoull(lines[0]));
}

TEST(linux_host, tells_the_hour_of_the_zone_it_is_in) {
  OTA_NEEDS_PYTHON();
  const char* const old = std::getenv("TZ");
  const std::string kept = old == nullptr ? "" : old;
  for (const char* zone : {"UTC0", "EAST-5:30", "WEST9", "FAR-14"}) {
    setenv("TZ", zone, 1);
    ota::linux_host host;
    int before = 0, after = 1;
    std::vector<std::string> lines;
    while (before != after) {  // the hour may change meanwhile
      before = host.hour();
      lines = ota_test::ask_python("import time\nprint(time.localtime().tm_hour)\n", "");
      after = host.hour();
    }
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(std::to_string(before), lines[0]) << zone;
  }
  if (old == nullptr)
    unsetenv("TZ");
  else
    setenv("TZ", kept.c_str(), 1);
}

TEST(linux_host, waits_as_long_as_asked) {
  ota::linux_host host;
  const std::uint64_t before = host.ticks_ms();
  host.wait(20);
  EXPECT_GE(host.ticks_ms(), before + 20);
}

TEST(linux_host, knows_its_memory) {
  ota::linux_host host;
  std::ifstream file("/proc/meminfo");  // "MemTotal:  N kB"
  std::string name;
  std::uint64_t total = 0;
  file >> name >> total;
  EXPECT_GT(host.free_memory(), 0u);
  EXPECT_LE(host.free_memory(), total * 1024);
}

TEST(linux_host, draws_different_numbers) {
  ota::linux_host host;
  const std::uint32_t first = host.random();
  bool differs = false;
  for (int i = 0; i < 4; ++i) differs = differs || host.random() != first;
  EXPECT_TRUE(differs);
}

// Forms of the file as the kernel prints them (net/wireless/wext-proc.c).
constexpr const char* heading =
    "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
    " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n";

TEST(linux_host, reads_the_wireless_signal) {
  const auto level = [](const std::string& lines) {
    return ota::detail::wireless_dbm(heading + lines);
  };
  EXPECT_EQ(level(""), 0);
  EXPECT_EQ(level(" wlan0: 0000   61.  -49.  -256        0      0      0      0     11        0\n"),
            -49);
  EXPECT_EQ(
      level("wlp0s20f3: 0000   70   -40   -256        0      0      0      0     11        0"),
      -40);
  // No link; a driver without dBm; the second interface has one.
  EXPECT_EQ(level(" wlan0: 0000    0  -256  -256        0      0      0      0      0        0\n"),
            0);
  EXPECT_EQ(level(" wlan0: 0000   61.   49.   256        0      0      0      0      0        0\n"),
            0);
  EXPECT_EQ(level(" wlan0: 0000    0  -256  -256        0      0      0      0      0        0\n"
                  " wlan1: 0000   31.  -79.  -256        0      0      0      0      0        0\n"),
            -79);
  for (const char* broken : {":", "wlan0:", "wlan0: 0000", "wlan0: 0000 61.", "wlan0: 0000 61. -",
                             "wlan0: 0 0 -99999999999999999999", "\n\n:\n"})
    EXPECT_EQ(level(broken), 0) << broken;
}

TEST(linux_host, reads_the_fullest_battery) {
  const ota_test::scratch_folder folder;
  const auto supply = [&](const std::string& name, const std::string& file,
                          const std::string& text) {
    std::filesystem::create_directories(folder / name);
    std::ofstream((folder / name) + "/" + file) << text;
  };
  const auto charge = [&] { return ota::detail::power_supply_charge(folder.path().c_str()); };
  EXPECT_EQ(charge(), -1);
  EXPECT_EQ(ota::detail::power_supply_charge((folder / "absent").c_str()), -1);
  supply("AC", "type", "Mains\n");
  supply("AC", "capacity", "100\n");
  supply("hidpp_battery_0", "type", "Battery\n");
  supply("hidpp_battery_0", "scope", "Device\n");
  supply("hidpp_battery_0", "capacity", "90\n");
  supply("BAT1", "type", "Battery\n");
  EXPECT_EQ(charge(), -1);
  supply("BAT1", "capacity", "7\n");
  EXPECT_EQ(charge(), 7);
  supply("BAT0", "type", "Battery\n");
  supply("BAT0", "scope", "System\n");
  supply("BAT0", "capacity", "42\n");
  EXPECT_EQ(charge(), 42);
  supply("BAT0", "capacity", "103\n");
  EXPECT_EQ(charge(), 100);
}

}  // namespace
#endif
