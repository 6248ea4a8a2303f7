// Kinds of code, against what GNU as and ld make (tests/data/code).

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <vector>

#include "ota/delta/all_codes.hpp"
#include "support/digest.hpp"

namespace {

using window = std::array<std::uint8_t, 8>;

struct instruction {
  std::string name;
  std::uint32_t address, target;
  window bytes;
};

std::vector<instruction> instructions(const std::string& kind) {
  std::ifstream lines(OTA_TEST_DATA_DIR "/code/" + kind + ".txt");
  std::vector<instruction> read;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    instruction next;
    std::string digits;
    fields >> next.name >> std::hex >> next.address >> next.target >> digits;
    const auto bytes = ota_test::from_digits(digits);
    // On x86 the distance counts from behind an immediate; a place ends before that.
    if (const auto plus = next.name.find('+'); plus != std::string::npos)
      next.target -= static_cast<std::uint32_t>(next.name[plus + 1] - '0');
    next.bytes.fill(0);
    std::copy(bytes.begin(), bytes.end(), next.bytes.begin());
    read.push_back(next);
  }
  return read;
}

template <class Code>
struct code : testing::Test {};

struct names {
  template <class Code>
  static std::string GetName(int) {
    switch (Code::kind) {
      case ota::code_kind::thumb:
        return "thumb";
      case ota::code_kind::thumb2:
        return "thumb2";
      case ota::code_kind::arm:
        return "arm";
      case ota::code_kind::riscv:
        return "riscv";
      case ota::code_kind::xtensa:
        return "xtensa";
      case ota::code_kind::aarch64:
        return "aarch64";
      default:
        return "x86_64";
    }
  }
};

using kinds = testing::Types<ota::thumb_code, ota::thumb2_code, ota::arm_code, ota::riscv_code,
                             ota::xtensa_code, ota::aarch64_code, ota::x86_64_code>;
TYPED_TEST_SUITE(code, kinds, names);

TYPED_TEST(code, names_what_the_assembler_was_told) {
  const auto all = instructions(names::GetName<TypeParam>(0));
  ASSERT_GT(all.size(), 50u);
  for (const instruction& one : all) {
    const ota::code_site site = TypeParam::find(one.bytes.data(), one.address);
    EXPECT_NE(site.length, 0) << one.name << std::hex << one.address;
    EXPECT_LE(site.length, 8);
    EXPECT_EQ(site.target, one.target) << one.name << std::hex << one.address;
  }
}

// From each instruction, aimed at what the next of its name does, comes that one.
TYPED_TEST(code, aims_as_the_assembler_does) {
  std::map<std::string, instruction> last;
  int aimed = 0;
  for (const instruction& one : instructions(names::GetName<TypeParam>(0))) {
    const auto before = last.find(one.name);
    if (before != last.end()) {
      window made = before->second.bytes, wanted = before->second.bytes;
      const auto length = TypeParam::find(made.data(), before->second.address).length;
      std::copy_n(one.bytes.begin(), length, wanted.begin());
      TypeParam::aim(made.data(), one.address, one.target);
      EXPECT_EQ(made, wanted) << one.name << std::hex << one.address;
      ++aimed;
    }
    last[one.name] = one;
  }
  EXPECT_GT(aimed, 50);
}

// Whatever the bytes and the target: the place stays what it is, what is behind it is not touched,
// and a target that it named is named again.
TYPED_TEST(code, of_any_bytes_stays_what_it_is) {
  std::mt19937 draw(1);
  const auto random = [&] { return static_cast<std::uint32_t>(draw()); };
  int found = 0;
  for (int i = 0; i < 300000; ++i) {
    window bytes;
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(draw());
    const std::uint32_t address = (random() & ~3U) + TypeParam::step % 4;
    const ota::code_site site = TypeParam::find(bytes.data(), address);
    EXPECT_GT(site.skip, 0);
    if (site.length == 0) continue;
    ++found;
    for (const std::uint32_t target : {site.target, random()}) {
      window made = bytes;
      TypeParam::aim(made.data(), address, target);
      const ota::code_site again = TypeParam::find(made.data(), address);
      EXPECT_EQ(again.length, site.length);
      EXPECT_EQ(again.near, site.near);
      if (target == site.target) {
        EXPECT_EQ(again.target, target);
      }
      for (std::size_t k = site.length; k < bytes.size(); ++k) EXPECT_EQ(made[k], bytes[k]);
    }
  }
  EXPECT_GT(found, 100);
}

TEST(code_kinds, xtensa_calls_of_windows_are_as_call0) {
  for (instruction one : instructions("xtensa")) {
    if (one.name != "call0") continue;
    for (std::uint8_t windows = 1; windows < 4; ++windows) {
      one.bytes[0] = static_cast<std::uint8_t>((one.bytes[0] & 0xcf) | windows << 4);
      EXPECT_EQ(ota::xtensa_code::find(one.bytes.data(), one.address).target, one.target);
    }
  }
}

TEST(code_kinds, tell_where_no_instruction_begins) {
  const auto skip = [](auto kind, std::initializer_list<std::uint8_t> first) {
    window bytes{};
    std::copy(first.begin(), first.end(), bytes.begin());
    const ota::code_site site = decltype(kind)::find(bytes.data(), 0x1000);
    EXPECT_EQ(site.length, 0);
    return site.skip;
  };
  EXPECT_EQ(skip(ota::thumb_code{}, {0x00, 0xbf}), 2);                // nop
  EXPECT_EQ(skip(ota::thumb2_code{}, {0x00, 0xbf}), 2);               // nop
  EXPECT_EQ(skip(ota::thumb2_code{}, {0x93, 0xfb, 0xf2, 0xf1}), 4);   // sdiv r1, r3, r2
  EXPECT_EQ(skip(ota::riscv_code{}, {0x01, 0x00}), 2);                // c.nop
  EXPECT_EQ(skip(ota::riscv_code{}, {0x13, 0x00, 0x00, 0x00}), 4);    // nop
  EXPECT_EQ(skip(ota::xtensa_code{}, {0x3d, 0xf0}), 2);               // nop.n
  EXPECT_EQ(skip(ota::xtensa_code{}, {0xf0, 0x20, 0x00}), 3);         // nop
  EXPECT_EQ(skip(ota::arm_code{}, {0x00, 0xf0, 0x20, 0xe3}), 4);      // nop
  EXPECT_EQ(skip(ota::aarch64_code{}, {0x1f, 0x20, 0x03, 0xd5}), 4);  // nop
  EXPECT_EQ(skip(ota::x86_64_code{}, {0x90}), 1);                     // nop
}

TEST(code_kinds, in_a_set_are_those_named) {
  using some = ota::code_set<ota::words_code, ota::riscv_code>;
  EXPECT_TRUE(some::has(ota::code_kind::plain));
  EXPECT_TRUE(some::has(ota::code_kind::riscv));
  EXPECT_FALSE(some::has(ota::code_kind::arm));
  EXPECT_EQ(some::step(ota::code_kind::riscv), 2u);
  const window jal = {0xef, 0x00, 0x00, 0x01};
  EXPECT_EQ(some::find(ota::code_kind::riscv, jal.data(), 0x100).target, 0x110u);
  EXPECT_EQ(some::find(ota::code_kind::words, jal.data(), 0x100).length, 0);
}

}  // namespace
