// UF2 as uf2conv.py makes it (tests/data/uf2), and as other tools and hostile files have it.

#include "ota/host/uf2.hpp"

#include <gtest/gtest.h>

#include "support/process.hpp"

namespace {

using namespace ota_test;
using file = std::vector<std::uint8_t>;

constexpr std::uint32_t rp2040 = 0xe48bff56;

file data_file(const std::string& name) {
  const std::string text = content_of(OTA_TEST_DATA_DIR "/uf2/" + name);
  return {text.begin(), text.end()};
}

file program(std::size_t size = 600) {
  file out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + 3);
  return out;
}

ota::bytes view(const file& data) { return {data.data(), data.size()}; }

void set(file& uf2, std::size_t block, std::size_t at, std::uint32_t value) {
  ota::detail::put_u32(uf2.data() + block * 512 + at, value);
}

file without_block(file uf2, std::ptrdiff_t block) {
  uf2.erase(uf2.begin() + block * 512, uf2.begin() + (block + 1) * 512);
  return uf2;
}

std::string refusal(const file& uf2, std::optional<std::uint32_t> family = std::nullopt) {
  try {
    ota::host::content_of_uf2(view(uf2), family);
    return "";
  } catch (const std::invalid_argument& wrong) {
    return wrong.what();
  }
}

TEST(uf2, is_written_as_uf2conv_writes_it) {
  EXPECT_EQ(ota::host::uf2_of(view(program()), 0x10000000, rp2040), data_file("rp2040.uf2"));
  EXPECT_EQ(ota::host::uf2_of(view(program()), 0x2000, std::nullopt), data_file("no_family.uf2"));
}

TEST(uf2, is_read_as_uf2conv_writes_it) {
  file expected = program();
  expected.resize(768);  // uf2conv.py fills the last block with zeros
  const auto content = ota::host::content_of_uf2(view(data_file("rp2040.uf2")));
  EXPECT_EQ(content.data, expected);
  EXPECT_EQ(content.base, 0x10000000u);
  EXPECT_EQ(content.family, rp2040);
  const auto other = ota::host::content_of_uf2(view(data_file("no_family.uf2")));
  EXPECT_EQ(other.data, expected);
  EXPECT_EQ(other.family, std::nullopt);
}

TEST(uf2, blocks_come_in_any_order_and_more_than_once) {
  const file given = data_file("rp2040.uf2");
  file mixed(given.begin() + 1024, given.end());
  mixed.insert(mixed.end(), given.begin(), given.end());
  const auto content = ota::host::content_of_uf2(view(mixed));
  EXPECT_EQ(content.data, ota::host::content_of_uf2(view(given)).data);
  mixed[32] ^= 1;
  EXPECT_EQ(refusal(mixed), "blocks of the UF2 file say different things");
}

TEST(uf2, of_other_families_is_left_out) {
  file both = data_file("rp2040.uf2");
  file other = ota::host::uf2_of(view(program(900)), 0x10000000, 7);
  both.insert(both.end(), other.begin(), other.end());
  EXPECT_EQ(refusal(both), "the UF2 file is for several families: give one of them");
  EXPECT_EQ(ota::host::content_of_uf2(view(both), rp2040).data.size(), 768u);
  EXPECT_EQ(ota::host::content_of_uf2(view(both), 7).data.size(), 1024u);
  EXPECT_EQ(refusal(both, 8), "the UF2 file holds nothing for that family");
}

// Flags 1 (not for the main flash) and 0x1000 (a file in a container); checksums and tags.
TEST(uf2, flags_are_known) {
  for (const std::uint32_t flag : {0x1u, 0x1000u}) {
    file other = data_file("rp2040.uf2");
    for (std::size_t block = 0; block < 3; ++block) set(other, block, 8, 0x2000 | flag);
    EXPECT_EQ(refusal(other), "the UF2 file holds nothing for that family");
  }
  for (const std::uint32_t flag : {0x4000u, 0x8000u}) {
    file other = data_file("rp2040.uf2");
    for (std::size_t block = 0; block < 3; ++block) set(other, block, 8, 0x2000 | flag);
    EXPECT_EQ(ota::host::content_of_uf2(view(other)).data.size(), 768u);
  }
}

TEST(uf2, gaps_are_as_erased) {
  file apart = data_file("rp2040.uf2");
  set(apart, 2, 12, 0x10000400);
  const auto content = ota::host::content_of_uf2(view(apart));
  ASSERT_EQ(content.data.size(), 1280u);
  EXPECT_EQ(file(content.data.begin() + 512, content.data.begin() + 1024), file(512, 0xff));
  set(apart, 2, 12, 0x30000000);
  EXPECT_EQ(refusal(apart), "blocks of the UF2 file overlap, or lie too far apart");
  set(apart, 2, 12, 0x10000180);
  EXPECT_EQ(refusal(apart), "blocks of the UF2 file overlap, or lie too far apart");
}

TEST(uf2, is_refused_where_it_is_not_whole) {
  const file whole = data_file("rp2040.uf2");
  for (std::ptrdiff_t block = 0; block < 3; ++block)
    EXPECT_EQ(refusal(without_block(whole, block)), "a block of the UF2 file is missing");
  EXPECT_EQ(refusal({}), "not a UF2 file, or a part of one");
  EXPECT_EQ(refusal(file(whole.begin(), whole.end() - 1)), "not a UF2 file, or a part of one");
  for (const std::size_t at : {0u, 4u, 508u}) {
    file damaged = whole;
    damaged[512 + at] ^= 1;
    EXPECT_EQ(refusal(damaged), "not a UF2 file, or a damaged one");
  }
  file hostile = whole;
  set(hostile, 1, 16, 477);
  EXPECT_EQ(refusal(hostile), "a block of the UF2 file says what cannot be");
  set(hostile, 1, 16, 0xffffffff);
  EXPECT_EQ(refusal(hostile), "a block of the UF2 file says what cannot be");
  hostile = whole;
  set(hostile, 1, 20, 3);
  EXPECT_EQ(refusal(hostile), "a block of the UF2 file says what cannot be");
  hostile = whole;
  set(hostile, 1, 24, 9);
  EXPECT_EQ(refusal(hostile), "blocks of the UF2 file say different things");
}

TEST(uf2, is_not_made_of_nothing) {
  EXPECT_THROW(ota::host::uf2_of({}, 0, std::nullopt), std::invalid_argument);
  EXPECT_THROW(ota::host::uf2_of(view(program()), 0xffffff00, std::nullopt), std::invalid_argument);
}

}  // namespace
