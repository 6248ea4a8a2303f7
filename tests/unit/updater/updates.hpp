#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ota/hash/sha256.hpp"
#include "support/fake_device.hpp"

namespace ota_test {

using files = ota::memory_files<65536>;

/// A device with files in memory that follows what a GitHub in memory offers.
struct updates : ::testing::Test {
  fake_github::state github;
  ota::config settings = small_config();
  files storage;

  using one_device = device<files&>;

  void put(const std::string& path, const std::string& content) {
    ASSERT_TRUE(storage.write(path, 0, ota::as_bytes(content)));
  }

  std::string text(const std::string& path) {
    const auto info = storage.stat(path);
    std::string content(static_cast<std::size_t>(info->size), '\0');
    (void)storage.read(path, 0, {reinterpret_cast<std::uint8_t*>(content.data()), content.size()});
    return content;
  }

  bool exists(const std::string& path) { return storage.stat(path)->kind != ota::file_kind::none; }

  void offer(char digit, const tree& content) {
    github.commits[commit_of(digit)] = content;
    github.heads["main"] = commit_of(digit);
  }

  void release(const std::string& tag, char digit, const tree& content,
               const std::string& manifest = "") {
    github.commits[commit_of(digit)] = content;
    github.releases.push_back({tag, commit_of(digit), manifest});
    settings.channel = "stable";
  }

  ota::update_outcome update() {
    one_device one(settings, storage, github);
    EXPECT_TRUE(one.updater.recover());
    const auto outcome = one.run();
    message = one.updater.message();
    progress = one.updater.progress();
    return outcome;
  }

  void confirm() {
    one_device one(settings, storage, github);
    ASSERT_TRUE(one.updater.confirm());
  }

  // How often a path below the raw host was asked for.
  long asked(const std::string& part) const {
    return std::count_if(
        github.requests.begin(), github.requests.end(),
        [&](const std::string& path) { return path.find(part) != std::string::npos; });
  }

  std::string message;
  ota::update_progress_report progress;
};

inline const tree first = {{"a.txt", {"one"}},
                           {"lib/b.txt", {"two"}},
                           {"lib/empty", {""}},
                           {"run.sh", {"#!/bin/sh\n", true}}};

/// The manifest of some files; `more` is put behind the list, with a comma in front.
inline std::string manifest_of(const tree& listed, const std::string& more = "") {
  std::string text = R"({"files":[)";
  for (const auto& [path, file] : listed) {
    ota::sha256 hash;
    hash.update(ota::as_bytes(file.content));
    const auto digest = hash.finish();
    std::string hex(64, '0');
    ota::to_hex({digest.data(), digest.size()}, hex.data());
    text += R"({"path":")" + path + R"(","sha256":")" + hex + R"(","size":)" +
            std::to_string(file.content.size()) + "},";
  }
  if (!listed.empty()) text.pop_back();
  return text + "]" + more + R"(,"version":"v1"})";
}

}  // namespace ota_test
