// The proof of updates by patches: one that makes two files, by a patch of each format, is cut at
// every storage operation, in every way a cut can end one, and its recovery is cut again.

#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "ota/testing/prove_power_safe.hpp"
#include "support/patched_device.hpp"

namespace {

using namespace ota_test;
using files = ota::memory_files<32768>;
using cut_files = ota::testing::power_cut_storage<files>;
using operation = ota::testing::storage_operation;

// It is kept how far a patch is after each piece of so many bytes; an update takes them one by one.
struct blocks : ota::delta_patches<> {
  static constexpr std::uint32_t block_size = 512;
};
// What is appended at once: a patch's output is gathered to so much.
constexpr std::size_t piece = 256;

struct scenario {
  fake_github::state github;
  ota::config settings = small_config();
  files start;
  tree before = {{"lib/native.py", {program(70, 1)}}, {"original.py", {program(60, 1)}}};
  tree now = {{"lib/native.py", {program(70, 2)}},
              {"original.py", {program(60, 2)}},
              {"new.txt", {"a new file\n"}}};

  scenario() {
    settings.enable_delta_updates = true;
    github.commits[commit_of('1')] = before;
    tree all = now;
    all[".deltas/lib_native.py.delta"] = {native_patch(program(70, 1), program(70, 2))};
    all[".deltas/original.py.delta"] = {otadelta_patch(program(60, 1), program(60, 2))};
    github.commits[commit_of('2')] = all;
    github.heads["main"] = commit_of('1');
    files storage;
    patched_device<files, blocks> first(settings, storage, github);
    EXPECT_TRUE(first.updater.boot());
    EXPECT_TRUE(first.updater.run());
    EXPECT_TRUE(first.updater.confirm());
    start = storage;
    github.heads["main"] = commit_of('2');
  }

  auto update() {
    return [this](cut_files& storage) -> ota::result<void> {
      patched_device<cut_files, blocks> one(settings, storage, github);
      if (auto done = one.updater.boot(); !done) return done;
      const auto outcome = one.updater.run();
      made = one.updater.patches().made;
      if (!outcome) return outcome.error();
      return {};
    };
  }
  auto recovery() {
    return [this](cut_files& storage) -> ota::result<void> {
      patched_device<cut_files, blocks> one(settings, storage, github);
      return one.updater.recover();
    };
  }

  std::uint32_t made = 0;
};

TEST(power_cut_patches, update_is_whole_at_every_cut) {
  scenario one;
  ota::testing::power_cut_options options;
  options.finishes = true;
  const auto report =
      ota::testing::prove_power_safe(one.start, one.update(), one.recovery(), options);
  std::cout << "[ figures  ] patches: " << report.to_json() << '\n';
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_GT(report.cuts, 1000u);
}

// Bytes that patches made, whether they reached the storage or not.
std::size_t bytes_made(const std::vector<operation>& done) {
  std::size_t sum = 0;
  for (const operation& one : done)
    if (one.what == operation::kind::write && one.path == ota::layout::patched)
      sum += one.data.size();
  return sum;
}

// After each cut the update goes on, and is cut a second time a little later.
TEST(power_cut_patches, no_more_than_a_block_is_made_twice) {
  scenario one;
  files whole = one.start;
  cut_files recorder(whole);
  ASSERT_TRUE(one.update()(recorder));
  ASSERT_EQ(one.made, 2u);
  const std::size_t needed = bytes_made(recorder.operations());
  ASSERT_EQ(needed, program(70, 2).size() + program(60, 2).size());
  ota::testing::power_cut_options options;
  std::mt19937 random(1);
  std::size_t cuts = 0, most = 0;
  for (std::size_t index = 0; index <= recorder.operations().size(); ++index)
    for (const auto& cut :
         ota::testing::detail::cuts_at(recorder.operations(), index, options, random)) {
      files storage = one.start;
      const auto row = ota::testing::detail::done_at(recorder.operations(), cut);
      for (const operation& each : row) apply(storage, each);
      std::vector<operation> attempted(
          recorder.operations().begin(),
          recorder.operations().begin() + static_cast<std::ptrdiff_t>(index));
      std::size_t made = bytes_made(attempted);
      int cuts_done = 1;
      // The second cut comes soon after the first, where there is something to be lost.
      for (const std::size_t second : {std::size_t{25}, SIZE_MAX}) {
        cut_files again(storage);
        again.cut_at(second);
        const auto done = one.update()(again);
        made += bytes_made(again.operations());
        cuts_done += again.is_cut() ? 1 : 0;
        if (done) break;
        ASSERT_TRUE(again.is_cut()) << cut.name << ": " << done.error().text;
      }
      tree found = read_tree(storage);
      ASSERT_EQ(found, one.now) << "cut at " << index << ", " << cut.name;
      ASSERT_LE(made, needed + static_cast<std::size_t>(cuts_done) * (blocks::block_size + piece))
          << "cut at " << index << ", " << cut.name;
      ++cuts;
      most = std::max(most, made - std::min(made, needed));
    }
  std::cout << "[ figures  ] " << cuts << " cuts, at most " << most
            << " bytes made more than once\n";
  EXPECT_GT(cuts, 300u);
  EXPECT_GT(most, 0u);
}

}  // namespace
