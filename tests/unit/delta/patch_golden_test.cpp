// Patches that were made once and for all (tests/data/delta/golden): devices read them for ever.

#include <gtest/gtest.h>

#include <string>

#include "ota/hash/sha256.hpp"
#include "ota/host/patch_maker.hpp"
#include "support/digest.hpp"
#include "support/native_patch.hpp"
#include "support/process.hpp"

namespace {

using namespace ota_test;

struct golden {
  const char* name;
  ota::code_kind code;
  std::size_t map_entries = ota::patch_header::max_map_entries;  // as in make.py
  unsigned literal_bits = 1;
  std::uint32_t lag = ota::patch_header::no_lag;

  ota::host::patch_options options() const {
    ota::host::patch_options options;
    options.map_entries = map_entries;
    options.literal_bits = literal_bits;
    options.lag = lag;
    return options;
  }

  file_bytes file(const std::string& end) const {
    const std::string path = std::string(OTA_TEST_DATA_DIR "/delta/golden/") + name + end;
    EXPECT_TRUE(std::filesystem::is_regular_file(path)) << path;
    const std::string content = content_of(path);
    return {content.begin(), content.end()};
  }
};

const golden all_golden[] = {
    {"text", ota::code_kind::plain, 128, 2},
    {"table", ota::code_kind::words},
    {"from-nothing", ota::code_kind::plain},
    {"to-nothing", ota::code_kind::plain},
    {"program", ota::code_kind::thumb},
    {"program-again", ota::code_kind::thumb, 5},
    {"program-in-place", ota::code_kind::thumb, 128, 1, 700},
    {"program-wide", ota::code_kind::thumb, 0, 4},
};

TEST(patch_golden, is_read_for_ever) {
  for (const golden& one : all_golden) {
    SCOPED_TRACE(one.name);
    const file_bytes patch = one.file(".patch");
    const auto header = ota::read_patch_header(view(patch).first(ota::patch_header::max_size));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->code, one.code);
    EXPECT_EQ(header->lag, one.lag);
    strict_source whole{view(patch)};
    EXPECT_TRUE(ota::check_patch_sum(whole));
    const file_bytes old_file = one.file(".old");
    strict_source base{view(old_file)};
    EXPECT_TRUE(ota::check_patch_base(*header, base));
    const made done = apply_blindly(old_file, patch);
    EXPECT_EQ(done.failure, nullptr);
    EXPECT_EQ(done.content, one.file(".new"));
    strict_source result{view(done.content)};
    EXPECT_TRUE(ota::check_patch_result(*header, result));
  }
}

// What the maker finds may change from one version to the next, and then this digest with it; but
// not from machine to machine, nor from compiler to compiler.
TEST(patch_golden, the_maker_gives_the_same_bytes_on_every_machine) {
  ota::sha256 hash;
  for (const golden& one : all_golden) {
    const file_bytes old_file = one.file(".old"), new_file = one.file(".new");
    const file_bytes patch =
        ota::host::patch_maker(view(old_file), view(new_file), one.options()).make();
    hash.update(view(patch));
  }
  EXPECT_EQ(hex(hash.finish()), "77cfca56aa4d88eda5271c16db2831fde02e1ec4f3e803355449572c7e1d65d9");
}

}  // namespace
