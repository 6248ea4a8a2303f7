#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ota/testing/flash_conformance.hpp"

namespace ota_test {

/// The first rule of the contract that `flash` breaks in a region; empty: none.
template <class Flash>
std::string broken_rule(Flash& flash, ota::flash_region where) {
  const char* const broken = ota::testing::check_flash_rules(flash, where);
  return broken == nullptr ? "" : broken;
}

/// What the registers of a chip's model are told in the wrong order, sentence by sentence.
using complaints = std::vector<std::string>;

}  // namespace ota_test
