// The commands openssl and git over real files of many sizes.

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "ota/hash/git_blob_id.hpp"
#include "ota/hash/hmac.hpp"
#include "ota/hash/sha512.hpp"
#include "support/digest.hpp"
#include "support/process.hpp"

namespace {

using ota_test::digest_of;

struct files : ::testing::Test {
  static constexpr int count = 60;
  ota_test::scratch_folder folder;
  std::vector<std::string> contents;

  void SetUp() override {
    std::mt19937 random(11);
    for (int i = 0; i < count; ++i) {
      std::string content(i < 5 ? static_cast<std::size_t>(i) : random() % 100000, '\0');
      for (char& c : content) c = static_cast<char>(random());
      std::ofstream(folder / name(i), std::ios::binary) << content;
      contents.push_back(std::move(content));
    }
  }

  static std::string name(int i) { return std::to_string(1000 + i); }

  /// What a shell command prints that is run among the files, a line for each.
  std::vector<std::string> ask(const std::string& command) {
    const auto answer = ota_test::run("cd '" + folder.path() + "' && " + command);
    EXPECT_EQ(answer.code, 0) << answer.out;
    std::vector<std::string> lines;
    std::istringstream stream(answer.out);
    for (std::string line; std::getline(stream, line);)
      lines.push_back(line.substr(0, line.find(' ')));
    EXPECT_EQ(lines.size(), static_cast<std::size_t>(count));
    lines.resize(count);
    return lines;
  }

  template <class Make>
  void expect(const std::vector<std::string>& lines, Make&& hash_for) {
    for (int i = 0; i < count; ++i) {
      const std::string& content = contents[static_cast<std::size_t>(i)];
      EXPECT_EQ(digest_of(content, hash_for(content)), lines[static_cast<std::size_t>(i)])
          << content.size();
    }
  }
};

TEST_F(files, openssl_sha1) {
  const auto lines = ask("openssl dgst -sha1 -r 1???");
  expect(lines, [](const std::string&) { return ota::sha1(); });
}

TEST_F(files, openssl_sha256) {
  const auto lines = ask("openssl dgst -sha256 -r 1???");
  expect(lines, [](const std::string&) { return ota::sha256(); });
}

TEST_F(files, openssl_sha512) {
  const auto lines = ask("openssl dgst -sha512 -r 1???");
  expect(lines, [](const std::string&) { return ota::sha512(); });
}

TEST_F(files, openssl_hmac_sha512) {
  expect(ask("openssl dgst -sha512 -hmac 'a secret' -r 1???"),
         [](const std::string&) { return ota::hmac<ota::sha512>(ota::as_bytes("a secret")); });
}

TEST_F(files, openssl_hmac_sha256) {
  expect(ask("openssl dgst -sha256 -hmac 'a secret' -r 1???"),
         [](const std::string&) { return ota::hmac_sha256(ota::as_bytes("a secret")); });
}

TEST_F(files, git_blob_ids) {
  expect(ask("ls 1??? | git hash-object --no-filters --stdin-paths"),
         [](const std::string& content) { return ota::git_blob_id<>(content.size()); });
}

}  // namespace
