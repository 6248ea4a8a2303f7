#include <gtest/gtest.h>

#include <ota/storage/atomic_file.hpp>
#include <ota/storage/memory_files.hpp>
#include <ota/testing/prove_power_safe.hpp>
#include <string>

namespace {

using files = ota::memory_files<16384>;
using cut_files = ota::testing::power_cut_storage<files>;

std::string text_of(std::size_t size) {
  std::string text;
  while (text.size() < size) text += static_cast<char>('a' + text.size() % 23);
  return text;
}

std::string get(files& storage, const char* path) {
  return ota::testing::read_storage(storage)[path].content;
}

TEST(write_atomically, is_safe_at_every_cut) {
  files storage;
  ASSERT_TRUE(storage.write("state.json", 0, ota::as_bytes("old")));
  const auto update = [](cut_files& cut) {
    return ota::write_atomically(cut, "state.json", ".ota/tmp", ota::as_bytes("newer"));
  };
  const auto nothing = [](cut_files&) { return ota::result<void>{}; };
  const auto report = ota::testing::prove_power_safe(storage, update, nothing);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_EQ(report.operations, 4u);
}

TEST(write_if_changed, leaves_an_equal_file_alone) {
  for (std::size_t size : {0u, 1u, 63u, 64u, 65u, 128u, 1000u}) {
    files storage;
    cut_files counted(storage);
    const std::string text = text_of(size);
    const auto write = [&](const std::string& content) {
      EXPECT_TRUE(ota::write_if_changed(counted, "a", ".ota/tmp", ota::as_bytes(content)));
      EXPECT_EQ(get(storage, "a"), content);
      return counted.operations().size();
    };
    const std::size_t once = write(text);
    EXPECT_EQ(once, 4u);
    EXPECT_EQ(write(text), once) << "an equal file is not written";
    EXPECT_GT(write(text + "longer"), once);
    EXPECT_GT(write(text + "!onger"), once + 4) << "as long, but not equal";
  }
}

TEST(write_if_changed, does_not_hide_a_failure) {
  files storage;
  ASSERT_TRUE(storage.write("a/b", 0, ota::as_bytes("x")));
  EXPECT_FALSE(ota::write_if_changed(storage, "a", ".ota/tmp", ota::as_bytes("x")));
}

TEST(atomic_file, gathers_pieces_of_any_size) {
  for (std::size_t size : {0u, 1u, 127u, 128u, 129u, 256u, 1000u})
    for (std::size_t piece : {1u, 7u, 128u, 300u}) {
      files storage;
      const std::string text = text_of(size);
      ota::atomic_file<files> file(storage, ".ota/tmp");
      for (std::size_t at = 0; at < size; at += piece) file(text.substr(at, piece));
      ASSERT_TRUE(file.replace("a"));
      EXPECT_EQ(get(storage, "a"), text);
      EXPECT_EQ(storage.stat("a")->kind, ota::file_kind::file);
      EXPECT_EQ(storage.stat(".ota/tmp")->kind, ota::file_kind::none);
    }
}

TEST(atomic_file, is_safe_at_every_cut) {
  files storage;
  ASSERT_TRUE(storage.write("a", 0, ota::as_bytes(text_of(500))));
  ASSERT_TRUE(storage.write(".ota/tmp", 0, ota::as_bytes("left by an earlier cut")));
  const auto update = [](cut_files& cut) {
    ota::atomic_file<cut_files> file(cut, ".ota/tmp");
    const std::string text = text_of(700).substr(100);
    for (char c : text) file({&c, 1});
    return file.replace("a");
  };
  const auto nothing = [](cut_files&) { return ota::result<void>{}; };
  const auto report = ota::testing::prove_power_safe(storage, update, nothing);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_EQ(report.operations, 8u);
}

TEST(atomic_file, keeps_the_old_file_when_there_is_no_room) {
  ota::memory_files<600> storage;
  ASSERT_TRUE(storage.write("a", 0, ota::as_bytes("old")));
  ota::atomic_file<ota::memory_files<600>> file(storage, ".ota/tmp");
  for (int i = 0; i < 100; ++i) file("0123456789");
  const auto done = file.replace("a");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ota::errc::no_space);
  EXPECT_EQ(ota::testing::read_storage(storage)["a"].content, "old");
}

}  // namespace
