#include <gtest/gtest.h>

#include <ota/hardware/led.hpp>
#include <utility>
#include <vector>

#include "virtual_board.hpp"

namespace {

using ota::led_pattern;
using time_line = std::vector<std::pair<std::uint64_t, bool>>;

// The patterns as 0x687931/ota lists them: pairs of ms on, ms off.
const std::vector<std::pair<led_pattern, std::vector<std::pair<int, int>>>> originals = {
    {led_pattern::connecting, {{100, 100}, {100, 100}}},
    {led_pattern::file_done, {{50, 50}}},
    {led_pattern::success, {{100, 100}, {100, 100}, {100, 0}}},
    {led_pattern::failure, {{500, 0}}}};

time_line changes_of(const std::vector<std::pair<int, int>>& pattern, std::uint64_t& time) {
  time_line changes;
  for (const auto& [on, off] : pattern) {
    changes.emplace_back(time, true);
    changes.emplace_back(time += static_cast<std::uint64_t>(on), false);
    time += static_cast<std::uint64_t>(off);
  }
  return changes;
}

TEST(led, plays_the_time_line_of_the_original) {
  for (const auto& [pattern, pairs] : originals) {
    ota_test::virtual_board board;
    board.time = board.fed = 123456789;
    std::uint64_t end = board.time;
    const time_line expected = changes_of(pairs, end);
    ota::play(board, pattern);
    EXPECT_EQ(board.lit, expected);
    EXPECT_EQ(board.time, end);
    EXPECT_EQ(board.fed, end);
    EXPECT_LE(board.longest_hunger, 1000u);
  }
}

TEST(led, plays_the_same_in_a_loop_with_other_work) {
  for (const auto& [pattern, pairs] : originals) {
    ota_test::virtual_board board;
    board.time = 5000000000;  // beyond 32 bits
    std::uint64_t end = board.time;
    const time_line expected = changes_of(pairs, end);
    ota::led_player player;
    player.start(pattern);
    EXPECT_FALSE(player.is_over());
    for (; board.time < end + 2000; board.wait(1)) {
      board.led(player.update(board.ticks_ms()));
      EXPECT_EQ(player.is_over(), board.time >= end) << board.time;
    }
    EXPECT_EQ(board.lit, expected);
  }
}

TEST(led, catches_up_when_the_loop_was_busy) {
  ota::led_player player;
  player.start(led_pattern::connecting);
  EXPECT_TRUE(player.update(1000));
  EXPECT_TRUE(player.update(1250));   // in the second blink
  EXPECT_FALSE(player.update(9000));  // long over
  EXPECT_TRUE(player.is_over());
  player.start(led_pattern::failure);
  EXPECT_FALSE(player.is_over());
  EXPECT_TRUE(player.update(9999));
}

TEST(led, stays_on_while_processing_and_off_when_off) {
  ota::led_player player;
  EXPECT_FALSE(player.update(0));
  player.start(led_pattern::processing);
  for (std::uint64_t time : {0u, 1u, 100000u}) EXPECT_TRUE(player.update(time));
  player.start(led_pattern::off);
  EXPECT_FALSE(player.update(0));
  EXPECT_FALSE(player.is_over());

  ota_test::virtual_board board;
  ota::play(board, led_pattern::processing);
  ota::play(board, led_pattern::off);
  EXPECT_EQ(board.lit, (time_line{{0, true}, {0, false}}));
}

TEST(led, pulses_at_every_tenth_chunk_of_a_file) {
  ota::led_player player;
  for (int file = 0; file < 3; ++file) {
    player.start(led_pattern::downloading);
    EXPECT_FALSE(player.update(0));
    for (int chunk = 1; chunk <= 1000; ++chunk) {
      player.chunk();
      ASSERT_EQ(player.update(0), chunk % 10 == 0) << chunk;
    }
  }
  player.start(led_pattern::processing);
  player.chunk();
  EXPECT_TRUE(player.update(0));
}

TEST(wait, feeds_the_watchdog_at_least_once_a_second) {
  ota_test::virtual_board board;
  ota::wait_feeding(board, 60);
  EXPECT_EQ(board.time, 60000u);
  EXPECT_EQ(board.fed, 60000u);
  ota::wait_feeding_ms(board, 2345);
  EXPECT_EQ(board.time, 62345u);
  EXPECT_EQ(board.fed, 62345u);
  ota::wait_feeding(board, 0);
  EXPECT_EQ(board.time, 62345u);
  EXPECT_EQ(board.longest_wait, 1000u);
  EXPECT_EQ(board.longest_hunger, 1000u);
}

}  // namespace
