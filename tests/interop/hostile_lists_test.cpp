// Lists of files that no device should believe: paths that lead out of its root, and documents
// without end.

#include "support/attacked_device.hpp"

namespace {

using namespace ota_test;

// As JSON texts. What is wrong with each, and what the tool must say.
struct bad_path {
  const char* name;
  std::string text;
  const char* words;
};

std::vector<bad_path> bad_paths(const device& victim) {
  const char* invalid = "invalid path";
  return {{"parent", "../escaped", invalid},
          {"parent inside", "lib/../../escaped", invalid},
          {"parent last", "lib/..", invalid},
          {"this", "./a.txt", invalid},
          {"absolute", victim.outside("escaped"), invalid},
          {"backslash", "..\\\\escaped", invalid},
          {"empty part", "lib//b.txt", invalid},
          {"slash last", "lib/", invalid},
          {"NUL", "a.txt\\u0000.png", invalid},
          {"line break", "a\\nb", invalid},
          {"escape", "\\u001b[2Ja", invalid},
          {"no path", "", "path"},
          {"long", std::string(300, 'n'), "longer than 255"},
          {"long in parts", "lib/" + std::string(252, 'n'), "longer than 255"}};
}

struct hostile_tree : attacked_device {};
struct hostile_manifest : attacked_device {
  const std::string sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

  std::string file(const std::string& path) const {
    return R"({"path":")" + path + R"(","size":4,"sha256":")" + sha256 + "\"}";
  }

  void set_manifest(const std::string& document) {
    github.set_manifest("v2",
                        [document](const asked&, wire& out) { out.answer("200 OK", document); });
  }

  void SetUp() override {
    attacked_device::SetUp();
    follow(releases);
    github.on("/o/r/v2/new.txt", "test");
  }
};

TEST_F(hostile_tree, cannot_name_a_path_that_is_not_below_the_root) {
  for (const bad_path& bad : bad_paths(victim)) {
    SCOPED_TRACE(bad.name);
    github.on("/o/r/" + blob_id("v2") + "/" + bad.text, "evil");
    // Behind a good entry, as an attacker would hide it.
    github.set_tree("[" + tree_entry("new.txt", "evil") + "," + tree_entry(bad.text, "evil") + "]");
    expect_refused(bad.words);
  }
}

TEST_F(hostile_tree, cannot_send_control_characters_to_the_terminal) {
  github.set_tree("[" + tree_entry("\\u001b[2J\\u009b\\r", "evil") + "]");
  const measured done = update();
  for (const char c : done.err)
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ') << done.err;
}

TEST_F(hostile_tree, cannot_send_control_characters_by_the_name_of_a_release) {
  follow(releases);
  github.publish("v\\u001b[2J\\u0000", {{"a.txt", changed}});
  github.on(github.api("/git/ref/tags/v%1B%5B2J%00"),
            R"({"object":{"type":"commit","sha":")" + blob_id("v\\u001b[2J\\u0000") + "\"}}");
  github.on("/o/r/v%1B%5B2J%00/a.txt", changed);
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  for (const char c : done.out + done.err + run(OTA_TOOL " status --root " + victim.root()).out)
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ') << done.out << done.err;
}

TEST_F(hostile_tree, cannot_replace_the_updaters_own_files) {
  github.set_tree("[" + tree_entry(".ota/state", "evil") + "," + tree_entry(".ota/old/../x", "e") +
                  "," + tree_entry("a.txt", changed) + "]");
  expect_updated();
  EXPECT_EQ(run(OTA_TOOL " rollback --root " + victim.root()).code, 0);
  EXPECT_TRUE(victim.files() == before);
}

TEST_F(hostile_tree, cannot_make_a_path_both_a_file_and_a_directory) {
  github.publish("v2", {{"n", "file"}, {"n/m", "file in it"}});
  const measured done = update();
  EXPECT_EQ(done.code, 1) << done.out;
  EXPECT_TRUE(victim.files() == before);
  EXPECT_EQ(run(OTA_TOOL " boot --root " + victim.root()).code, 0);
  EXPECT_TRUE(victim.files() == before);
}

TEST_F(hostile_tree, is_refused_when_it_does_not_end) {
  github.on(github.tree_path(), [](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\n\r\n{\"tree\":[");
    out.repeat(std::string(8192, ' '));
  });
  expect_refused("too large");
}

TEST_F(hostile_tree, is_refused_when_one_text_in_it_does_not_end) {
  github.on(github.tree_path(), [](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\n\r\n{\"tree\":[{\"path\":\"");
    out.repeat(std::string(8192, 'n'));
  });
  expect_refused("too large");
}

TEST_F(hostile_tree, is_refused_above_the_configured_size_before_it_is_read) {
  follow(channel + R"(, "max_tree_size_kb": 10)");
  github.on(github.tree_path(), [](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    out.repeat(std::string(8192, ' '), 100000000);
  });
  expect_refused("too large");
}

TEST_F(hostile_tree, is_refused_above_the_configured_number_of_files) {
  follow(channel + R"(, "max_tree_files": 10)");
  github.on(github.tree_path(), [](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\n\r\n{\"tree\":[" + tree_entry("first", "x"));
    out.repeat("," + tree_entry("again", "x"));
  });
  expect_refused("too many files");
}

TEST_F(hostile_manifest, cannot_name_a_path_that_is_not_below_the_root) {
  for (const bad_path& bad : bad_paths(victim)) {
    SCOPED_TRACE(bad.name);
    github.on("/o/r/v2/" + bad.text, "test");
    set_manifest(R"({"files":[)" + file("new.txt") + "," + file(bad.text) + "]}");
    expect_refused(bad.words);
  }
}

TEST_F(hostile_manifest, cannot_name_a_hidden_file) {
  set_manifest(R"({"files":[)" + file("lib/.profile") + "]}");
  expect_refused("hidden");
}

TEST_F(hostile_manifest, cannot_delete_what_is_not_below_the_root) {
  write_file(victim.outside("precious"), "precious");
  write_file(victim.root() + "/lib/mine", "goes");
  set_manifest(R"({"files":[)" + file("new.txt") + R"(],"deletes":["../precious",")" +
               victim.outside("precious") +
               R"(","lib/../../precious","config.json\u0000","","/","..",".","lib/mine"]})");
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(content_of(victim.outside("precious")), "precious");
  EXPECT_EQ(content_of(victim.root() + "/new.txt"), "test");
  EXPECT_FALSE(std::filesystem::exists(victim.root() + "/lib/mine"));
}

TEST_F(hostile_manifest, is_refused_before_it_is_read_when_it_says_100_MB) {
  github.set_manifest("v2", [](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    out.repeat(std::string(8192, ' '), 100000000);
  });
  expect_refused("too large");
}

TEST_F(hostile_manifest, is_refused_when_it_does_not_tell_its_100_MB) {
  github.set_manifest("v2", [](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\n\r\n");
    out.repeat(std::string(8192, ' '), 100000000);
  });
  expect_refused("too large");
  EXPECT_LT(std::filesystem::file_size(victim.root() + "/.ota/manifest"), 33u << 20);
}

TEST_F(hostile_manifest, is_refused_above_the_configured_size) {
  follow(releases + R"(, "max_tree_size_kb": 10)");
  set_manifest(R"({"files":[)" + file("new.txt") + "]}" + std::string(20000, ' '));
  expect_refused("too large");
}

TEST_F(hostile_manifest, is_refused_when_it_is_damaged) {
  for (const char* damaged : {"", "{", "[]", "null", "{\"files\":[{}]}", "{\"files\":[1]}",
                              "{\"files\":[{\"path\":1}]}", "<html>", "{\"files\":[]} trailing"}) {
    SCOPED_TRACE(damaged);
    set_manifest(damaged);
    expect_refused("");
  }
}

TEST_F(hostile_manifest, cannot_bring_a_file_of_other_content) {
  set_manifest(R"({"files":[)" + file("new.txt") + "]}");
  github.on("/o/r/v2/new.txt", "best");
  expect_refused("new.txt: ");
  github.on("/o/r/v2/new.txt", "longer than promised");
  expect_refused("new.txt: ");
}

}  // namespace
