// Updates that hold a firmware image, alone and with files.

#if __has_include(<openssl/evp.h>)

#include "support/mixed_device.hpp"

namespace {

using namespace ota_test;
using files = ota::memory_files<65536>;
using flash = ota::testing::simulated_nor<ota::testing::nrf51>;
using device = mixed_device<files, flash>;
using ota::update_outcome;

struct mixed_updates : ::testing::Test, signed_maker {
  mixed_updates() { burn(one); }

  void burn(const std::string& image) {
    chip.load(device::map::primary.begin, ota::as_bytes(image));
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
  void start() {
    for (int i = 0; i < 4; ++i) {
      const auto slot = device::boot_image(chip);
      ASSERT_TRUE(slot) << slot.error().text;
      running.resize(std::max(one.size(), two.size()));
      ASSERT_TRUE(chip.read(slot->begin,
                            {reinterpret_cast<std::uint8_t*>(running.data()), running.size()}));
      device station(*this, storage, chip);
      const auto booted = station.updater.boot();
      ASSERT_TRUE(booted) << booted.error().text;
      phase = station.updater.state().phase;
      if (!station.updater.needs_restart()) return;
    }
    FAIL() << "the device starts again for ever";
  }

  bool runs(const std::string& image) const {
    return running.compare(0, image.size(), image) == 0;
  }

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

  const std::string one = image_text(1, 2000), two = image_text(2, 3000);
  const tree old_files = {{"a.txt", {"one"}}, {"b.txt", {"one"}}};
  const tree new_files = {{"a.txt", {"two"}}, {"c.txt", {"two"}}};
  files storage;
  flash chip;
  std::string message, running;
  ota::swap_phase phase = ota::swap_phase::idle;
};

TEST_F(mixed_updates, files_and_image_become_current_together) {
  publish(1, old_files, {{"firmware", {one}}});
  ASSERT_EQ(update(), update_outcome::updated) << message;  // the image runs already
  confirm();
  publish(2, new_files, {{"firmware", {two}}});
  ASSERT_EQ(update(), update_outcome::restart) << message;
  EXPECT_NE(message.find("after a restart"), std::string::npos) << message;
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

}  // namespace

#endif
