// `ota delta`: beside the original's python (tests/data/otadelta), and as people use it.

#include <gtest/gtest.h>

#include "support/delta_tool.hpp"
#include "support/digest.hpp"
#include "support/python.hpp"

namespace {

using namespace ota_test;

void expect_peers_agree(const std::string& on) {
  const finished done =
      run(OTA_PYTHON " " OTA_SOURCE_DIR "/tests/interop/otadelta_peers.py " + on + " " OTA_TOOL);
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(done.out, "");
}

TEST(otadelta_peers, patches_are_applied_by_the_original_and_by_a_strict_reader) {
  OTA_NEEDS_PYTHON();
  expect_peers_agree("ours");
}

TEST(otadelta_peers, patches_of_the_original_are_applied) {
  OTA_NEEDS_PYTHON();
  expect_peers_agree("theirs");
}

TEST(otadelta_peers, patches_that_the_original_makes_of_a_repository_are_applied) {
  OTA_NEEDS_PYTHON();
  expect_peers_agree("history");
}

struct otadelta_tool : delta_tool {
  void SetUp() override {
    write_file(here / "old", "Hello World!");
    write_file(here / "new", "Hello Python!");
    write_patch("p", "0100060207507974686f6e21ff");
  }
  void write_patch(const std::string& name, const std::string& digits) const {
    const auto patch = from_digits("4f544144454c544101" + digits);
    write_file(here / name, std::string(patch.begin(), patch.end()));
  }
};

TEST_F(otadelta_tool, makes_applies_and_shows) {
  EXPECT_EQ(output("make old new made --format otadelta"), "made: 22 bytes, for a file of 13\n");
  EXPECT_EQ(content_of(here / "made"), content_of(here / "p"));
  EXPECT_EQ(output("apply old made out"), "out: 13 bytes\n");
  EXPECT_EQ(content_of(here / "out"), "Hello Python!");
  EXPECT_EQ(output("apply old made old"), "old: 13 bytes\n");
  EXPECT_EQ(content_of(here / "old"), "Hello Python!");
  EXPECT_EQ(output("info p"),
            "format otadelta\nsize 22\nmakes a file of 13 bytes, of one that has at least 6\n"
            "copies 6 bytes in 1 pieces, brings 7\nthe original client takes it\n");
  EXPECT_EQ(output("info p --json"),
            R"({"outcome": "valid", "format": "otadelta", "size": 22, "new_size": 13, )"
            R"("least_old_size": 6, "copies": 1, "copied_bytes": 6, "data_bytes": 7, )"
            R"("fits_original": true})"
            "\n");
  EXPECT_NE(output("info " OTA_DELTA_PAIRS "/python-e055b56/original.delta")
                .find("the original client refuses it"),
            std::string::npos);
}

TEST_F(otadelta_tool, tells_what_is_wrong_and_leaves_nothing) {
  write_file(here / "out", "as it was");
  write_patch("cut", "0100060207507974686f6e21");
  write_patch("outside", "0105640205507974686fff");
  write_patch("bomb", "01ffffffff0fffffffff0f0100ffffffff0fff");
  write_patch("huge", "0100ffffffff0fff");
  for (const char* out : {"out", "other"}) {
    const std::string o = out;
    expect_failed("apply old cut " + o, "cut: the patch ends before its end mark");
    expect_failed("apply old outside " + o, "outside: the patch copies what the old file does not");
    expect_failed("apply old bomb " + o, "bomb: the patch makes a file of more than 1 GiB");
    expect_failed("apply old huge " + o, "huge: the patch makes a file of more than 1 GiB");
    expect_failed("apply old new " + o, "new: not a patch of a format that is known here");
    expect_failed("apply nosuch p " + o, "cannot read nosuch");
    expect_failed("apply old nosuch " + o, "cannot read nosuch");
    expect_failed("make nosuch new " + o + " --format otadelta", "cannot read nosuch");
  }
  expect_failed("apply old p .", "is not a file");
  expect_failed("apply old p no/such/out", "cannot write");
  expect_failed("info cut", "cut: the patch ends");
  EXPECT_EQ(in_folder("info old --json 2>/dev/null").out,
            R"({"outcome": "failed", "message": )"
            R"("old: not a patch of a format that is known here"})"
            "\n");
}

TEST_F(otadelta_tool, says_how_it_is_used) {
  expect_failed("make old new out --format xdelta",
                "--format must be native or otadelta, not xdelta", 2);
  expect_failed("make old new --format otadelta", "delta make needs PATCH", 2);
  expect_failed("apply old p", "delta apply needs OUT", 2);
  expect_failed("info", "delta info needs PATCH", 2);
  expect_failed("", "unknown command: delta", 2);
}

TEST_F(otadelta_tool, shows_progress_on_a_terminal_only) {
  write_file(here / "large", some_text(300000));
  const std::string command = "make large large p2 --format otadelta";
  EXPECT_EQ(output(command).find('%'), std::string::npos);
  const auto on_terminal = [&](const std::string& arguments) {
    return run("cd " + here.path() + "; script -qec '" OTA_TOOL " delta " + arguments +
               "' /dev/null </dev/null")
        .out;
  };
  EXPECT_NE(on_terminal(command).find("% of 300000 bytes"), std::string::npos);
  EXPECT_EQ(on_terminal("make old new p3 --format otadelta").find('%'), std::string::npos);
}

}  // namespace
