// The otadata of ESP-IDF: entries with the sums that its own code gives, what its bootloader does
// with them (components/bootloader_support/src/bootloader_common_loader.c, bootloader_utility.c),
// and every power cut.

#include "ota/image/esp_otadata.hpp"

#include <gtest/gtest.h>

#include "ota/testing/simulated_nor.hpp"
#include "support/digest.hpp"

namespace {

using namespace ota_test;
using ota::image_phase;
using ota::testing::weak_reading;

struct chip {
  static constexpr ota::flash_geometry<1> geometry{{{4, 4096}}, 4};
};
struct map {
  using flash = ota::testing::simulated_nor<chip>;
  static constexpr ota::flash_region otadata{4096, 8192};
  static constexpr std::uint32_t app_slots = 2;
};
using otadata = ota::esp_otadata<map>;

struct device {
  map::flash flash;
  otadata data{flash};

  device() { EXPECT_TRUE(data.load()); }

  void put(int sector, const std::string& digits) {
    const auto bytes = from_digits(digits);
    flash.load(map::otadata.begin + static_cast<std::uint32_t>(sector) * 4096,
               {bytes.data(), bytes.size()});
    EXPECT_TRUE(data.load());
  }
  std::string entry(int sector) const {
    const auto* cells = flash.cells().values.data() + map::otadata.begin + sector * 4096;
    return hex(std::vector<std::uint8_t>(cells, cells + 32));
  }
};

/// An entry as ESP-IDF writes it: the number, a label of 20 bytes, the state, and the sum of the
/// number, which zlib.crc32(number, 0xffffffff) gives.
std::string entry(const std::string& number, const std::string& state, const std::string& sum) {
  return number + std::string(40, 'f') + state + sum;
}
const std::string fresh = "00000000", pending = "01000000", valid = "02000000",
                  invalid = "03000000", aborted = "04000000", undefined = "ffffffff";
std::string first(const std::string& state) { return entry("01000000", state, "9a984347"); }
std::string second(const std::string& state) { return entry("02000000", state, "7437f655"); }
std::string third(const std::string& state) { return entry("03000000", state, "11504aed"); }
std::string fifth(const std::string& state) { return entry("05000000", state, "cd0f21c8"); }

TEST(esp_otadata, erased_names_no_application) {
  device one;
  EXPECT_EQ(one.data.next_slot(), otadata::none);
  EXPECT_EQ(one.data.phase(), image_phase::idle);
  EXPECT_FALSE(one.data.was_put_back());
}

TEST(esp_otadata, the_higher_valid_number_counts) {
  device one;
  one.put(0, first(valid));
  EXPECT_EQ(one.data.next_slot(), 0);
  one.put(1, second(valid));
  EXPECT_EQ(one.data.next_slot(), 1);
  one.put(0, fifth(undefined));
  EXPECT_EQ(one.data.next_slot(), 0);
  for (const std::string& state : {invalid, aborted}) {
    one.put(0, fifth(state));
    EXPECT_EQ(one.data.next_slot(), 1);
    EXPECT_TRUE(one.data.was_put_back());
  }
  one.put(0, entry("05000000", valid, "cd0f21c9"));
  EXPECT_EQ(one.data.next_slot(), 1);
  EXPECT_FALSE(one.data.was_put_back());
}

TEST(esp_otadata, writes_the_entries_of_esp_idf) {
  device one;
  ASSERT_TRUE(one.data.begin(1));
  EXPECT_EQ(one.entry(0), second(fresh));
  EXPECT_EQ(one.data.phase(), image_phase::swapping);
  one.put(0, second(pending));  // the bootloader starts it
  EXPECT_EQ(one.data.phase(), image_phase::trial);
  EXPECT_EQ(one.data.begin(0).error().code, ota::errc::wrong_state);
  ASSERT_TRUE(one.data.confirm());
  EXPECT_EQ(one.entry(0), second(valid));
  EXPECT_EQ(one.data.phase(), image_phase::kept);
  ASSERT_TRUE(one.data.begin(0));
  EXPECT_EQ(one.entry(0), second(valid));
  EXPECT_EQ(one.entry(1), third(fresh));
  one.put(1, third(pending));
  ASSERT_TRUE(one.data.reject());
  EXPECT_EQ(one.entry(1), third(invalid));
  EXPECT_EQ(one.data.next_slot(), 1);
  EXPECT_TRUE(one.data.was_put_back());
  EXPECT_EQ(one.flash.violation(), "");
}

TEST(esp_otadata, asks_once) {
  device one;
  ASSERT_TRUE(one.data.begin(1));
  const std::size_t operations = one.flash.operations().size();
  ASSERT_TRUE(one.data.begin(1));
  ASSERT_TRUE(one.data.confirm());
  ASSERT_TRUE(one.data.reject());
  EXPECT_EQ(one.flash.operations().size(), operations);
  EXPECT_EQ(one.data.begin(2).error().code, ota::errc::invalid_argument);
}

TEST(esp_otadata, without_putting_back_leaves_the_state_open) {
  device one;
  ota::esp_otadata<map, false> data(one.flash);
  ASSERT_TRUE(data.load());
  ASSERT_TRUE(data.begin(1));
  EXPECT_EQ(one.entry(0), second(undefined));
  EXPECT_EQ(data.phase(), image_phase::kept);
}

TEST(esp_otadata, does_not_wrap_its_numbers) {
  device one;
  // By python: zlib.crc32(bytes.fromhex("feffffff"), 0xffffffff).
  one.put(0, entry("feffffff", valid, "79b8f899"));
  EXPECT_EQ(one.data.next_slot(), 1);
  EXPECT_EQ(one.data.begin(0).error().code, ota::errc::damaged);
}

struct five_slots : map {
  static constexpr std::uint32_t app_slots = 5;
};

// The sum of the number 0 is that of nothing written: a torn entry may be valid to the bootloader.
// By its arithmetic it stands for slot (2^32 - 1) mod 5.
TEST(esp_otadata, goes_on_from_the_number_0) {
  device one;
  one.put(0, entry("00000000", undefined, "ffffffff"));
  ota::esp_otadata<five_slots> data(one.flash);
  ASSERT_TRUE(data.load());
  EXPECT_EQ(data.next_slot(), 0);
  ASSERT_TRUE(data.begin(1));
  EXPECT_EQ(data.next_slot(), 1);
  EXPECT_EQ(one.entry(1), second(fresh));
}

// The number is the first one above the last that stands for the slot.
TEST(esp_otadata, counts_with_any_number_of_slots) {
  for (std::uint32_t slot = 0; slot < 5; ++slot) {
    device one;
    one.put(1, third(valid));
    ota::esp_otadata<five_slots> data(one.flash);
    ASSERT_TRUE(data.load());
    ASSERT_EQ(data.next_slot(), 2);
    ASSERT_TRUE(data.begin(slot));
    EXPECT_EQ(data.next_slot(), static_cast<int>(slot));
    const std::string digits = one.entry(0).substr(0, 2);
    const char* const numbers[] = {"06", "07", "ff", "04", "05"};
    EXPECT_EQ(digits, numbers[slot]);
  }
}

/// What the bootloader does before it starts an application: the one on trial is given up, and one
/// that is asked for is on trial.
int start(device& one) {
  const auto rewrite = [&](int sector, std::uint8_t from, std::uint8_t to) {
    const auto bytes = from_digits(one.entry(sector));
    if (bytes[24] != from || bytes[25] != 0) return;
    auto changed = bytes;
    changed[24] = to;
    const std::uint32_t at = map::otadata.begin + static_cast<std::uint32_t>(sector) * 4096;
    EXPECT_TRUE(one.flash.erase(at));
    EXPECT_TRUE(one.flash.program(at, {changed.data(), changed.size()}));
  };
  EXPECT_TRUE(one.data.load());
  for (int sector = 0; sector < 2; ++sector) rewrite(sector, 1, 4);
  EXPECT_TRUE(one.data.load());
  const int slot = one.data.next_slot();
  if (one.data.phase() == image_phase::swapping)
    for (int sector = 0; sector < 2; ++sector) rewrite(sector, 0, 1);
  EXPECT_TRUE(one.data.load());
  return slot;
}

constexpr weak_reading readings[] = {weak_reading::untouched, weak_reading::finished,
                                     weak_reading::random, weak_reading::changing};

// Whatever is cut, the application before or the one that was asked for is started.
TEST(esp_otadata, survives_every_cut) {
  for (const weak_reading reading : readings)
    for (std::size_t operation = 0; operation < 2; ++operation)
      for (std::size_t word = 0; word < (operation == 0 ? 1u : 8u); ++word)
        for (const bool confirms : {false, true}) {
          device one;
          one.put(0, first(valid));
          if (confirms) one.put(1, second(pending));
          one.flash.cut_at(operation, word, reading);
          EXPECT_FALSE(confirms ? one.data.confirm() : one.data.begin(1));
          ASSERT_TRUE(one.flash.is_cut());
          one.flash.power_on();
          const int slot = start(one);
          ASSERT_TRUE(slot == 0 || slot == 1);
          EXPECT_EQ(one.entry(0), first(valid));
          if (one.data.phase() == image_phase::trial) continue;
          EXPECT_EQ(one.data.phase(), image_phase::kept);
          ASSERT_TRUE(one.data.begin(1)) << one.flash.violation();
          EXPECT_EQ(one.data.next_slot(), 1);
        }
}

}  // namespace
