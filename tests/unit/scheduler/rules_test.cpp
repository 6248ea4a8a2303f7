#include <gtest/gtest.h>

#include <ota/format/config.hpp>
#include <ota/scheduler/rules.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/python.hpp"

namespace {

// Computed with the original's formula, of which the first digits are ef49acd7, 34731b81,
// ecd86117, 1e2e5201, 8579738e.
TEST(canary, has_the_known_places) {
  EXPECT_EQ(ota::canary_place("v1.0.0", "e6614103e7123456"), 99u);
  EXPECT_EQ(ota::canary_place("v1.0.0", "e6614103e7123457"), 13u);
  EXPECT_EQ(ota::canary_place("v2.0.0", "e6614103e7123456"), 7u);
  EXPECT_EQ(ota::canary_place("v1", "unknown"), 29u);
  EXPECT_EQ(ota::canary_place("main", "a"), 66u);
}

TEST(canary, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  std::mt19937 random(4);
  const auto text = [&] {
    static constexpr const char* letters[] = {"a", "F", "7", ".", "-", "/", "é", "€", "😀"};
    std::string made;
    for (auto left = random() % 70; left != 0; --left) made += letters[random() % 9];
    return made;
  };
  std::string input;
  std::vector<std::string> ours;
  for (int i = 0; i < 5000; ++i) {
    const std::string version = text(), device = text();
    input += version + "\t" + device + "\n";
    ours.push_back(std::to_string(ota::canary_place(version, device)));
  }
  EXPECT_EQ(ours, ota_test::ask_python(R"py(
import hashlib, sys
for line in sys.stdin.buffer.read().decode("utf-8").split("\n")[:-1]:
    version, device = line.split("\t")
    digest = hashlib.sha256("{}:{}".format(version, device).encode()).hexdigest()
    print(int(digest[:8], 16) % 100)
)py",
                                       input));
}

TEST(window, agrees_with_python_for_every_hour) {
  OTA_NEEDS_PYTHON();
  std::string input;
  std::vector<std::string> ours;
  for (int start = -1; start < 24; ++start)
    for (int end = -1; end <= 24; ++end)
      for (int hour = 0; hour < 24; ++hour) {
        input +=
            std::to_string(start) + " " + std::to_string(end) + " " + std::to_string(hour) + "\n";
        ours.push_back(std::to_string(ota::is_in_window(hour, start, end) ? 1 : 0) +
                       (ota::is_sunny(hour) ? " 1" : " 0"));
      }
  // By listing the hours, not by comparing.
  EXPECT_EQ(ours, ota_test::ask_python(R"py(
import sys
for line in sys.stdin:
    start, end, hour = map(int, line.split())
    if start < 0 or end < 0:
        hours = range(24)
    elif start <= end:
        hours = range(start, end)
    else:
        hours = list(range(start, 24)) + list(range(0, end))
    print(int(hour in hours), int(hour in (10, 11, 12, 13, 14, 15)))
)py",
                                       input));
}

TEST(chunk, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  std::mt19937 random(5);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random()) % n; };
  std::string input;
  std::vector<std::string> ours;
  for (int i = 0; i < 5000; ++i) {
    const std::uint32_t chunk = below(i % 2 == 0 ? 6000 : UINT32_MAX);
    const std::uint32_t memory = 1 + below(i % 3 == 0 ? 20000 : 300000000);
    input += std::to_string(chunk) + " " + std::to_string(memory) + "\n";
    ours.push_back(std::to_string(ota::effective_chunk(chunk, memory)));
  }
  EXPECT_EQ(ours, ota_test::ask_python("import sys\n"
                                       "for line in sys.stdin:\n"
                                       "    chunk, memory = map(int, line.split())\n"
                                       "    print(max(256, min(chunk, memory // 4, 4096)))\n",
                                       input));
  EXPECT_EQ(ota::effective_chunk(1024, 0), 1024u);
}

// The wait never passes the hour it is for, whatever the zone, and a few of them reach it.
TEST(seconds_until_hour, lead_to_the_hour_and_not_beyond) {
  std::mt19937 random(6);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t zone = 900 * (random() % 96);
    const int opens = static_cast<int>(random() % 24);
    std::uint64_t now = 1700000000 + random() % 100000;
    const auto hour = [&] { return static_cast<int>((now + zone) / 3600 % 24); };
    if (hour() == opens) continue;
    int waits = 0;
    for (; hour() != opens; ++waits) {
      const std::uint32_t wait = ota::detail::seconds_until_hour(opens, hour(), now);
      ASSERT_GT(wait, 0u);
      ASSERT_LT(wait, 86400u);
      now += wait;
    }
    EXPECT_EQ((now + zone) % 3600, 0u);
    EXPECT_LE(waits, 4);
  }
}

}  // namespace
