#include <gtest/gtest.h>

#include <cstdint>
#include <ota/hardware/battery.hpp>
#include <ota/hardware/signal.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/python.hpp"

namespace {

struct reading {
  int raw;
  ota::battery_scale scale;
};

std::vector<reading> readings() {
  std::vector<reading> list;
  std::mt19937 random(3);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random()) % n; };
  for (int i = 0; i < 20000; ++i) {
    reading one{static_cast<int>(below(65536)), {}};
    if (i % 4 == 1) one.scale.divider_ratio = 2000;
    if (i % 4 == 2) one.scale = {1000 + below(9000), 3600 + below(9000), 2000 + below(1600)};
    if (i % 4 == 3) one.scale = {below(20000), below(20000), below(20000)};
    list.push_back(one);
  }
  // Where the exact charge is a whole number: raw is a multiple of 4369.
  for (int k = 0; k <= 15; ++k)
    for (std::uint32_t ratio = 1000; ratio <= 4000; ratio += 50)
      list.push_back({k * 4369, {ratio}});
  return list;
}

// For each reading the exact charge rounded down, whether it is whole, and the original's formula
// in floating point, rounded down.
constexpr const char* battery_script = R"py(
import math, sys
from fractions import Fraction
for line in sys.stdin:
    raw, ratio, full, empty = map(int, line.split())
    if full <= empty:
        print(-1, 0, -1)
        continue
    exact = Fraction(raw * 33, 10 * 65535) * Fraction(ratio, 1000) - Fraction(empty, 1000)
    exact = max(0, min(100, exact / Fraction(full - empty, 1000) * 100))
    volts = raw * 3.3 / 65535 * (ratio / 1000)
    charge = (volts - empty / 1000) / (full / 1000 - empty / 1000) * 100
    charge = max(0, min(100, charge))
    print(math.floor(exact), int(exact == math.floor(exact)), math.floor(charge))
)py";

TEST(battery, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  const auto list = readings();
  std::string input;
  for (const auto& one : list)
    input += std::to_string(one.raw) + " " + std::to_string(one.scale.divider_ratio) + " " +
             std::to_string(one.scale.full) + " " + std::to_string(one.scale.empty) + "\n";
  const auto lines = ota_test::ask_python(battery_script, input);
  ASSERT_EQ(lines.size(), list.size());
  int inside = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::istringstream line(lines[i]);
    int exact = 0, is_whole = 0, floating = 0;
    line >> exact >> is_whole >> floating;
    const int ours = ota::battery_percent(list[i].raw, list[i].scale);
    EXPECT_EQ(ours, exact) << lines[i];
    // Floating point may only differ where the exact charge lies on the edge, and by rounding down.
    EXPECT_LE(ours - floating, is_whole) << lines[i];
    EXPECT_GE(ours, floating) << lines[i];
    if (exact > 0 && exact < 100) ++inside;
  }
  EXPECT_GT(inside, 3000) << "too few readings say anything";
}

TEST(battery, knows_what_it_does_not_know) {
  EXPECT_EQ(ota::battery_percent(-1, {}), -1);
  EXPECT_EQ(ota::battery_percent(40000, {1000, 3000, 3000}), -1);
  EXPECT_EQ(ota::battery_percent(40000, {1000, 3000, 4200}), -1);
}

TEST(battery, does_not_wrap) {
  constexpr std::uint32_t most = UINT32_MAX;
  EXPECT_EQ(ota::battery_percent(65535, {most, 4200, 3000}), 100);
  EXPECT_EQ(ota::battery_percent(2147483647, {most, most, 0}), 100);
  EXPECT_EQ(ota::battery_percent(65535, {1000, most, most - 1}), 0);
  EXPECT_EQ(ota::battery_percent(65535, {most, most, most - 1}), 100);
}

TEST(signal, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  std::string input;
  std::vector<std::string> ours;
  for (int dbm = -200; dbm <= 50; ++dbm) {
    input += std::to_string(dbm) + "\n";
    ours.push_back(std::to_string(ota::signal_percent(dbm)));
  }
  EXPECT_EQ(ours,
            ota_test::ask_python("import sys\n"
                                 "for line in sys.stdin:\n"
                                 "    print(max(0, min(100, int((int(line) + 90) * 100 / 60))))\n",
                                 input));
  EXPECT_EQ(ota::signal_percent(INT32_MIN), 0);
  EXPECT_EQ(ota::signal_percent(INT32_MAX), 100);
}

}  // namespace
