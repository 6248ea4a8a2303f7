// The storage policies: on their contract, and where they have rules of their own.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>

#include "ota/storage/atomic_file.hpp"
#include "ota/storage/memory_files.hpp"
#include "ota/storage/posix_files.hpp"
#include "ota/testing/prove_power_safe.hpp"
#include "ota/testing/storage_conformance.hpp"
#include "support/process.hpp"

namespace {

using ota::as_bytes;

TEST(memory_files, keeps_the_contract) {
  ota::memory_files<4096> files;
  EXPECT_EQ(ota::testing::check_storage(files), "");
  EXPECT_EQ(*files.free_space(), 4096u);
}

TEST(memory_files, says_when_it_is_full_and_keeps_what_it_has) {
  ota::memory_files<256> files;
  ASSERT_TRUE(files.write("a", 0, as_bytes(std::string(100, 'a'))));
  EXPECT_EQ(files.write("b", 0, as_bytes(std::string(200, 'b'))).error().code, ota::errc::no_space);
  EXPECT_EQ(files.write("a", 100, as_bytes(std::string(200, 'a'))).error().code,
            ota::errc::no_space);
  EXPECT_EQ(files.rename("a", std::string(255, 'n')).error().code, ota::errc::no_space);
  EXPECT_EQ(files.stat("a")->size, 100u);
}

TEST(memory_files, moves_files_together) {
  ota::memory_files<512> files;
  for (int round = 0; round < 50; ++round) {
    const std::string text(static_cast<std::size_t>(round) * 2, 'x');
    ASSERT_TRUE(files.write("one", 0, as_bytes(text)));
    ASSERT_TRUE(files.write("two/three", 0, as_bytes("t" + text)));
    ASSERT_TRUE(files.rename("one", "a/longer/name"));
    ASSERT_TRUE(files.rename("a/longer/name", "one"));
    const auto tree = ota::testing::read_storage(files);
    ASSERT_EQ(tree.size(), 2u);
    ASSERT_EQ(tree.at("one").content, text);
    ASSERT_EQ(tree.at("two/three").content, "t" + text);
  }
}

TEST(memory_files, tells_names_apart_that_begin_alike) {
  ota::memory_files<512> files;
  for (const char* path : {"lib/a", "library", "lib/sub/b", "lib/sub/c", "li/d"})
    ASSERT_TRUE(files.write(path, 0, as_bytes(path)));
  EXPECT_EQ(files.stat("lib")->kind, ota::file_kind::directory);
  EXPECT_EQ(files.stat("library")->kind, ota::file_kind::file);
  EXPECT_EQ(files.stat("lib/s")->kind, ota::file_kind::none);
  const auto names = [&files](std::string_view directory) {
    std::string all;
    EXPECT_TRUE(files.list(directory, [&all](std::string_view name, ota::file_kind kind) {
      all.append(name).append(kind == ota::file_kind::directory ? "/ " : " ");
      return true;
    }));
    return all;
  };
  EXPECT_EQ(names(""), "lib/ library li/ ");
  EXPECT_EQ(names("lib"), "a sub/ ");
  EXPECT_EQ(names("lib/sub"), "b c ");
  EXPECT_EQ(names("library"), "");
  EXPECT_EQ(files.write("lib", 0, as_bytes("x")).error().code, ota::errc::exists);
  EXPECT_EQ(files.rename("li/d", "library/d").error().code, ota::errc::exists);
}

TEST(a_wrong_policy, is_found_by_the_conformance_check) {
  struct forgets_to_truncate : ota::memory_files<4096> {
    ota::result<void> write(std::string_view path, std::uint64_t offset, ota::bytes data) {
      if (offset == 0 && stat(path)->size != 0) return {};
      return memory_files::write(path, offset, data);
    }
  };
  forgets_to_truncate files;
  EXPECT_EQ(ota::testing::check_storage(files), "write at offset 0 empties the file first");
}

using ota_test::content_of;

struct posix : ::testing::Test {
  ota_test::scratch_folder here;
  std::string root = here / "root";
  void SetUp() override { std::filesystem::create_directory(root); }
};

TEST_F(posix, keeps_the_contract) {
  ota::posix_files files(root);
  EXPECT_EQ(ota::testing::check_storage(files), "");
  EXPECT_TRUE(std::filesystem::is_empty(root));
}

TEST_F(posix, survives_cuts_of_one_atomic_write) {
  // A policy that cannot be copied: the proof makes the storage anew each time.
  const auto make = [this] {
    std::filesystem::remove_all(root);
    std::filesystem::create_directory(root);
    ota::posix_files files(root);
    EXPECT_TRUE(files.write("a.txt", 0, as_bytes("old")));
    return files;
  };
  const auto update = [](auto& storage) {
    return ota::write_atomically(storage, "a.txt", ".ota.tmp", as_bytes("the new text"));
  };
  const auto nothing = [](auto&) { return ota::result<void>{}; };
  const auto report = ota::testing::prove_power_safe(make, update, nothing);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_EQ(report.operations, 4u);
}

TEST_F(posix, follows_no_link_out_of_the_root_or_inside_it) {
  std::filesystem::create_directory(here / "outside");
  std::ofstream(here / "outside/secret") << "secret";
  std::filesystem::create_directory(root + "/inside");
  std::filesystem::create_symlink(here / "outside", root + "/out");
  std::filesystem::create_symlink("inside", root + "/in");
  std::filesystem::create_symlink(here / "outside/secret", root + "/link");
  ota::posix_files files(root);
  std::uint8_t byte[1];
  for (const char* path : {"out/secret", "in/x", "link"}) {
    EXPECT_FALSE(files.read(path, 0, byte)) << path;
    EXPECT_FALSE(files.write(path, 0, as_bytes("evil"))) << path;
  }
  EXPECT_FALSE(files.rename("in/x", "y"));
  EXPECT_EQ(files.stat("link")->kind, ota::file_kind::other);
  EXPECT_EQ(content_of(here / "outside/secret"), "secret");
  // What is in the way of an update is the link, not what it points to.
  EXPECT_TRUE(files.write("new", 0, as_bytes("new")));
  EXPECT_TRUE(files.rename("new", "link"));
  EXPECT_EQ(content_of(root + "/link"), "new");
  EXPECT_EQ(content_of(here / "outside/secret"), "secret");
}

TEST_F(posix, refuses_paths_that_leave_the_root) {
  ota::posix_files files(root);
  for (const char* path : {"../x", "/etc/passwd", "a/../../x", "", "a//b", "."})
    EXPECT_EQ(files.write(path, 0, as_bytes("x")).error().code, ota::errc::invalid_path) << path;
}

TEST_F(posix, sets_modes_as_git_does) {
  const mode_t before = umask(022);
  ota::posix_files files(root);
  ASSERT_TRUE(files.write("a", 0, as_bytes("x")));
  struct ::stat info;
  ::stat((root + "/a").c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777u, 0644u);
  ASSERT_TRUE(files.set_executable("a", true));
  ::stat((root + "/a").c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777u, 0755u);
  ASSERT_TRUE(files.set_executable("a", false));
  ::stat((root + "/a").c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777u, 0644u);
  umask(before);
}

// What is kept open of one path must not serve for another.
TEST_F(posix, tells_long_and_nested_paths_apart) {
  ota::posix_files files(root);
  const std::string part(100, 'd');
  const std::string outer = part + "/" + part;          // a directory within 255 bytes
  const std::string inner = outer + "/" + part + "/f";  // a file beyond them
  const std::string paths[] = {inner, outer + "/f", part + "/f", "f", outer + "/g", inner};
  for (const std::string& path : paths)
    ASSERT_TRUE(files.write(path, 0, ota::as_bytes(std::to_string(path.size()) + path.back())));
  for (const std::string& path : paths) {
    char text[8] = "";
    for (const std::string& other : paths) ASSERT_TRUE(files.stat(other));
    const auto size = files.read(path, 0, {reinterpret_cast<std::uint8_t*>(text), sizeof text});
    ASSERT_TRUE(size);
    EXPECT_EQ(std::string(text, *size), std::to_string(path.size()) + path.back());
    EXPECT_EQ(content_of(root + "/" + path), std::to_string(path.size()) + path.back());
  }
}

TEST_F(posix, says_when_there_is_no_root) {
  ota::posix_files files(here / "nowhere");
  EXPECT_FALSE(files.free_space());
  EXPECT_FALSE(files.write("a", 0, as_bytes("x")));
}

TEST(memory_files, takes_paths_to_the_letter) {
  ota::memory_files<1024> files;
  ASSERT_TRUE(files.write("a/b", 0, as_bytes("text")));
  for (const char* other : {"/a", "a/", "//a", "a//", "/a/b", "a/b/", "a//b"}) {
    EXPECT_EQ(files.stat(other)->kind, ota::file_kind::none) << other;
    EXPECT_TRUE(files.remove(other)) << other;
    EXPECT_FALSE(files.rename(other, "c")) << other;
  }
  EXPECT_EQ(files.stat("")->kind, ota::file_kind::directory);
  EXPECT_EQ(files.stat("a")->kind, ota::file_kind::directory);
  EXPECT_EQ(files.stat("a/b")->size, 4u);
}

TEST(atomic_file, leaves_an_equal_file_untouched) {
  using counted = ota::testing::power_cut_storage<ota::memory_files<1024>>;
  ota::memory_files<1024> files;
  counted storage(files);
  const std::string text(150, 't');
  EXPECT_TRUE(ota::write_if_changed(storage, "s", "tmp", as_bytes(text)));
  const std::size_t before = storage.operations().size();
  EXPECT_TRUE(ota::write_if_changed(storage, "s", "tmp", as_bytes(text)));
  EXPECT_EQ(storage.operations().size(), before);
  EXPECT_TRUE(ota::write_if_changed(storage, "s", "tmp", as_bytes(text + "x")));
  EXPECT_EQ(storage.operations().size(), before + 4);
  EXPECT_TRUE(ota::write_if_changed(storage, "s", "tmp", as_bytes("short")));
  EXPECT_EQ(files.stat("s")->size, 5u);
}

}  // namespace
