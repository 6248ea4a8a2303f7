// The proof of the whole: an update, its recovery, the put-back of a version that is not
// confirmed and a rollback are cut at every storage operation, in every way a cut can end one,
// and the recovery is cut again at each of its own operations.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "ota/testing/prove_power_safe.hpp"
#include "support/fake_device.hpp"

namespace {

using namespace ota_test;
using files = ota::memory_files<32768>;
using cut_files = ota::testing::power_cut_storage<files>;
using cut_device = device<cut_files&>;

// New, changed, deleted, moved into a new directory, emptied and executable files; a file that
// becomes a directory and a directory that becomes a file.
const tree old_tree = {{"main.py", {"print('one')\n"}},
                       {"lib/util.py", {"def f(): return 1\n"}},
                       {"lib/gone.py", {"# removed in two\n"}},
                       {"moved.txt", {"the same text in another place\n"}},
                       {"full.txt", {"something\n"}},
                       {"run.sh", {"#!/bin/sh\n", false}},
                       {"swap", {"a file that becomes a directory\n"}},
                       {"turn/inner.txt", {"a directory that becomes a file\n"}},
                       {"same.txt", {"not touched\n"}}};
const tree new_tree = {{"main.py", {"print('two')\n" + std::string(1500, '#')}},
                       {"lib/util.py", {"def f(): return 2\n"}},
                       {"deep/er/moved.txt", {"the same text in another place\n"}},
                       {"full.txt", {""}},
                       {"run.sh", {"#!/bin/sh\n", true}},
                       {"swap/inner.txt", {"now a directory\n"}},
                       {"turn", {"now a file\n"}},
                       {"brand_new.txt", {"new\n"}},
                       {"same.txt", {"not touched\n"}}};

struct scenario {
  fake_github::state github;
  ota::config settings = small_config();
  files start;

  scenario() {
    github.commits[commit_of('1')] = old_tree;
    github.commits[commit_of('2')] = new_tree;
    // The device comes to version one by an update of its own, confirmed.
    point_to('1');
    files storage;
    device<files&> first(settings, storage, github);
    EXPECT_TRUE(first.updater.boot());
    EXPECT_EQ(first.run(), ota::update_outcome::updated) << first.updater.message();
    EXPECT_TRUE(first.updater.confirm());
    start = storage;
    point_to('2');
  }

  void point_to(char digit) { github.heads["main"] = commit_of(digit); }

  // A device that starts, and what it then does.
  template <class Then>
  auto started(Then then) {
    return [this, then](cut_files& storage) -> ota::result<void> {
      cut_device one(settings, storage, github);
      if (auto done = one.updater.boot(); !done) return done;
      return then(one);
    };
  }

  // Recovery as a start of the device does it, but without using up a start on trial: whether
  // a version is put back in time is the matter of its own scenario.
  auto recovery() {
    return [this](cut_files& storage) -> ota::result<void> {
      cut_device one(settings, storage, github);
      return one.updater.recover();
    };
  }
};

// Each state after a cut must not only be whole: the next update has to get through from there.
ota::testing::power_cut_options to_the_end() {
  ota::testing::power_cut_options options;
  options.finishes = true;
  return options;
}

ota::result<void> update(cut_device& one) {
  const auto outcome = one.updater.run();
  if (!outcome) return outcome.error();
  return {};
}

void keep_figures(const std::string& name, const ota::testing::power_cut_report& report) {
  std::cout << "[ figures  ] " << name << ": " << report.to_json() << '\n';
  if (const char* folder = std::getenv("OTA_FIGURES"))
    std::ofstream(std::string(folder) + "/power_cut_" + name + ".json") << report.to_json() << '\n';
}

TEST(power_cut, update_is_whole_at_every_cut) {
  scenario one;
  const auto report =
      ota::testing::prove_power_safe(one.start, one.started(update), one.recovery(), to_the_end());
  keep_figures("update", report);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_GT(report.cuts, 1000u);
}

TEST(power_cut, put_back_of_an_unconfirmed_version_is_whole_at_every_cut) {
  scenario one;
  files storage = one.start;
  device<files&> trial(one.settings, storage, one.github);
  ASSERT_TRUE(trial.updater.boot());
  ASSERT_EQ(trial.run(), ota::update_outcome::updated) << trial.updater.message();
  ASSERT_TRUE(trial.updater.boot());  // the one start it is allowed
  const auto boot = one.started([](cut_device&) { return ota::result<void>{}; });
  const auto report = ota::testing::prove_power_safe(storage, boot, boot, to_the_end());
  keep_figures("put_back", report);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
}

TEST(power_cut, rollback_of_a_confirmed_version_is_whole_at_every_cut) {
  scenario one;
  files storage = one.start;
  device<files&> kept(one.settings, storage, one.github);
  ASSERT_TRUE(kept.updater.boot());
  ASSERT_EQ(kept.run(), ota::update_outcome::updated) << kept.updater.message();
  ASSERT_TRUE(kept.updater.confirm());
  const auto roll_back = one.started([](cut_device& device) { return device.updater.rollback(); });
  const auto report = ota::testing::prove_power_safe(storage, roll_back, one.recovery());
  keep_figures("rollback", report);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
}

TEST(power_cut, an_update_after_an_update_is_whole_at_every_cut) {
  // Staging the next version gives up the old one's backups: that must not break either.
  scenario one;
  files storage = one.start;
  device<files&> kept(one.settings, storage, one.github);
  ASSERT_TRUE(kept.updater.boot());
  ASSERT_EQ(kept.run(), ota::update_outcome::updated) << kept.updater.message();
  ASSERT_TRUE(kept.updater.confirm());
  one.point_to('1');
  const auto report =
      ota::testing::prove_power_safe(storage, one.started(update), one.recovery(), to_the_end());
  keep_figures("second_update", report);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
}

}  // namespace
