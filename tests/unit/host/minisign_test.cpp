#include "ota/host/minisign.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace {

using ota::host::check_minisign;
using ota::host::minisign_key;

std::string data(const std::string& name) {
  std::ifstream file(OTA_TEST_DATA_DIR "/minisign/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct minisign : ::testing::TestWithParam<const char*> {
  const std::string file = data("file.txt");
  const std::string signature = data(GetParam() + std::string(".minisig"));
  const minisign_key key{data("minisign.pub")};

  // What stands against a signature; empty: nothing.
  std::string trouble(const std::string& with, const std::string& of) const {
    try {
      (void)check_minisign(key, of, with);
    } catch (const std::invalid_argument& wrong) {
      return wrong.what();
    }
    return {};
  }
};

TEST_P(minisign, holds) {
  EXPECT_EQ(check_minisign(key, file, signature).substr(0, 9), "file.txt,");
}

TEST_P(minisign, key_is_taken_as_a_line_too) {
  const std::string text = data("minisign.pub");
  const minisign_key line(text.substr(text.find('\n') + 1));
  EXPECT_TRUE(ota::equal(line.point(), key.point()));
}

TEST_P(minisign, every_changed_bit_of_the_file_is_found) {
  for (std::size_t i = 0; i < 8 * file.size(); ++i) {
    std::string changed = file;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ 1 << i % 8);
    ASSERT_EQ(trouble(signature, changed), "the signature is not that of this file") << i;
  }
}

// All but the first line, which nobody signs.
TEST_P(minisign, every_changed_character_of_the_signature_is_found) {
  for (std::size_t i = signature.find('\n') + 1; i + 1 < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    ASSERT_NE(trouble(changed, file), "") << changed;
  }
}

TEST_P(minisign, a_signature_of_another_kind_is_not_taken_for_this_one) {
  std::string changed = signature;
  const std::size_t at = signature.find('\n') + 2;  // of "RU", prehashed, or "RW", as it is
  changed[at] = changed[at] == 'U' ? 'W' : 'U';
  EXPECT_EQ(trouble(changed, file), "the signature is not that of this file");
}

TEST_P(minisign, another_key_is_told) {
  std::string changed = signature;
  const std::size_t at = signature.find('\n') + 5;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  EXPECT_EQ(trouble(changed, file), "the signature was made with another key");
}

TEST_P(minisign, cut_files_are_refused) {
  for (std::size_t size = 0; size + 1 < signature.size(); ++size)
    ASSERT_NE(trouble(signature.substr(0, size), file), "") << size;
  const std::string text = data("minisign.pub");
  for (std::size_t size = 0; size + 1 < text.size(); ++size)
    EXPECT_THROW(minisign_key{text.substr(0, size)}, std::invalid_argument) << size;
}

INSTANTIATE_TEST_SUITE_P(both, minisign, ::testing::Values("prehashed", "legacy"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
