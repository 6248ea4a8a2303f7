#include "ota/host/release_order.hpp"

#include <gtest/gtest.h>

namespace {

using namespace ota::host;

std::string sorted(std::vector<release_tag> tags) {
  sort_releases(tags);
  std::string names;
  for (const release_tag& tag : tags) names += tag.name + " ";
  return names;
}

TEST(releases, are_in_the_order_of_versions) {
  EXPECT_EQ(sorted({{"v1.9", 9}, {"v1.10", 1}, {"1.10.1", 2}, {"nightly", 99}, {"v2.0-rc1", 50}}),
            "1.10.1 v1.10 v1.9 nightly v2.0-rc1 ");
  EXPECT_EQ(sorted({{"v1", 1}, {"v1.0.0+b", 2}, {"v0.9", 3}}), "v1.0.0+b v1 v0.9 ");
}

TEST(releases, without_versions_are_in_the_order_of_time) {
  EXPECT_EQ(sorted({{"spring", 1}, {"autumn", 3}, {"summer", 2}}), "autumn summer spring ");
}

TEST(releases, are_versions_or_not) {
  for (const char* name : {"", "v", "v1.", "v1..2", "1.2.3x", "release-1", "v9999999999999999999"})
    EXPECT_FALSE(parse_version(name)) << name;
  EXPECT_TRUE(is_prerelease("v1.0-beta.2"));
  EXPECT_FALSE(is_prerelease("v1.0+build-5"));
  EXPECT_FALSE(is_prerelease("beta-1"));
}

}  // namespace
