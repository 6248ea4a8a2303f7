#include "ota/core/path.hpp"

#include <algorithm>
#include <random>

#include "support/python.hpp"

namespace {

using namespace ota_test;

TEST(path, orders_are_those_of_git_and_of_python) {
  OTA_NEEDS_PYTHON();
  std::mt19937 random(1);
  std::vector<std::string> paths;
  std::string input;
  for (int i = 0; i < 2000; ++i) {
    std::string path;
    for (auto length = 1 + random() % 9; path.size() < length;) path += "ab-./0~\xc3"[random() % 8];
    if (!ota::is_valid_path(path)) continue;
    paths.push_back(path);
    input += path + "\n";
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  const std::string read = "import sys\nlines = set(sys.stdin.buffer.read().splitlines())\n";
  const std::string write = ": sys.stdout.buffer.write(path + b'\\n')\n";
  const auto sorted = [&](ota::path_order order) {
    auto copy = paths;
    std::shuffle(copy.begin(), copy.end(), random);
    std::sort(copy.begin(), copy.end(), [order](const std::string& a, const std::string& b) {
      return ota::is_before(a, b, order);
    });
    return copy;
  };
  EXPECT_GT(paths.size(), 300u);
  EXPECT_EQ(sorted(ota::path_order::bytes),
            ask_python(read + "for path in sorted(lines)" + write, input));
  EXPECT_EQ(
      sorted(ota::path_order::parts),
      ask_python(read + "for path in sorted(lines, key=lambda p: p.split(b'/'))" + write, input));
}

}  // namespace
