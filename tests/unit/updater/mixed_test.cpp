// Updates that hold a firmware image, alone and with files.

#if __has_include(<openssl/evp.h>)

#include "support/mixed_device.hpp"
#include "support/patched_device.hpp"

namespace {

using namespace ota_test;
using namespace std::string_view_literals;
using files = ota::memory_files<65536>;
using flash = ota::testing::simulated_nor<ota::testing::nrf51>;
using device = mixed_device<files, flash>;
using ota::update_outcome;

struct mixed_updates : ::testing::Test, signed_maker {
  mixed_updates() { burn(one); }

  void burn(const std::string& image) {
    chip.load(device::map::primary.begin, ota::as_bytes(image));
  }

  // Version one, whose image the device was made with.
  void install_old() {
    publish(1, old_files, {{"firmware", {one}}});
    ASSERT_EQ(update(), update_outcome::updated) << message;
    confirm();
  }

  ota::image_state state() {
    device station(*this, storage, chip);
    EXPECT_TRUE(station.updater.load());
    return station.updater.image().state();
  }

  int asked_for(const std::string& end) const {
    int count = 0;
    for (const std::string& path : github.requests)
      count += path.size() >= end.size() && path.substr(path.size() - end.size()) == end;
    return count;
  }

  /// An update fails with a sentence that begins with `words`, and nothing changes.
  void expect_refused(const std::string& words) {
    const tree before = read_tree(storage);
    EXPECT_EQ(update(), update_outcome::failed) << message;
    EXPECT_NE(message.find(words), std::string::npos) << "not \"" << words << "\": " << message;
    start();
    EXPECT_TRUE(runs(one));
    EXPECT_EQ(read_tree(storage), before);
  }

  template <class Device = device>
  update_outcome update() {
    Device station(*this, storage, chip);
    EXPECT_TRUE(station.updater.boot());
    (void)station.updater.run();
    message = station.updater.message();
    return station.updater.outcome();
  }

  // The bootloader, then the program, until it may run.
  template <class Device = device>
  void start() {
    for (int i = 0; i < 4; ++i) {
      const auto slot = Device::boot_image(chip);
      ASSERT_TRUE(slot) << slot.error().text;
      running.resize(two.size());
      ASSERT_TRUE(chip.read(slot->begin,
                            {reinterpret_cast<std::uint8_t*>(running.data()), running.size()}));
      Device station(*this, storage, chip);
      const auto booted = station.updater.boot();
      ASSERT_TRUE(booted) << booted.error().text;
      phase = station.updater.state().phase;
      if (!station.updater.needs_restart()) return;
    }
    FAIL() << "the device starts again for ever";
  }

  bool runs(const std::string& image) const { return running.compare(0, image.size(), image) == 0; }

  void confirm() {
    device station(*this, storage, chip);
    const auto done = station.updater.confirm();
    ASSERT_TRUE(done) << done.error().text;
  }

  void install() {
    ASSERT_EQ(update(), update_outcome::restart) << message;
    start();
    confirm();
  }

  const std::string one = image_text(1, 2000), two = image_text(2, 3000),
                    three = image_text(3, 2500);
  const tree old_files = {{"a.txt", {"one"}}, {"b.txt", {"one"}}};
  const tree new_files = {{"a.txt", {"two"}}, {"c.txt", {"two"}}};
  files storage;
  flash chip;
  std::string message, running;
  ota::swap_phase phase = ota::swap_phase::idle;
};

TEST_F(mixed_updates, files_and_image_become_current_together) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  EXPECT_NE(message.find("on trial after a restart"), std::string::npos) << message;
  start();
  EXPECT_TRUE(runs(two));
  EXPECT_EQ(read_tree(storage), new_files);
  EXPECT_EQ(phase, ota::swap_phase::trial);
  confirm();
  start();
  start();
  EXPECT_TRUE(runs(two));
  EXPECT_EQ(phase, ota::swap_phase::kept);
  EXPECT_EQ(update(), update_outcome::up_to_date) << message;
}

// A device that also takes patches for its files.
struct patched_device_with_image {
  struct policies : device::policies {
    using delta = small_blocks;
  };
  patched_device_with_image(signed_maker& maker, files& storage, flash& chip)
      : updater(maker.settings, borrowed_storage<files>(storage), fake_github(maker.github), {}, {},
                device::slots(borrowed_flash<flash>(chip))) {}
  ota::updater<policies> updater;
};

TEST_F(mixed_updates, files_come_by_patches_beside_an_image) {
  const std::string before = program(300, 1), now = program(300, 2);
  publish(1, {{"a.py", {before}}}, {{"firmware", {one}}});
  ASSERT_EQ(update(), update_outcome::updated) << message;
  confirm();
  const std::string patch = native_patch(before, now);
  ota::host::release_contents::patch line;
  line.path = patch_name("a.py", before);
  line.size = patch.size();
  line.sha256 = ota::host::sha256_of(patch);
  next.patches = {line};
  publish(2, {{"a.py", {now}}}, {{"firmware", {two}}});
  published()[line.path] = {patch};
  ASSERT_EQ(update<patched_device_with_image>(), update_outcome::restart) << message;
  start();
  EXPECT_TRUE(runs(two));
  EXPECT_EQ(read_tree(storage), (tree{{"a.py", {now}}}));
  EXPECT_EQ(asked_for("v2/a.py"), 0);
  EXPECT_EQ(asked_for(line.path), 1);
}

TEST_F(mixed_updates, an_image_that_runs_already_is_not_brought_again) {
  install_old();
  EXPECT_EQ(asked_for("/firmware"), 0);
  EXPECT_EQ(state().phase, ota::image_phase::idle);
}

TEST_F(mixed_updates, an_image_alone_is_an_update) {
  publish(2, {}, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  start();
  EXPECT_TRUE(runs(two));
  confirm();
  start();
  EXPECT_EQ(state().phase, ota::image_phase::kept);
  EXPECT_EQ(phase, ota::swap_phase::kept);
  // And from there back.
  device station(*this, storage, chip);
  ASSERT_TRUE(station.updater.rollback());
  EXPECT_TRUE(station.updater.needs_restart());
  start();
  EXPECT_TRUE(runs(one));
}

TEST_F(mixed_updates, files_alone_leave_the_image) {
  install_old();
  publish(2, new_files);
  ASSERT_EQ(update(), update_outcome::updated) << message;
  start();
  start();  // one more than it may without being confirmed
  EXPECT_TRUE(runs(one));
  EXPECT_EQ(read_tree(storage), old_files);
}

TEST_F(mixed_updates, what_the_bootloader_puts_back_takes_its_files_along) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  start();
  ASSERT_TRUE(runs(two));
  start();
  EXPECT_TRUE(runs(one));
  EXPECT_EQ(read_tree(storage), old_files);
  EXPECT_EQ(update(), update_outcome::rejected) << message;
}

TEST_F(mixed_updates, what_the_bootloader_refuses_takes_its_files_along) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  chip.flip(device::map::secondary.begin + 100, 3);
  start();
  EXPECT_TRUE(runs(one));
  EXPECT_EQ(read_tree(storage), old_files);
  EXPECT_EQ(update(), update_outcome::rejected) << message;
}

TEST_F(mixed_updates, a_kept_image_that_does_not_run_any_more_takes_its_files_along) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  install();
  chip.flip(device::map::primary.begin + 100, 3);
  start();
  EXPECT_TRUE(runs(one));
  EXPECT_EQ(read_tree(storage), old_files);
}

TEST_F(mixed_updates, roll_back_together) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  install();
  {
    device station(*this, storage, chip);
    ASSERT_TRUE(station.updater.rollback());
    EXPECT_TRUE(station.updater.needs_restart());
    EXPECT_EQ(station.updater.run().error().code, ota::errc::wrong_state);
  }
  start();
  EXPECT_TRUE(runs(one));
  EXPECT_EQ(read_tree(storage), old_files);
  EXPECT_EQ(update(), update_outcome::rejected) << message;
  // The next version is taken as always.
  publish(3, new_files, {{"firmware", {three}}});
  install();
  EXPECT_TRUE(runs(three));
  EXPECT_EQ(read_tree(storage), new_files);
}

TEST_F(mixed_updates, files_stay_with_an_image_that_cannot_be_put_back) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  start();
  chip.flip(device::map::secondary.begin + 100, 3);  // where the old image is kept
  start();
  EXPECT_TRUE(runs(two));
  EXPECT_EQ(read_tree(storage), new_files);
  EXPECT_EQ(phase, ota::swap_phase::kept);
}

TEST_F(mixed_updates, no_rollback_to_a_damaged_image) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  install();
  chip.flip(device::map::secondary.begin + 100, 3);
  {
    device station(*this, storage, chip);
    EXPECT_EQ(station.updater.rollback().error().text, "there is no earlier version to put back"sv);
  }
  start();
  EXPECT_TRUE(runs(two));
  EXPECT_EQ(read_tree(storage), new_files);
}

TEST_F(mixed_updates, an_image_that_was_put_back_may_come_with_a_later_version) {
  install_old();
  publish(2, old_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  start();
  start();
  ASSERT_TRUE(runs(one));
  EXPECT_EQ(update(), update_outcome::rejected) << message;
  publish(3, new_files, {{"firmware", {two}}});
  install();
  start();
  EXPECT_TRUE(runs(two));
  EXPECT_EQ(read_tree(storage), new_files);
}

TEST_F(mixed_updates, two_slots_need_no_copies) {
  using ab_device = mixed_device<files, flash, ota::two_slots>;
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update<ab_device>(), update_outcome::restart) << message;
  start<ab_device>();
  EXPECT_TRUE(runs(two));
  EXPECT_EQ(read_tree(storage), new_files);
}

TEST_F(mixed_updates, the_download_goes_on_where_the_power_went) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  {
    device station(*this, storage, chip);
    ASSERT_TRUE(station.updater.boot());
    while (state().phase != ota::image_phase::staging || state().step < 2)
      ASSERT_TRUE(station.updater.step()) << station.updater.message();
  }
  github.requests.clear();
  device station(*this, storage, chip);
  while (asked_for("/firmware") == 0)
    ASSERT_TRUE(station.updater.step()) << station.updater.message();
  github.body_bytes = 0;
  (void)station.updater.run();
  EXPECT_EQ(station.updater.outcome(), update_outcome::restart) << station.updater.message();
  EXPECT_EQ(github.body_bytes, two.size() - 2048);  // what the two sectors lack
  EXPECT_EQ(asked_for("/firmware"), 1);
  EXPECT_EQ(asked_for("/a.txt"), 0);
  EXPECT_EQ(asked_for("manifest.ota"), 0);
  start();
  EXPECT_TRUE(runs(two));
}

TEST_F(mixed_updates, the_download_goes_on_after_a_broken_connection) {
  settings.http_retries = 5;
  settings.backoff_sec = 0;
  publish(2, {}, {{"firmware", {two}}});
  device station(*this, storage, chip);
  ASSERT_TRUE(station.updater.boot());
  while (state().phase != ota::image_phase::staging)
    ASSERT_TRUE(station.updater.step()) << station.updater.message();
  github.requests.clear();
  github.drop_after = 1500;
  github.body_bytes = 0;
  (void)station.updater.run();
  EXPECT_EQ(station.updater.outcome(), update_outcome::restart) << station.updater.message();
  EXPECT_EQ(asked_for("/firmware"), 2);
  EXPECT_EQ(github.body_bytes, two.size());
}

TEST_F(mixed_updates, a_server_without_ranges_sends_it_all_again) {
  settings.http_retries = 5;
  settings.backoff_sec = 0;
  github.ignore_ranges = true;
  publish(2, {}, {{"firmware", {two}}});
  device station(*this, storage, chip);
  ASSERT_TRUE(station.updater.boot());
  while (state().phase != ota::image_phase::staging)
    ASSERT_TRUE(station.updater.step()) << station.updater.message();
  github.drop_after = 1500;
  (void)station.updater.run();
  EXPECT_EQ(station.updater.outcome(), update_outcome::restart) << station.updater.message();
  start();
  EXPECT_TRUE(runs(two));
}

TEST_F(mixed_updates, progress_counts_the_image) {
  publish(2, new_files, {{"firmware", {two}}});
  device station(*this, storage, chip);
  ASSERT_TRUE(station.updater.boot());
  ota::update_progress_report last;
  ASSERT_TRUE(station.updater.run([&](const ota::update_progress_report& now) {
    if (now.phase == ota::update_phase::staging && now.bytes_total != 0) last = now;
  }));
  EXPECT_EQ(last.bytes_total, two.size() + 6);
  EXPECT_EQ(last.bytes, last.bytes_total);
  EXPECT_EQ(last.files, 3u);
  EXPECT_EQ(last.files_total, 3u);
}

// ---- what is refused ----------------------------------------------------------------------------

TEST_F(mixed_updates, other_content_than_promised) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  published()["firmware"].content[1000] ^= 1;
  expect_refused("firmware: the image is corrupted");
  published()["firmware"].content[1000] ^= 1;
  install();
  EXPECT_TRUE(runs(two));
}

TEST_F(mixed_updates, another_size_than_promised) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  for (const std::string& other : {two + "x", two.substr(1), std::string()}) {
    published()["firmware"].content = other;
    expect_refused("firmware: the server promises another size");
  }
  published().erase("firmware");
  expect_refused("firmware: ");
}

TEST_F(mixed_updates, an_image_larger_than_its_slot) {
  install_old();
  publish(2, new_files, {{"firmware", {image_text(2, 4096)}}});
  expect_refused("firmware: the image is larger than its slot allows");
}

TEST_F(mixed_updates, an_empty_image) {
  publish(2, new_files, {{"firmware", {""}}});
  expect_refused("the firmware image of the new version has no bytes");
}

TEST_F(mixed_updates, no_files_where_there_were_some) {
  install_old();
  publish(2, {}, {{"firmware", {two}}});
  expect_refused("the new version has no file for this device");
}

TEST_F(mixed_updates, an_image_that_the_device_cannot_run) {
  install_old();
  publish(2, new_files, {{"firmware", {std::string(500, 'x')}}});
  expect_refused("firmware: there is no image");
  // It is not brought again with each check.
  EXPECT_EQ(update(), update_outcome::rejected) << message;
  EXPECT_EQ(asked_for("/firmware"), 1);
  publish(3, new_files, {{"firmware", {two}}});
  install();
  EXPECT_TRUE(runs(two));
}

TEST_F(mixed_updates, a_version_with_images_for_others_alone) {
  install_old();
  publish(2, new_files, {{"radio", {two}}});
  expect_refused("none has the name that this device takes");
  publish(3, new_files, {{"firmware", {two}}, {"radio", {three}}});
  install();
  EXPECT_TRUE(runs(two));
}

TEST_F(mixed_updates, an_image_for_a_device_that_takes_none) {
  publish(1, old_files, {{"firmware", {two}}});
  signed_device<files> station(*this, storage);
  ASSERT_TRUE(station.updater.recover());
  EXPECT_FALSE(station.updater.run());
  EXPECT_NE(station.updater.message().find("this device takes none"), std::string::npos);
}

TEST_F(mixed_updates, no_other_version_while_one_waits_for_a_restart) {
  install_old();
  publish(2, new_files, {{"firmware", {two}}});
  device station(*this, storage, chip);
  ASSERT_TRUE(station.updater.boot());
  ASSERT_EQ(*station.updater.run(), update_outcome::restart);
  EXPECT_FALSE(station.updater.confirm());
  publish(3, old_files, {{"firmware", {three}}});
  EXPECT_FALSE(station.updater.run());
  EXPECT_EQ(station.updater.message(), "the last version waits for the device to be started again");
  start();
  EXPECT_TRUE(runs(two));
  EXPECT_EQ(read_tree(storage), new_files);
}

// ---- what else may happen -----------------------------------------------------------------------

TEST_F(mixed_updates, an_image_on_trial_alone_can_be_confirmed) {
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  ASSERT_TRUE(storage.remove(ota::layout::state));  // the files' record is lost
  start();
  ASSERT_TRUE(runs(two));
  confirm();
  EXPECT_EQ(state().phase, ota::image_phase::kept);
  device station(*this, storage, chip);
  EXPECT_FALSE(station.updater.confirm());
}

TEST_F(mixed_updates, policies_can_be_made_by_the_updater) {
  using slots = ota::image_slots<small_map<flash>, ota::two_slots, ota::testing::test_image>;
  ota::swapper<files, slots> swapper(storage);
  ASSERT_TRUE(swapper.load());
  EXPECT_EQ(swapper.image().state().phase, ota::image_phase::idle);
}

TEST_F(mixed_updates, a_program_that_learns_of_images_goes_on_where_the_last_one_stood) {
  publish(1, old_files);
  signed_device<files> plain(*this, storage);
  ASSERT_TRUE(plain.updater.boot());
  ASSERT_TRUE(plain.updater.run());
  device station(*this, storage, chip);
  ASSERT_TRUE(station.updater.boot());
  EXPECT_EQ(station.updater.state().phase, ota::swap_phase::trial);
  ASSERT_TRUE(station.updater.confirm());
  ASSERT_TRUE(plain.updater.boot());
  EXPECT_EQ(plain.updater.state().phase, ota::swap_phase::kept);
}

TEST_F(mixed_updates, a_start_that_is_cut_behind_the_confirmation_of_the_image_keeps_the_files) {
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  start();
  {
    device station(*this, storage, chip);
    ASSERT_TRUE(station.updater.load());
    ASSERT_TRUE(station.updater.image().confirm());
  }
  start();
  EXPECT_EQ(phase, ota::swap_phase::kept);
  EXPECT_EQ(read_tree(storage), new_files);
}

TEST_F(mixed_updates, a_confirmation_that_was_seen_once_stays) {
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  start();
  const files trial_storage = storage;
  flash trial_chip = chip;
  int seen = 0;
  // The power fails inside the record that says so; a word of it reads differently at each start.
  for (int cut = 0; cut < 3 * 3 * 16; ++cut) {
    storage = trial_storage;
    chip = trial_chip;
    for (int i = 0; i <= cut % 3; ++i) chip.power_on();
    chip.cut_at(static_cast<std::size_t>(cut / 3 % 3), static_cast<std::size_t>(cut / 9),
                ota::testing::weak_reading::changing);
    {
      device station(*this, storage, chip);
      EXPECT_FALSE(station.updater.confirm());
    }
    bool is_kept = false;
    for (int i = 0; i < 6; ++i) {
      chip.power_on();
      start();
      EXPECT_TRUE(!is_kept || phase == ota::swap_phase::kept) << "cut " << cut << ", start " << i;
      is_kept |= phase == ota::swap_phase::kept;
    }
    EXPECT_EQ(is_kept, runs(two));
    EXPECT_EQ(chip.violation(), "");
    seen += is_kept;
  }
  EXPECT_GT(seen, 0);
}

}  // namespace

#endif
