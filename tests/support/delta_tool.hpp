#pragma once

#include <gtest/gtest.h>

#include <string>

#include "process.hpp"

namespace ota_test {

/// `ota delta`, run in a folder of its own.
struct delta_tool : ::testing::Test {
  scratch_folder here;

  finished in_folder(const std::string& arguments) const {
    return run("cd " + here.path() + "; " OTA_TOOL " delta " + arguments);
  }
  std::string output(const std::string& arguments) const {
    const finished done = in_folder(arguments);
    EXPECT_EQ(done.code, 0) << arguments << ": " << done.out;
    return done.out;
  }

  // The command fails in one line, and no file is made, changed or left behind.
  void expect_failed(const std::string& arguments, const std::string& words, int code = 1) const {
    const std::string look = "cd " + here.path() + "; find . -type f | LC_ALL=C sort | xargs cksum";
    const std::string before = run(look).out;
    const finished done = in_folder(arguments);
    EXPECT_EQ(done.code, code) << arguments << ": " << done.out;
    EXPECT_EQ(done.out.compare(0, 5, "ota: "), 0) << done.out;
    EXPECT_NE(done.out.find(words), std::string::npos) << arguments << ": " << done.out;
    EXPECT_TRUE(code == 2 || done.out.find('\n') + 1 == done.out.size()) << done.out;
    EXPECT_EQ(run(look).out, before) << arguments;
  }
};

}  // namespace ota_test
