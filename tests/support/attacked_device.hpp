#pragma once

#include <gtest/gtest.h>

#include "device.hpp"
#include "scripted_github.hpp"

namespace ota_test {

/// A device that runs version v1 of o/r, and a server that may answer anything for v2.
struct attacked_device : ::testing::Test {
  scripted_github github;
  device victim;
  device::tree before;

  const std::string channel = R"("channel": "developer")";
  const std::string releases = R"("channel": "stable")";

  void SetUp() override {
    github.publish("v1", {{"a.txt", "one"}, {"lib/b.txt", "two"}, {"lib/c.txt", "three"}});
    victim.configure(channel);
    const measured installed = update();
    ASSERT_EQ(installed.code, 0) << installed.err;
    ASSERT_EQ(victim.confirm(), 0);
    github.publish("v2", {{"a.txt", changed}, {"lib/b.txt", "two"}, {"lib/c.txt", "three"}});
    follow(channel);
  }

  /// One attempt for each request, unless `members` say otherwise.
  void follow(const std::string& members) {
    victim.configure(members + (members.find("http_retries") == std::string::npos
                                    ? R"(, "http_retries": 1)"
                                    : ""));
    before = victim.files();
  }

  measured update() const { return victim.update(github.url(), github.url()); }

  /// An update fails with a sentence that holds `words`, and leaves everything as it was.
  void expect_refused(const std::string& words) const {
    const measured done = update();
    EXPECT_EQ(done.code, 1) << done.out << done.err;
    EXPECT_NE(done.err.find(words), std::string::npos) << "not \"" << words << "\": " << done.err;
    EXPECT_TRUE(victim.files() == before) << "the device's files have changed";
#ifndef __SANITIZE_ADDRESS__
    EXPECT_LT(done.peak_kb, 16 * 1024);
#endif
  }

  /// An update brings v2 in full.
  void expect_updated() const {
    const measured done = update();
    EXPECT_EQ(done.code, 0) << done.out << done.err;
    EXPECT_EQ(content_of(victim.root() + "/a.txt"), changed);
  }

  /// The file that v2 changes: more than any buffer holds.
  const std::string changed = std::string(50000, 'x') + "end";
};

}  // namespace ota_test
