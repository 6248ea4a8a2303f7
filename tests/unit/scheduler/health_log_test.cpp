#include <gtest/gtest.h>

#include <ota/scheduler/health_log.hpp>
#include <ota/storage/posix_files.hpp>
#include <ota/testing/prove_power_safe.hpp>
#include <random>
#include <string>

#include "station.hpp"
#include "support/python.hpp"

namespace {

using ota::health_kind;
using ota_test::files;
using ota_test::get;
using ota_test::put;
using log = ota::health_log<files>;

constexpr const char* path = "ota_health.json";

TEST(health_log, has_the_form_of_the_original) {
  files storage;
  log events(storage, 100);
  ASSERT_TRUE(events.add(health_kind::crash, 10, "watchdog"));
  ASSERT_TRUE(events.add(health_kind::error, 20, "say \"no\"\n€"));
  ASSERT_TRUE(events.add_update(30, "v1", ""));
  ASSERT_TRUE(events.add_update(40, "v2", "hash mismatch"));
  EXPECT_EQ(get(storage, path),
            R"({"crashes": [{"timestamp": 10, "details": "watchdog"}], )"
            R"("errors": [{"timestamp": 20, "details": "say \"no\"\n\u20ac"}], )"
            R"("updates": [{"timestamp": 30, "version": "v1", "success": true}, )"
            R"({"timestamp": 40, "version": "v2", "success": false, "error": "hash mismatch"}]})");
}

TEST(health_log, counts_what_is_recent) {
  files storage;
  log events(storage, 100);
  EXPECT_EQ(*events.count_since(health_kind::crash, 0), 0u);
  for (std::uint64_t time : {5u, 10u, 15u, 20u})
    ASSERT_TRUE(events.add(health_kind::crash, time, "x"));
  ASSERT_TRUE(events.add(health_kind::error, 20, "x"));
  EXPECT_EQ(*events.count_since(health_kind::crash, 10), 3u);
  EXPECT_EQ(*events.count_since(health_kind::crash, 11), 2u);
  EXPECT_EQ(*events.count_since(health_kind::crash, 21), 0u);
  EXPECT_EQ(*events.count_since(health_kind::crash, 0), 4u);
  EXPECT_EQ(*events.count_since(health_kind::error, 1), 1u);
}

TEST(health_log, keeps_the_newest_within_its_bounds) {
  files storage;
  log events(storage, 3);
  for (std::uint64_t time = 1; time <= 9; ++time)
    ASSERT_TRUE(events.add(health_kind::crash, time, "x"));
  EXPECT_EQ(*events.count_since(health_kind::crash, 0), 3u);
  EXPECT_EQ(*events.count_since(health_kind::crash, 7), 3u);
  for (std::uint64_t time = 1; time <= 60; ++time) ASSERT_TRUE(events.add_update(time, "v", ""));
  EXPECT_EQ(*events.count_since(health_kind::update, 0), 50u);
  EXPECT_EQ(*events.count_since(health_kind::update, 11), 50u);
  // A smaller limit takes effect with the next event; none at all keeps none.
  ASSERT_TRUE(log(storage, 2).add(health_kind::crash, 10, "x"));
  EXPECT_EQ(*events.count_since(health_kind::crash, 9), 2u);
  EXPECT_EQ(*events.count_since(health_kind::crash, 0), 2u);
  ASSERT_TRUE(log(storage, 0).add(health_kind::crash, 11, "x"));
  EXPECT_EQ(*events.count_since(health_kind::crash, 0), 0u);
  EXPECT_EQ(*events.count_since(health_kind::update, 0), 50u);
}

TEST(health_log, cuts_long_texts_between_characters) {
  files storage;
  log events(storage, 100);
  std::string text(159, 'a');
  text += "€ and more";
  ASSERT_TRUE(events.add(health_kind::crash, 1, text));
  EXPECT_EQ(get(storage, path), R"({"crashes": [{"timestamp": 1, "details": ")" +
                                    std::string(159, 'a') + R"("}], "errors": [], "updates": []})");
  put(storage, path, R"({"crashes": [{"timestamp": 1, "details": ")" + text + R"("}]})");
  ASSERT_TRUE(events.add(health_kind::crash, 2, ""));
  EXPECT_EQ(get(storage, path), R"({"crashes": [{"timestamp": 1, "details": ")" +
                                    std::string(159, 'a') +
                                    R"("}, {"timestamp": 2, "details": ""}]})");
}

TEST(health_log, begins_anew_where_there_is_no_log) {
  const std::string fresh =
      R"({"crashes": [{"timestamp": 1, "details": "x"}], "errors": [], "updates": []})";
  for (const char* text :
       {"", "{", "[]", "7", "\"crashes\"", "null", R"({"crashes": [)", R"({"crashes": []} x)",
        R"({"crashes": [{"timestamp": NaN}]})", "\xff"}) {
    files storage;
    put(storage, path, text);
    log events(storage, 100);
    EXPECT_EQ(*events.count_since(health_kind::crash, 0), 0u) << text;
    ASSERT_TRUE(events.add(health_kind::crash, 1, "x"));
    EXPECT_EQ(get(storage, path), fresh) << text;
  }
}

TEST(health_log, keeps_what_it_does_not_know) {
  files storage;
  put(storage, path,
      R"({"memory": [{"timestamp": 1, "free": [1, -2.5e3, null, true, {"a": {}}]}], "crashes": )"
      R"([{"timestamp": 1.5, "details": "x", "more": {"timestamp": 99}}, 7, [8, []]], "note": "n"})");
  log events(storage, 3);
  EXPECT_EQ(*events.count_since(health_kind::crash, 1), 1u);
  EXPECT_EQ(*events.count_since(health_kind::crash, 2), 0u);
  ASSERT_TRUE(events.add(health_kind::crash, 3, "y"));
  ASSERT_TRUE(events.add(health_kind::error, 4, "z"));
  EXPECT_EQ(get(storage, path),
            R"({"memory": [{"timestamp": 1, "free": [1, -2.5e3, null, true, {"a": {}}]}], )"
            R"("crashes": [7, [8, []], {"timestamp": 3, "details": "y"}], "note": "n", )"
            R"("errors": [{"timestamp": 4, "details": "z"}]})");
  ASSERT_TRUE(events.add(health_kind::crash, 5, "y"));
  ASSERT_TRUE(events.add(health_kind::crash, 6, "y"));
  EXPECT_EQ(*events.count_since(health_kind::crash, 3), 3u);
}

// A list in the place of which there is something else is not taken apart.
TEST(health_log, adds_the_list_that_is_not_one) {
  for (const char* text : {R"({"crashes": 5})", R"({"crashes": {"a": [1, 2], "b": {"c": 1}}})"}) {
    files storage;
    put(storage, path, text);
    ASSERT_TRUE(log(storage, 1).add(health_kind::crash, 3, "y"));
    EXPECT_EQ(get(storage, path), std::string(text).substr(0, std::string(text).size() - 1) +
                                      R"(, "crashes": [{"timestamp": 3, "details": "y"}]})");
    ASSERT_TRUE(log(storage, 1).add(health_kind::crash, 4, "y"));
    EXPECT_EQ(*log(storage, 1).count_since(health_kind::crash, 0), 1u);
  }
}

TEST(health_log, is_not_lost_when_storage_fails) {
  struct failing : files {
    int reads_left = 0;
    ota::result<std::size_t> read(std::string_view name, std::uint64_t at, ota::mutable_bytes out) {
      static constexpr ota::error unreadable{ota::errc::storage, "test", "unreadable"};
      if (reads_left-- == 0) return unreadable;
      return files::read(name, at, out);
    }
  };
  files whole;
  for (std::uint64_t time = 1; time < 9; ++time)
    ASSERT_TRUE(log(whole, 100).add(health_kind::crash, time, "x"));
  const std::string before = get(whole, path);
  int failures = 0;
  for (int reads = 0;; ++reads, ++failures) {
    failing storage;
    static_cast<files&>(storage) = whole;
    storage.reads_left = reads;
    const auto done = ota::health_log<failing>(storage, 100).add(health_kind::crash, 9, "x");
    if (done) break;
    EXPECT_EQ(done.error().code, ota::errc::storage);
    EXPECT_EQ(get(storage, path), before);
  }
  EXPECT_GT(failures, 10);
}

// Ours and python's, event by event, beginning with what python wrote.
TEST(health_log, keeps_the_same_events_as_python) {
  OTA_NEEDS_PYTHON();
  const ota_test::scratch_folder folder;
  // A log as the original leaves it, with fractions, other letters and another kind.
  ota_test::ask_python(R"py(
import json
log = {"crashes": [{"timestamp": i + 0.25, "details": "caf\u00e9 \U0001f600 \\ \" " + str(i)} for i in range(8)],
       "updates": [{"timestamp": 3, "version": "v1", "success": False, "error": "x" * 100}],
       "memory": [{"timestamp": 1, "details": "low"}]}
json.dump(log, open("ota_health.json", "w"), indent=1)
json.dump(log, open("model.json", "w"))
)py",
                       "", folder.path());
  ota::posix_files storage(folder.path());
  std::mt19937 random(8);
  std::string input;
  for (std::uint32_t i = 0; i < 250; ++i) {
    const auto kind = static_cast<health_kind>(random() % 3);
    const auto limit = static_cast<std::uint32_t>(5 + random() % 20);
    const std::string text = random() % 3 == 0 ? "" : "event é" + std::to_string(i);
    ota::health_log<ota::posix_files> events(storage, limit);
    const auto done = kind == health_kind::update
                          ? events.add_update(i, "v" + std::to_string(i), text)
                          : events.add(kind, i, text);
    ASSERT_TRUE(done);
    input +=
        std::to_string(static_cast<int>(kind)) + "\t" + std::to_string(limit) + "\t" + text + "\n";
  }
  const auto lines = ota_test::ask_python(R"py(
import json, sys
log = json.load(open("model.json"))
for i, line in enumerate(sys.stdin.buffer.read().decode("utf-8").split("\n")[:-1]):
    kind, limit, text = line.split("\t")
    name = ("crashes", "errors", "updates")[int(kind)]
    event = {"timestamp": i}
    if name == "updates":
        event.update(version="v%d" % i, success=not text)
        if text:
            event["error"] = text
        limit = 50
    else:
        event["details"] = text
    log[name] = (log.get(name, []) + [event])[-int(limit):]
ours = json.load(open("ota_health.json"))
print("same" if ours == log else "%s\n%s" % (ours, log))
print({name: len(events) for name, events in sorted(ours.items())})
)py",
                                          input, folder.path());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "same");
}

// 100 crashes and errors, 50 updates, all of them as long as they may be: what a full log costs.
TEST(health_log, stays_below_a_known_size) {
  ota::memory_files<300000> storage;
  ota::health_log<ota::memory_files<300000>> events(storage, 100);
  const std::string text(1000, '"');
  for (std::uint64_t i = 0; i < 102; ++i) {
    for (const health_kind kind : {health_kind::crash, health_kind::error})
      ASSERT_TRUE(events.add(kind, 1700000000 + i, text));
    ASSERT_TRUE(events.add_update(1700000000 + i, text, text));
  }
  EXPECT_EQ(*events.count_since(health_kind::crash, 0), 100u);
  EXPECT_EQ(*events.count_since(health_kind::error, 0), 100u);
  EXPECT_EQ(*events.count_since(health_kind::update, 0), 50u);
  EXPECT_LT(storage.stat(path)->size, 120000u);
}

TEST(health_log, is_the_old_or_the_new_one_after_a_power_cut) {
  files storage;
  for (std::uint64_t time = 1; time < 9; ++time)
    ASSERT_TRUE(log(storage, 8).add(health_kind::crash, time, "x"));
  const std::string before = get(storage, path);
  files after_it = storage;
  ASSERT_TRUE(log(after_it, 8).add(health_kind::crash, 9, "x"));
  const std::string after = get(after_it, path);

  using cut_files = ota::testing::power_cut_storage<files>;
  const auto add = [](cut_files& cut) {
    return ota::health_log<cut_files>(cut, 8).add(health_kind::crash, 9, "x");
  };
  const auto look = [&](cut_files& cut) -> ota::result<void> {
    const std::string now = get(cut.inner(), path);
    if (now == before || now == after || cut.is_cut()) return {};
    static constexpr ota::error mixed{ota::errc::mismatch, "test",
                                      "the log is neither the old nor the new one"};
    return mixed;
  };
  ota::testing::power_cut_options options;
  options.depth = 1;
  const auto report = ota::testing::prove_power_safe(storage, add, look, options);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_GT(report.cuts, 10u);
}

}  // namespace
