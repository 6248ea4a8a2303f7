// Where programs lie, found from their bytes alone: by pairs whose addresses are known
// (tests/data/delta), and by what readelf says of this test program.

#include "ota/host/program_addresses.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "ota/host/elf_addresses.hpp"
#include "support/process.hpp"

namespace {

using ota::code_kind;
using ota::host::address_finder;
using ota::host::padded_bytes;
using ota_test::content_of;

TEST(program_addresses, of_micropython_are_those_of_its_linker_script) {
  for (const char* name : {"rp2-mpy-tiny", "rp2-mpy-patch", "rp2-mpy-minor"}) {
    const std::string program = content_of(OTA_DELTA_PAIRS "/" + std::string(name) + "/new.bin");
    const padded_bytes file(ota::as_bytes(program));
    const auto guesses = address_finder(file, code_kind::thumb).guesses();
    const auto right = std::find_if(guesses.begin(), guesses.end(),
                                    [](const auto& guess) { return guess.base == 0x10000000; });
    ASSERT_NE(right, guesses.end()) << name;
    EXPECT_EQ(right->data_begin, 0x20000000u) << name;
    EXPECT_LE(right->data_size, 0x42000u) << name;  // all the RAM of an RP2040
    EXPECT_GE(right->data_size, 0x1000u) << name;
  }
}

TEST(program_addresses, only_the_right_kind_of_code_has_many_places) {
  const auto likeliest = [](const char* name) {
    const std::string program = content_of(OTA_DELTA_PAIRS "/" + std::string(name) + "/new.bin");
    const padded_bytes file(ota::as_bytes(program));
    std::size_t most = 0;
    code_kind best = code_kind::plain;
    for (const code_kind kind : {code_kind::thumb, code_kind::arm, code_kind::riscv,
                                 code_kind::xtensa, code_kind::aarch64, code_kind::x86_64}) {
      const std::size_t places = address_finder(file, kind).places();
      if (places <= most) continue;
      EXPECT_LT(4 * most, places);
      most = places;
      best = kind;
    }
    return best;
  };
  EXPECT_EQ(likeliest("rp2-mpy-tiny"), code_kind::thumb);
  EXPECT_EQ(likeliest("small-m4-bootloader"), code_kind::thumb);
  EXPECT_EQ(likeliest("small-rv-application"), code_kind::riscv);
}

TEST(program_addresses, of_an_elf_file_are_those_in_its_headers) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  const ota_test::finished listed = ota_test::run("readelf -lW '" + program + "'");
  if (listed.code != 0) GTEST_SKIP() << "no readelf here";
  const std::string content = content_of(program);
  const auto found = ota::host::elf_addresses(ota::as_bytes(content));
  ASSERT_TRUE(found);
  std::istringstream lines(listed.out);
  int seen = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string type, flags;
    std::uint64_t offset, address, physical, size, memory;
    fields >> type >> std::hex >> offset >> address >> physical >> size >> memory;
    std::getline(fields, flags);
    if (type != "LOAD") continue;
    if (flags.find("RW") != std::string::npos) {
      EXPECT_EQ(found->data_begin, address);
      EXPECT_EQ(found->data_size, memory);
      ++seen;
    } else if (flags.find("R E") != std::string::npos) {
      EXPECT_EQ(found->base, address - offset);
      ++seen;
    }
  }
  EXPECT_EQ(seen, 2);
}

TEST(program_addresses, no_file_is_read_beyond_its_end) {
  const std::string program = content_of("/proc/self/exe").substr(0, 1000);
  for (std::size_t size = 0; size < program.size(); ++size) {
    const std::string head = program.substr(0, size);
    (void)ota::host::elf_addresses(ota::as_bytes(head));
    const padded_bytes file(ota::as_bytes(head));
    EXPECT_FALSE(address_finder(file, code_kind::x86_64).guesses().empty());
  }
}

}  // namespace
