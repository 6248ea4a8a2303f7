#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "process.hpp"

// Asks python3 for what the library should have computed. OTA_PYTHON is its path, empty when the
// machine has none.

namespace ota_test {

inline bool has_python() { return !std::string_view(OTA_PYTHON).empty(); }

/// The lines that the program `script` prints when it reads `input`, in the folder `where`.
inline std::vector<std::string> ask_python(const std::string& script, const std::string& input = {},
                                           const std::string& where = ".") {
  const scratch_folder folder;
  std::ofstream(folder / "script.py") << script;
  std::ofstream(folder / "input", std::ios::binary) << input;
  const finished answer = run("cd '" + where + "' && " OTA_PYTHON " '" + folder / "script.py" +
                              "' < '" + folder / "input" + "'");
  EXPECT_EQ(answer.code, 0) << answer.out;
  std::vector<std::string> lines;
  std::istringstream stream(answer.out);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace ota_test

#define OTA_NEEDS_PYTHON() \
  if (!ota_test::has_python()) GTEST_SKIP() << "python3 is not installed"
