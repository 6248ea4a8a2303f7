#include "ota/image/boot_journal.hpp"

#include <gtest/gtest.h>

#include "ota/image/image_state.hpp"
#include "support/flash_device.hpp"

namespace {

using namespace ota::testing;

template <class Chip>
class boot_journal : public testing::Test {
 public:
  using flash = simulated_nor<Chip>;
  using journal = ota::boot_journal<flash, ota::image_state>;
  static constexpr std::uint32_t sector = flash::geometry.sector_size(0);
  static constexpr std::uint32_t bank = sector < 512 ? 512 : sector;
  static constexpr ota::flash_region region{0, 3 * bank};
  flash chip;

  std::uint32_t step() {
    journal records(chip, region);
    ota::image_state state;
    const auto found = records.load(state);
    return found && *found ? state.step : 0xffffffff;
  }
  std::uint32_t erases(std::uint32_t number) { return chip.erases(number * bank); }
};
using chips = testing::Types<nrf51, rp2040_flash, samd21, stm32l>;
TYPED_TEST_SUITE(boot_journal, chips, );

TYPED_TEST(boot_journal, holds_nothing_at_first) {
  ota::image_state state;
  state.step = 7;
  const auto found = typename TestFixture::journal(this->chip, this->region).load(state);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_EQ(state.step, 7u);
}

TYPED_TEST(boot_journal, counts_steps_through_all_its_banks) {
  typename TestFixture::journal records(this->chip, this->region);
  ota::image_state state;
  ASSERT_TRUE(records.load(state));
  ASSERT_TRUE(records.store(state));
  for (std::uint32_t step = 1; step <= 3000; ++step) {
    ASSERT_TRUE(records.advance(state));
    ASSERT_EQ(state.step, step);
    if (step % 29 == 0) {
      ASSERT_EQ(this->step(), step);
    }
  }
  EXPECT_EQ(this->chip.violation(), "");
  for (std::uint32_t number = 1; number < 3; ++number) {
    EXPECT_LE(this->erases(number), this->erases(0) + 1);
    EXPECT_GE(this->erases(number) + 1, this->erases(0));
  }
}

TYPED_TEST(boot_journal, wears_its_banks_evenly) {
  for (int start = 0; start < 90; ++start) {
    typename TestFixture::journal records(this->chip, this->region);
    ota::image_state state;
    ASSERT_TRUE(records.load(state));
    ASSERT_TRUE(records.store(state));
  }
  for (std::uint32_t number = 0; number < 3; ++number) {
    EXPECT_GE(this->erases(number), 30u);
    EXPECT_LE(this->erases(number), 32u);
  }
}

// A mark there could touch a word that a cut has touched before.
TYPED_TEST(boot_journal, writes_no_mark_to_a_bank_that_it_has_not_erased_itself) {
  ota::image_state state;
  {
    typename TestFixture::journal records(this->chip, this->region);
    ASSERT_TRUE(records.load(state));
    ASSERT_TRUE(records.store(state));
    ASSERT_TRUE(records.advance(state));
  }
  typename TestFixture::journal records(this->chip, this->region);
  ASSERT_TRUE(records.load(state));
  this->chip.power_on();
  ASSERT_TRUE(records.advance(state));
  EXPECT_EQ(this->chip.operations().front().what, flash_operation::kind::erase);
  EXPECT_EQ(this->step(), 2u);
}

TYPED_TEST(boot_journal, says_so_where_the_flash_does_not_keep_it) {
  typename TestFixture::journal records(this->chip, this->region);
  ota::image_state state;
  ASSERT_TRUE(records.load(state));
  this->chip.make_bad(0);
  EXPECT_EQ(records.store(state).error().code, ota::errc::storage);
}

TYPED_TEST(boot_journal, counts_no_mark_of_which_a_bit_is_wrong) {
  typename TestFixture::journal records(this->chip, this->region);
  ota::image_state state;
  ASSERT_TRUE(records.load(state));
  ASSERT_TRUE(records.store(state));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(records.advance(state));
  const flash_operation last = this->chip.operations().back();
  std::uint32_t mark = 0;
  while (last.data[mark] == TestFixture::flash::geometry.erased) ++mark;
  for (unsigned bit = 0; bit < 8; ++bit) {
    this->chip.flip(last.address + mark, bit);
    EXPECT_EQ(this->step(), 4u);
    this->chip.flip(last.address + mark, bit);
  }
  EXPECT_EQ(this->step(), 5u);
}

// A worn sector may take a program without a word, and keep something else.
template <class Chip>
struct forgetful : Chip {
  ota::result<void> program(std::uint32_t, ota::bytes) { return {}; }
};

TYPED_TEST(boot_journal, reads_back_what_it_has_written) {
  using worn_flash = forgetful<typename TestFixture::flash>;
  worn_flash worn;
  ota::boot_journal<worn_flash, ota::image_state> records(worn, this->region);
  ota::image_state state;
  ASSERT_TRUE(records.load(state));
  EXPECT_EQ(records.store(state).error().code, ota::errc::storage);
}

// After an update of the bootloader, which may know another record.
struct later_state : ota::image_state {
  static constexpr std::uint32_t format = ota::image_state::format + 1;
};

TYPED_TEST(boot_journal, does_not_read_records_of_another_format) {
  ota::boot_journal<typename TestFixture::flash, later_state> later(this->chip, this->region);
  later_state state;
  ASSERT_TRUE(later.load(state));
  ASSERT_TRUE(later.store(state));
  EXPECT_EQ(this->step(), 0xffffffff);
}

}  // namespace
