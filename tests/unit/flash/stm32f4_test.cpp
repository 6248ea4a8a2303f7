// The flash interface of the STM32F4 as a model that enforces RM0090, chapter 3.

#include "ota/flash/stm32f4.hpp"

#include "support.hpp"

namespace {

struct flash_interface {
  static constexpr std::uint32_t size = 1024 * 1024;
  static constexpr std::uint32_t locked = 1u << 31, start = 1u << 16, busy_flag = 1u << 16;
  static constexpr std::uint32_t sectors[] = {0x00000, 0x04000, 0x08000, 0x0c000, 0x10000,
                                              0x20000, 0x40000, 0x60000, 0x80000, 0xa0000,
                                              0xc0000, 0xe0000, size};

  static void reset() {
    memory.assign(size, 0x00);
    told.clear();
    control = locked;
    access = 0x705;  // caches and prefetch on, 5 wait states
    status = keys = busy = 0;
    stale = false;
    protected_sector = 99;
  }

  static std::uint32_t load(std::uint32_t address) {
    switch (address) {
      case 0x40023c00:
        return access;
      case 0x40023c0c:
        return status | (busy == 0 ? 0 : (--busy, busy_flag));
      case 0x40023c10:
        return control;
      default:
        complain(false, "a register that may not be read");
        return 0;
    }
  }

  static void store(std::uint32_t address, std::uint32_t value) {
    complain(busy == 0, "stored while the interface was busy");
    switch (address) {
      case 0x40023c00:
        return cache(value);
      case 0x40023c04:
        return unlock(value);
      case 0x40023c0c:
        status &= ~value;  // cleared by writing 1
        return;
      case 0x40023c10:
        return command(value);
      default:
        return word(address, value);
    }
  }

  static void copy(std::uint32_t address, ota::mutable_bytes out) {
    complain(!stale, "read while the caches held what was erased");
    std::copy_n(memory.data() + (address - 0x08000000), out.size(), out.begin());
  }

  // 3.5.1: two keys in order; anything else locks until the next reset.
  static void unlock(std::uint32_t value) {
    complain((control & locked) != 0, "a key where nothing is locked");
    complain(value == (keys == 0 ? 0x45670123 : 0xcdef89ab), "a wrong key");
    if (++keys == 2) control &= ~locked;
  }

  static void command(std::uint32_t value) {
    if ((control & locked) != 0) return complain(false, "a command while locked");
    complain((value & 1) == 0 || (value & 2) == 0, "PG and SER together");
    control = value & ~start;
    if ((value & locked) != 0) keys = 0;
    if ((value & start) == 0) return;
    complain((value & 2) != 0 && (value >> 8 & 3) == 2, "STRT without SER and words");
    complain((status & 0x1f2) == 0, "an erase while an error stands");
    const std::uint32_t sector = value >> 3 & 15;
    complain(sector < 12, "a sector that is not there");
    busy = 7;
    if (sector == protected_sector)
      status |= 1u << 4;
    else
      std::fill(memory.data() + sectors[sector], memory.data() + sectors[sector + 1], 0xff);
    stale = true;
  }

  static void word(std::uint32_t address, std::uint32_t value) {
    const std::uint32_t at = address - 0x08000000;
    complain(at < size && at % 4 == 0, "a word that is not aligned");
    busy = 2;
    // 3.6.4: PGSERR where the control register is not set up.
    if ((control & 1) == 0 || (control >> 8 & 3) != 2 || (status & 0x1f2) != 0) {
      status |= 1u << 7;
      return;
    }
    if (at >= sectors[protected_sector == 99 ? 12 : protected_sector]) {
      status |= 1u << 4;
      return;
    }
    for (std::uint32_t i = 0; i < 4; ++i)
      memory[at + i] &= static_cast<std::uint8_t>(value >> 8 * i);
    ++words;
  }

  // 3.5.2: caches are emptied only while they are off.
  static void cache(std::uint32_t value) {
    if ((value & 3u << 11) != 0) {
      complain((value & 3u << 9) == 0 && (access & 3u << 9) == 0, "emptied a cache that was on");
      if ((value & 3u << 11) == 3u << 11) stale = false;
    }
    access = value;
  }

  static void complain(bool right, const char* sentence) {
    if (!right) told.emplace_back(sentence);
  }

  static inline std::vector<std::uint8_t> memory;
  static inline ota_test::complaints told;
  static inline std::uint32_t control, access, status, keys, busy, words, protected_sector;
  static inline bool stale;
};

using flash = ota::stm32f4_flash<7, flash_interface>;

class stm32f4 : public ::testing::Test {
 protected:
  void SetUp() override { flash_interface::reset(); }
  void TearDown() override {
    EXPECT_EQ(flash_interface::told, ota_test::complaints{});
    EXPECT_EQ(flash_interface::control, flash_interface::locked);
    EXPECT_EQ(flash_interface::access, 0x705u);
  }
  flash flash_;
};

TEST_F(stm32f4, keeps_the_contract_over_sectors_of_every_size) {
  EXPECT_EQ(ota_test::broken_rule(flash_, {0, flash::geometry.size()}), "");
  EXPECT_EQ(ota_test::broken_rule(flash_, {0x0c000, 0x14000}), "");
  EXPECT_EQ(ota_test::broken_rule(flash_, {0x10000, 0x30000}), "");
}

TEST_F(stm32f4, erases_the_sector_that_the_manual_numbers_so) {
  for (std::size_t i = 0; i < 12; ++i) {
    flash_interface::reset();
    ASSERT_TRUE(flash_.erase(flash_interface::sectors[i]));
    for (std::size_t k = 0; k < 12; ++k)
      EXPECT_EQ(flash_interface::memory[flash_interface::sectors[k]], k == i ? 0xff : 0x00);
  }
}

TEST_F(stm32f4, says_that_a_sector_is_protected_and_goes_on_later) {
  flash_interface::protected_sector = 5;
  const std::uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_STREQ(flash_.erase(0x20000).error().text,
               "the sector is write protected by the chip's option bytes");
  EXPECT_FALSE(flash_.program(0x20000, data));
  flash_interface::words = 0;
  EXPECT_TRUE(flash_.erase(0x10000));
  EXPECT_TRUE(flash_.program(0x10000, data));
  EXPECT_EQ(flash_interface::words, 2u);
}

TEST_F(stm32f4, forgets_an_error_of_somebody_else) {
  flash_interface::status = 1u << 7 | 1u << 1;
  EXPECT_TRUE(flash_.erase(0x10000));
}

}  // namespace
