#include "ota/updater.hpp"

#include <gtest/gtest.h>

#include "ota/ota.hpp"
#include "updates.hpp"

namespace {

using namespace ota_test;
TEST_F(updates, bring_a_branch_to_an_empty_device) {
  offer('1', first);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), first);
  EXPECT_EQ(text("version.json"),
            R"({"ref": "main", "commit": "1111111111111111111111111111111111111111"})");
  EXPECT_EQ(message, "updated to main #1111111, on trial");
}

TEST_F(updates, ask_once_where_nothing_is_new) {
  offer('1', first);
  update();
  confirm();
  github.requests.clear();
  EXPECT_EQ(update(), ota::update_outcome::up_to_date);
  EXPECT_EQ(github.requests.size(), 1u);
  EXPECT_EQ(message, "No update required");
}

TEST_F(updates, download_only_files_whose_content_differs) {
  offer('1', first);
  update();
  confirm();
  github.requests.clear();
  tree second = first;
  second["a.txt"].content = "changed";
  second["new/c.txt"].content = "three";
  offer('2', second);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), second);
  EXPECT_EQ(asked("/o/r/"), 2 + 2);  // reference, tree; a.txt, new/c.txt
}

TEST_F(updates, change_a_mode_without_downloading) {
  offer('1', first);
  update();
  confirm();
  github.requests.clear();
  tree second = first;
  second["run.sh"].executable = false;
  second["a.txt"].executable = true;
  offer('2', second);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), second);
  EXPECT_EQ(github.requests.size(), 2u);
}

TEST_F(updates, remove_what_the_new_version_lacks_and_nothing_else) {
  put("mine.txt", "the user's");
  put("lib/mine.txt", "the user's, beside managed files");
  offer('1', first);
  update();
  confirm();
  tree second = first;
  second.erase("lib/b.txt");
  second.erase("lib/empty");
  offer('2', second);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  second["mine.txt"] = {"the user's"};
  second["lib/mine.txt"] = {"the user's, beside managed files"};
  EXPECT_EQ(read_tree(storage), second);
}

TEST_F(updates, keep_files_that_are_no_longer_managed) {
  offer('1', first);
  update();
  confirm();
  static constexpr std::string_view ignored[] = {"lib/"};
  settings.ignore = ignored;
  offer('2', {{"a.txt", {"changed"}}});
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  const tree expected = {{"a.txt", {"changed"}}, {"lib/b.txt", {"two"}}, {"lib/empty", {""}}};
  EXPECT_EQ(read_tree(storage), expected);
}

TEST_F(updates, apply_delete_patterns) {
  put("old/deep/er/x.txt", "from before");
  put("old/y.txt", "from before");
  put("lib/z.txt", "from before");
  static constexpr std::string_view patterns[] = {"/old/", "lib"};
  settings.delete_patterns = patterns;
  offer('1', first);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), first);
  EXPECT_FALSE(exists("old"));
}

TEST_F(updates, find_strays_between_names_that_sort_closely) {
  // '-' and '.' sort before '/', and digits behind it.
  tree version;
  for (const char* path : {"lib-old/x", "lib.txt", "lib/a", "lib/a-b/c", "lib/a.b", "lib/b/c/d",
                           "lib/b/e", "lib/b0", "lib0/x", "m"})
    version[path] = {path};
  for (const char* path : {"lib/a0", "lib/a-b/a", "lib/a-b/d", "lib/b/c/a", "lib/b/c/z", "lib/b/d",
                           "lib/b/f", "lib/z/z"})
    put(path, "a stray");
  put("lib-old/stray", "kept: below no pattern");
  static constexpr std::string_view patterns[] = {"lib"};
  settings.delete_patterns = patterns;
  offer('1', version);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  version["lib-old/stray"] = {"kept: below no pattern"};
  EXPECT_EQ(read_tree(storage), version);
}

TEST_F(updates, take_only_what_is_allowed) {
  static constexpr std::string_view allowed[] = {"/lib/", "a.txt"};
  static constexpr std::string_view ignored[] = {"lib/empty"};
  settings.allow = allowed;
  settings.ignore = ignored;
  offer('1', first);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  const tree expected = {{"a.txt", {"one"}}, {"lib/b.txt", {"two"}}};
  EXPECT_EQ(read_tree(storage), expected);
}

TEST_F(updates, go_on_after_a_connection_that_breaks) {
  tree big = first;
  big["big.bin"].content = std::string(20000, 'x');
  offer('1', big);
  one_device one(settings, storage, github);
  ASSERT_TRUE(one.updater.recover());
  bool dropped = false;
  while (one.updater.step())
    if (!dropped && one.updater.progress().bytes_moved > 5000) {
      github.drop_after = 100;
      dropped = true;
    }
  EXPECT_EQ(one.updater.outcome(), ota::update_outcome::updated) << one.updater.message();
  EXPECT_EQ(read_tree(storage), big);
  EXPECT_EQ(asked("/big.bin"), 2);
  // Every byte of the files came once.
  EXPECT_EQ(one.updater.progress().bytes_moved, 20000u + 3 + 3 + 10);
}

TEST_F(updates, resume_across_a_reboot_from_the_last_byte) {
  tree big = first;
  big["big.bin"].content = std::string(20000, 'x');
  offer('1', big);
  {
    one_device one(settings, storage, github);
    ASSERT_TRUE(one.updater.recover());
    while (one.updater.step() && one.updater.progress().bytes_moved < 9000) {
    }
  }
  one_device one(settings, storage, github);
  ASSERT_TRUE(one.updater.boot());
  EXPECT_EQ(one.run(), ota::update_outcome::updated) << one.updater.message();
  EXPECT_EQ(read_tree(storage), big);
  EXPECT_EQ(one.updater.progress().resumed, 1u);
  EXPECT_LT(one.updater.progress().bytes_moved, 12000u);
}

TEST_F(updates, start_a_file_over_when_the_server_ignores_the_range) {
  tree big = {{"big.bin", {std::string(20000, 'x')}}};
  offer('1', big);
  {
    one_device one(settings, storage, github);
    ASSERT_TRUE(one.updater.recover());
    while (one.updater.step() && one.updater.progress().bytes_moved < 9000) {
    }
  }
  github.ignore_ranges = true;
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), big);
}

TEST_F(updates, start_a_file_over_when_its_staged_bytes_are_damaged) {
  const tree big = {{"big.bin", {std::string(20000, 'x')}}};
  offer('1', big);
  {
    one_device one(settings, storage, github);
    ASSERT_TRUE(one.updater.recover());
    while (one.updater.step() && one.updater.progress().bytes_moved < 9000) {
    }
  }
  const auto size = storage.stat(".ota/new/0/0")->size;
  put(".ota/new/0/0", std::string(static_cast<std::size_t>(size), 'y'));
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), big);
}

TEST_F(updates, put_an_unconfirmed_version_back_and_remember_it) {
  offer('1', first);
  update();
  confirm();
  offer('2', {{"a.txt", {"broken"}}, {"extra/file", {"new"}}});
  ASSERT_EQ(update(), ota::update_outcome::updated) << message;
  {
    one_device one(settings, storage, github);
    ASSERT_TRUE(one.updater.boot());  // the start it is allowed
    EXPECT_EQ(text("a.txt"), "broken");
  }
  {
    one_device one(settings, storage, github);
    ASSERT_TRUE(one.updater.boot());
  }
  EXPECT_EQ(read_tree(storage), first);
  EXPECT_FALSE(exists("extra"));
  EXPECT_EQ(text("version.json"),
            R"({"ref": "main", "commit": "1111111111111111111111111111111111111111"})");
  EXPECT_EQ(update(), ota::update_outcome::rejected);
  EXPECT_EQ(read_tree(storage), first);
  offer('3', {{"a.txt", {"mended"}}});
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(text("a.txt"), "mended");
}

TEST_F(updates, allow_as_many_starts_on_trial_as_configured) {
  settings.trial_boots = 3;
  offer('1', first);
  update();
  for (int start = 0; start < 3; ++start) {
    one_device one(settings, storage, github);
    ASSERT_TRUE(one.updater.boot());
    EXPECT_TRUE(exists("a.txt"));
  }
  one_device one(settings, storage, github);
  ASSERT_TRUE(one.updater.boot());
  EXPECT_FALSE(exists("a.txt"));
  EXPECT_FALSE(exists("version.json"));
}

TEST_F(updates, confirm_and_roll_back_only_where_there_is_something) {
  one_device one(settings, storage, github);
  EXPECT_EQ(one.updater.confirm().error().code, ota::errc::wrong_state);
  EXPECT_EQ(one.updater.rollback().error().code, ota::errc::wrong_state);
  offer('1', first);
  update();
  confirm();
  one_device again(settings, storage, github);
  EXPECT_EQ(again.updater.confirm().error().code, ota::errc::wrong_state);
  EXPECT_TRUE(again.updater.rollback());
  EXPECT_TRUE(read_tree(storage).empty());
  EXPECT_EQ(again.updater.rollback().error().code, ota::errc::wrong_state);
}

TEST_F(updates, stage_nothing_over_a_version_on_trial) {
  offer('1', first);
  update();
  offer('2', {{"a.txt", {"two"}}});
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_EQ(message.rfind("a version is on trial", 0), 0u) << message;
  EXPECT_EQ(read_tree(storage), first);
}

TEST_F(updates, walk_a_truncated_tree_directory_by_directory) {
  tree deep;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k)
        deep["d" + std::to_string(i) + "/e" + std::to_string(j) + "/f" + std::to_string(k)] = {
            std::to_string(i * 9 + j * 3 + k)};
  deep["top"] = {"top"};
  offer('1', deep);
  github.truncate_after = 4;  // a directory of one level fits, everything above does not
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), deep);
  confirm();
  // The list must be in order, or this removal would not be found by the merge.
  deep.erase("d1/e1/f1");
  offer('2', deep);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), deep);
}

TEST_F(updates, refuse_links_unless_allowed) {
  offer('1', first);
  github.extra_tree_entries = R"({"path":"Link","mode":"120000","type":"blob","sha":")" +
                              git_id("a.txt") + R"(","size":5},)";
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_EQ(message.rfind("Link: is a symbolic link", 0), 0u) << message;
  EXPECT_TRUE(read_tree(storage).empty());
  settings.allow_links = true;
  github.commits[commit_of('1')]["Link"] = {"a.txt"};
  github.extra_tree_entries.clear();
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
}

struct hostile_path {
  const char* json;
  const char* says;
};

TEST_F(updates, refuse_hostile_paths_and_change_nothing) {
  put("a.txt", "untouched");
  const hostile_path cases[] = {{"../evil", "invalid path"},   {"/etc/passwd", "invalid path"},
                                {"a/../../b", "invalid path"}, {"a//b", "invalid path"},
                                {"a\\u0000b", "invalid path"}, {"a\\\\b", "invalid path"},
                                {"./b", "invalid path"},       {"", "lacks its path"}};
  for (const hostile_path& one : cases) {
    offer('1', first);
    github.extra_tree_entries = R"({"path":")" + std::string(one.json) +
                                R"(","mode":"100644","type":"blob","sha":")" + git_id("x") +
                                R"(","size":1},)";
    EXPECT_EQ(update(), ota::update_outcome::failed) << one.json;
    EXPECT_NE(message.find(one.says), std::string::npos) << one.json << ": " << message;
    const tree untouched = {{"a.txt", {"untouched"}}};
    EXPECT_EQ(read_tree(storage), untouched);
  }
  github.extra_tree_entries = R"({"path":")" + std::string(300, 'p') +
                              R"(","mode":"100644","type":"blob","sha":")" + git_id("x") +
                              R"(","size":1},)";
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_NE(message.find("longer than 255"), std::string::npos) << message;
}

TEST_F(updates, refuse_content_that_is_not_what_was_promised) {
  offer('1', first);
  github.extra_tree_entries = R"({"path":"bad.txt","mode":"100644","type":"blob","sha":")" +
                              git_id("good") + R"(","size":4},)";
  github.commits[commit_of('1')]["zz"] = {"zz"};
  // The server has no such file: a clear error, nothing swapped, and no second try.
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_EQ(message.rfind("bad.txt: not found on the server", 0), 0u) << message;
  EXPECT_EQ(asked("/bad.txt"), 1);
  EXPECT_TRUE(read_tree(storage).empty());
  EXPECT_NE(text("ota_error.json").find("OTA update failed: bad.txt"), std::string::npos);
}

TEST_F(updates, refuse_an_empty_file_that_was_promised_to_be_another) {
  offer('1', first);
  github.extra_tree_entries = R"({"path":"zero","mode":"100644","type":"blob","sha":")" +
                              git_id("not empty") + R"(","size":0},)";
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_EQ(message.rfind("zero: the content is not what was promised", 0), 0u) << message;
  EXPECT_TRUE(read_tree(storage).empty());
}

TEST_F(updates, give_up_after_the_configured_tries) {
  settings.http_retries = 3;
  github.fail_opens = 100;
  offer('1', first);
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_EQ(github.requests.size(), 3u);
}

TEST_F(updates, check_for_space_before_downloading) {
  offer('1', {{"big.bin", {std::string(40000, 'x')}}});
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_NE(message.find("not enough space"), std::string::npos) << message;
  EXPECT_EQ(asked("/big.bin"), 0);
}

TEST_F(updates, follow_the_latest_release_and_a_fixed_one) {
  release("v1.0", '1', first);
  release("v2.0", '2', {{"a.txt", {"two"}}});
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(text("a.txt"), "two");
  confirm();
  settings.tag = "v1.0";
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), first);
}

TEST_F(updates, follow_a_manifest) {
  put("old.txt", "to be removed");
  put("other.txt", "not named");
  const tree content = {{"a.txt", {"one"}}, {"lib/b.txt", {"two"}}, {"lib/empty", {""}}};
  release("v1", '1', content, manifest_of(content, R"(,"deletes":["old.txt","../bad"])"));
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  tree expected = content;
  expected["other.txt"] = {"not named"};
  EXPECT_EQ(read_tree(storage), expected);
  EXPECT_EQ(asked("/git/trees/"), 0);
  confirm();
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
}

TEST_F(updates, trust_only_a_signed_manifest_where_there_is_a_key) {
  settings.manifest_key = "secret";
  const tree listed = {{"a.txt", {"one"}}};
  release("v1", '1', listed);
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_NE(message.find("no manifest.json"), std::string::npos) << message;
  github.releases.back().manifest = manifest_of(listed);
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_EQ(message, "manifest missing signature");
  github.releases.back().manifest = manifest_of(listed, R"(,"signature":"00")");
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_EQ(message, "manifest signature mismatch");
  // python: hmac over json.dumps(manifest, sort_keys=True, separators=(",", ":"))
  github.releases.back().manifest = manifest_of(
      listed, R"(,"signature":"83de0784d9edf300aea95f225bc1d2e835cb16a68b0bbc49346af3a8b1e47507")");
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), listed);
  EXPECT_NE(text("version.json").find(R"("ref": "v1")"), std::string::npos);
}

TEST_F(updates, refuse_a_manifest_with_hidden_or_hostile_paths) {
  for (const char* path : {".hidden/x", "a/.b", "../up", "/abs", "a//b"}) {
    github.releases.clear();
    release("v1", '1', {}, manifest_of({{path, {"x"}}}));
    EXPECT_EQ(update(), ota::update_outcome::failed) << path;
    EXPECT_NE(message.find(path), std::string::npos) << message;
    EXPECT_TRUE(read_tree(storage).empty());
  }
}

TEST_F(updates, take_over_an_interrupted_swap_of_the_original_client) {
  put(".ota_backup/app.txt", "old");
  put(".ota_stage/app.txt", "new");
  put("app.txt", "torn");
  put("version.json", R"({"ref": "v9", "commit": "9"})");
  one_device one(settings, storage, github);
  ASSERT_TRUE(one.updater.boot());
  EXPECT_EQ(text("app.txt"), "old");
  EXPECT_FALSE(exists(".ota_backup"));
  EXPECT_FALSE(exists(".ota_stage"));
  EXPECT_FALSE(exists("version.json"));
}

TEST_F(updates, fail_without_harm_when_storage_does_not_do_a_swap) {
  // A directory of the user's stands where the new version has a file.
  put("a.txt/user.txt", "in the way");
  offer('1', first);
  EXPECT_EQ(update(), ota::update_outcome::failed);
  const tree untouched = {{"a.txt/user.txt", {"in the way"}}};
  EXPECT_EQ(read_tree(storage), untouched);
}

TEST(updater, fits_into_8_kib_with_a_chunk_of_1_kib) {
  struct linux_device : ota::default_policies {
    using http = ota::http_client<ota::posix_socket>;
    using storage = ota::posix_files;
    using hardware = ota::linux_host;
  };
  static_assert(linux_device::chunk_size == 1024);
  RecordProperty("bytes", static_cast<int>(sizeof(ota::updater<linux_device>)));
  EXPECT_LE(sizeof(ota::updater<linux_device>), 8192u);
}

}  // namespace
