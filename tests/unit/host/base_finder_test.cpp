// Bases of programs, from how calls and pointers moved.

#include "ota/host/base_finder.hpp"

#include <gtest/gtest.h>

namespace {

using moves = std::vector<ota::host::address_move>;

// Whatever it finds: the search for it is over at some time.
TEST(base_finder, ends_where_addresses_end) {
  const moves calls = {{0x300, 16}, {0x340, 16}, {0x380, 16}};
  for (const std::uint32_t base : {0xffff'f000u, 0xffff'f100u}) {
    const moves pointers = {{base + 0x300, 16}, {base + 0x340, 16}, {base + 0x360, 16}};
    EXPECT_EQ(ota::host::base_finder(calls, pointers).find(base, 0x400) % 256, 0u);
  }
}

}  // namespace
