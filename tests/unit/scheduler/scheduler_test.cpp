#include <gtest/gtest.h>

#include <ota/scheduler.hpp>
#include <random>
#include <string>
#include <vector>

#include "station.hpp"
#include "support/python.hpp"

namespace {

using ota_test::files;
using ota_test::get;
using ota_test::put;
using ota_test::station;

class scheduler_test : public testing::Test {
 protected:
  using scheduler = ota::scheduler<files, station>;

  ota::schedule_decision may_check() { return scheduler(storage, board, settings).may_check(); }
  ota::schedule_decision may_update(std::string_view version = "v2.0.0") {
    return scheduler(storage, board, settings).may_update(version);
  }
  std::string reason() { return std::string(may_update().reason.view()); }
  void crash(std::uint64_t time, int times = 1) {
    for (int i = 0; i < times; ++i)
      ASSERT_TRUE(scheduler(storage, board, settings)
                      .health()
                      .add(ota::health_kind::crash, time, "watchdog"));
  }

  files storage;
  station board;
  ota::config settings;
};

// ---- checks ----

TEST_F(scheduler_test, checks_once_an_interval) {
  EXPECT_TRUE(may_check().allowed);
  ASSERT_TRUE(scheduler(storage, board, settings).record_check());
  EXPECT_EQ(get(storage, "ota_last_check.json"), R"({"last_check": 1700000000})");
  board.time += 1000;
  EXPECT_FALSE(may_check().allowed);
  EXPECT_EQ(may_check().seconds, 2600u);
  EXPECT_EQ(may_check().reason.view(), "waiting: the next check is due in 2600 s");
  board.time += 2599;
  EXPECT_EQ(may_check().seconds, 1u);
  board.time += 1;
  EXPECT_TRUE(may_check().allowed);
  settings.scheduling.min_update_interval_sec = 0;
  board.time = 1700000000;
  EXPECT_TRUE(may_check().allowed);
}

TEST_F(scheduler_test, does_not_wait_for_a_check_in_the_future) {
  ASSERT_TRUE(scheduler(storage, board, settings).record_check());
  board.time -= 1;
  EXPECT_TRUE(may_check().allowed);
  board.time -= 1000000000;
  EXPECT_TRUE(may_check().allowed);
  ASSERT_TRUE(scheduler(storage, board, settings).record_check());
  EXPECT_FALSE(may_check().allowed);
}

TEST_F(scheduler_test, reads_what_python_may_have_written) {
  for (const char* text : {R"({"last_check": 1699999000})", R"({"last_check": 1699999000.75})",
                           R"({"last_check":1699999000})",
                           "{\n  \"more\": {\"last_check\": 5},\n  \"list\": [1, 2],\n"
                           "  \"last_check\": 1699999000\n}\n"}) {
    put(storage, "ota_last_check.json", text);
    EXPECT_EQ(may_check().seconds, 2600u) << text;
  }
}

TEST_F(scheduler_test, checks_when_the_record_is_damaged) {
  for (const char* text : {"", "{", "[]", "1699999000", R"({"last_check": "1699999000"})",
                           R"({"last_check": -5})", R"({"last_check": 99999999999999999999999})",
                           R"({"last_check": null})", R"({"other": 1699999000})"}) {
    put(storage, "ota_last_check.json", text);
    EXPECT_TRUE(may_check().allowed) << text;
  }
}

TEST_F(scheduler_test, does_not_write_the_same_record_again) {
  ASSERT_TRUE(scheduler(storage, board, settings).record_check());
  struct refusing : files {
    ota::result<void> write(std::string_view, std::uint64_t, ota::bytes) {
      static constexpr ota::error written{ota::errc::storage, "test", "written"};
      return written;
    }
  };
  refusing same;
  static_cast<files&>(same) = storage;
  ota::scheduler<refusing, station> again(same, board, settings);
  EXPECT_TRUE(again.record_check());
  board.time += 1;
  EXPECT_FALSE(again.record_check());
}

// ---- updates ----

TEST_F(scheduler_test, allows_an_update_where_nothing_is_configured) {
  EXPECT_TRUE(may_update().allowed);
  EXPECT_EQ(reason(), "");
}

TEST_F(scheduler_test, waits_while_the_device_crashes) {
  crash(board.time - 100, 3);
  EXPECT_TRUE(may_update().allowed);
  crash(board.time - 50);
  EXPECT_EQ(reason(), "waiting: the device crashed 4 times in the last 24 hours");
  settings.scheduling.max_crashes_before_delay = 4;
  EXPECT_TRUE(may_update().allowed);
}

TEST_F(scheduler_test, looks_at_crashes_of_the_last_day_and_of_the_future) {
  settings.scheduling.max_crashes_before_delay = 0;
  crash(board.time - 86400);
  EXPECT_TRUE(may_update().allowed);
  board.time -= 1;
  EXPECT_FALSE(may_update().allowed);
  board.time = 1;  // long before
  EXPECT_FALSE(may_update().allowed);
}

TEST_F(scheduler_test, looks_at_crashes_only) {
  settings.scheduling.max_crashes_before_delay = 0;
  auto log = scheduler(storage, board, settings).health();
  ASSERT_TRUE(log.add(ota::health_kind::error, board.time, "no memory"));
  ASSERT_TRUE(log.add_update(board.time, "v1", "hash mismatch"));
  EXPECT_TRUE(may_update().allowed);
}

TEST_F(scheduler_test, waits_for_the_battery) {
  settings.scheduling.min_battery_percent = 30;
  EXPECT_TRUE(may_update().allowed) << "no battery is not a low one";
  board.raw = 62558;  // 3.15 V of 3.0 to 4.2: 12.5 %
  EXPECT_EQ(reason(), "waiting: the battery is at 12 %, 30 % are needed");
  settings.scheduling.min_battery_percent = 12;
  EXPECT_TRUE(may_update().allowed);
  settings.scheduling.min_battery_percent = 13;
  EXPECT_FALSE(may_update().allowed);
  settings.battery_divider_ratio_milli = 2000;
  settings.scheduling.min_battery_percent = 100;
  EXPECT_TRUE(may_update().allowed);
  settings.battery_v_max_milli = settings.battery_v_min_milli;
  EXPECT_TRUE(may_update().allowed) << "a charge that cannot be computed forbids nothing";
}

TEST_F(scheduler_test, asks_a_fuel_gauge_first) {
  struct gauged : station {
    int charge = 50;
    int battery_charge() { return charge; }
  } gauge;
  gauge.raw = 0;
  settings.scheduling.min_battery_percent = 50;
  ota::scheduler<files, gauged> asked(storage, gauge, settings);
  EXPECT_TRUE(asked.may_update("v2.0.0").allowed);
  gauge.charge = 49;
  EXPECT_EQ(asked.may_update("v2.0.0").reason.view(),
            "waiting: the battery is at 49 %, 50 % are needed");
  gauge.charge = -1;
  EXPECT_EQ(asked.may_update("v2.0.0").reason.view(),
            "waiting: the battery is at 0 %, 50 % are needed");
}

TEST_F(scheduler_test, waits_for_the_window) {
  settings.scheduling.update_window_start_hour = 2;
  settings.scheduling.update_window_end_hour = 5;
  board.hour_now = 14;
  EXPECT_EQ(reason(), "waiting: the update window opens at 02:00, it is past 14:00");
  EXPECT_GT(may_update().seconds, 11u * 3600);
  EXPECT_LE(may_update().seconds, 12u * 3600);
  board.hour_now = 2;
  EXPECT_TRUE(may_update().allowed);
  EXPECT_EQ(may_update().seconds, 0u);
  settings.scheduling.update_window_end_hour = 2;
  EXPECT_EQ(reason(), "waiting: the update window ends at the hour it starts, so it never opens");
  EXPECT_EQ(may_update().seconds, 0u);
}

TEST_F(scheduler_test, waits_for_the_rollout) {
  settings.scheduling.rollout_percent = 99;
  EXPECT_EQ(std::string(may_update("v1.0.0").reason.view()),
            "waiting: the rollout is at 99 %, this device takes part from 100 % on");
  settings.scheduling.rollout_percent = 100;
  EXPECT_TRUE(may_update("v1.0.0").allowed);
  settings.scheduling.rollout_percent = 7;
  EXPECT_EQ(reason(), "waiting: the rollout is at 7 %, this device takes part from 8 % on");
  settings.scheduling.rollout_percent = 8;
  EXPECT_TRUE(may_update().allowed);
}

TEST_F(scheduler_test, waits_for_the_sun) {
  settings.scheduling.power_source = "solar";
  board.hour_now = 15;
  EXPECT_TRUE(may_update().allowed);
  board.hour_now = 16;
  EXPECT_EQ(reason(), "waiting for the sun: updates begin at 10:00, it is past 16:00");
  settings.scheduling.power_source = "mains";
  EXPECT_TRUE(may_update().allowed);
}

TEST_F(scheduler_test, leaves_out_what_needs_a_clock_and_says_so) {
  settings.scheduling.update_window_start_hour = 2;
  settings.scheduling.update_window_end_hour = 3;
  settings.scheduling.power_source = "solar";
  crash(board.time, 9);
  ASSERT_TRUE(scheduler(storage, board, settings).record_check());
  const std::string record = get(storage, "ota_last_check.json");
  board.time = 0;
  board.hour_now = -1;
  for (const auto& said : {may_check(), may_update()}) {
    EXPECT_TRUE(said.allowed);
    EXPECT_EQ(said.reason.view(), "the time is not known: rules that need it were left out");
  }
  EXPECT_TRUE(scheduler(storage, board, settings).record_check());
  EXPECT_EQ(get(storage, "ota_last_check.json"), record);
  // The rollout needs no clock.
  settings.scheduling.rollout_percent = 0;
  EXPECT_FALSE(may_update().allowed);
}

// ---- all of it ----

// The original's decision in python, by the first rule that says no.
constexpr const char* model = R"py(
import hashlib, json, sys

def decide(s):
    now, hour = s["now"], s["hour"]
    recent = [c for c in s["crashes"] if now - c < 86400]
    if len(recent) > s["max_crashes"]:
        return "health"
    if s["raw"] >= 0 and s["full"] > s["empty"]:
        volts = s["raw"] * 3.3 / 65535 * (s["ratio"] / 1000)
        charge = (volts - s["empty"] / 1000) / ((s["full"] - s["empty"]) / 1000) * 100
        if max(0, min(100, charge)) < s["min_battery"]:
            return "battery"
    start, end = s["start"], s["end"]
    if start >= 0 and end >= 0:
        inside = start <= hour < end if start <= end else hour >= start or hour < end
        if not inside:
            return "window"
    digest = hashlib.sha256((s["version"] + ":" + s["device"]).encode()).hexdigest()
    if int(digest[:8], 16) % 100 >= s["rollout"]:
        return "rollout"
    if s["solar"] and not 10 <= hour <= 15:
        return "sun"
    return "yes"

for line in sys.stdin:
    s = json.loads(line)
    elapsed = s["now"] - s["last"]
    limited = s["last"] and 0 <= elapsed < s["interval"]
    print(decide(s), s["interval"] - elapsed if limited else 0)
)py";

std::string rule_of(const ota::schedule_decision& said) {
  if (said.allowed) return "yes";
  const std::string reason(said.reason.view());
  for (const auto& [word, rule] : {std::pair("crashed", "health"),
                                   {"battery", "battery"},
                                   {"window", "window"},
                                   {"rollout", "rollout"},
                                   {"sun", "sun"}})
    if (reason.find(word) != std::string::npos) return rule;
  return reason;
}

TEST_F(scheduler_test, decides_as_the_original_on_random_devices) {
  OTA_NEEDS_PYTHON();
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random()) % n; };
  const auto any_hour = [&] { return static_cast<int>(below(25)) - 1; };
  std::string input;
  std::vector<std::string> ours;
  for (int i = 0; i < 3000; ++i) {
    storage = {};
    board.hour_now = static_cast<int>(below(24));
    board.raw = below(4) == 0 ? -1 : static_cast<int>(50000 + below(15536));
    board.id = "device" + std::to_string(below(1000));
    auto& rules = settings.scheduling;
    rules.max_crashes_before_delay = below(4);
    rules.min_battery_percent = below(3) == 0 ? 1 + below(20) : 0;
    rules.update_window_start_hour = any_hour();
    rules.update_window_end_hour = any_hour();
    rules.rollout_percent = 30 + below(90);
    rules.power_source = below(3) == 0 ? "solar" : "";
    rules.min_update_interval_sec = below(5000);
    settings.battery_divider_ratio_milli = 1000 + below(500);
    const std::string version = "v" + std::to_string(below(50));
    std::string crashes;
    for (std::uint32_t left = below(6); left != 0; --left) {
      const std::uint64_t time = board.time - 90000 + below(below(2) == 0 ? 10000 : 120000);
      crash(time);
      crashes += (crashes.empty() ? "" : ", ") + std::to_string(time);
    }
    const std::uint64_t last = below(4) == 0 ? 0 : board.time - 6000 + below(7000);
    if (last != 0)
      put(storage, "ota_last_check.json", "{\"last_check\": " + std::to_string(last) + "}");

    ota::fixed_string<1000> line;
    ota::json_writer json(line);
    json.begin_object().key("now").number(board.time).key("hour").number(board.hour_now);
    json.key("max_crashes").number(rules.max_crashes_before_delay);
    json.key("raw").number(board.raw).key("ratio").number(settings.battery_divider_ratio_milli);
    json.key("full").number(settings.battery_v_max_milli);
    json.key("empty").number(settings.battery_v_min_milli);
    json.key("min_battery").number(rules.min_battery_percent);
    json.key("start").number(rules.update_window_start_hour);
    json.key("end").number(rules.update_window_end_hour);
    json.key("version").string(version).key("device").string(board.id);
    json.key("rollout").number(rules.rollout_percent);
    json.key("solar").boolean(rules.power_source == "solar");
    json.key("last").number(last).key("interval").number(rules.min_update_interval_sec);
    json.key("crashes").begin_array();
    input += std::string(line.view()) + crashes + "]}\n";

    const ota::schedule_decision check = may_check();
    EXPECT_EQ(check.allowed, check.seconds == 0);
    ours.push_back(rule_of(may_update(version)) + " " + std::to_string(check.seconds));
  }
  EXPECT_EQ(ours, ota_test::ask_python(model, input));
  for (const char* rule : {"yes", "health", "battery", "window", "rollout", "sun"}) {
    int count = 0;
    for (const std::string& said : ours) count += said.compare(0, strlen(rule), rule) == 0;
    EXPECT_GT(count, 50) << rule << " was hardly tried";
  }
}

}  // namespace
