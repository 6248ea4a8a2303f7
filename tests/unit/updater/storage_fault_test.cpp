// Every storage operation of an update, a put-back and a rollback fails in turn. Whatever failed,
// a later start without faults finds the whole old version or the whole new one, and can go on.

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "ota/ota.hpp"
#include "support/fake_device.hpp"
#include "support/faulty_files.hpp"

namespace {

using namespace ota_test;
using files = ota::memory_files<32768>;

using faulty_device = device<faulty_files&>;

const fault faults[] = {
    {&storage_full, effect::none, false},   {&storage_full, effect::half, false},
    {&storage_fails, effect::none, false},  {&storage_fails, effect::half, false},
    {&storage_fails, effect::whole, false}, {&storage_full, effect::none, true},
    {&storage_fails, effect::whole, true}};

const tree one_tree = {{"main.py", {"one"}},       {"lib/util.py", {"util of one"}},
                       {"lib/gone.py", {"gone"}},  {"run.sh", {"#!/bin/sh\n", false}},
                       {"swap", {"a file"}},       {"turn/inner.txt", {"in a directory"}},
                       {"same.txt", {"the same"}}, {"full.txt", {"something"}}};
const tree two_tree = {{"main.py", {std::string(1500, '2')}},
                       {"lib/util.py", {"util of two"}},
                       {"brand/new.txt", {"new"}},
                       {"run.sh", {"#!/bin/sh\n", true}},
                       {"swap/inner.txt", {"in a directory"}},
                       {"turn", {"a file"}},
                       {"same.txt", {"the same"}},
                       {"full.txt", {""}}};
const tree three_tree = {{"main.py", {"three"}}, {"other.txt", {"other"}}};

struct storage_faults : ::testing::Test {
  fake_github::state github;
  ota::config settings = small_config();

  storage_faults() {
    github.commits[commit_of('1')] = one_tree;
    github.commits[commit_of('2')] = two_tree;
    github.commits[commit_of('3')] = three_tree;
    github.heads["main"] = commit_of('1');
    settings.http_retries = 1;
  }

  void offer(char digit) { github.heads["main"] = commit_of(digit); }

  // A device on which version one is confirmed.
  files with_one() {
    faulty_files storage{files()};
    install(storage, '1');
    return storage.content();
  }

  // Version two is on trial, and has used up the start it may have.
  files with_two_on_trial() {
    faulty_files storage(with_one());
    offer('2');
    faulty_device device(settings, storage, github);
    EXPECT_TRUE(device.updater.boot());
    EXPECT_EQ(device.run(), ota::update_outcome::updated) << device.updater.message();
    faulty_device again(settings, storage, github);
    EXPECT_TRUE(again.updater.boot());
    return storage.content();
  }

  files with_two_kept() {
    faulty_files storage(with_one());
    install(storage, '2');
    return storage.content();
  }

  void install(faulty_files& storage, char digit) {
    offer(digit);
    faulty_device device(settings, storage, github);
    ASSERT_TRUE(device.updater.boot());
    ASSERT_EQ(device.run(), ota::update_outcome::updated) << device.updater.message();
    ASSERT_TRUE(device.updater.confirm());
  }

  // The files and what says which version they are belong together.
  static void expect_whole(faulty_files& storage, faulty_device& device) {
    const tree found = read_tree(storage);
    const std::string commit(device.updater.installed().commit.view());
    if (found == one_tree)
      EXPECT_EQ(commit, commit_of('1'));
    else if (found == two_tree)
      EXPECT_EQ(commit, commit_of('2'));
    else
      ADD_FAILURE() << "the tree is mixed";
  }

  // A device that starts after the fault has neither an error nor half a version.
  void start(faulty_device& device, faulty_files& storage) {
    storage.heal();
    const auto started = device.updater.boot();
    ASSERT_TRUE(started) << started.error().text;
    expect_whole(storage, device);
  }

  // Nothing that the fault has left is in the way of the version after this.
  void expect_three_can_come(faulty_files& storage) {
    offer('3');
    faulty_device device(settings, storage, github);
    ASSERT_TRUE(device.updater.recover());
    if (device.updater.state().phase == ota::swap_phase::trial) {
      ASSERT_TRUE(device.updater.confirm());
    }
    ASSERT_EQ(device.run(), ota::update_outcome::updated) << device.updater.message();
    EXPECT_TRUE(read_tree(storage) == three_tree);
    EXPECT_TRUE(device.updater.confirm());
  }

  // Does `act(device, storage)` on a device with `content`, and then `check(storage)`, once for
  // each operation that can fail and each way it can; stops at the first that is not survived.
  template <class Act, class Check>
  void fail_each(const files& content, Act act, Check check) {
    for (const fault& how : faults) {
      for (long number = 1;; ++number) {
        SCOPED_TRACE(::testing::Message() << "operation " << number << ": " << how);
        faulty_files storage(content);
        storage.fail_at(number, how);
        {
          faulty_device device(settings, storage, github);
          act(device, storage);
        }
        if (!storage.happened()) {
          EXPECT_GT(number, 1);
          break;
        }
        check(storage);
        if (HasFailure()) return;
      }
    }
  }
};

void boot_and_run(faulty_device& device) {
  if (device.updater.boot()) device.run();
}

TEST_F(storage_faults, of_an_update_are_survived) {
  const files before = with_one();
  fail_each(
      before,
      [this](faulty_device& device, faulty_files&) {
        offer('2');
        boot_and_run(device);
      },
      [this](faulty_files& storage) {
        faulty_device device(settings, storage, github);
        start(device, storage);
        const auto outcome = device.run();
        EXPECT_TRUE(outcome == ota::update_outcome::updated ||
                    outcome == ota::update_outcome::up_to_date)
            << device.updater.message();
        EXPECT_TRUE(read_tree(storage) == two_tree);
        expect_whole(storage, device);
        EXPECT_TRUE(device.updater.confirm());
        expect_three_can_come(storage);
      });
}

TEST_F(storage_faults, of_an_update_leave_a_way_back) {
  const files before = with_one();
  fail_each(
      before,
      [this](faulty_device& device, faulty_files&) {
        offer('2');
        boot_and_run(device);
      },
      [this](faulty_files& storage) {
        faulty_device device(settings, storage, github);
        start(device, storage);
        device.run();
        const auto back = device.updater.rollback();
        EXPECT_TRUE(back) << back.error().text;
        EXPECT_TRUE(read_tree(storage) == one_tree);
        expect_whole(storage, device);
        EXPECT_EQ(device.run(), ota::update_outcome::rejected);
        expect_three_can_come(storage);
      });
}

TEST_F(storage_faults, of_a_put_back_are_survived) {
  const files before = with_two_on_trial();
  fail_each(
      before, [](faulty_device& device, faulty_files&) { boot_and_run(device); },
      [this](faulty_files& storage) {
        offer('2');
        faulty_device device(settings, storage, github);
        start(device, storage);
        EXPECT_TRUE(read_tree(storage) == one_tree);
        EXPECT_EQ(device.run(), ota::update_outcome::rejected) << device.updater.message();
        expect_three_can_come(storage);
        offer('2');
      });
}

TEST_F(storage_faults, of_a_rollback_are_survived) {
  const files before = with_two_kept();
  fail_each(
      before, [](faulty_device& device, faulty_files&) { (void)device.updater.rollback(); },
      [this](faulty_files& storage) {
        faulty_device device(settings, storage, github);
        start(device, storage);
        if (read_tree(storage) == two_tree) {
          const auto back = device.updater.rollback();
          EXPECT_TRUE(back) << back.error().text;
        }
        EXPECT_TRUE(read_tree(storage) == one_tree);
        offer('2');
        EXPECT_EQ(device.run(), ota::update_outcome::rejected) << device.updater.message();
        expect_three_can_come(storage);
      });
}

TEST_F(storage_faults, of_a_confirmation_are_survived) {
  const files before = with_two_on_trial();
  fail_each(
      before, [](faulty_device& device, faulty_files&) { (void)device.updater.confirm(); },
      [this](faulty_files& storage) {
        storage.heal();
        faulty_device device(settings, storage, github);
        ASSERT_TRUE(device.updater.recover());
        EXPECT_TRUE(read_tree(storage) == two_tree);
        if (device.updater.state().phase == ota::swap_phase::trial) {
          EXPECT_TRUE(device.updater.confirm());
        }
        EXPECT_EQ(device.updater.state().phase, ota::swap_phase::kept);
        expect_three_can_come(storage);
      });
}

// A program that runs for months does not start again because an update failed: it calls `run()`
// once more. What it believes then must be what is on storage.

TEST_F(storage_faults, of_an_update_are_survived_without_a_start) {
  const files before = with_one();
  fail_each(
      before,
      [this](faulty_device& device, faulty_files& storage) {
        offer('2');
        boot_and_run(device);
        storage.heal();
        EXPECT_NE(device.run(), ota::update_outcome::failed) << device.updater.message();
        EXPECT_TRUE(read_tree(storage) == two_tree);
        expect_whole(storage, device);
      },
      [this](faulty_files& storage) {
        faulty_device device(settings, storage, github);
        start(device, storage);
        EXPECT_TRUE(read_tree(storage) == two_tree);
        expect_three_can_come(storage);
      });
}

TEST_F(storage_faults, of_a_put_back_are_survived_without_a_start) {
  const files before = with_two_on_trial();
  fail_each(
      before,
      [](faulty_device& device, faulty_files& storage) {
        (void)device.updater.boot();
        storage.heal();
        device.run();
        expect_whole(storage, device);
      },
      [this](faulty_files& storage) {
        faulty_device device(settings, storage, github);
        start(device, storage);
        EXPECT_TRUE(read_tree(storage) == one_tree);
        expect_three_can_come(storage);
        offer('2');
      });
}

TEST_F(storage_faults, of_an_update_that_is_then_cut_leave_a_way_back) {
  const files before = with_two_kept();
  fail_each(
      before,
      [this](faulty_device& device, faulty_files& storage) {
        offer('3');
        boot_and_run(device);
        storage.heal();
        // The next try has begun to download when the power fails.
        while (device.updater.step() && device.updater.progress().bytes_moved == 0) {
        }
      },
      [this](faulty_files& storage) {
        faulty_device device(settings, storage, github);
        ASSERT_TRUE(device.updater.recover());
        if (read_tree(storage) != three_tree) expect_whole(storage, device);
        // Where there is a way back, it leads to a whole version; if not, nothing is touched.
        const auto back = device.updater.rollback();
        EXPECT_TRUE(back || back.error().code == ota::errc::wrong_state) << back.error().text;
        if (read_tree(storage) != three_tree) expect_whole(storage, device);
        faulty_device next(settings, storage, github);
        const auto started = next.updater.recover();
        EXPECT_TRUE(started) << started.error().text;
      });
}

}  // namespace
