// Faults that have bricked others' boards, by name; and the check of the check: the proof must find
// what is wrong with swappers that are wrong.

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "support/flash_proof.hpp"

namespace {

using namespace ota::testing;
using ota::bytes;
using ota::image_phase;
using ota::overwrite_with_backup;
using ota::result;
using ota::swap_by_moving;
using ota::swap_with_scratch;

// mcu-tools/mcuboot issue 1966: a record torn while it was written, here at every bit of it that
// can be missing, alone and with all that follow, must read as the one before or as itself.
TEST(boot_journal, mcuboot_1966_torn_at_every_bit) {
  using chip = simulated_nor<nrf51>;
  using journal = ota::boot_journal<chip, ota::image_state>;
  constexpr ota::flash_region region = nrf51_map::journal;
  chip flash;
  ota::image_state first, second;
  first.phase = image_phase::trial;
  first.step = 7;
  second.phase = image_phase::kept;
  second.id = {1, 2, 3, 4, 5, 6, 7, 8};
  journal writer(flash, region);
  ASSERT_TRUE(writer.store(first));
  const chip before = flash;
  ASSERT_TRUE(writer.store(second));
  int torn = 0;
  for (std::uint32_t at = region.begin; at < region.end(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      const unsigned changed = before.cells().values[at] ^ flash.cells().values[at];
      if ((changed >> bit & 1) == 0) continue;
      for (const bool alone : {true, false}) {
        chip half = flash;
        half.flip(at, bit);
        if (!alone)
          for (std::uint32_t later = at + 1; later < region.end(); ++later)
            half.load(later, {&before.cells().values[later], 1});
        ota::image_state read;
        const auto found = journal(half, region).load(read);
        ASSERT_TRUE(found && *found) << at << ' ' << bit;
        const auto& is = read.phase == image_phase::trial ? first : second;
        EXPECT_EQ(read.phase, is.phase);
        EXPECT_EQ(read.step, is.step);
        EXPECT_EQ(read.id, is.id);
        ++torn;
      }
    }
  EXPECT_GT(torn, 100);
}

// A journal alone, through half a million starts that mostly end in a cut: what a start has stored
// for good may never be read otherwise again, however often weak cells change their minds.
struct three_sectors {
  static constexpr ota::flash_geometry<1> geometry{{{3, 128}}, 4, 0xff, false};
};

TEST(boot_journal, never_forgets_what_was_stored_for_good) {
  using chip = simulated_nor<three_sectors>;
  using journal = ota::boot_journal<chip, ota::image_state>;
  std::mt19937 random(1);
  chip flash;
  std::set<std::uint32_t>
      possible;  // sizes that may be read: the last stored one, those tried since
  std::uint32_t next = 1;
  const auto store = [&](journal& records, ota::image_state& state, std::uint32_t size) {
    state.size = size;
    possible.insert(size);
    if (!records.store(state)) return false;
    possible = {size};
    return true;
  };
  int starts = 0, whole = 0;
  for (; starts < 500'000 && !HasFailure(); ++starts) {
    flash.power_on();
    // Mostly in the last word of a record or in its seal: others cannot be read by mistake.
    const std::size_t words[] = {0, 9, 9, random() % 12};
    if (random() % 8 != 0)
      flash.cut_at(random() % 5, words[random() % 4], static_cast<weak_reading>(random() % 4));
    journal records(flash, {0, 384});
    ota::image_state state;
    const auto found = records.load(state);
    ASSERT_TRUE(found);
    ASSERT_TRUE(*found || whole == 0) << starts;
    ASSERT_TRUE(!*found || possible.count(state.size) == 1) << starts << ": read " << state.size;
    // What was read is stored before anything rests on it; then come changes.
    if (*found && !store(records, state, state.size)) continue;
    if (random() % 2 == 0 && store(records, state, next++)) ++whole;
  }
  EXPECT_EQ(flash.violation(), "");
  EXPECT_GT(whole, 20'000);
}

// mcu-tools/mcuboot issues 829 and 1588: a reset in the middle of swap-move, with images padded to
// their whole slot, and with one that is confirmed already.
TEST(swap_by_moving, mcuboot_829_and_1588_reset_with_padded_images) {
  using scene_type = scene<nrf51_map, swap_by_moving>;
  constexpr std::uint32_t most = scene_type::device::capacity - 16;
  scene_type padded(most, most);
  for (auto* image : {&padded.old_image, &padded.new_image}) {
    std::fill(image->begin() + 16 + 700, image->end(), std::uint8_t{0xff});
    seal_test_image(*image);
  }
  const auto report = padded.prove(padded.fresh(), &scene_type::update);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  const auto back = padded.prove(padded.updated(), &scene_type::roll_back);
  EXPECT_EQ(back.broken, 0u) << back.first_broken;
}

// mcu-tools/mcuboot issue 2169: the power fails after an erase and before the program that was to
// follow it.
template <template <class> class Strategy>
void cut_after_each_erase() {
  using scene_type = scene<nrf51_map, Strategy>;
  scene_type one(2000, 3000);
  auto whole = one.fresh();
  whole.power_on();
  ASSERT_TRUE(one.update(whole));
  int cuts = 0;
  for (std::size_t i = 0; i < whole.operations().size(); ++i) {
    if (whole.operations()[i].what != flash_operation::kind::erase) continue;
    auto flash = one.fresh();
    flash.power_on();
    flash.cut_at(i, flash.all, weak_reading::finished);
    EXPECT_FALSE(one.update(flash));
    flash.power_on();
    ASSERT_TRUE(one.boot(flash)) << i;
    EXPECT_EQ(one.judge(flash), "");
    ++cuts;
  }
  EXPECT_GT(cuts, 10);
}
TEST(swaps, mcuboot_2169_cut_after_the_erase) {
  cut_after_each_erase<swap_with_scratch>();
  cut_after_each_erase<swap_by_moving>();
  cut_after_each_erase<overwrite_with_backup>();
}

// Nothing that may run is left but the golden image: it starts, however often its copy is cut.
struct golden_map {
  using flash = nrf51_map::flash;
  static constexpr ota::flash_region journal = nrf51_map::journal;
  static constexpr ota::flash_region primary = nrf51_map::primary;
  static constexpr ota::flash_region secondary = nrf51_map::secondary;
  static constexpr ota::flash_region scratch = nrf51_map::scratch;
  static constexpr ota::flash_region golden = nrf51_map::backup;
};

template <template <class> class Strategy>
void prove_golden() {
  using device = flash_device<golden_map, Strategy>;
  using chip = golden_map::flash;
  const auto golden = make_test_image(9, 2700);
  scene<golden_map, Strategy> one(2000, 3000);
  chip broken = one.on_trial();
  broken.load(golden_map::golden.begin, {golden.data(), golden.size()});
  broken.flip(golden_map::primary.begin + 100, 0);
  broken.flip(golden_map::secondary.begin + 100, 0);
  ota::flash_region chosen{};
  const auto boot = [&](chip& flash) -> result<void> {
    const auto slot = device::boot(flash);
    if (!slot) return slot.error();
    chosen = *slot;
    return {};
  };
  const auto report = prove_flash_safe(
      [&] { return broken; }, boot, boot,
      [&](chip& flash) {
        return device::holds(flash, chosen, golden) ? std::string() : std::string("not golden");
      });
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_GT(report.distinct_states, 1000u);
}
TEST(golden_image, starts_whenever_its_copy_is_cut) {
  prove_golden<swap_with_scratch>();
  prove_golden<swap_by_moving>();
}

// Wrong: swaps sector by sector through memory, erasing both before it writes either, and begins
// anew after a cut. Popular nevertheless.
struct swap_through_memory {
  using flash = simulated_nor<nrf51>;
  static constexpr std::uint32_t flag = 0, primary = 1024, secondary = 6 * 1024, sectors = 3;
  std::vector<std::uint8_t> old_image = make_test_image(1, 2500);
  std::vector<std::uint8_t> new_image = make_test_image(2, 3000);

  flash fresh() {
    flash chip;
    chip.load(primary, {old_image.data(), old_image.size()});
    chip.load(secondary, {new_image.data(), new_image.size()});
    return chip;
  }
  static result<void> swap(flash& chip) {
    for (std::uint32_t i = 0; i < sectors; ++i) {
      std::uint8_t a[1024], b[1024];
      const std::uint32_t at = i * 1024;
      if (auto done = chip.read(primary + at, a); !done) return done;
      if (auto done = chip.read(secondary + at, b); !done) return done;
      if (auto done = chip.erase(primary + at); !done) return done;
      if (auto done = chip.erase(secondary + at); !done) return done;
      if (auto done = chip.program(primary + at, b); !done) return done;
      if (auto done = chip.program(secondary + at, a); !done) return done;
    }
    return chip.erase(flag);
  }
  static result<void> update(flash& chip) {
    const std::uint8_t mark[] = {1, 2, 3, 4};
    if (auto done = chip.program(flag, mark); !done) return done;
    return swap(chip);
  }
  static result<void> boot(flash& chip) {
    std::uint8_t mark[4];
    if (auto done = chip.read(flag, mark); !done) return done;
    return mark[0] == 1 ? swap(chip) : result<void>{};
  }
  std::string judge(flash& chip) {
    std::vector<std::uint8_t> there(3072);
    (void)chip.read(primary, {there.data(), there.size()});
    for (const auto& image : {old_image, new_image})
      if (std::equal(image.begin(), image.end(), there.begin())) return {};
    return "no image is whole where the device starts";
  }
};

TEST(wrong_swappers, swapping_through_memory_is_found) {
  swap_through_memory wrong;
  const auto report = prove_flash_safe(
      [&] { return wrong.fresh(); }, &swap_through_memory::update, &swap_through_memory::boot,
      [&](swap_through_memory::flash& chip) { return wrong.judge(chip); });
  std::cout << "[ figures  ] wrong: " << report.to_json() << '\n' << report.first_broken << '\n';
  EXPECT_GT(report.broken, 100u);
  EXPECT_NE(report.first_broken.find("no image is whole"), std::string::npos);
}

// Wrong: as ours, but a bootloader that acts on what it read without storing it first. It takes a
// mark for done that reads as not done at the next start.
template <template <class> class Strategy>
struct hasty_device {
  using scene_type = scene<nrf51_map, Strategy>;
  using flash = typename nrf51_map::flash;
  using journal = ota::boot_journal<flash, ota::image_state>;
  using strategy = Strategy<nrf51_map>;

  static result<void> boot(flash& chip) {
    journal records(chip, nrf51_map::journal);
    ota::image_state state;
    if (const auto found = records.load(state); !found) return found.error();
    if (state.phase != image_phase::swapping) return {};
    while (state.step < strategy::copies(state.phase, state.used)) {
      const auto copy = strategy::copy(state.phase, state.used, state.step);
      if (auto done = ota::detail::carry_out(chip, copy); !done) return done;
      if (auto done = records.advance(state); !done) return done;
    }
    state.phase = image_phase::trial;
    return records.store(state);
  }
};

TEST(wrong_swappers, acting_before_storing_is_found) {
  using hasty = hasty_device<swap_with_scratch>;
  hasty::scene_type one(2000, 3000);
  auto requested = one.fresh();
  ASSERT_TRUE(hasty::scene_type::device::stage(requested, one.new_image));
  ASSERT_TRUE(hasty::scene_type::device::request(requested));
  one.chosen = nrf51_map::primary;
  const auto judge = [&](hasty::flash& chip) { return one.judge(chip); };
  const auto report =
      prove_flash_safe([&] { return requested; }, &hasty::boot, &hasty::boot, judge);
  std::cout << "[ figures  ] hasty: " << report.to_json() << '\n' << report.first_broken << '\n';
  EXPECT_GT(report.broken, 0u);
}

// Wrong: one bank, erased and written again.
TEST(wrong_swappers, a_record_that_is_written_over_is_found) {
  using chip = simulated_nor<nrf51>;
  const auto store = [](chip& flash, std::uint8_t value) -> result<void> {
    if (auto done = flash.erase(0); !done) return done;
    const std::uint8_t record[] = {0x5a, value, 0x5a, static_cast<std::uint8_t>(~value)};
    return flash.program(0, record);
  };
  chip flash;
  ASSERT_TRUE(store(flash, 1));
  const auto report =
      prove_flash_safe([&] { return flash; }, [&](chip& one) { return store(one, 2); },
                       [](chip&) { return result<void>{}; },
                       [](chip& one) {
                         std::uint8_t record[4];
                         (void)one.read(0, record);
                         const bool whole = record[0] == 0x5a && (record[1] ^ record[3]) == 0xff;
                         return whole ? std::string() : std::string("the record is lost");
                       });
  EXPECT_GT(report.broken, 0u);
}

// Wrong: takes a unit that reads as erased for one that may be programmed. It was, with such bytes.
TEST(wrong_swappers, programming_erased_bytes_twice_is_found) {
  using chip = simulated_nor<nrf51>;
  const auto work = [](chip& flash) -> result<void> {
    const std::uint8_t nothing[] = {0xff, 0xff, 0xff, 0xff}, mark[] = {1, 2, 3, 4};
    std::uint8_t found[4];
    if (auto done = flash.read(4, found); !done) return done;
    if (std::equal(found, found + 4, mark)) return {};
    if (auto done = flash.program(0, nothing); !done) return done;
    return flash.program(4, mark);
  };
  const auto report =
      prove_flash_safe([] { return chip(); }, work, work, [](chip&) { return std::string(); });
  EXPECT_GT(report.broken, 0u);
}

// All words of a unit are programmed at the same time.
TEST(simulated_nor, a_unit_that_was_cut_is_weak_to_its_end) {
  using chip = simulated_nor<rp2040_flash>;
  chip flash;
  flash.power_on();
  flash.cut_at(0, 3, weak_reading::random);
  const std::vector<std::uint8_t> page(512, 0);
  EXPECT_FALSE(flash.program(0, {page.data(), page.size()}));
  flash.power_on();
  std::uint8_t found[512];
  ASSERT_TRUE(flash.read(0, found));
  EXPECT_EQ(std::count(found, found + 12, 0), 12);
  EXPECT_LT(std::count(found + 12, found + 256, 0), 200);
  EXPECT_LT(std::count(found + 252, found + 256, 0xff), 4);
  EXPECT_EQ(std::count(found + 256, found + 512, 0xff), 256);
}

}  // namespace
