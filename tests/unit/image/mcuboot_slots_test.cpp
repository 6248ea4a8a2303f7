// MCUboot's trailers: what imgtool writes (tests/data/imgtool), what docs/design.md of MCUboot
// gives (2d4bacc3, "Image Trailer" and "Image trailers"), and what a power cut leaves.

#include "ota/image/mcuboot_slots.hpp"

#include <gtest/gtest.h>

#include "ota/testing/simulated_nor.hpp"
#include "support/image_slot.hpp"

namespace {

using namespace ota_test;
using ota::image_phase;
using ota::mcuboot_flag;
using ota::mcuboot_swap;
using ota::testing::weak_reading;

template <std::uint32_t ProgramSize, std::uint8_t Erased = 0xff, bool Reprograms = false>
struct chip {
  static constexpr ota::flash_geometry<1> geometry{{{16, 1024}}, ProgramSize, Erased, Reprograms};
};
struct regions {
  static constexpr ota::flash_region primary{1024, 4096}, secondary{8192, 4096};
};
template <class Chip>
struct map_of : regions {
  using flash = ota::testing::simulated_nor<Chip>;
};

/// A device with both slots, and an image in each of them.
template <class Chip, std::uint32_t Align = 8>
struct device {
  using flash_type = typename map_of<Chip>::flash;
  using slots_type = ota::mcuboot_slots<map_of<Chip>, Align, 4>;

  flash_type flash;
  slots_type slots{flash};
  ota::image_info image;

  device() {
    const std::string program = imgtool_data("unsigned.bin");
    for (const ota::flash_region slot : {regions::primary, regions::secondary})
      flash.load(slot.begin, ota::as_bytes(program));
    const auto info = ota::read_image(flash, regions::secondary);
    EXPECT_TRUE(info) << info.error().text;
    image = *info;
    EXPECT_TRUE(slots.load());
  }

  void put(ota::flash_region slot, std::uint32_t from_end, const std::string& bytes) {
    flash.load(slot.end() - from_end, ota::as_bytes(bytes));
    EXPECT_TRUE(slots.load());
  }
  std::string end_of(ota::flash_region slot, std::uint32_t size) const {
    const auto& cells = flash.cells().values;
    return {cells.data() + slot.end() - size, cells.data() + slot.end()};
  }
  /// What the device has after MCUboot's swap for a trial.
  void be_on_trial() {
    put(regions::primary, 16, magic);
    put(regions::primary, 16 + 2 * Align, "\1");
    put(regions::primary, 16 + 3 * Align, "\2");
  }

  static inline const std::string magic =
      "\x77\xc2\x95\xf3\x60\xd2\xef\x7f\x35\x52\x50\x0f\x2c\xb6\x79\x80";
};

template <std::uint32_t ProgramSize, std::uint32_t Align, std::uint8_t Erased = 0xff>
void expect_trailer(const std::string& file, bool permanent) {
  SCOPED_TRACE(file);
  device<chip<ProgramSize, Erased>, Align> one;
  ASSERT_TRUE(one.slots.begin(one.image, permanent)) << one.flash.violation();
  std::string expected = imgtool_data(file);
  ASSERT_EQ(expected.size(), 200u);
  // imgtool leaves out what swap is wanted, boot_set_pending() of MCUboot writes it.
  const std::size_t swap_info = 200 - (Align > 16 ? Align : 16) - 3 * Align;
  expected[swap_info] = permanent ? 3 : 2;
  EXPECT_EQ(one.end_of(regions::secondary, 200), expected);
  EXPECT_EQ(one.slots.next_swap(), permanent ? mcuboot_swap::permanent : mcuboot_swap::test);
  EXPECT_EQ(one.slots.phase(), image_phase::swapping);
}

TEST(mcuboot_slots, writes_the_trailer_that_imgtool_writes) {
  expect_trailer<1, 8>("trailer_pad_1.bin", false);
  expect_trailer<2, 8>("trailer_pad_1.bin", false);
  expect_trailer<4, 8>("trailer_pad_4.bin", false);
  expect_trailer<8, 8>("trailer_pad_8.bin", false);
  expect_trailer<8, 8>("trailer_confirm_8.bin", true);
  expect_trailer<16, 16>("trailer_confirm_16.bin", true);
  expect_trailer<32, 32>("trailer_confirm_32.bin", true);
  expect_trailer<4, 32>("trailer_confirm_32.bin", true);
  expect_trailer<1, 8, 0x00>("trailer_confirm_erased_0.bin", true);
}

// By hand, from the picture of the trailer in docs/design.md: swap info 2 (test), copy done, image
// OK, each in 8 bytes, and the magic.
TEST(mcuboot_slots, confirm_by_the_one_byte_that_mcuboot_looks_for) {
  device<chip<4>> one;
  one.be_on_trial();
  EXPECT_EQ(one.slots.phase(), image_phase::trial);
  EXPECT_EQ(one.slots.next_swap(), mcuboot_swap::revert);
  ASSERT_TRUE(one.slots.confirm());
  const std::string rest(7, '\xff');
  EXPECT_EQ(one.end_of(regions::primary, 40), "\2" + rest + "\1" + rest + "\1" + rest + one.magic);
  EXPECT_EQ(one.flash.operations().size(), 1u);
  EXPECT_EQ(one.slots.phase(), image_phase::kept);
  EXPECT_FALSE(one.slots.was_put_back());
  ASSERT_TRUE(one.slots.confirm());
  EXPECT_EQ(one.flash.operations().size(), 1u);
}

TEST(mcuboot_slots, do_not_confirm_what_is_not_on_trial) {
  device<chip<4>> one;
  ASSERT_TRUE(one.slots.confirm());
  EXPECT_TRUE(one.flash.operations().empty());
  EXPECT_EQ(one.slots.phase(), image_phase::idle);
}

TEST(mcuboot_slots, know_an_image_that_was_put_back) {
  device<chip<4>> one;
  one.be_on_trial();
  one.flash.load(regions::primary.end() - 40, ota::as_bytes("\4"));
  one.put(regions::primary, 24, "\1");
  EXPECT_EQ(one.slots.phase(), image_phase::kept);
  EXPECT_TRUE(one.slots.was_put_back());
}

std::string mcuboot_data(const std::string& name) {
  return content_of(OTA_TEST_DATA_DIR "/mcuboot/" + name);
}

template <std::uint32_t ProgramSize, std::uint32_t Align>
void expect_as_mcuboot() {
  const std::string align = std::to_string(Align) + ".bin";
  for (const bool permanent : {false, true}) {
    device<chip<ProgramSize>, Align> one;
    ASSERT_TRUE(one.slots.begin(one.image, permanent));
    EXPECT_EQ(one.end_of(regions::secondary, 200),
              mcuboot_data((permanent ? "pending_permanent_" : "pending_") + align));
  }
  device<chip<ProgramSize>, Align> one;
  const std::string after = mcuboot_data("confirmed_" + align);
  std::string before = after;
  before[200 - (Align > 16 ? Align : 16) - Align] = '\xff';
  for (std::uint32_t i = 0; i < 200; ++i)
    if (before[i] != '\xff') one.put(regions::primary, 200 - i, before.substr(i, 1));
  EXPECT_EQ(one.slots.phase(), image_phase::trial);
  ASSERT_TRUE(one.slots.confirm());
  EXPECT_EQ(one.end_of(regions::primary, 200), after);
}

TEST(mcuboot_slots, write_what_mcuboot_itself_writes) {
  expect_as_mcuboot<1, 8>();
  expect_as_mcuboot<8, 8>();
  expect_as_mcuboot<16, 16>();
  expect_as_mcuboot<32, 32>();
}

// Every state of the fields of both trailers, also torn ones, in the order of swap_types.bin.
TEST(mcuboot_slots, decide_as_mcuboot_itself) {
  using one_device = device<chip<1>>;
  const std::string types = mcuboot_data("swap_types.bin");
  ASSERT_EQ(types.size(), 729u);
  for (std::size_t state = 0; state < types.size(); ++state) {
    one_device one;
    std::size_t rest = state;
    for (const ota::flash_region slot : {regions::primary, regions::secondary})
      for (std::uint32_t field = 0; field < 3; ++field, rest /= 3) {
        std::string bytes = field == 0 ? one_device::magic : "\1";
        if (rest % 3 == 2) bytes.back() ^= 0x40;
        if (rest % 3 != 0) one.put(slot, 16 + field * 8, bytes);
      }
    ASSERT_EQ(static_cast<char>(one.slots.next_swap()), types[state]) << state;
  }
}

// Issue 1966 of MCUboot: the request was cut inside the magic, and no later one was taken.
TEST(mcuboot_slots, ask_again_after_a_torn_magic_mcuboot_1966) {
  for (std::uint32_t words = 0; words < 4; ++words) {
    device<chip<4>> one;
    one.put(regions::secondary, 16, one.magic.substr(0, words * 4) + "\x35");
    EXPECT_EQ(one.slots.phase(), image_phase::idle);
    ASSERT_TRUE(one.slots.begin(one.image)) << one.flash.violation();
    EXPECT_EQ(one.slots.next_swap(), mcuboot_swap::test);
  }
}

TEST(mcuboot_slots, ask_again_after_a_torn_flag_mcuboot_1966) {
  device<chip<4>> one;
  one.put(regions::secondary, 16, one.magic);
  one.put(regions::secondary, 24, "\x35");
  EXPECT_EQ(one.slots.next_swap(), mcuboot_swap::none);
  ASSERT_TRUE(one.slots.begin(one.image)) << one.flash.violation();
  EXPECT_EQ(one.slots.next_swap(), mcuboot_swap::test);
}

template <bool Reprograms>
void expect_torn_flag_confirmed(std::size_t operations) {
  device<chip<4, 0xff, Reprograms>> one;
  one.be_on_trial();
  one.put(regions::primary, 24, "\x35");
  EXPECT_EQ(one.slots.next_swap(), mcuboot_swap::none);
  EXPECT_EQ(one.slots.phase(), image_phase::trial);
  ASSERT_TRUE(one.slots.confirm()) << one.flash.violation();
  EXPECT_EQ(one.slots.phase(), image_phase::kept);
  EXPECT_EQ(one.flash.operations().size(), operations);
  EXPECT_TRUE(ota::read_image(one.flash, regions::primary));
}

TEST(mcuboot_slots, confirm_again_after_a_torn_flag_mcuboot_1966) {
  expect_torn_flag_confirmed<true>(1);   // the rest of its bits is cleared
  expect_torn_flag_confirmed<false>(4);  // erase, copy_done, image_ok, magic
}

TEST(mcuboot_slots, never_touch_an_image) {
  device<chip<4>> one;
  EXPECT_EQ(one.slots.room, 3072u);  // the last of four sectors holds the flags
  one.image.size = 3073;
  EXPECT_STREQ(one.slots.begin(one.image).error().where, "mcuboot");
  EXPECT_TRUE(one.flash.operations().empty());
  one.image.size = 3072;
  EXPECT_TRUE(one.slots.begin(one.image));

  // The running image as well, where its trailer would have to be erased.
  device<chip<4>> other;
  other.be_on_trial();
  other.put(regions::primary, 24, "\x35");
  other.flash.load(regions::primary.begin + 12, ota::as_bytes({"\xff\x0b\0\0", 4}));
  other.flash.load(regions::primary.begin + 32 + 0xbff,
                   ota::as_bytes(imgtool_data("unsigned.bin").substr(332)));
  EXPECT_STREQ(other.slots.confirm().error().where, "mcuboot");
  EXPECT_TRUE(other.flash.operations().empty());
}

TEST(mcuboot_slots, ask_for_nothing_while_an_image_is_on_trial) {
  device<chip<4>> one;
  one.be_on_trial();
  EXPECT_EQ(one.slots.begin(one.image).error().code, ota::errc::wrong_state);
  EXPECT_TRUE(one.flash.operations().empty());
}

constexpr weak_reading readings[] = {weak_reading::untouched, weak_reading::finished,
                                     weak_reading::random, weak_reading::changing};

// Cuts at every word of every operation of a request, and again at every one of the next try.
TEST(mcuboot_slots, leave_no_state_in_which_a_request_cannot_be_made) {
  using one_device = device<chip<4>>;
  std::size_t cuts = 0;
  const auto cut = [](one_device& one, std::size_t operation, std::size_t word,
                      weak_reading reading, bool permanent) {
    one.flash.cut_at(operation, word, reading);
    EXPECT_FALSE(one.slots.begin(one.image, permanent));
    EXPECT_TRUE(one.flash.is_cut());
    one.flash.power_on();
    EXPECT_TRUE(one.slots.load());
    const mcuboot_swap next = one.slots.next_swap();
    EXPECT_TRUE(next == mcuboot_swap::none ||
                next == (permanent ? mcuboot_swap::permanent : mcuboot_swap::test));
    EXPECT_TRUE(ota::read_image(one.flash, regions::secondary));
  };
  const auto words_of = [](std::size_t operation) { return operation == 3 ? 4u : 1u; };
  for (const weak_reading first : readings)
    for (const weak_reading second : readings)
      for (std::size_t a = 0; a < 4; ++a)  // erase, swap_info, image_ok, magic
        for (std::size_t i = 0; i < words_of(a); ++i)
          for (std::size_t b = 0; b < 4; ++b)
            for (std::size_t j = 0; j < words_of(b); ++j, ++cuts) {
              one_device one;
              cut(one, a, i, first, true);
              if (one.slots.next_swap() == mcuboot_swap::permanent) continue;
              cut(one, b, j, second, true);
              if (one.slots.next_swap() == mcuboot_swap::permanent) continue;
              ASSERT_TRUE(one.slots.begin(one.image, true)) << one.flash.violation();
              ASSERT_EQ(one.slots.next_swap(), mcuboot_swap::permanent);
            }
  EXPECT_EQ(cuts, 16u * 7 * 7);
}

// A cut confirmation: MCUboot puts the earlier image back, or the flag is confirmed once more.
TEST(mcuboot_slots, leave_no_state_in_which_a_trial_cannot_be_confirmed) {
  for (const weak_reading reading : readings) {
    device<chip<4>> one;
    one.be_on_trial();
    one.flash.cut_at(0, 0, reading);
    EXPECT_FALSE(one.slots.confirm());
    one.flash.power_on();
    ASSERT_TRUE(one.slots.load());
    if (one.slots.next_swap() == mcuboot_swap::revert) continue;
    ASSERT_TRUE(one.slots.confirm()) << one.flash.violation();
    EXPECT_EQ(one.slots.phase(), image_phase::kept);
    EXPECT_TRUE(ota::read_image(one.flash, regions::primary));
  }
  // The mending of a torn flag, cut at each of its operations.
  for (const weak_reading reading : readings)
    for (std::size_t operation = 0; operation < 4; ++operation) {
      device<chip<4>> one;
      one.be_on_trial();
      one.put(regions::primary, 24, "\x35");
      one.flash.cut_at(operation, 0, reading);
      EXPECT_FALSE(one.slots.confirm());
      one.flash.power_on();
      ASSERT_TRUE(one.slots.load());
      EXPECT_NE(one.slots.next_swap(), mcuboot_swap::permanent);
      EXPECT_NE(one.slots.next_swap(), mcuboot_swap::test);
      EXPECT_TRUE(ota::read_image(one.flash, regions::primary));
    }
}

}  // namespace
