#include <gtest/gtest.h>

#include <cstdint>
#include <ota/core/backoff.hpp>
#include <random>
#include <set>
#include <vector>

#include "support/python.hpp"

namespace {

TEST(backoff, doubles_up_to_the_most) {
  const auto waits = [](std::uint32_t count, std::uint32_t first, std::uint32_t most) {
    std::vector<std::uint32_t> list;
    for (std::uint32_t i = 1; i <= count; ++i) list.push_back(ota::backoff_seconds(i, first, most));
    return list;
  };
  EXPECT_EQ(waits(6, 3, 60), (std::vector<std::uint32_t>{3, 6, 12, 24, 48, 60}));
  EXPECT_EQ(waits(4, 3, 10), (std::vector<std::uint32_t>{3, 6, 10, 10}));
}

TEST(backoff, ends_at_once_for_absurd_numbers) {
  EXPECT_EQ(ota::backoff_seconds(UINT32_MAX, 0, UINT32_MAX), 0u);
  EXPECT_EQ(ota::backoff_seconds(UINT32_MAX, 1, UINT32_MAX), UINT32_MAX);
  EXPECT_EQ(ota::backoff_seconds(UINT32_MAX, 3, UINT32_MAX - 1), UINT32_MAX - 1);
  EXPECT_EQ(ota::backoff_seconds(1, 70, 60), 60u);
  EXPECT_EQ(ota::backoff_seconds(1, 3, 0), 0u);
}

TEST(backoff, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  std::mt19937 random(1);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random()) % n; };
  std::string input;
  std::vector<std::string> ours;
  for (int i = 0; i < 5000; ++i) {
    // Small, middle and any: the interesting ones are where doubling meets the most.
    const std::uint32_t size = i % 3 == 0 ? 100 : i % 3 == 1 ? 100000 : UINT32_MAX;
    const std::uint32_t failures = 1 + below(40), first = below(size), most = below(size);
    for (std::uint32_t number : {failures, first, most}) input += std::to_string(number) + " ";
    input += "\n";
    ours.push_back(std::to_string(ota::backoff_seconds(failures, first, most)));
  }
  const auto theirs = ota_test::ask_python(R"py(
import sys
for line in sys.stdin:
    failures, first, most = map(int, line.split())
    print(min(first * 2 ** (failures - 1), most))
)py",
                                           input);
  EXPECT_EQ(ours, theirs);
}

TEST(signal_adaptation, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  std::string input;
  std::vector<std::string> ours;
  for (int dbm = -130; dbm <= 10; ++dbm)
    for (std::uint32_t tries = 0; tries < 12; ++tries)
      for (std::uint32_t wait = 0; wait < 8; ++wait) {
        const ota::retry_limits limits = ota::adapt_to_signal({tries, wait}, dbm);
        input +=
            std::to_string(dbm) + " " + std::to_string(tries) + " " + std::to_string(wait) + "\n";
        ours.push_back(std::to_string(limits.tries) + " " + std::to_string(limits.first_wait));
      }
  const auto theirs = ota_test::ask_python(R"py(
import sys
for line in sys.stdin:
    dbm, tries, wait = map(int, line.split())
    if dbm < -75:
        tries, wait = max(tries, 8), max(wait, 5)
    elif dbm < -70:
        tries = max(tries, 6)
    print(tries, wait)
)py",
                                           input);
  EXPECT_EQ(ours, theirs);
}

TEST(jitter, reaches_all_of_its_range_and_nothing_else) {
  std::mt19937 random(2);
  for (std::uint32_t seconds : {0u, 1u, 2u, 3u, 4u, 5u, 12u, 60u}) {
    const std::uint32_t spread = (seconds + 3) / 4;  // a quarter, rounded up
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 4000; ++i)
      seen.insert(ota::with_jitter(seconds, static_cast<std::uint32_t>(random())));
    EXPECT_EQ(seen.size(), 2 * spread + 1) << seconds;
    EXPECT_EQ(*seen.begin(), seconds - spread) << seconds;
    EXPECT_EQ(*seen.rbegin(), seconds + spread) << seconds;
  }
}

TEST(jitter, does_not_wrap) {
  for (std::uint32_t random : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu})
    for (std::uint32_t seconds : {0xffffffffu, 0xfffffffeu, 0xf0000000u, 0xcccccccdu})
      EXPECT_GE(ota::with_jitter(seconds, random), seconds - seconds / 4 - 1);
}

}  // namespace
