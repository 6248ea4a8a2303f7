// What an update tells: to the log, in the words of the original client, and by the LED.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/fake_device.hpp"
#include "unit/hardware/virtual_board.hpp"

namespace {

using namespace ota_test;
using files = ota::memory_files<16384>;
using lines = std::vector<std::string>;

struct recorded_log {
  static constexpr bool enabled = true;
  lines* into = nullptr;
  void write(ota::log_level level, std::string_view text) {
    constexpr const char* marks[] = {"E ", "W ", "I ", "D "};
    into->push_back(marks[static_cast<int>(level)] + std::string(text));
  }
};

/// A board on which work takes a while: each time that the updater asks for memory.
struct slow_board : virtual_board {
  std::size_t free_memory() {
    time += 30;
    return 0;
  }
};

struct talking_device : ota::default_policies {
  using storage = borrowed_storage<files>;
  using http = fake_github;
  using hardware = slow_board;
  using log = recorded_log;
  static constexpr std::size_t chunk_size = 256;
};

struct station {
  fake_github::state github;
  ota::config settings = small_config();
  files storage;
  lines told;

  station() {
    github.commits[commit_of('1')] = {{"lib/a.py", {std::string(5000, 'a')}}, {"b.py", {"b"}}};
    github.heads["main"] = commit_of('1');
    settings.debug = true;
    settings.status_led_pin = 2;
    settings.chunk = 256;
  }

  auto update() {
    ota::updater<talking_device> updater(settings, borrowed_storage<files>(storage),
                                         fake_github(github), {}, recorded_log{&told});
    EXPECT_TRUE(updater.boot());
    (void)updater.run();
    return updater.hardware().lit;
  }
};

TEST(events, are_those_of_the_original_client) {
  station one;
  one.update();
  EXPECT_EQ(one.told, (lines{"D Installed version:  #", "D Repo version: main #1111111",
                             "D Downloading: b.py", "D Hash OK for b.py", "D Downloading: lib/a.py",
                             "D Hash OK for lib/a.py", "I updated to main #1111111, on trial",
                             "I Not resetting device"}));
}

TEST(events, of_debugging_are_told_only_where_they_are_asked_for) {
  station one;
  one.settings.debug = false;
  one.update();
  EXPECT_EQ(one.told, (lines{"I updated to main #1111111, on trial", "I Not resetting device"}));
}

TEST(events, say_why_a_request_is_made_again) {
  station one;
  one.github.fail_opens = 1;
  one.update();
  ASSERT_GE(one.told.size(), 2u);
  EXPECT_EQ(one.told[1], "W Request failed, retrying in 3s: no connection");
}

TEST(free_memory, below_what_is_asked_for_puts_an_update_off) {
  struct small_board : virtual_board {
    std::size_t memory = 20000;
    std::size_t free_memory() { return memory; }
  };
  struct small_device : ota::default_policies {
    using storage = borrowed_storage<files>;
    using http = fake_github;
    using hardware = small_board;
  };
  station one;
  one.settings.min_free_mem = 20001;
  ota::updater<small_device> updater(one.settings, borrowed_storage<files>(one.storage),
                                     fake_github(one.github));
  EXPECT_FALSE(updater.run());
  EXPECT_EQ(updater.message(), "less memory is free than min_free_mem asks for");
  EXPECT_TRUE(read_tree(one.storage).empty());
  updater.hardware().memory = 20001;
  EXPECT_TRUE(updater.run()) << updater.message();
}

TEST(status_light, follows_the_update) {
  station one;
  const auto lit = one.update();
  // Two short ones while it connects, on while it works, one at each tenth chunk, and at the end
  // three short ones of 100 ms.
  ASSERT_GE(lit.size(), 8u);
  EXPECT_TRUE(lit.front().second);
  const std::size_t last = lit.size() - 1;
  EXPECT_FALSE(lit[last].second);
  for (std::size_t i = last - 5; i < last; ++i) {
    EXPECT_EQ(lit[i].second, (last - i) % 2 == 1);
    EXPECT_EQ(lit[i + 1].first - lit[i].first, 100u);
  }
}

TEST(status_light, stays_dark_without_a_pin) {
  station one;
  one.settings.status_led_pin = -1;
  EXPECT_TRUE(one.update().empty());
}

}  // namespace
