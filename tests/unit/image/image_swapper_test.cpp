#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ota/flash/joined_flash.hpp"
#include "ota/image/flash_wear.hpp"
#include "support/flash_device.hpp"

namespace {

using namespace ota::testing;
using ota::errc;
using ota::flash_region;
using ota::image_phase;

struct map {
  using flash = simulated_nor<nrf51>;
  static constexpr flash_region journal{0, 3 * 1024};
  static constexpr flash_region primary{3 * 1024, 5 * 1024};
  static constexpr flash_region secondary{8 * 1024, 4 * 1024};
  static constexpr flash_region scratch{12 * 1024, 1024};
  static constexpr flash_region backup{13 * 1024, 4 * 1024};
};
struct map_with_golden : map {
  static constexpr flash_region golden{17 * 1024, 3 * 1024};
};

template <class Map, template <class> class Strategy>
struct bench {
  using device = flash_device<Map, Strategy>;
  typename Map::flash chip;
  std::vector<std::uint8_t> old_image = make_test_image(1, 2000);
  std::vector<std::uint8_t> new_image = make_test_image(2, 3000);

  bench() { chip.load(Map::primary.begin, {old_image.data(), old_image.size()}); }

  bool starts(const std::vector<std::uint8_t>& image) {
    const auto slot = device::boot(chip);
    return slot && device::holds(chip, *slot, image);
  }
  void update(std::uint32_t allowed = 1) {
    ASSERT_TRUE(device::stage(chip, new_image));
    ASSERT_TRUE(device::request(chip, allowed));
    ASSERT_TRUE(starts(new_image));
  }
  image_phase phase() { return device::state(chip).phase; }
  const std::string& violation() { return chip.violation(); }
};

template <class Strategy>
class every_strategy : public testing::Test {};
template <template <class> class Strategy>
struct named {
  using type = bench<map, Strategy>;
};
using strategies = testing::Types<named<ota::two_slots>, named<ota::swap_with_scratch>,
                                  named<ota::swap_by_moving>, named<ota::overwrite_with_backup>>;
TYPED_TEST_SUITE(every_strategy, strategies, );

TYPED_TEST(every_strategy, swaps_confirms_and_rolls_back) {
  typename TypeParam::type one;
  using device = typename TypeParam::type::device;
  EXPECT_TRUE(one.starts(one.old_image));
  EXPECT_EQ(one.phase(), image_phase::idle);
  one.update();
  EXPECT_EQ(one.phase(), image_phase::trial);
  ASSERT_TRUE(device::confirm(one.chip));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(one.starts(one.new_image));
  EXPECT_EQ(device::confirm(one.chip).error().code, errc::wrong_state);
  ASSERT_TRUE(device::roll_back(one.chip));
  EXPECT_TRUE(one.starts(one.old_image));
  EXPECT_EQ(one.phase(), image_phase::idle);
  EXPECT_EQ(device::stage(one.chip, one.new_image).error().code, errc::rejected);
  EXPECT_EQ(one.violation(), "");
}

TYPED_TEST(every_strategy, puts_back_what_is_not_confirmed_within_its_starts) {
  typename TypeParam::type one;
  one.update(3);
  EXPECT_TRUE(one.starts(one.new_image));
  EXPECT_TRUE(one.starts(one.new_image));
  EXPECT_TRUE(one.starts(one.old_image));
  EXPECT_EQ(TypeParam::type::device::stage(one.chip, one.new_image).error().code, errc::rejected);
  // Another one is welcome.
  one.new_image = make_test_image(3, 1);
  one.update();
  EXPECT_TRUE(TypeParam::type::device::confirm(one.chip));
}

TYPED_TEST(every_strategy, stages_nothing_while_a_swap_is_asked_for) {
  typename TypeParam::type one;
  using device = typename TypeParam::type::device;
  ASSERT_TRUE(device::stage(one.chip, one.new_image));
  ASSERT_TRUE(device::request(one.chip));
  EXPECT_EQ(device::stage(one.chip, make_test_image(3, 100)).error().code, errc::wrong_state);
  EXPECT_EQ(device::request(one.chip).error().code, errc::wrong_state);
  EXPECT_TRUE(one.starts(one.new_image));
}

TYPED_TEST(every_strategy, allows_from_one_to_255_starts) {
  using device = typename TypeParam::type::device;
  for (const auto& [asked, allowed] : {std::pair{0u, 1}, {1u, 1}, {255u, 255}, {256u, 255}}) {
    typename TypeParam::type one;
    ASSERT_TRUE(device::stage(one.chip, one.new_image));
    ASSERT_TRUE(device::request(one.chip, asked));
    EXPECT_EQ(device::state(one.chip).allowed, allowed);
  }
}

TYPED_TEST(every_strategy, stages_nothing_while_an_image_is_on_trial) {
  typename TypeParam::type one;
  one.update();
  const auto done = TypeParam::type::device::stage(one.chip, make_test_image(3, 100));
  EXPECT_EQ(done.error().code, errc::wrong_state);
  EXPECT_TRUE(TypeParam::type::device::confirm(one.chip));
  EXPECT_TRUE(TypeParam::type::device::stage(one.chip, make_test_image(3, 100)));
}

// mcu-tools/mcuboot issue 1446: an image that was confirmed loses a bit one day.
TYPED_TEST(every_strategy, mcuboot_1446_a_kept_image_that_rots_is_replaced_by_the_one_before) {
  typename TypeParam::type one;
  using device = typename TypeParam::type::device;
  one.update();
  ASSERT_TRUE(device::confirm(one.chip));
  const auto slot = device::boot(one.chip);
  ASSERT_TRUE(slot);
  one.chip.flip(slot->begin + 700, 3);
  EXPECT_TRUE(one.starts(one.old_image));
  EXPECT_EQ(one.phase(), image_phase::idle);
}

TYPED_TEST(every_strategy, a_staged_image_that_rots_is_refused_and_the_old_one_runs) {
  typename TypeParam::type one;
  using device = typename TypeParam::type::device;
  ASSERT_TRUE(device::stage(one.chip, one.new_image));
  ASSERT_TRUE(device::request(one.chip));
  one.chip.flip(map::secondary.begin + 900, 0);
  EXPECT_TRUE(one.starts(one.old_image));
  EXPECT_EQ(device::stage(one.chip, one.new_image).error().code, errc::rejected);
}

TYPED_TEST(every_strategy, an_old_image_that_rots_is_not_put_back) {
  typename TypeParam::type one;
  using device = typename TypeParam::type::device;
  one.update();
  using swapper = typename device::swapper;
  swapper images(one.chip);
  ASSERT_TRUE(images.load());
  one.chip.flip(images.previous().begin + 500, 1);
  EXPECT_TRUE(one.starts(one.new_image));
  EXPECT_TRUE(one.starts(one.new_image));
}

TYPED_TEST(every_strategy, a_sector_that_is_bad_fails_the_staging_and_nothing_else) {
  typename TypeParam::type one;
  one.chip.make_bad(map::secondary.begin + 1024);
  const auto done = TypeParam::type::device::stage(one.chip, one.new_image);
  EXPECT_EQ(done.error().code, errc::storage);
  EXPECT_TRUE(one.starts(one.old_image));
}

// A debugger writes what it likes: an image that the strategy has no room to keep.
TYPED_TEST(every_strategy, a_running_image_too_large_to_be_kept_is_not_swapped) {
  typename TypeParam::type one;
  using device = typename TypeParam::type::device;
  one.old_image = make_test_image(1, map::primary.size - 16);
  one.chip.load(map::primary.begin, {one.old_image.data(), one.old_image.size()});
  ASSERT_TRUE(device::stage(one.chip, one.new_image));
  const auto asked = device::request(one.chip);
  EXPECT_EQ(asked.has_value(), device::swapper::strategy::runs_in_place) << asked.error().text;
  EXPECT_TRUE(one.starts(asked ? one.new_image : one.old_image));
}

TYPED_TEST(every_strategy, starts_what_is_whole_though_its_journal_is_worn_out) {
  typename TypeParam::type one;
  one.update(3);
  for (std::uint32_t at = map::journal.begin; at < map::journal.end(); at += 1024)
    one.chip.make_bad(at);
  EXPECT_TRUE(one.starts(one.new_image));
}

TYPED_TEST(every_strategy, a_change_that_the_journal_does_not_keep_has_not_happened) {
  typename TypeParam::type one;
  using swapper = typename TypeParam::type::device::swapper;
  ASSERT_TRUE(TypeParam::type::device::stage(one.chip, one.new_image));
  for (std::uint32_t at = map::journal.begin; at < map::journal.end(); at += 1024)
    one.chip.make_bad(at);
  swapper images(one.chip);
  ASSERT_TRUE(images.load());
  EXPECT_EQ(images.swap().error().code, errc::storage);
  EXPECT_EQ(images.phase(), image_phase::staged);
}

TYPED_TEST(every_strategy, starts_the_old_image_where_the_first_copy_meets_a_bad_sector) {
  typename TypeParam::type one;
  using device = typename TypeParam::type::device;
  using strategy = typename device::swapper::strategy;
  if constexpr (!strategy::runs_in_place) {
    ASSERT_TRUE(device::stage(one.chip, one.new_image));
    ASSERT_TRUE(device::request(one.chip));
    one.chip.make_bad(strategy::copy(image_phase::swapping, 3016, 0).to);
    EXPECT_TRUE(one.starts(one.old_image));
    EXPECT_EQ(one.phase(), image_phase::idle);
    EXPECT_TRUE(one.starts(one.old_image));
    EXPECT_EQ(device::stage(one.chip, one.new_image).error().code, errc::rejected);
  }
}

// What a start has told the program must not be otherwise at the next one: it rests on it.
TYPED_TEST(every_strategy, an_image_that_was_seen_as_kept_is_not_put_back) {
  using device = typename TypeParam::type::device;
  typename TypeParam::type trial;
  trial.update();
  int kept = 0;
  for (std::size_t at = 0; at < 4; ++at)
    for (std::size_t words = 0; words < 12; ++words)
      for (int earlier_starts = 1; earlier_starts <= 3; ++earlier_starts) {
        auto one = trial;
        for (int i = 0; i < earlier_starts; ++i) one.chip.power_on();
        one.chip.cut_at(at, words, weak_reading::changing);
        (void)device::confirm(one.chip);
        bool was_kept = false;
        for (int start = 0; start < 4; ++start) {
          one.chip.power_on();
          const auto slot = device::boot(one.chip);
          ASSERT_TRUE(slot);
          was_kept = was_kept || one.phase() == image_phase::kept;
          if (was_kept) {
            EXPECT_TRUE(device::holds(one.chip, *slot, one.new_image)) << at << ' ' << words;
          }
        }
        kept += was_kept ? 1 : 0;
      }
  EXPECT_GT(kept, 10);
}

// Reads of a region fail, as those of a chip that does not answer.
struct unsteady : simulated_nor<nrf51> {
  flash_region fails{};
  ota::result<void> read(std::uint32_t address, ota::mutable_bytes out) {
    static constexpr ota::error no_answer{errc::storage, "test", "the chip does not answer"};
    if (fails.holds(address)) return no_answer;
    return simulated_nor::read(address, out);
  }
};
struct unsteady_map : map {
  using flash = unsteady;
};

TEST(image_stager, takes_no_older_image_because_the_running_one_cannot_be_read) {
  using device = flash_device<unsteady_map, ota::two_slots>;
  bench<unsteady_map, ota::two_slots> one;
  const auto older = make_test_image(4, 100, 0);
  one.chip.fails = map::primary;
  EXPECT_EQ(device::stage(one.chip, older).error().code, errc::storage);
  EXPECT_EQ(one.phase(), image_phase::staging);  // it can go on
  one.chip.fails = {};
  EXPECT_EQ(device::stage(one.chip, older).error().code, errc::rejected);
}

TYPED_TEST(every_strategy, an_image_that_rots_on_trial_is_put_back_at_once) {
  typename TypeParam::type one;
  one.update(3);
  const auto slot = TypeParam::type::device::boot(one.chip);
  ASSERT_TRUE(slot);
  one.chip.flip(slot->begin + 700, 3);
  EXPECT_TRUE(one.starts(one.old_image));
}

// The slot still holds an earlier download behind the bytes that came now.
TYPED_TEST(every_strategy, an_image_that_is_larger_than_what_arrived_is_refused) {
  typename TypeParam::type one;
  using device = typename TypeParam::type::device;
  ASSERT_TRUE(device::stage(one.chip, one.new_image));
  const std::vector<std::uint8_t> half(one.new_image.begin(), one.new_image.begin() + 2048);
  EXPECT_EQ(device::stage(one.chip, half).error().code, errc::mismatch);
}

TYPED_TEST(every_strategy, without_any_image_it_says_so) {
  typename TypeParam::type one;
  one.chip = {};
  EXPECT_EQ(TypeParam::type::device::boot(one.chip).error().code, errc::not_found);
}

TYPED_TEST(every_strategy, staging_goes_on_after_a_cut_at_the_last_whole_sector) {
  typename TypeParam::type one;
  using swapper = typename TypeParam::type::device::swapper;
  {
    swapper images(one.chip);
    ASSERT_TRUE(images.load());
    ota::image_stager<swapper> stager(images);
    ASSERT_EQ(*stager.begin(3016, digest_of(one.new_image)), 0u);
    ASSERT_TRUE(stager.write({one.new_image.data(), 2500}));
  }
  one.chip.power_on();
  swapper images(one.chip);
  ASSERT_TRUE(images.load());
  ota::image_stager<swapper> stager(images);
  const auto offset = stager.begin(3016, digest_of(one.new_image));
  ASSERT_EQ(*offset, 2048u);
  ASSERT_TRUE(stager.write(ota::bytes(one.new_image.data(), 3016).drop(*offset)));
  ASSERT_TRUE(stager.finish());
  EXPECT_TRUE(stager.finish());  // asked again
  EXPECT_EQ(*stager.begin(3016, digest_of(one.new_image)), 3016u);
  EXPECT_EQ(one.violation(), "");
}

TYPED_TEST(every_strategy, staging_begins_anew_with_another_image_or_size) {
  typename TypeParam::type one;
  using swapper = typename TypeParam::type::device::swapper;
  swapper images(one.chip);
  ASSERT_TRUE(images.load());
  ota::image_stager<swapper> stager(images);
  const auto digest = digest_of(one.new_image);
  auto other = digest;
  other[0] ^= 1;
  for (const auto& [size, promised] : {std::pair{3000u, digest}, {3016u, other}}) {
    ASSERT_TRUE(stager.begin(3016, digest));
    ASSERT_TRUE(stager.write({one.new_image.data(), 2500}));
    const auto offset = stager.begin(size, promised);
    ASSERT_TRUE(offset) << offset.error().text;
    EXPECT_EQ(*offset, 0u);
  }
  // What was on its way for the one before is not taken for its beginning.
  ASSERT_TRUE(stager.begin(3016, digest));
  ASSERT_TRUE(stager.write({one.new_image.data(), 2500}));
  ASSERT_EQ(*stager.begin(3016, digest), 2048u);
  ASSERT_TRUE(stager.write(ota::bytes(one.new_image.data(), 3016).drop(2048)));
  EXPECT_TRUE(stager.finish());
  EXPECT_EQ(one.violation(), "");
}

TYPED_TEST(every_strategy, refuses_each_wrong_image_with_its_own_error) {
  typename TypeParam::type one;
  using swapper = typename TypeParam::type::device::swapper;
  swapper images(one.chip);
  ASSERT_TRUE(images.load());
  ota::image_stager<swapper> stager(images);
  const auto fails = [](const auto& done, errc code, const char* text) {
    EXPECT_EQ(done.error().code, code);
    EXPECT_NE(std::string(done.error().text).find(text), std::string::npos) << done.error().text;
  };
  const auto digest = digest_of(one.new_image);
  fails(stager.begin(4097, digest), errc::no_space, "larger than its slot");
  fails(stager.begin(0, digest), errc::malformed, "no bytes");
  fails(stager.write({one.new_image.data(), 1}), errc::wrong_state, "begin()");

  ASSERT_TRUE(stager.begin(3016, digest));
  ASSERT_TRUE(stager.write({one.new_image.data(), 1000}));
  fails(stager.finish(), errc::mismatch, "truncated");
  fails(stager.write({one.new_image.data(), 3016}), errc::mismatch, "more bytes");

  auto corrupted = one.new_image;
  corrupted[2000] ^= 1;
  ASSERT_EQ(*stager.begin(3016, digest), 0u);
  ASSERT_TRUE(stager.write({corrupted.data(), corrupted.size()}));
  fails(stager.finish(), errc::mismatch, "SHA-256");
  // What a line has damaged may be sent again.
  const auto again = stager.begin(3016, digest);
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(*again, 0u);

  const auto older = make_test_image(4, 100, 0);
  ASSERT_TRUE(stager.begin(116, digest_of(older)));
  ASSERT_TRUE(stager.write({older.data(), older.size()}));
  fails(stager.finish(), errc::rejected, "older");
  fails(stager.begin(116, digest_of(older)), errc::rejected, "put back");

  EXPECT_TRUE(one.starts(one.old_image));
  EXPECT_EQ(one.violation(), "");
}

// What MCUboot's design.md gives for its own: with scratch, each slot is erased once and the
// scratch once for each of the image's sectors; by moving, the primary slot twice and the secondary
// once. The download costs the secondary slot one more.
template <template <class> class Strategy>
ota::flash_wear measured_wear() {
  bench<map, Strategy> one;
  one.old_image = make_test_image(1, 4000);
  one.new_image = make_test_image(2, 4000);
  one.chip.load(map::primary.begin, {one.old_image.data(), one.old_image.size()});
  one.update();
  EXPECT_TRUE((flash_device<map, Strategy>::confirm(one.chip)));
  const auto most = [&](flash_region region) {
    std::uint32_t erases = 0;
    for (std::uint32_t at = region.begin; at < region.end(); at += 1024)
      erases = std::max(erases, one.chip.erases(at));
    return erases;
  };
  return {most(map::primary), most(map::secondary), most(map::scratch), most(map::backup),
          most(map::journal)};
}
template <template <class> class Strategy>
void expect_wear(std::uint32_t primary, std::uint32_t secondary, std::uint32_t scratch,
                 std::uint32_t backup) {
  const ota::flash_wear is = measured_wear<Strategy>();
  EXPECT_EQ(is.primary, primary);
  EXPECT_EQ(is.secondary, secondary);
  EXPECT_EQ(is.scratch, scratch);
  EXPECT_EQ(is.backup, backup);
  constexpr ota::flash_wear said =
      ota::wear_of_update<ota::image_swapper<map, Strategy, test_image>>(4016);
  EXPECT_EQ(is.primary, said.primary);
  EXPECT_EQ(is.secondary, said.secondary);
  EXPECT_EQ(is.scratch, said.scratch);
  EXPECT_EQ(is.backup, said.backup);
  EXPECT_LE(is.journal, said.journal + 1);  // on a fresh flash the banks are erased once more
  EXPECT_GE(is.journal, said.journal);
}

TEST(wear, of_an_update_is_what_was_worked_out_and_no_more_than_mcuboots) {
  expect_wear<ota::two_slots>(0, 1, 0, 0);
  expect_wear<ota::swap_with_scratch>(1, 2, 4, 0);
  expect_wear<ota::swap_by_moving>(2, 2, 0, 0);
  expect_wear<ota::overwrite_with_backup>(1, 1, 0, 1);
  using swapper = ota::image_swapper<map, ota::swap_with_scratch, test_image>;
  EXPECT_EQ(ota::updates_in_life<swapper>(4016), 20'000u / 4);
}

template <class Bench>
void golden_starts_when_nothing_else_does() {
  Bench one;
  const auto golden = make_test_image(9, 2500);
  one.chip.load(map_with_golden::golden.begin, {golden.data(), golden.size()});
  one.update();
  ASSERT_TRUE(Bench::device::confirm(one.chip));
  for (const flash_region slot : {map::primary, map::secondary, map::backup})
    one.chip.flip(slot.begin + 300, 0);
  EXPECT_TRUE(one.starts(golden));
  EXPECT_TRUE(one.starts(golden));
  EXPECT_EQ(one.violation(), "");
  one.new_image = make_test_image(5, 100);
  one.update();
}

TEST(golden_image, starts_when_nothing_else_does) {
  golden_starts_when_nothing_else_does<bench<map_with_golden, ota::two_slots>>();
  golden_starts_when_nothing_else_does<bench<map_with_golden, ota::swap_with_scratch>>();
  golden_starts_when_nothing_else_does<bench<map_with_golden, ota::swap_by_moving>>();
  golden_starts_when_nothing_else_does<bench<map_with_golden, ota::overwrite_with_backup>>();
}

// A sector is bad in the middle of a swap: neither image is whole in the primary slot.
TEST(golden_image, ends_a_swap_that_cannot_be_carried_out) {
  bench<map_with_golden, ota::swap_with_scratch> one;
  const auto golden = make_test_image(9, 2500);
  one.chip.load(map_with_golden::golden.begin, {golden.data(), golden.size()});
  using device = flash_device<map_with_golden, ota::swap_with_scratch>;
  ASSERT_TRUE(device::stage(one.chip, one.new_image));
  ASSERT_TRUE(device::request(one.chip));
  one.chip.make_bad(map::secondary.begin + 1024);
  EXPECT_TRUE(one.starts(golden));
  EXPECT_EQ(one.phase(), image_phase::idle);
  one.chip.power_on();
  EXPECT_TRUE(one.starts(golden));
  EXPECT_TRUE(one.chip.operations().empty());
}

TEST(golden_image, must_be_whole) {
  bench<map_with_golden, ota::two_slots> one;
  one.chip.flip(map::primary.begin + 300, 0);
  const auto golden = make_test_image(9, 2500);
  one.chip.load(map_with_golden::golden.begin, {golden.data(), golden.size() - 4});
  EXPECT_EQ((flash_device<map_with_golden, ota::two_slots>::boot(one.chip).error().code),
            errc::mismatch);
}

struct map_with_large_golden {
  using flash = simulated_nor<nrf51>;
  static constexpr flash_region journal{0, 3 * 1024};
  static constexpr flash_region primary{3 * 1024, 2 * 1024};
  static constexpr flash_region secondary{5 * 1024, 2 * 1024};
  static constexpr flash_region scratch{7 * 1024, 1024};
  static constexpr flash_region golden{8 * 1024, 4 * 1024};
};

TEST(golden_image, is_not_copied_over_what_lies_behind_the_primary_slot) {
  map_with_large_golden::flash chip;
  const auto golden = make_test_image(9, 3500);
  chip.load(map_with_large_golden::golden.begin, {golden.data(), golden.size()});
  using device = flash_device<map_with_large_golden, ota::swap_with_scratch>;
  EXPECT_EQ(device::boot(chip).error().code, errc::not_found);
  EXPECT_TRUE(chip.operations().empty());
}

template <class Bench>
void golden_leaves_what_is_staged() {
  Bench one;
  const auto golden = make_test_image(9, 2500);
  one.chip.load(map_with_golden::golden.begin, {golden.data(), golden.size()});
  ASSERT_TRUE(Bench::device::stage(one.chip, one.new_image));
  one.chip.flip(map::primary.begin + 300, 0);
  EXPECT_TRUE(one.starts(golden));
  EXPECT_EQ(one.phase(), image_phase::staged);
  ASSERT_TRUE(Bench::device::request(one.chip));
  EXPECT_TRUE(one.starts(one.new_image));
}

TEST(golden_image, leaves_the_staged_image_as_it_is) {
  golden_leaves_what_is_staged<bench<map_with_golden, ota::two_slots>>();
  golden_leaves_what_is_staged<bench<map_with_golden, ota::swap_with_scratch>>();
  golden_leaves_what_is_staged<bench<map_with_golden, ota::swap_by_moving>>();
  golden_leaves_what_is_staged<bench<map_with_golden, ota::overwrite_with_backup>>();
}

// The next image arrives on a chip of its own, whose sectors and program units are larger.
struct internal {
  static constexpr ota::flash_geometry<1> geometry{{{20, 1024}}, 4, 0xff, false, 20'000};
};
struct external {
  static constexpr ota::flash_geometry<1> geometry{{{4, 4096}}, 256, 0xff, true, 100'000};
};
struct joined_map {
  using flash = ota::joined_flash<simulated_nor<internal>, simulated_nor<external>>;
  static constexpr flash_region journal{0, 3 * 1024};
  static constexpr flash_region primary{4 * 1024, 8 * 1024};
  static constexpr flash_region backup{12 * 1024, 8 * 1024};
  static constexpr flash_region secondary{20 * 1024, 8 * 1024};
};

TEST(external_flash, holds_the_next_image) {
  using device = flash_device<joined_map, ota::overwrite_with_backup>;
  joined_map::flash chip;
  const auto old_image = make_test_image(1, 8000), new_image = make_test_image(2, 5000);
  chip.first().load(joined_map::primary.begin, {old_image.data(), old_image.size()});
  ASSERT_TRUE(device::stage(chip, new_image));
  ASSERT_TRUE(device::request(chip));
  const auto slot = device::boot(chip);
  ASSERT_TRUE(slot);
  EXPECT_TRUE(device::holds(chip, *slot, new_image));
  ASSERT_TRUE(device::boot(chip));
  EXPECT_TRUE(device::holds(chip, *slot, old_image));
  EXPECT_EQ(chip.first().violation() + chip.second().violation(), "");
}

}  // namespace
