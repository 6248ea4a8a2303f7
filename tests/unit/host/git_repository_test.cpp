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
    const auto blob = ours.object(entry->id);
    ASSERT_TRUE(blob) << name;
    EXPECT_EQ(blob->content.size(), std::stoul(git("cat-file -s " + entry->id)));
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
  const std::string expected = ours.object(big)->content;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        wrong += ours.object(big)->content != expected;
        wrong += ours.object(ours.entry(tree, "a.txt")->id)->content != "one\n";
      }
    });
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(repository, is_refused_where_there_is_none) {
  EXPECT_THROW(git_repository("/nonexistent"), std::runtime_error);
}

}  // namespace
