// A version of files and a firmware image, from `ota manifest --image` and a repository of real git
// that `ota serve` shows, to a device with a folder and a flash.

#include <gtest/gtest.h>

#include <memory>

#include "ota/flash/file_flash.hpp"
#include "ota/ota.hpp"
#include "support/flash_device.hpp"
#include "support/process.hpp"

namespace {

using namespace ota_test;

struct chip {
  static constexpr ota::flash_geometry<1> geometry{{{16, 4096}}, 4, 0xff, true};
};
using flash_file = ota::file_flash<chip>;

struct map {
  using flash = flash_file;
  static constexpr ota::flash_region journal{0, 3 * 4096};
  static constexpr ota::flash_region primary{3 * 4096, 6 * 4096};
  static constexpr ota::flash_region secondary{9 * 4096, 6 * 4096};
  static constexpr ota::flash_region scratch{15 * 4096, 4096};
};

struct slots : ota::image_slots<map, ota::swap_with_scratch, ota::testing::test_image> {
  using image_slots::image_slots;
  static constexpr std::string_view name = "images/rev b.bin";
};

struct policies : ota::default_policies {
  using http = ota::http_client<ota::posix_socket>;
  using storage = ota::posix_files;
  using trust = ota::signed_by<ota::ed25519>;
  using image = slots;
};

struct mixed : ::testing::Test {
  scratch_folder here;
  std::string root, url;
  const std::vector<std::uint8_t> old_image = ota::testing::make_test_image(1, 15000),
                                  new_image = ota::testing::make_test_image(2, 20000);

  void SetUp() override {
    std::filesystem::create_directories(here / "device");
    std::string content(chip::geometry.size(), '\xff');
    std::copy(old_image.begin(), old_image.end(), content.begin() + map::primary.begin);
    write_file(here / "flash", content);
    write_file(here / "new.bin", {new_image.begin(), new_image.end()});
    const auto made = run(
        "set -e; cd " + here.path() +
        "; ota=" OTA_TOOL
        "; $ota keygen --out key; "
        "$ota root init --key key.key --release key.pub --out root.txt; git init -q -b main repo; "
        "mkdir -p repo/images repo/lib assets/v2; echo two > repo/a.txt; echo b > repo/lib/b.txt; "
        "cp new.bin 'repo/images/rev b.bin'; echo other > repo/images/other.bin; "
        "$ota manifest --root repo --version v2 --key key.key --out assets/v2/manifest.ota "
        "--image 'images/rev b.bin=new.bin' --image images/other.bin=repo/images/other.bin; cd "
        "repo; "
        "git add .; git -c user.name=t -c user.email=t@example.invalid commit -qm two; git tag v2");
    ASSERT_EQ(made.code, 0) << made.out;
    root = content_of(here / "root.txt");
    serve_ = std::make_unique<server>(OTA_TOOL " serve --port 0 --git o/r=" + (here / "repo") +
                                      " --assets o/r=" + (here / "assets"));
    url = serve_->url();
  }

  ota::config settings() const {
    ota::config known;
    known.owner = "o";
    known.repo = "r";
    known.api = known.raw = url;
    known.trusted_root = root;
    known.reset = ota::reset_mode::none;
    return known;
  }

  std::string files() const {
    return run("cd " + (here / "device") + "; find . -path ./.ota -prune -o -type f -print | sort")
        .out;
  }

  flash_file flash() const {
    flash_file file;
    EXPECT_TRUE(file.open((here / "flash").c_str()));
    return file;
  }

  std::unique_ptr<ota::updater<policies>> device(const ota::config& known) const {
    auto made = std::make_unique<ota::updater<policies>>(known, ota::posix_files(here / "device"),
                                                         policies::http(), ota::no_hardware(),
                                                         ota::no_log(), slots(flash()));
    EXPECT_TRUE(made->boot());
    return made;
  }

 private:
  std::unique_ptr<server> serve_;
};

TEST_F(mixed, a_release_of_files_and_image_is_taken_and_goes_on_where_it_was_cut) {
  const ota::config known = settings();
  {
    const auto first = device(known);
    while (first->image().state().step < 2) ASSERT_TRUE(first->step()) << first->message();
  }
  {
    const auto second = device(known);
    const auto outcome = second->run();
    ASSERT_TRUE(outcome) << second->message();
    EXPECT_EQ(*outcome, ota::update_outcome::restart);
    EXPECT_EQ(second->progress().bytes_moved, new_image.size() - 2 * 4096);
  }
  auto file = flash();
  slots::swapper_type images(file);
  const auto slot = ota::image_boot<slots::swapper_type>(images).choose();
  ASSERT_TRUE(slot);
  const auto third = device(known);
  EXPECT_FALSE(third->needs_restart());
  ASSERT_TRUE(third->confirm());
  std::vector<std::uint8_t> running(new_image.size());
  ASSERT_TRUE(file.read(slot->begin, {running.data(), running.size()}));
  EXPECT_TRUE(running == new_image);
  EXPECT_EQ(files(), "./a.txt\n./lib/b.txt\n./version.json\n");
  EXPECT_EQ(*third->run(), ota::update_outcome::up_to_date);
}

}  // namespace
