// Updates by patches as people make them: versions of 0x687931/ota's own files in a repository of
// real git, patches by `ota manifest --base` or by the original's generator, `ota serve`, `ota
// update`.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "support/process.hpp"

namespace {

using namespace ota_test;
namespace fs = std::filesystem;

const std::string ota = OTA_TOOL;
const std::string pairs = OTA_DELTA_PAIRS;

struct delta_updates : ::testing::Test {
  scratch_folder here;
  std::unique_ptr<server> github;

  void SetUp() override {
    do_all("git init -q -b main repo; mkdir -p device repo/lib/deep");
    put("lib/ota.py", "python-66f5405/old.py");
    put("lib/deep/same name.py", "python-76c6dfa/old.py");
    put("main.py", "python-e055b56/old.py");
    write_file(here / "repo/same.txt", "not touched\n");
  }

  void do_all(const std::string& commands) const {
    const finished done = run("set -e; cd " + here.path() + "; ota=" + ota + "; " + commands);
    ASSERT_EQ(done.code, 0) << commands << ":\n" << done.out;
  }
  void put(const std::string& path, const std::string& from) const {
    fs::copy_file(pairs + "/" + from, here / ("repo/" + path),
                  fs::copy_options::overwrite_existing);
  }
  void change_all() const {
    put("lib/ota.py", "python-66f5405/new.py");
    put("lib/deep/same name.py", "python-76c6dfa/new.py");
    put("main.py", "python-e055b56/new.py");
    write_file(here / "repo/new.txt", "a new file\n");
  }

  /// Keeps what the repository holds as folder `name`, for a base or to compare.
  void keep(const std::string& name) const {
    do_all("mkdir " + name + "; tar c -C repo --exclude=./.git --exclude=./.deltas . | tar x -C " +
           name);
  }
  void commit(const std::string& tag) const {
    do_all("cd repo; git add -A; git -c user.name=t -c user.email=t@example.invalid commit -qm " +
           tag + "; git tag " + tag);
  }
  /// Makes version `tag` with a manifest, after `ota manifest` was given these options.
  void release(const std::string& tag, const std::string& options,
               const std::string& name = "manifest.json") const {
    do_all("mkdir -p assets/" + tag + "; $ota manifest --root repo --version " + tag +
           " --out assets/" + tag + "/" + name + " " + options);
    commit(tag);
  }

  void configure(const std::string& members) const {
    write_file(here / "config.json",
               R"({"owner": "o", "repo": "r", "backoff_sec": 0, "debug": true, )" + members + "}");
  }

  finished update() {
    github =
        std::make_unique<server>(ota + " serve --port 0 --log --git o/r=" + (here / "repo") +
                                 " --assets o/r=" + (here / "assets") + " 2>>" + (here / "log"));
    const finished done =
        run(ota + " update --json --config " + (here / "config.json") + " --root " +
            (here / "device") + " --api " + github->url() + " --raw " + github->url() + " 2>" +
            (here / "err") + " && " + ota + " confirm --root " + (here / "device") + " >&2");
    told = content_of(here / "err");
    return done;
  }
  std::string told;  ///< what the last update said of itself

  // A member of what `update` printed.
  static std::uint64_t number(const finished& done, const std::string& name) {
    const std::size_t at = done.out.find("\"" + name + "\":");
    if (at == std::string::npos) throw std::runtime_error("no " + name + " in " + done.out);
    return std::stoull(done.out.substr(at + name.size() + 3));
  }
  void install() {
    const finished done = update();
    ASSERT_EQ(done.code, 0) << done.out << told;
    fs::remove(here / "log");
  }
  long asked(const std::string& part) const {
    long count = 0;
    const std::string log = content_of(here / "log");
    for (std::size_t at = log.find(part); at != log.npos; at = log.find(part, at + 1)) ++count;
    return count;
  }
  void expect_same_as(const std::string& kept) const {
    EXPECT_EQ(run("diff -r -x .ota -x version.json -x ota_error.json " + (here / kept) + " " +
                  (here / "device"))
                  .out,
              "");
  }
};

// The three files have 134,000 bytes.
void expect_small(std::uint64_t moved) {
  EXPECT_GT(moved, 500u);
  EXPECT_LT(moved, 5000u);
}

TEST_F(delta_updates, of_a_release_with_a_manifest) {
  configure(R"("manifest_key": "secret")");
  release("v1", "--hmac-key secret");
  keep("one");
  install();
  change_all();
  keep("two");
  release("v2", "--hmac-key secret --base one");
  const finished done = update();
  EXPECT_EQ(done.code, 0) << done.out << told;
  expect_same_as("two");
  EXPECT_EQ(number(done, "patched"), 3u);
  EXPECT_EQ(number(done, "files"), 4u);
  expect_small(number(done, "bytes_moved"));
  EXPECT_EQ(asked("/.deltas/"), 3);
  EXPECT_EQ(asked("/v2/main.py"), 0);
  EXPECT_NE(told.find("Delta update successful for main.py"), std::string::npos) << told;
}

TEST_F(delta_updates, of_a_signed_release) {
  do_all("$ota keygen --out key; $ota root init --key key.key --release key.pub --out root.txt");
  configure(R"("trusted_root_file": "root.txt")");
  release("v1", "--counter 1 --key key.key", "manifest.ota");
  keep("one");
  install();
  change_all();
  keep("two");
  release("v2", "--counter 2 --base one --key key.key", "manifest.ota");
  do_all("$ota verify assets/v2/manifest.ota --trusted-root root.txt");
  const finished done = update();
  EXPECT_EQ(done.code, 0) << done.out << told;
  expect_same_as("two");
  EXPECT_EQ(number(done, "patched"), 3u);
  expect_small(number(done, "bytes_moved"));
}

TEST_F(delta_updates, from_more_than_one_version) {
  configure(R"("channel": "stable")");
  keep("zero");
  release("v0", "");
  install();
  put("main.py", "python-8ba7490/new.py");
  keep("one");
  release("v1", "");  // which this device never sees
  change_all();
  keep("two");
  release("v2", "--base zero one");
  EXPECT_EQ(run("ls " + (here / "repo/.deltas") + " | grep -c '^main.py'").out, "2\n");
  EXPECT_EQ(run("ls " + (here / "repo/.deltas") + " | grep -c '^lib_ota.py'").out, "1\n");
  const finished done = update();
  EXPECT_EQ(done.code, 0) << done.out << told;
  expect_same_as("two");
  EXPECT_EQ(number(done, "patched"), 3u);
}

// The layout and the patches of 0x687931/ota, by its own generator.
TEST_F(delta_updates, of_a_tree_with_the_patches_of_the_original) {
  configure(R"("channel": "developer", "enable_delta_updates": true)");
  commit("v1");
  install();
  change_all();
  keep("two");
  fs::create_directory(here / "repo/.deltas");
  put(".deltas/lib_ota.py.delta", "python-66f5405/original.delta");
  put(".deltas/main.py.delta", "python-e055b56/original.delta");
  commit("v2");
  const finished done = update();
  EXPECT_EQ(done.code, 0) << done.out << told;
  expect_same_as("two");
  EXPECT_EQ(number(done, "patched"), 2u);
  // Only the third file came in full.
  const std::size_t full = content_of(pairs + "/python-76c6dfa/new.py").size();
  EXPECT_LT(number(done, "bytes_moved"), full + 10000);
  EXPECT_EQ(asked("/.deltas/"), 2);
}

TEST_F(delta_updates, with_patches_that_somebody_changed_bring_the_right_version) {
  configure(R"("channel": "stable")");
  release("v1", "");
  keep("one");
  install();
  change_all();
  keep("two");
  release("v2", "--base one");
  do_all(
      "for one in repo/.deltas/*; do printf 'X' | dd of=\"$one\" bs=1 seek=70 conv=notrunc "
      "status=none; done");
  do_all("cd repo; git tag -d v2 >&2");
  commit("v2");
  const finished done = update();
  EXPECT_EQ(done.code, 0) << done.out << told;
  expect_same_as("two");
  EXPECT_EQ(number(done, "patched"), 0u);
  EXPECT_NE(told.find("Delta update failed: "), std::string::npos) << told;
}

TEST_F(delta_updates, whose_patches_are_not_in_the_release_bring_its_files) {
  configure(R"("channel": "stable")");
  release("v1", "");
  keep("one");
  install();
  change_all();
  keep("two");
  release("v2", "--base one --deltas forgotten");
  const finished done = update();
  EXPECT_EQ(done.code, 0) << done.out << told;
  expect_same_as("two");
  EXPECT_EQ(asked("/.deltas/"), 3);
  EXPECT_EQ(number(done, "patched"), 0u);
}

TEST_F(delta_updates, have_the_same_patches_each_time) {
  keep("one");
  change_all();
  do_all(
      "for at in a b; do $ota manifest --root repo --out $at.json --base one --deltas $at; done; "
      "taskset -c 0 $ota manifest --root repo --out c.json --base one --deltas c; "
      "diff -r a b >&2; diff -r a c >&2; test $(ls a | wc -l) = 3; test ! -e repo/.deltas");
}

TEST_F(delta_updates, need_bases_that_are_folders) {
  const auto fails = [&](const std::string& options, int code) {
    const finished done =
        run("cd " + here.path() + "; " + ota + " manifest --root repo " + options);
    EXPECT_EQ(done.code, code) << done.out;
  };
  fails("--base nowhere", 2);
  fails("--deltas somewhere", 2);
  fails("--map 4", 2);
}

}  // namespace
