// The tool as its users run it, against its own server over a repository that real git has made.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "support/process.hpp"

namespace {

using namespace ota_test;

const std::string ota = OTA_TOOL;

/// A repository with two versions, a server over it and a device.
struct tool : ::testing::Test {
  scratch_folder here;
  std::string repository = here / "repo";
  std::string root = here / "device";
  std::string old_commit;
  std::string new_commit;

  std::string git(const std::string& arguments) const {
    return "git -C " + repository + " -c user.name=t -c user.email=t@example.invalid " + arguments;
  }

  std::string head() const {
    std::string id = run(git("rev-parse HEAD")).out;
    return id.substr(0, 40);
  }

  void SetUp() override {
    std::filesystem::create_directory(root);
    const auto made =
        run("set -e; git init -q -b main " + repository + "; cd " + repository +
            "; mkdir -p lib/deep 'with space'; echo one > a.txt; echo two > lib/b.txt; "
            ": > lib/empty; printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh; "
            "head -c 70000 /dev/urandom > lib/deep/big.bin; echo s > 'with space/x y#?%.txt'; "
            "echo u > 'with space/\xc3\xa9.txt'; echo gone > gone.txt; echo moved > moved.txt; " +
            git("add . ") + "; " + git("commit -qm one"));
    ASSERT_EQ(made.code, 0) << made.out;
    old_commit = head();
    const auto changed =
        run("set -e; cd " + repository +
            "; echo changed > a.txt; rm gone.txt; mkdir -p new/dir; mv moved.txt new/dir/; "
            ": > lib/b.txt; chmod -x run.sh; chmod +x a.txt; " +
            git("add -A .") + "; " + git("commit -qm two"));
    ASSERT_EQ(changed.code, 0) << changed.out;
    new_commit = head();
    checkout(old_commit);
    configure(R"("channel": "developer")");
  }

  void checkout(const std::string& commit) {
    ASSERT_EQ(run(git("update-ref refs/heads/device " + commit)).code, 0);
  }

  void configure(const std::string& members) {
    std::ofstream(here / "config.json")
        << R"({"owner": "o", "repo": "r", "branch": "device", "backoff_sec": 0, )" << members
        << "}";
  }

  std::string serve_command(const std::string& options = "") const {
    return ota + " serve --port 0 --git o/r=" + repository + " " + options;
  }

  std::string update_command(const server& github, const std::string& options = "") const {
    return ota + " update --config " + (here / "config.json") + " --root " + root + " --api " +
           github.url() + " --raw " + github.url() + " " + options;
  }

  // Whether the device's tree is that of a commit, as `git archive` gives it.
  std::string difference(const std::string& commit) const {
    const std::string expected = here / "expected";
    return run("rm -rf " + expected + "; mkdir " + expected + "; " +
               git("archive " + commit + " | tar x -C " + expected) + "; diff -r -x .ota " +
               "-x version.json -x ota_error.json " + expected + " " + root + "; cd " + expected +
               "; find . -type f -perm -u+x | sort > ../modes1; cd " + root +
               "; find . -path ./.ota -prune -o -type f -perm -u+x -print | sort > ../modes2; "
               "diff ../modes1 ../modes2")
        .out;
  }
};

TEST_F(tool, makes_a_tree_equal_to_git_archive) {
  server github(serve_command());
  ASSERT_FALSE(github.url().empty());
  auto done = run(update_command(github));
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(difference(old_commit), "");
  EXPECT_EQ(content_of(root + "/version.json"),
            R"({"ref": "device", "commit": ")" + old_commit + "\"}");
  EXPECT_EQ(run(ota + " confirm --root " + root).code, 0);
  checkout(new_commit);
  done = run(update_command(github));
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(difference(new_commit), "");
  EXPECT_FALSE(std::filesystem::exists(root + "/gone.txt"));
}

TEST_F(tool, says_nothing_to_do_twice) {
  server github(serve_command());
  ASSERT_EQ(run(update_command(github)).code, 0);
  const auto again = run(update_command(github));
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, "No update required\n");
}

TEST_F(tool, boots_confirms_and_rolls_back) {
  server github(serve_command());
  ASSERT_EQ(run(update_command(github)).code, 0);
  ASSERT_EQ(run(ota + " confirm --root " + root).code, 0);
  EXPECT_EQ(run(ota + " confirm --root " + root).code, 1);
  checkout(new_commit);
  ASSERT_EQ(run(update_command(github)).code, 0);
  EXPECT_EQ(run(ota + " boot --root " + root).code, 0);
  EXPECT_EQ(difference(new_commit), "");
  EXPECT_EQ(run(ota + " boot --root " + root).code, 0);
  EXPECT_EQ(difference(old_commit), "");
  const auto refused = run(update_command(github));
  EXPECT_EQ(refused.code, 0) << refused.out;
  EXPECT_NE(refused.out.find("put back before"), std::string::npos) << refused.out;
  EXPECT_EQ(difference(old_commit), "");
}

TEST_F(tool, keeps_the_whole_tree_when_killed_at_any_call) {
  server github(serve_command());
  ASSERT_EQ(run(update_command(github)).code, 0);
  ASSERT_EQ(run(ota + " confirm --root " + root).code, 0);
  checkout(new_commit);
  const std::string saved = here / "saved";
  const std::string preload = "LD_PRELOAD=" OTA_KILL_AT_LIBRARY " ";
  const std::string copy_back = "rm -rf " + root + "; cp -a " + saved + " " + root;
  ASSERT_EQ(run("cp -a " + root + " " + saved).code, 0);
  ASSERT_EQ(run("OTA_KILL_COUNT=" + (here / "calls") + " " + preload + update_command(github)).code,
            0);
  const int calls = std::stoi(content_of(here / "calls"));
  EXPECT_GT(calls, 50);
  for (int call = 1; call <= calls; ++call) {
    ASSERT_EQ(run(copy_back).code, 0);
    const auto killed =
        run("OTA_KILL_AT=" + std::to_string(call) + " " + preload + update_command(github));
    ASSERT_EQ(killed.code, 128 + SIGKILL) << call << ": " << killed.out;
    // Killed once more during the recovery, at a call that moves on with the outer one.
    run("OTA_KILL_AT=" + std::to_string(1 + call % 9) + " " + preload + ota + " boot --root " +
        root);
    const auto booted = run(ota + " boot --root " + root);
    ASSERT_EQ(booted.code, 0) << call << ": " << booted.out;
    const bool is_old = difference(old_commit).empty();
    const bool is_new = difference(new_commit).empty();
    ASSERT_TRUE(is_old || is_new) << "killed at call " << call << ": " << difference(new_commit);
    const std::string version = content_of(root + "/version.json");
    ASSERT_NE(version.find(is_old ? old_commit : new_commit), std::string::npos)
        << "killed at call " << call << ": " << version;
  }
  std::cout << "[ figures  ] SIGKILL at each of " << calls << " calls: 0 broken trees\n";
}

TEST_F(tool, leaves_a_device_alone_on_which_another_works) {
  const std::string held = "flock " + root + " " + ota;
  for (const char* command : {"boot", "confirm", "rollback"}) {
    const auto refused = run(held + " " + command + " --root " + root);
    EXPECT_EQ(refused.code, 1);
    EXPECT_EQ(refused.out.rfind("ota: another ota is at work on " + root, 0), 0u) << refused.out;
  }
  EXPECT_EQ(run(held + " status --root " + root).code, 0);
  EXPECT_EQ(run(ota + " boot --root " + root).code, 0);
}

TEST_F(tool, tells_a_failure_in_one_line) {
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  server github(serve_command());
  std::filesystem::create_directory_symlink(here.path(), root + "/lib");
  const auto blocked = run(update_command(github));
  EXPECT_EQ(blocked.code, 1);
  EXPECT_EQ(lines(blocked.out), 1) << blocked.out;
  EXPECT_EQ(blocked.out.rfind("ota: lib/", 0), 0u) << blocked.out;
  EXPECT_NE(blocked.out.find("a file or a link is where a directory is needed"), std::string::npos);

  const std::string config = " --config " + (here / "config.json") + " --root " + root;
  const std::string nobody = " --api http://127.0.0.1:1 --raw http://127.0.0.1:1";
  EXPECT_EQ(lines(run(ota + " update" + config + nobody).out), 1);
  const auto as_json = run(ota + " update" + config + nobody + " --json");
  EXPECT_EQ(lines(as_json.out), 2) << as_json.out;
  EXPECT_NE(as_json.out.find(R"({"outcome": "failed", )"), std::string::npos) << as_json.out;
  const auto no_root = run(ota + " status --json --root " + (here / "nowhere"));
  EXPECT_NE(no_root.out.find(R"({"outcome": "failed", "message": "the device's root)"),
            std::string::npos)
      << no_root.out;
  EXPECT_EQ(run(ota + " update --root " + root + " --config " + root).out,
            "ota: cannot read the configuration " + root + "\n");
  EXPECT_EQ(run(ota + " status --root " + root + " > /dev/full").code, 1);
}

TEST_F(tool, takes_addresses_that_end_in_a_slash_and_limits_of_file_sizes) {
  server github(serve_command());
  const std::string update = ota + " update --config " + (here / "config.json") + " --root " +
                             root + " --api " + github.url() + "/ --raw " + github.url() + "//";
  const auto limited = run("ulimit -f 1; " + update);
  EXPECT_EQ(limited.code, 1) << limited.out;
  EXPECT_NE(limited.out.find("the storage is full"), std::string::npos) << limited.out;
  EXPECT_EQ(run(update).code, 0);
  EXPECT_EQ(difference(old_commit), "");
}

TEST_F(tool, gets_through_a_bad_network) {
  configure(R"("channel": "developer", "http_retries": 20)");
  server github(serve_command("--fault drop=0.3,seed=7"));
  const auto done = run(update_command(github));
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(difference(old_commit), "");
}

TEST_F(tool, reads_a_private_repository_with_a_token_alone) {
  server github(serve_command("--token secret"));
  const auto refused = run(update_command(github));
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.out.find("status 404"), std::string::npos) << refused.out;
  configure(R"("channel": "developer", "token": "secret")");
  const auto done = run(update_command(github));
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(difference(old_commit), "");
}

TEST_F(tool, follows_the_latest_release_by_an_annotated_tag) {
  ASSERT_EQ(run(git("tag -a v1.0 -m one " + old_commit)).code, 0);
  ASSERT_EQ(run(git("tag -a v1.1 -m two " + new_commit)).code, 0);
  configure(R"("channel": "stable")");
  server github(serve_command());
  const auto done = run(update_command(github));
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(difference(new_commit), "");
  EXPECT_EQ(content_of(root + "/version.json"),
            R"({"ref": "v1.1", "commit": ")" + new_commit + "\"}");
}

TEST_F(tool, refuses_wrong_usage_and_bad_configuration) {
  EXPECT_EQ(run(ota).code, 2);
  EXPECT_EQ(run(ota + " update --nonsense").code, 2);
  EXPECT_EQ(run(ota + " update --config /nonexistent --root " + root).code, 1);
  configure(R"("channel": "developer", "owner": "YOUR_GITHUB_USERNAME")");
  const auto done = run(ota + " update --config " + (here / "config.json") + " --root " + root);
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.out.find("owner"), std::string::npos) << done.out;
}

TEST_F(tool, tells_its_state_as_json) {
  server github(serve_command());
  ASSERT_EQ(run(update_command(github)).code, 0);
  const auto state = run(ota + " status --root " + root +
                         " --json | python3 -c 'import json, sys; "
                         "s = json.load(sys.stdin); print(s[\"state\"], s[\"commit\"])'");
  EXPECT_EQ(state.out, "trial " + old_commit + "\n");
}

}  // namespace
