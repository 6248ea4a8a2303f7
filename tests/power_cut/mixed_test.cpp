// Files and a firmware image of one version, on a storage and a flash that lose their power
// together: it is cut before, inside and after every operation of either, in a whole update, in a
// put-back and in a rollback, and again in every recovery. Where the application may run, image and
// files are of one version.

#if __has_include(<openssl/evp.h>)

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "ota/testing/prove_mixed_safe.hpp"
#include "support/mixed_device.hpp"

namespace {

using namespace ota_test;
using ota::result;
using ota::swap_phase;
using ota::update_outcome;
using ota::testing::difference;
using ota::testing::read_storage;
using ota::testing::visible;
using files = ota::memory_files<32768>;
using flash = ota::testing::simulated_nor<ota::testing::nrf51>;
using cut_files = ota::testing::shared_power_storage<files, flash>;
using media = ota::testing::two_media<files, flash>;

constexpr ota::error starts_for_ever{ota::errc::wrong_state, "test",
                                     "the device starts again for ever"};
constexpr ota::error refused{ota::errc::wrong_state, "test", "the update fails"};

void keep_figures(const std::string& name, const ota::testing::power_cut_report& report) {
  std::cout << "[ figures  ] " << name << ": " << report.to_json() << '\n';
  if (const char* folder = std::getenv("OTA_FIGURES"))
    std::ofstream(std::string(folder) + "/mixed_" + name + ".json") << report.to_json() << '\n';
}

/// A station that runs version one, and a version two of files and image.
template <class Device>
struct station : signed_maker {
  std::string old_image = image_text(1, 1100), new_image = image_text(2, 1600);
  media start;
  ota::testing::storage_tree old_files, new_files;
  ota::flash_region running{};
  int old_versions = 0, new_versions = 0;  // that were found after a cut
  bool obeys = true;                       // it starts again where the updater says so

  station() {
    start.flash.load(Device::map::primary.begin, ota::as_bytes(old_image));
    publish(1, {{"a.txt", {"one"}}, {"gone.txt", {"one"}}}, {{"firmware", {old_image}}});
    EXPECT_EQ(live(start), "");
    old_files = visible(read_storage(start.files));
    publish(2, {{"a.txt", {"two"}}, {"new.txt", {"two"}}}, {{"firmware", {new_image}}});
    look_ahead();
  }

  /// It comes to version two; a version three is what it is to come to.
  void go_on() {
    EXPECT_EQ(live(start), "");
    old_files = new_files;
    old_image = new_image;
    new_image = image_text(3, 1400);
    publish(3, {{"a.txt", {"three"}}, {"other.txt", {"three"}}}, {{"firmware", {new_image}}});
    look_ahead();
  }

  void look_ahead() {
    media after = start;
    EXPECT_EQ(live(after), "");
    new_files = visible(read_storage(after.files));
  }

  // Bootloader and program, until the application may run.
  result<void> boot(cut_files& storage, flash& chip) {
    for (int i = 0; i < 6; ++i) {
      const auto slot = Device::boot_image(chip);
      if (!slot) return slot.error();
      running = *slot;
      Device one(*this, storage, chip);
      if (auto done = one.updater.boot(); !done) return done;
      if (!one.updater.needs_restart() || !obeys) return {};
    }
    return starts_for_ever;
  }

  // From wherever it stands to the newest version, confirmed.
  result<void> update(cut_files& storage, flash& chip) {
    for (int i = 0; i < 3; ++i) {
      if (auto done = boot(storage, chip); !done) return done;
      Device one(*this, storage, chip);
      if (auto done = one.updater.load(); !done) return done;
      if (one.updater.state().phase == swap_phase::trial) return one.updater.confirm();
      (void)one.updater.run();
      said = one.updater.message();
      if (one.updater.outcome() == update_outcome::updated) return one.updater.confirm();
      if (one.updater.outcome() == update_outcome::failed) return one.updater.failure();
      if (one.updater.outcome() != update_outcome::restart) return {};
    }
    return refused;
  }

  // To the newest version, ready for the restart that changes the image.
  result<void> prepare(cut_files& storage, flash& chip) {
    Device one(*this, storage, chip);
    const auto done = one.updater.run();
    return done ? result<void>{} : done.error();
  }

  // To a version on trial that has used up its starts.
  result<void> install(cut_files& storage, flash& chip) {
    if (auto done = prepare(storage, chip); !done) return done;
    return boot(storage, chip);
  }

  result<void> roll_back(cut_files& storage, flash& chip) {
    Device one(*this, storage, chip);
    if (auto done = one.updater.load(); !done) return done;
    if (one.updater.state().phase == swap_phase::kept)
      if (auto done = one.updater.rollback(); !done) return done;
    return boot(storage, chip);
  }

  std::string judge(files& storage, flash& chip) {
    const auto tree = visible(read_storage(storage));
    const std::string image = image_at(chip);
    const bool old_tree = difference(tree, old_files).empty();
    const bool new_tree = difference(tree, new_files).empty();
    if (old_tree && image == old_image) return ++old_versions, std::string();
    if (new_tree && image == new_image) return ++new_versions, std::string();
    const std::string of_image = image == old_image   ? "the old image"
                                 : image == new_image ? "the new image"
                                                      : "no whole image";
    return of_image + " runs with " +
           (old_tree ? "the old files"
            : new_tree
                ? "the new files"
                : "files of neither version: not the new ones, " + difference(tree, new_files));
  }

  std::string image_at(flash& chip) {
    for (const std::string* one : {&old_image, &new_image}) {
      std::string there(one->size(), '\0');
      (void)chip.read(running.begin, {reinterpret_cast<std::uint8_t*>(there.data()), there.size()});
      if (there == *one) return there;
    }
    return {};
  }

  // Does it without a cut.
  std::string live(media& on,
                   result<void> (station::*what)(cut_files&, flash&) = &station::update) {
    on.flash.power_on();
    cut_files storage(on.files, on.flash);
    const auto done = (this->*what)(storage, on.flash);
    return done ? "" : std::string(done.error().text) + ": " + said;
  }

  ota::testing::power_cut_report prove(const media& from,
                                       result<void> (station::*what)(cut_files&, flash&),
                                       ota::testing::power_cut_options options = {}) {
    options.lost_singly = 2;
    options.lost_at_random = 1;
    return ota::testing::prove_mixed_safe(
        from, [&](cut_files& storage, flash& chip) { return (this->*what)(storage, chip); },
        [&](cut_files& storage, flash& chip) { return boot(storage, chip); },
        [&](files& storage, flash& chip) { return judge(storage, chip); }, options);
  }

  std::string said;
};

template <template <class> class Strategy>
void prove_strategy(const std::string& name) {
  using fleet = station<mixed_device<cut_files, flash, Strategy>>;
  fleet one;
  ota::testing::power_cut_options to_the_end;
  to_the_end.finishes = true;
  const auto update = one.prove(one.start, &fleet::update, to_the_end);
  keep_figures(name + "_update", update);
  EXPECT_EQ(update.broken, 0u) << update.first_broken;
  EXPECT_GT(update.cuts, 1000u);
  EXPECT_GT(one.old_versions, 100);
  EXPECT_GT(one.new_versions, 100);

  media trial = one.start;
  ASSERT_EQ(one.live(trial, &fleet::install), "");
  const auto put_back = one.prove(trial, &fleet::boot, to_the_end);
  keep_figures(name + "_put_back", put_back);
  EXPECT_EQ(put_back.broken, 0u) << put_back.first_broken;

  media kept = one.start;
  ASSERT_EQ(one.live(kept), "");
  const auto rollback = one.prove(kept, &fleet::roll_back, to_the_end);
  keep_figures(name + "_rollback", rollback);
  EXPECT_EQ(rollback.broken, 0u) << rollback.first_broken;
}

using usual = station<mixed_device<cut_files, flash>>;

TEST(mixed_power_cut, an_update_after_an_update) {
  usual one;
  one.go_on();
  const auto report = one.prove(one.start, &usual::update);
  keep_figures("second_update", report);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_GT(one.old_versions, 100);
  EXPECT_GT(one.new_versions, 100);
}

TEST(mixed_power_cut, an_image_that_the_bootloader_refuses) {
  usual one;
  media ready = one.start;
  ASSERT_EQ(one.live(ready, &usual::prepare), "");
  ready.flash.flip(mixed_device<cut_files, flash>::map::secondary.begin + 100, 0);
  const auto report = one.prove(ready, &usual::boot);
  keep_figures("refused", report);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  EXPECT_EQ(one.new_versions, 0);
}

TEST(mixed_power_cut, swap_with_scratch) { prove_strategy<ota::swap_with_scratch>("scratch"); }
TEST(mixed_power_cut, swap_by_moving) { prove_strategy<ota::swap_by_moving>("moving"); }
TEST(mixed_power_cut, overwrite) { prove_strategy<ota::overwrite_with_backup>("overwrite"); }
TEST(mixed_power_cut, two_slots) { prove_strategy<ota::two_slots>("two_slots"); }

// ---- the check of the check
// -----------------------------------------------------------------------

ota::testing::power_cut_options one_cut() {
  ota::testing::power_cut_options options;
  options.depth = 1;
  return options;
}

template <class Map, template <class> class Strategy, class Check>
struct eager_slots : ota::image_slots<Map, Strategy, Check> {
  using slots = ota::image_slots<Map, Strategy, Check>;
  using slots::slots;

  // Asks for the swap before the files' record says that there is one.
  result<void> finish() {
    if (auto done = slots::finish(); !done) return done;
    return slots::swap(1);
  }
};

TEST(mixed_power_cut, finds_an_image_that_is_asked_for_before_its_files) {
  using fleet = station<mixed_device<cut_files, flash, ota::swap_with_scratch,
                                     ota::testing::test_image, eager_slots>>;
  fleet one;
  const auto report = one.prove(one.start, &fleet::update, one_cut());
  EXPECT_GT(report.broken, 0u);
  EXPECT_NE(report.first_broken.find("the new image runs with the old files"), std::string::npos)
      << report.first_broken;
}

TEST(mixed_power_cut, finds_a_program_that_does_not_start_again) {
  usual one;
  one.obeys = false;
  const auto report = one.prove(one.start, &usual::update, one_cut());
  EXPECT_GT(report.broken, 0u);
  EXPECT_NE(report.first_broken.find("the old image runs with the new files"), std::string::npos)
      << report.first_broken;
}

}  // namespace

#endif
