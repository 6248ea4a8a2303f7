#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ota/host/image_pack.hpp"
#include "ota/host/image_sender.hpp"
#include "ota/host/image_verify.hpp"
#include "ota/image/flash_wear.hpp"
#include "ota/image/patch_inbox.hpp"
#include "ota/image/serial_receiver.hpp"
#include "support/flash_delta.hpp"

namespace {

using namespace ota::testing;
using ota::errc;
using ota::flash_region;
using ota::image_phase;
using bytes_of = std::vector<std::uint8_t>;

/// Makes the sum of a patch right that was changed.
void seal_patch(bytes_of& changed) {
  ota::crc32 sum;
  sum.update({changed.data(), changed.size() - 4});
  const auto digest = sum.finish();
  std::copy(digest.begin(), digest.end(), changed.end() - 4);
}

// --- beside the running image

using slots = two_slots_map<nrf51_for_patches, 1024, test_limits<2048, 0>, 1, 3, 7>;
using slots_device = flash_device<slots, ota::two_slots>;

struct beside : testing::Test {
  two_programs programs{4500};
  bytes_of patch = make_patch<slots::patch_limits>(programs);
  slots::flash chip;
  slots_device::swapper images{chip};

  beside() {
    chip.load(slots::primary.begin, {programs.old_image.data(), programs.old_image.size()});
    EXPECT_TRUE(images.load());
  }

  ota::result<void> apply(const bytes_of& given) {
    patch_in_memory source(given);
    ota::image_patcher<slots_device::swapper, patch_in_memory, slots::patch_limits> patcher(images,
                                                                                            source);
    if (auto done = patcher.begin(digest_of(programs.new_image)); !done) return done;
    for (;;) {
      const auto more = patcher.step();
      if (!more) return more.error();
      if (!*more) return {};
    }
  }
  void expect_refused(const bytes_of& given, const std::string& text) {
    const auto done = apply(given);
    ASSERT_FALSE(done) << text;
    EXPECT_EQ(done.error().text, text);
    EXPECT_EQ(images.phase(), image_phase::idle);
    EXPECT_TRUE(chip.operations().empty()) << text;
  }
};

TEST_F(beside, what_a_patch_makes_is_staged_and_runs) {
  ASSERT_TRUE(apply(patch));
  EXPECT_EQ(images.phase(), image_phase::staged);
  EXPECT_TRUE(apply(patch));  // once more: it is there
  ASSERT_TRUE(images.swap());
  const auto slot = slots_device::boot(chip);
  ASSERT_TRUE(slot);
  EXPECT_TRUE(slots_device::holds(chip, *slot, programs.new_image));
  EXPECT_EQ(chip.violation(), "");
}

// Whatever makes it the running one.
template <template <class> class Strategy>
void patch_and_swap() {
  two_programs programs(4500);
  using device = patching_device<slots, Strategy>;
  device::patch = make_patch<slots::patch_limits>(programs);
  slots::flash chip;
  chip.load(slots::primary.begin, {programs.old_image.data(), programs.old_image.size()});
  ASSERT_TRUE(device::stage(chip, programs.new_image));
  ASSERT_TRUE(device::request(chip));
  const auto slot = device::boot(chip);
  ASSERT_TRUE(slot);
  EXPECT_TRUE(device::holds(chip, *slot, programs.new_image));
  const auto back = device::boot(chip);  // not confirmed
  ASSERT_TRUE(back);
  EXPECT_TRUE(device::holds(chip, *back, programs.old_image));
  EXPECT_EQ(chip.violation(), "");
}
TEST(patched, swap_by_moving) { patch_and_swap<ota::swap_by_moving>(); }
TEST(patched, two_slots) { patch_and_swap<ota::two_slots>(); }

TEST(patched, there_and_back_between_two_slots) {
  two_programs programs(4500);
  using device = patching_device<slots, ota::two_slots>;
  slots::flash chip;
  chip.load(slots::primary.begin, {programs.old_image.data(), programs.old_image.size()});
  for (int update = 0; update < 3; ++update) {
    device::patch = make_patch<slots::patch_limits>(programs);
    ASSERT_TRUE(device::stage(chip, programs.new_image));
    ASSERT_TRUE(device::request(chip));
    const auto slot = device::boot(chip);
    ASSERT_TRUE(slot);
    EXPECT_EQ(slot->begin, update % 2 == 0 ? slots::secondary.begin : slots::primary.begin);
    EXPECT_TRUE(device::holds(chip, *slot, programs.new_image));
    ASSERT_TRUE(device::confirm(chip));
    std::swap(programs.old_image, programs.new_image);
  }
  EXPECT_EQ(chip.violation(), "");
}

// A line without a wire.
template <class Receiver>
struct short_line {
  Receiver& receiver;
  bytes_of answers;

  void write(ota::bytes data) {
    for (const std::uint8_t byte : data)
      if (receiver.feed(byte))
        for (const std::uint8_t out : receiver.answer()) answers.push_back(out);
  }
  std::size_t read(ota::mutable_bytes out, std::uint32_t) {
    const std::size_t size = std::min(out.size(), answers.size());
    std::copy_n(answers.begin(), size, out.begin());
    answers.erase(answers.begin(), answers.begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }
};

constexpr flash_region inbox_region{slots::secondary.end(), 2048};

TEST_F(beside, a_patch_that_came_over_a_serial_line_is_applied_from_flash) {
  using inbox_type = ota::patch_inbox<slots::flash>;
  using receiver_type = ota::serial_receiver<inbox_type>;
  for (int time = 0; time < 2; ++time) {  // the second time it is there already
    inbox_type inbox(chip, inbox_region);
    receiver_type receiver(inbox);
    short_line<receiver_type> line{receiver, {}};
    ota::host::image_sender<short_line<receiver_type>> sender(line);
    sender.send({patch.data(), patch.size()}, [](std::uint32_t) {});
    EXPECT_TRUE(receiver.finished());
    EXPECT_EQ(chip.erases(inbox_region.begin), 1u);
  }

  using source_type = ota::flash_source<slots::flash>;
  source_type source(chip, {inbox_region.begin, static_cast<std::uint32_t>(patch.size())});
  ota::image_patcher<slots_device::swapper, source_type, slots::patch_limits> patcher(images,
                                                                                      source);
  ASSERT_TRUE(patcher.begin(digest_of(programs.new_image)));
  ota::result<bool> more = true;
  while (more && *more) more = patcher.step();
  ASSERT_TRUE(more);
  EXPECT_EQ(images.phase(), image_phase::staged);
  EXPECT_EQ(chip.violation(), "");
}

TEST_F(beside, an_inbox_takes_only_what_was_announced) {
  ota::patch_inbox<slots::flash> inbox(chip, inbox_region);
  const auto size = static_cast<std::uint32_t>(patch.size());
  const ota::bytes whole{patch.data(), patch.size()};
  EXPECT_FALSE(inbox.write(whole));
  EXPECT_EQ(inbox.begin(0, {}).error().code, errc::no_space);
  EXPECT_EQ(inbox.begin(2049, {}).error().code, errc::no_space);
  ASSERT_TRUE(inbox.begin(size, digest_of(patch)));
  ASSERT_TRUE(inbox.write(whole.first(size - 1)));
  EXPECT_EQ(inbox.finish().error().code, errc::mismatch);
  ASSERT_TRUE(inbox.begin(size, digest_of(patch)));
  EXPECT_FALSE(inbox.write({programs.old_image.data(), size + 1}));
  ASSERT_TRUE(inbox.write({programs.old_image.data(), size}));
  EXPECT_EQ(inbox.finish().error().code, errc::mismatch);
  ASSERT_TRUE(inbox.begin(size, digest_of(patch)));
  ASSERT_TRUE(inbox.write(whole));
  EXPECT_TRUE(inbox.finish());
  EXPECT_EQ(chip.violation(), "");
}

TEST_F(beside, patches_that_do_not_fit_touch_nothing) {
  bytes_of one = patch;
  one.pop_back();
  expect_refused(one, "the patch is damaged");
  one = patch;
  one[one.size() / 2] ^= 1;
  expect_refused(one, "the patch is damaged");
  expect_refused({}, "the patch ends too early");
  one = bytes_of(80, 7);
  seal_patch(one);
  expect_refused(one, "this is not a patch of this library");

  const bytes_of right = programs.new_image;
  programs.new_image.back() ^= 1;
  expect_refused(patch, "the patch makes another image than the one that is wanted");
  programs.new_image = right;

  two_programs other(4510);
  std::swap(other.new_image, programs.new_image);
  expect_refused(make_patch<slots::patch_limits>(other),
                 "the patch makes another image than the one that is wanted");
  std::swap(other.old_image, programs.old_image);
  programs.new_image = other.new_image;
  expect_refused(make_patch<slots::patch_limits>(programs),
                 "the patch is for another file than the one that is there");
}

TEST_F(beside, a_result_that_is_too_large_for_the_slot_is_refused) {
  programs.new_image.resize(7 * 1024 + 1);
  expect_refused(make_patch<slots::patch_limits>(programs),
                 "what the patch makes is larger than its slot");
}

// A patch whose sum is right, and which is damaged all the same: the image itself is taken from
// where the patch has led.
TEST_F(beside, where_a_patch_fails_the_image_is_received_from_there_on) {
  bool went_on = false;
  for (std::size_t at = patch.size() / 2; at < patch.size() - 4; ++at) {
    bytes_of damaged = patch;
    damaged[at] ^= 0x55;
    seal_patch(damaged);
    slots::flash fresh = chip;
    const auto start = images.state();
    const auto done = apply(damaged);
    EXPECT_FALSE(done);
    const std::uint32_t written = images.state().step;
    if (images.phase() == image_phase::staging && written != 0) {
      ota::image_stager<slots_device::swapper> stager(images);
      const bytes_of& image = programs.new_image;
      const auto offset = stager.begin(static_cast<std::uint32_t>(image.size()), digest_of(image));
      ASSERT_TRUE(offset);
      EXPECT_EQ(*offset, written * 1024);
      if (slots_device::holds(chip, {slots::secondary.begin, *offset},
                              {image.data(), image.data() + *offset})) {
        ASSERT_TRUE(stager.write(ota::bytes{image.data(), image.size()}.drop(*offset)));
        ASSERT_TRUE(stager.finish());
        went_on = true;
      }
    }
    EXPECT_TRUE(slots_device::holds(chip, slots::primary, programs.old_image));
    chip = fresh;
    ASSERT_TRUE(images.change(start));
  }
  EXPECT_TRUE(went_on);
}

// What was kept has lost a bit since.
TEST_F(beside, a_damaged_state_is_not_gone_on_from) {
  const std::uint32_t bank = slots::patch_state.size / 2;
  chip.power_on();
  chip.cut_at(150, 0, weak_reading::untouched);
  EXPECT_FALSE(apply(patch));
  chip.power_on();
  for (const std::uint32_t begin : {slots::patch_state.begin, slots::patch_state.begin + bank})
    chip.flip(begin + 1000, 3);
  ASSERT_TRUE(images.load());
  EXPECT_GT(images.state().step, 0u);
  ASSERT_TRUE(apply(patch));
  EXPECT_EQ(images.phase(), image_phase::staged);
  EXPECT_EQ(chip.erases(slots::secondary.begin), 2u);
}

// And the other way round: what was received before is no beginning for a patch.
TEST_F(beside, a_patch_begins_anew_where_bytes_were_received) {
  ota::image_stager<slots_device::swapper> stager(images);
  const bytes_of& image = programs.new_image;
  ASSERT_TRUE(stager.begin(static_cast<std::uint32_t>(image.size()), digest_of(image)));
  ASSERT_TRUE(stager.write(ota::bytes{image.data(), image.size()}.first(2500)));
  EXPECT_EQ(images.state().step, 2u);
  ASSERT_TRUE(apply(patch));
  EXPECT_EQ(images.phase(), image_phase::staged);
  EXPECT_EQ(chip.violation(), "");
}

// --- in place

using slot = single_slot_map<nrf51_for_patches, 1024, test_limits<1024, 3072>, 1, 3, 2, 8>;
struct slot_with_golden : slot {
  static constexpr flash_region golden{slot::primary.end(), 2048};
};

template <class Map>
struct single {
  using device = flash_device<Map, ota::patch_in_place, patched_test_image>;
  static constexpr std::uint32_t lag = Map::patch_limits::spare - Map::patch_limits::block;
  two_programs programs{4500, lag};
  typename Map::flash chip;

  single() {
    chip.load(Map::primary.begin, {programs.old_image.data(), programs.old_image.size()});
  }
  ota::result<void> update(const bytes_of& packed) {
    if (auto done = device::stage(chip, packed); !done) return done;
    return device::request(chip);
  }
  bool starts(const bytes_of& image) {
    const auto started = device::boot(chip);
    return started && device::holds(chip, *started, image);
  }
  bytes_of patch(std::uint32_t allowed_lag = lag) {
    return make_patch<typename Map::patch_limits>(programs, allowed_lag);
  }
  void expect_refused(const bytes_of& packed) {
    ASSERT_TRUE(update(packed));
    EXPECT_TRUE(starts(programs.old_image));
    const auto state = device::state(chip);
    EXPECT_EQ(state.phase, image_phase::idle);
    EXPECT_EQ(state.rejected, ota::id_of(digest_of(packed)));
    for (std::uint32_t at = Map::primary.begin; at < Map::primary.end(); at += 1024)
      EXPECT_EQ(chip.erases(at), 0u);
  }
};

using slot_device = single<slot>::device;

TEST(in_place, the_new_image_is_on_trial_and_kept_and_there_is_no_way_back) {
  single<slot> one;
  ASSERT_TRUE(one.update(patched_test_image::pack(one.patch())));
  EXPECT_TRUE(one.starts(one.programs.new_image));
  EXPECT_EQ(slot_device::state(one.chip).phase, image_phase::trial);
  ASSERT_TRUE(slot_device::confirm(one.chip));
  EXPECT_TRUE(one.starts(one.programs.new_image));
  ASSERT_TRUE(slot_device::roll_back(one.chip));
  EXPECT_TRUE(one.starts(one.programs.new_image));
  EXPECT_EQ(slot_device::state(one.chip).phase, image_phase::idle);
  EXPECT_EQ(one.chip.violation(), "");
}

TEST(in_place, one_update_after_the_other) {
  single<slot> one;
  for (int update = 0; update < 3; ++update) {
    ASSERT_TRUE(one.update(patched_test_image::pack(one.patch())));
    EXPECT_TRUE(one.starts(one.programs.new_image));
    ASSERT_TRUE(slot_device::confirm(one.chip));
    std::swap(one.programs.old_image, one.programs.new_image);
  }
  EXPECT_EQ(one.chip.violation(), "");
}

TEST(in_place, patches_that_do_not_fit_leave_the_image_alone) {
  single<slot>{}.expect_refused(patched_test_image::pack(single<slot>{}.patch(3072)));
  single<slot>{}.expect_refused(
      patched_test_image::pack(single<slot>{}.patch(ota::patch_header::no_lag)));
  single<slot>{}.expect_refused(patched_test_image::pack(bytes_of(300, 1)));
  bytes_of damaged = single<slot>{}.patch();
  damaged[60] ^= 1;
  single<slot>{}.expect_refused(patched_test_image::pack(damaged));
  single<slot> other;
  other.programs.old_image[700] ^= 1;
  single<slot>{}.expect_refused(patched_test_image::pack(other.patch()));
  other.programs.old_image.resize(6 * 1024);
  single<slot>{}.expect_refused(patched_test_image::pack(other.patch()));
  single<slot> large;
  large.programs.new_image.resize(6 * 1024 + 1);
  single<slot>{}.expect_refused(patched_test_image::pack(large.patch()));
}

TEST(in_place, an_image_is_no_patch) {
  single<slot> one;
  const auto done = slot_device::stage(one.chip, make_test_image(4, 900));
  EXPECT_FALSE(done);
  EXPECT_TRUE(one.starts(one.programs.old_image));
}

TEST(in_place, patches_larger_than_their_region_are_refused) {
  single<slot> one;
  const auto done = slot_device::stage(one.chip, patched_test_image::pack(bytes_of(2048, 1)));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, errc::no_space);
}

// Where a patch breaks its promise, or the flash fails, only a golden image helps.
template <class Map>
void break_promise(single<Map>& one) {
  bytes_of broken = one.patch();
  broken[broken.size() / 2] ^= 0x55;
  seal_patch(broken);
  ASSERT_TRUE(one.update(patched_test_image::pack(broken)));
}

TEST(in_place, what_is_not_as_promised_does_not_run) {
  single<slot> one;
  break_promise(one);
  for (int start = 0; start < 3; ++start) {
    const auto started = slot_device::boot(one.chip);
    ASSERT_FALSE(started);
    EXPECT_TRUE(started.error().code == errc::mismatch || started.error().code == errc::malformed);
  }
  EXPECT_EQ(one.chip.violation(), "");
}

TEST(in_place, what_was_not_promised_is_not_on_trial) {
  single<slot> one;
  bytes_of patch = one.patch();
  const auto digest = digest_of(one.programs.new_image);
  const auto promise = std::search(patch.begin(), patch.end(), digest.begin(), digest.begin() + 16);
  ASSERT_NE(promise, patch.end());
  *promise ^= 1;
  seal_patch(patch);
  const bytes_of packed = patched_test_image::pack(patch);
  ASSERT_TRUE(one.update(packed));
  EXPECT_TRUE(one.starts(one.programs.new_image));  // it is whole all the same
  EXPECT_EQ(slot_device::state(one.chip).phase, image_phase::idle);
  EXPECT_EQ(slot_device::state(one.chip).rejected, ota::id_of(digest_of(packed)));
}

TEST(in_place, a_damaged_state_is_not_gone_on_from) {
  single<slot> one;
  ASSERT_TRUE(one.update(patched_test_image::pack(one.patch())));
  auto whole = one.chip;
  whole.power_on();
  ASSERT_TRUE(slot_device::boot(whole));
  one.chip.power_on();
  one.chip.cut_at(whole.operations().size() - 30, 0, weak_reading::untouched);
  EXPECT_FALSE(slot_device::boot(one.chip));
  one.chip.power_on();
  const std::uint32_t bank = slot::patch_state.size / 2;
  for (const std::uint32_t begin : {slot::patch_state.begin, slot::patch_state.begin + bank})
    one.chip.flip(begin + 1000, 3);
  const auto started = slot_device::boot(one.chip);
  ASSERT_FALSE(started);
  EXPECT_STREQ(started.error().text,
               "what was kept of a half-applied patch is not whole: start over");
}

TEST(in_place, the_golden_image_starts_where_a_patch_breaks_its_promise) {
  single<slot_with_golden> one;
  const auto golden = make_test_image(9, 1500);
  one.chip.load(slot_with_golden::golden.begin, {golden.data(), golden.size()});
  break_promise(one);
  EXPECT_TRUE(one.starts(golden));
  EXPECT_TRUE(one.starts(golden));
  EXPECT_EQ(single<slot_with_golden>::device::state(one.chip).phase, image_phase::idle);
}

TEST(in_place, a_bad_sector_in_the_spare_leaves_the_old_image_running) {
  single<slot> one;
  ASSERT_TRUE(one.update(patched_test_image::pack(one.patch())));
  one.chip.make_bad(slot::primary.begin + 6 * 1024);
  EXPECT_TRUE(one.starts(one.programs.old_image));
  EXPECT_TRUE(one.starts(one.programs.old_image));
}

// --- wear

TEST(patch_wear, is_what_was_worked_out) {
  single<slot> one;
  ASSERT_TRUE(one.update(patched_test_image::pack(one.patch())));
  ASSERT_TRUE(one.starts(one.programs.new_image));
  ASSERT_TRUE(slot_device::confirm(one.chip));
  const auto most_in = [&](flash_region region) {
    std::uint32_t most = 0;
    for (std::uint32_t at = region.begin; at < region.end(); at += 1024)
      most = std::max(most, one.chip.erases(at));
    return most;
  };
  constexpr auto said = ota::wear_of_update<single<slot>::device::swapper>(4408);
  static_assert(said.primary == 2 && said.secondary == 1);
  EXPECT_EQ(most_in(slot::primary), said.primary);
  EXPECT_EQ(most_in(slot::patch), said.secondary);
  EXPECT_EQ(most_in(slot::patch_state), said.patch_state);
  EXPECT_LE(most_in(slot::journal), said.journal + 1);  // fresh banks are erased once more
  EXPECT_GE(most_in(slot::journal), said.journal);
  EXPECT_EQ(ota::updates_in_life<single<slot>::device::swapper>(4408), 20'000 / said.most());
}

TEST_F(beside, wears_out_the_state_as_was_worked_out) {
  ASSERT_TRUE(apply(patch));
  const auto size = static_cast<std::uint32_t>(programs.new_image.size());
  const std::uint32_t said = ota::patch_state_erases<slots::patch_limits>(size);
  EXPECT_EQ(std::max(chip.erases(slots::patch_state.begin),
                     chip.erases(slots::patch_state.begin + slots::patch_state.size / 2)),
            said);
  for (std::uint32_t at = slots::secondary.begin; at < slots::secondary.begin + size; at += 1024)
    EXPECT_EQ(chip.erases(at), 1u);
}

// --- how patches are packed

struct rules : ota::image_rules {
  static constexpr std::string_view hardware = "board";
};

TEST(packed_patch, is_checked_as_an_image_is_and_is_none) {
  using image = ota::mcuboot_image<rules>;
  ota::host::image_options options;
  options.hardware = "board";
  const std::uint8_t content[100] = {1, 2, 3};
  const auto program = ota::host::packed_image(content, options);
  options.is_patch = true;
  auto patch = ota::host::packed_image(content, options);

  ota::host::image_in_memory file{{program.data(), program.size()}};
  EXPECT_TRUE(image::check(file, file.whole()));
  EXPECT_STREQ(image::check_patch(file, file.whole()).error().text,
               "a whole image, where a patch is asked for");

  file.data = {patch.data(), patch.size()};
  const auto info = image::check_patch(file, file.whole());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->header_size, 32u);
  EXPECT_EQ(info->payload_size, sizeof content);
  EXPECT_EQ(image::check(file, file.whole()).error().code, errc::unsupported);
  patch[40] ^= 1;
  EXPECT_STREQ(image::check_patch(file, file.whole()).error().text,
               "corrupted: its SHA-256 differs");
}

}  // namespace
