// Every operation of storage and of flash fails in turn, in an update of files and image. Whatever
// failed, later starts without faults come to image and files of one version, and updates go on.

#if __has_include(<openssl/evp.h>)

#include "support/faulty_files.hpp"
#include "support/mixed_device.hpp"

namespace {

using namespace ota_test;
using ota::update_outcome;

/// A flash of which one operation fails.
class faulty_flash {
 public:
  using flash = ota::testing::simulated_nor<ota::testing::nrf51>;
  static constexpr auto geometry = flash::geometry;

  explicit faulty_flash(const flash& content) : flash_(content) {}

  /// Operation `number` from now on, counted from 1, fails; of a program, half of it is done.
  void fail_at(long number) {
    countdown_ = number;
    happened_ = false;
  }
  bool happened() const { return happened_; }
  flash& content() { return flash_; }

  ota::result<void> read(std::uint32_t address, ota::mutable_bytes out) {
    if (fails()) return storage_fails;
    return flash_.read(address, out);
  }
  ota::result<void> program(std::uint32_t address, ota::bytes data) {
    if (!fails()) return flash_.program(address, data);
    const std::size_t half = data.size() / 2 / geometry.program_size * geometry.program_size;
    if (half != 0) (void)flash_.program(address, data.first(half));
    return storage_fails;
  }
  ota::result<void> erase(std::uint32_t address) {
    if (fails()) return storage_fails;
    return flash_.erase(address);
  }

 private:
  bool fails() {
    if (countdown_ == 0 || --countdown_ != 0) return false;
    return happened_ = true;
  }

  flash flash_;
  long countdown_ = 0;
  bool happened_ = false;
};

struct mixed_faults : ::testing::Test, signed_maker {
  using device = mixed_device<faulty_files, faulty_flash>;

  const std::string one = image_text(1, 1100), two = image_text(2, 1600);
  const tree old_files = {{"a.txt", {"one"}}, {"gone.txt", {"one"}}};
  const tree new_files = {{"a.txt", {"two"}}, {"new.txt", {"two"}}};
  faulty_files storage{{}};
  faulty_flash chip{{}};
  std::string running, said;

  mixed_faults() {
    settings.trial_boots = 3;
    chip.content().load(device::map::primary.begin, ota::as_bytes(one));
    publish(1, old_files, {{"firmware", {one}}});
    EXPECT_TRUE(live());
    publish(2, new_files, {{"firmware", {two}}});
  }

  // The bootloader and the program, until the application may run.
  bool start() {
    for (int i = 0; i < 6; ++i) {
      const auto slot = device::boot_image(chip);
      if (!slot) return said = slot.error().text, false;
      running.resize(two.size());
      (void)chip.content().read(slot->begin,
                                {reinterpret_cast<std::uint8_t*>(running.data()), running.size()});
      device station(*this, storage, chip);
      if (const auto done = station.updater.boot(); !done) return said = done.error().text, false;
      if (!station.updater.needs_restart()) return true;
    }
    return said = "the device starts again for ever", false;
  }

  // To the newest version, confirmed.
  bool live() {
    for (int i = 0; i < 3; ++i) {
      if (!start()) return false;
      device station(*this, storage, chip);
      if (!station.updater.load()) return false;
      if (station.updater.state().phase == ota::swap_phase::trial)
        return station.updater.confirm().has_value();
      (void)station.updater.run();
      said = station.updater.message();
      const update_outcome outcome = station.updater.outcome();
      if (outcome == update_outcome::updated) return station.updater.confirm().has_value();
      if (outcome == update_outcome::failed) return false;
      if (outcome != update_outcome::restart) return true;
    }
    return false;
  }

  bool roll_back() {
    device station(*this, storage, chip);
    return station.updater.rollback() && start();
  }

  // Lets each operation of each medium fail in turn; there are at least so many.
  void fail_each(bool (mixed_faults::*act)(), long least) {
    const faulty_files at_first = storage;
    const faulty_flash chip_at_first = chip;
    for (const bool in_flash : {false, true}) {
      for (long number = 1;; ++number) {
        storage = at_first;
        chip = chip_at_first;
        if (in_flash)
          chip.fail_at(number);
        else
          storage.fail_at(number, {&storage_fails, effect::half, false});
        (void)(this->*act)();
        if (!(in_flash ? chip.happened() : storage.happened())) {
          EXPECT_GT(number, least);
          break;
        }
        expect_one_version((in_flash ? "flash operation " : "storage operation ") +
                           std::to_string(number));
        if (HasFatalFailure()) return;
      }
    }
  }

  bool is(const std::string& image, const tree& files) {
    return running.compare(0, image.size(), image) == 0 && read_tree(storage) == files;
  }

  void expect_one_version(const std::string& where) {
    ASSERT_TRUE(start()) << where << ": " << said;
    EXPECT_TRUE(is(one, old_files) || is(two, new_files)) << where;
    ASSERT_TRUE(live()) << where << ": the next update fails: " << said;
    ASSERT_TRUE(start()) << where << ": " << said;
    EXPECT_TRUE(is(one, old_files) || is(two, new_files)) << where << ", after the next update";
    EXPECT_EQ(chip.content().violation(), "") << where;
  }
};

TEST_F(mixed_faults, in_an_update) { fail_each(&mixed_faults::live, 100); }

TEST_F(mixed_faults, in_a_rollback) {
  ASSERT_TRUE(live()) << said;
  fail_each(&mixed_faults::roll_back, 50);
}

TEST_F(mixed_faults, in_a_put_back) {
  settings.trial_boots = 1;
  device station(*this, storage, chip);
  ASSERT_EQ(*station.updater.run(), update_outcome::restart);
  ASSERT_TRUE(start()) << said;
  fail_each(&mixed_faults::start, 50);
}

}  // namespace

#endif
