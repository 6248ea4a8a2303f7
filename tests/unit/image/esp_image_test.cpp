// An application as esptool makes it (tests/data/esptool), and what is left of it after damage.

#include "ota/image/esp_image.hpp"

#include <gtest/gtest.h>

#include "support/digest.hpp"
#include "support/image_slot.hpp"

namespace {

using namespace ota_test;

struct rules : ota::esp_image_rules {
  static constexpr ota::esp_chip chip = ota::esp_chip::esp32c3;
};
struct thermostat : rules {
  static constexpr std::string_view project = "thermostat";
};
struct thermo : rules {
  static constexpr std::string_view project = "thermo";
};
struct esp32 : ota::esp_image_rules {};

template <class Rules>
ota::result<ota::esp_image_info> checked(const std::string& image, std::uint32_t slot = 4096) {
  image_slot flash(image, slot);
  return ota::esp_image<Rules>::check(flash, flash.region);
}

template <class Rules>
std::string refusal(const std::string& image, std::uint32_t slot = 4096) {
  return checked<Rules>(image, slot).error().text;
}

struct esp_image : ::testing::Test {
  const std::string app = content_of(OTA_TEST_DATA_DIR "/esptool/app.bin");
};

// What `esptool image-info` says.
TEST_F(esp_image, says_what_it_is) {
  const auto info = checked<rules>(app);
  ASSERT_TRUE(info) << info.error().text;
  EXPECT_EQ(info->size, app.size());
  EXPECT_EQ(info->chip, ota::esp_chip::esp32c3);
  EXPECT_EQ(info->secure_version, 3u);
  EXPECT_STREQ(info->version, "1.2.3-rc1");
  EXPECT_STREQ(info->project, "thermostat");
  EXPECT_EQ(hex(info->digest), "7f70c30342640e0b819d13120fbe953f68f37b2889004fb50d615e960817bede");
}

TEST_F(esp_image, is_for_a_chip_and_a_project) {
  EXPECT_EQ(refusal<thermostat>(app), "");
  EXPECT_EQ(refusal<thermo>(app), "of another project");
  EXPECT_EQ(refusal<esp32>(app), "for another chip");
}

TEST_F(esp_image, is_refused_with_any_flipped_bit) {
  for (std::size_t at = 0; at < app.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = app;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      ASSERT_FALSE(checked<rules>(damaged)) << at << " bit " << bit;
    }
}

TEST_F(esp_image, is_refused_without_its_end) {
  for (std::size_t size = 0; size < app.size(); ++size)
    ASSERT_FALSE(checked<rules>(app.substr(0, size))) << size;
  const auto slot = static_cast<std::uint32_t>(app.size());
  EXPECT_EQ(refusal<rules>(app, slot), "");
  EXPECT_EQ(refusal<rules>(app.substr(0, slot - 1), slot - 1),
            "too large for the slot, or cut off");
}

TEST_F(esp_image, says_why_it_is_refused) {
  EXPECT_EQ(refusal<rules>(""), "no application there");
  EXPECT_EQ(refusal<rules>("", 8), "no application there");
  const auto with = [this](std::size_t at, const std::string& bytes) {
    return std::string(app).replace(at, bytes.size(), bytes);
  };
  EXPECT_EQ(refusal<rules>(with(1, std::string(1, '\0'))), "damaged header");
  EXPECT_EQ(refusal<rules>(with(1, "\x11")), "damaged header");
  EXPECT_EQ(refusal<rules>(with(1, "\xff")), "damaged header");
  EXPECT_EQ(refusal<rules>(with(32, "x")), "damaged header");
  EXPECT_EQ(refusal<rules>(with(23, std::string(1, '\0'))), "made without SHA-256");
  for (const char* size : {"\xff\xff\xff\xff", "\xff\xff\xff\x7f", "\xe0\x0f\0\0"})
    EXPECT_EQ(refusal<rules>(with(28, std::string(size, 4))), "too large for the slot, or cut off");
  EXPECT_EQ(refusal<rules>(with(28, std::string("\xff\0\0\0", 4))), "damaged header");
  EXPECT_EQ(refusal<rules>(with(app.size() - 1, "x")),
            "corrupted: its checksum or SHA-256 differs");
}

TEST_F(esp_image, never_has_a_lower_secure_version_than_before) {
  ota::esp_image_info running, next;
  running.secure_version = next.secure_version = 3;
  EXPECT_TRUE(ota::esp_image<rules>::check_successor(running, next));
  next.secure_version = 2;
  EXPECT_FALSE(ota::esp_image<rules>::check_successor(running, next));
}

}  // namespace
