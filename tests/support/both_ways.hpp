#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ota/hash/hash_cpu.hpp"

namespace ota_test {

/// Runs a test of hashes once as the processor allows and once by the portable way.
struct both_ways : ::testing::TestWithParam<bool> {
#if defined(OTA_HASH_X86) || defined(OTA_HASH_ARM)
  void SetUp() override { ota::detail::sha_instructions = GetParam() ? 1 : 0; }
  void TearDown() override { ota::detail::sha_instructions = 0; }
#endif
};

inline std::string name_of_way(const ::testing::TestParamInfo<bool>& one) {
  return one.param ? "portable" : "as_the_processor_can";
}

}  // namespace ota_test
