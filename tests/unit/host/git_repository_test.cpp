// A repository read by us is the one that git has made.

#include "ota/host/git_repository.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/process.hpp"

namespace {

using namespace ota::host;

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

struct repository : ::testing::Test {
  ota_test::scratch_folder here;
  std::string path = here / "repo";

  std::string git(const std::string& arguments) const {
    return trimmed(ota_test::run("git -C " + path +
                                 " -c user.name=t -c user.email=t@example.invalid " + arguments)
                       .out);
  }
  static std::string blob(git_repository& ours, const std::string& id) {
    const auto opened = ours.open(id);
    if (!opened) return "no such object";
    std::string text(opened->head().size, '\0');
    return std::string(opened->read(text.data(), text.size()));
  }
  void SetUp() override {
    const auto made = ota_test::run("set -e; git init -q -b main " + path + "; cd " + path +
                                    "; mkdir -p lib/deep; echo one > a.txt; : > lib/empty; "
                                    "head -c 200000 /dev/urandom > lib/deep/big; ln -s a.txt link; "
                                    "printf x > 'lib/line\nend'; printf y > lib/:colon");
    ASSERT_EQ(made.code, 0) << made.out;
    git("add .");
    git("commit -qm one");
  }
};

TEST_F(repository, has_the_contents_that_git_hashes) {
  git_repository ours(path);
  const auto commit = ours.commit("refs/heads/main");
  ASSERT_TRUE(commit);
  const std::string tree = git("rev-parse HEAD^{tree}");
  for (const char* name : {"a.txt", "lib/deep/big", "lib/empty", "lib/line\nend", "lib/:colon"}) {
    const auto entry = ours.entry(tree, name);
    ASSERT_TRUE(entry) << name;
    EXPECT_EQ(entry->id, git("hash-object '" + std::string(name) + "'")) << name;
    EXPECT_EQ(ours.object(entry->id)->type, "blob") << name;
    EXPECT_EQ(blob(ours, entry->id).size(), std::stoul(git("cat-file -s " + entry->id)));
  }
  EXPECT_EQ(ours.entry(tree, "link")->mode, "120000");
  EXPECT_EQ(ours.entry(tree, "lib")->mode, "040000");
  EXPECT_EQ(ours.entry(tree, "")->id, tree);
  for (const char* name : {"b.txt", "a.txt/x", "lib/", "/a.txt", "./a.txt", "../repo/a.txt"})
    EXPECT_FALSE(ours.entry(tree, name)) << name;
}

TEST_F(repository, follows_tags_and_sees_what_comes_later) {
  git_repository ours(path);
  EXPECT_FALSE(ours.reference("refs/tags/v1"));
  git("tag -a -m first v1");
  git("tag -a -m second v1-again v1");
  EXPECT_EQ(ours.reference("refs/tags/v1")->type, "tag");
  EXPECT_EQ(ours.commit("refs/tags/v1-again")->id, git("rev-parse HEAD"));
  git("commit -qm two --allow-empty");
  EXPECT_EQ(ours.commit("refs/heads/main")->id, git("rev-parse HEAD"));
  git("pack-refs --all");
  git("gc -q");
  git("tag v2");
  EXPECT_EQ(ours.commit("refs/tags/v2")->id, git("rev-parse HEAD"));
}

TEST_F(repository, knows_no_revisions_but_references) {
  git_repository ours(path);
  for (const char* name : {"refs/heads/main~0", "refs/heads/main^{tree}", "refs/heads/main:a.txt",
                           "refs/heads/main@{0}", "main", "refs/heads/../heads/main", "", "--help",
                           "refs/heads/main\nHEAD", "refs/heads/no", ":/one"})
    EXPECT_FALSE(ours.reference(name)) << name;
  const std::string id = git("rev-parse HEAD");
  EXPECT_TRUE(ours.object(id));
  EXPECT_FALSE(ours.object(id.substr(0, 12)));
  EXPECT_FALSE(ours.object(std::string(40, '0')));
}

TEST_F(repository, serves_threads_at_once) {
  git_repository ours(path);
  const std::string tree = git("rev-parse HEAD^{tree}"), big = git("hash-object lib/deep/big");
  const std::string expected = blob(ours, big);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        wrong += blob(ours, big) != expected;
        wrong += blob(ours, ours.entry(tree, "a.txt")->id) != "one\n";
      }
    });
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(repository, leaves_no_rest_of_a_reading_that_was_given_up) {
  git("config core.looseCompression 0");
  ASSERT_EQ(ota_test::run("head -c 5000000 /dev/zero > " + path + "/large").code, 0);
  const std::string large = git("hash-object -w large"), big = git("hash-object lib/deep/big");
  git_repository ours(path);
  for (const std::string& id : {large, big}) {
    const std::string whole = blob(ours, id);
    for (std::uint64_t at : {std::uint64_t{0}, std::uint64_t{70000}, std::uint64_t{whole.size()}}) {
      const auto opened = ours.open(id);
      EXPECT_TRUE(opened->skip(at));
      char piece[100];
      EXPECT_EQ(opened->read(piece, sizeof piece), whole.substr(at, sizeof piece));
      EXPECT_FALSE(opened->skip(whole.size()));
      // Another is read meanwhile, and the next afterwards.
      EXPECT_EQ(blob(ours, git("hash-object a.txt")), "one\n");
    }
    EXPECT_EQ(blob(ours, git("hash-object a.txt")), "one\n");
  }
}

TEST_F(repository, is_refused_where_there_is_none) {
  EXPECT_THROW(git_repository("/nonexistent"), std::runtime_error);
}

}  // namespace
