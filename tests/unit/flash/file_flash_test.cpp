// A file as a flash.

#include "ota/flash/file_flash.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>

#include "ota/flash/stm32f4.hpp"
#include "support.hpp"

namespace {

/// Cells that are 0 when they are erased, as those of the STM32L0 and L1.
struct erased_to_zero {
  static constexpr ota::flash_geometry<1> geometry{{{8, 128}}, 4, 0x00, true, 10'000};
};

class file_flash : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "ota_file_flash_" + std::to_string(getpid());
  }
  void TearDown() override { std::remove(path_.c_str()); }

  std::string content() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string path_;
};

TEST_F(file_flash, keeps_the_contract_of_uneven_sectors) {
  ota::file_flash<ota::stm32f4_flash<1>> flash;
  ASSERT_TRUE(flash.open(path_.c_str()));
  EXPECT_EQ(content(), std::string(256 * 1024, '\xff'));
  EXPECT_EQ(ota_test::broken_rule(flash, {0, flash.geometry.size()}), "");
}

TEST_F(file_flash, keeps_the_contract_of_cells_erased_to_zero) {
  ota::file_flash<erased_to_zero> flash;
  ASSERT_TRUE(flash.open(path_.c_str()));
  EXPECT_EQ(content(), std::string(1024, '\0'));
  EXPECT_EQ(ota_test::broken_rule(flash, {128, 512}), "");
}

TEST_F(file_flash, is_there_after_the_next_start) {
  const std::uint8_t data[4] = {1, 2, 3, 4};
  {
    ota::file_flash<erased_to_zero> flash;
    ASSERT_TRUE(flash.open(path_.c_str()));
    ASSERT_TRUE(flash.program(8, data));
  }
  ota::file_flash<erased_to_zero> flash;
  ASSERT_TRUE(flash.open(path_.c_str()));
  std::uint8_t seen[4];
  ASSERT_TRUE(flash.read(8, seen));
  EXPECT_TRUE(ota::equal(seen, data));
}

TEST_F(file_flash, takes_no_file_of_another_size) {
  std::ofstream(path_) << "an image, maybe";
  ota::file_flash<erased_to_zero> flash;
  EXPECT_EQ(flash.open(path_.c_str()).error().code, ota::errc::invalid_argument);
  EXPECT_EQ(content(), "an image, maybe");
}

TEST_F(file_flash, tells_why_a_file_cannot_be_used) {
  ota::file_flash<erased_to_zero> flash;
  std::uint8_t out[4];
  EXPECT_FALSE(flash.open((path_ + "/below/nothing").c_str()));
  EXPECT_FALSE(flash.read(0, out));
  EXPECT_FALSE(flash.program(0, out));
  EXPECT_FALSE(flash.erase(0));
}

}  // namespace
