// The check of the check: the proof must find what is wrong with swappers that are wrong.

#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "ota/storage/memory_files.hpp"
#include "ota/testing/prove_power_safe.hpp"

namespace {

using files = ota::memory_files<8192>;
using cut_files = ota::testing::power_cut_storage<files>;
using ota::as_bytes;

files old_version() {
  files storage;
  for (const char* name : {"a.py", "b.py", "lib/c.py", "lib/d.py"})
    EXPECT_TRUE(storage.write(name, 0, as_bytes("old")));
  return storage;
}

ota::result<void> stage(cut_files& storage) {
  for (const char* name : {"stage/a.py", "stage/b.py", "stage/lib/c.py", "stage/new.py"})
    if (auto done = storage.write(name, 0, as_bytes("new")); !done) return done;
  return {};
}

// As 0x687931/ota does: each file to a backup and the new one in its place, one after the other;
// then the version is noted and the backups go. At its start it puts back what is in the backup.
ota::result<void> file_by_file(cut_files& storage) {
  if (auto done = stage(storage); !done) return done;
  for (const std::string name : {"a.py", "b.py", "lib/c.py", "new.py"}) {
    if (storage.stat(name)->kind == ota::file_kind::file)
      if (auto done = storage.rename(name, "backup/" + name); !done) return done;
    if (auto done = storage.sync(); !done) return done;
    if (auto done = storage.rename("stage/" + name, name); !done) return done;
    if (auto done = storage.sync(); !done) return done;
  }
  if (auto done = storage.rename("lib/d.py", "backup/lib/d.py"); !done) return done;
  if (auto done = storage.write("version.json", 0, as_bytes("two")); !done) return done;
  if (auto done = storage.sync(); !done) return done;
  for (const std::string name : {"a.py", "b.py", "lib/c.py", "lib/d.py"})
    if (auto done = storage.remove("backup/" + name); !done) return done;
  return storage.sync();
}

ota::result<void> put_backups_back(cut_files& storage) {
  for (const std::string name : {"a.py", "b.py", "lib/c.py", "lib/d.py"})
    if (storage.stat("backup/" + name)->kind == ota::file_kind::file)
      if (auto done = storage.rename("backup/" + name, name); !done) return done;
  for (const std::string name : {"a.py", "b.py", "lib/c.py", "new.py"})
    if (auto done = storage.remove("stage/" + name); !done) return done;
  return storage.sync();
}

TEST(naive_swapper, is_found_to_leave_mixed_trees) {
  const auto report = ota::testing::prove_power_safe(old_version(), file_by_file, put_backups_back);
  std::cout << "[ figures  ] naive: " << report.to_json() << '\n' << report.first_broken << '\n';
  EXPECT_GT(report.broken, 10u);
  EXPECT_NE(report.first_broken.find("neither version is whole"), std::string::npos);
}

// One file, replaced by writing another and renaming it.
auto replace_one_file(bool syncs) {
  return [syncs](cut_files& storage) -> ota::result<void> {
    if (auto done = storage.write(".ota.tmp", 0, as_bytes("the new text")); !done) return done;
    if (syncs)
      if (auto done = storage.sync(); !done) return done;
    if (auto done = storage.rename(".ota.tmp", "a.py"); !done) return done;
    return storage.sync();
  };
}

ota::result<void> nothing(cut_files&) { return {}; }

TEST(one_file, is_safe_with_a_sync_before_the_rename) {
  const auto report =
      ota::testing::prove_power_safe(old_version(), replace_one_file(true), nothing);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_EQ(report.operations, 4u);
}

TEST(one_file, is_found_broken_without_that_sync) {
  const auto report =
      ota::testing::prove_power_safe(old_version(), replace_one_file(false), nothing);
  EXPECT_GT(report.broken, 0u);
  EXPECT_NE(report.first_broken.find("a.py has another content"), std::string::npos)
      << report.first_broken;
}

TEST(one_file, is_found_torn_when_written_in_place) {
  const auto in_place = [](cut_files& storage) -> ota::result<void> {
    if (auto done = storage.write("a.py", 0, as_bytes("the new text")); !done) return done;
    return storage.sync();
  };
  const auto report = ota::testing::prove_power_safe(old_version(), in_place, nothing);
  EXPECT_GT(report.broken, 0u);
}

// A recovery that is right when it is left alone, but not when it is cut itself.
TEST(recovery, is_cut_as_well) {
  const auto update = [](cut_files& storage) -> ota::result<void> {
    if (auto done = storage.write(".ota.mark", 0, as_bytes("1")); !done) return done;
    if (auto done = storage.sync(); !done) return done;
    for (const char* name : {"a.py", "b.py"})
      if (auto done = storage.write(name, 0, as_bytes("new")); !done) return done;
    if (auto done = storage.sync(); !done) return done;
    if (auto done = storage.remove(".ota.mark"); !done) return done;
    return storage.sync();
  };
  const auto redo = [](cut_files& storage) -> ota::result<void> {
    if (storage.stat(".ota.mark")->kind == ota::file_kind::none) return {};
    // Wrong: the mark goes before the files are written.
    if (auto done = storage.remove(".ota.mark"); !done) return done;
    for (const char* name : {"a.py", "b.py"})
      if (auto done = storage.write(name, 0, as_bytes("new")); !done) return done;
    return storage.sync();
  };
  ota::testing::power_cut_options options;
  options.depth = 1;
  EXPECT_EQ(ota::testing::prove_power_safe(old_version(), update, redo, options).broken, 0u);
  options.depth = 2;
  const auto report = ota::testing::prove_power_safe(old_version(), update, redo, options);
  EXPECT_GT(report.broken, 0u);
  EXPECT_NE(report.first_broken.find("recovery cut"), std::string::npos) << report.first_broken;
}

TEST(power_cut_storage, cuts_and_reboots) {
  files storage = old_version();
  cut_files cut(storage);
  cut.cut_at(1, 2);
  EXPECT_TRUE(cut.write("a.py", 0, as_bytes("first")));
  EXPECT_EQ(cut.write("b.py", 0, as_bytes("second")).error().code, ota::errc::power_cut);
  EXPECT_EQ(cut.stat("a.py").error().code, ota::errc::power_cut);
  cut.reboot();
  EXPECT_EQ(cut.stat("a.py")->size, 5u);
  EXPECT_EQ(cut.stat("b.py")->size, 2u);
}

}  // namespace
