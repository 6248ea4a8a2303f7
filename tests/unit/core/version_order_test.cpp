#include "ota/core/version_order.hpp"

#include <gtest/gtest.h>

namespace {

int sign(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

// Each comes before the next. The first eight are the example of semver.org, 11.
constexpr std::string_view rising[] = {"1.0.0-alpha",
                                       "1.0.0-alpha.1",
                                       "1.0.0-alpha.beta",
                                       "1.0.0-beta",
                                       "1.0.0-beta.2",
                                       "1.0.0-beta.11",
                                       "1.0.0-rc.1",
                                       "1.0.0",
                                       "1.0.1",
                                       "v1.2",
                                       "1.9.9",
                                       "V1.10.0",
                                       "2-rc1",
                                       "2",
                                       "10.0.0",
                                       "10.0.99999999999999999999999999",
                                       "10.0.100000000000000000000000000",
                                       "20261121",
                                       "main"};

TEST(version_order, is_that_of_semantic_versioning) {
  for (std::size_t i = 0; i < std::size(rising); ++i)
    for (std::size_t j = 0; j < std::size(rising); ++j)
      EXPECT_EQ(sign(ota::compare_versions(rising[i], rising[j])), i < j ? -1 : i > j)
          << rising[i] << " and " << rising[j];
}

TEST(version_order, some_differences_do_not_count) {
  EXPECT_EQ(ota::compare_versions("1.2.3", "v1.2.3"), 0);
  EXPECT_EQ(ota::compare_versions("1.2.3+build.5", "1.2.3+other"), 0);
  EXPECT_EQ(ota::compare_versions("1.2.3-rc.1+build", "1.2.3-rc.1"), 0);
  EXPECT_EQ(ota::compare_versions("1.2", "1.2.0.0"), 0);
  EXPECT_EQ(ota::compare_versions("1.02", "1.2"), 0);
  EXPECT_EQ(ota::compare_versions("", "0"), 0);
  EXPECT_EQ(ota::compare_versions("", ""), 0);
}

}  // namespace
