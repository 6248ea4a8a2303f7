// Images of imgtool all the way: staged, checked, swapped in by our own bootloader's part; and each
// refusal with its own error, the running image untouched.

// What a machine of its own has: not there for those that are only built for.
#if __has_include(<openssl/opensslconf.h>)

#include <gtest/gtest.h>

#include "ota/host/image_pack.hpp"
#include "ota/image/image_boot.hpp"
#include "ota/image/image_stager.hpp"
#include "ota/image/mcuboot_image.hpp"
#include "ota/image/mcuboot_slots.hpp"
#include "ota/image/swap_with_scratch.hpp"
#include "ota/testing/simulated_nor.hpp"
#include "support/image_slot.hpp"
#include "support/openssl_key.hpp"

namespace {

using namespace ota_test;
using ota::image_phase;

struct chip {
  static constexpr ota::flash_geometry<1> geometry{{{12, 1024}}, 4};
};
struct map {
  using flash = ota::testing::simulated_nor<chip>;
  static constexpr ota::flash_region journal{0, 3072};
  static constexpr ota::flash_region primary{3072, 4096}, secondary{7168, 4096};
  static constexpr ota::flash_region scratch{11264, 1024};
};
struct rules : ota::image_rules {
  using signature = ota::image_ed25519;
  static inline std::vector<ota::bytes> keys;
  static constexpr std::string_view hardware = "thermostat-2";
};
using swapper_type = ota::image_swapper<map, ota::swap_with_scratch, ota::mcuboot_image<rules>>;

struct mcuboot_update : ::testing::Test {
  const std::vector<std::uint8_t> imgtools_key =
      ota::host::image_key_of(imgtool_data("ed25519.pem")).data;
  const openssl_key our_key{7};
  const std::vector<std::uint8_t> our_public_key = our_key.public_key();
  const std::string next = imgtool_data("protected.bin");  // 1.2.3+4, security counter 7
  const std::string running = packed({1, 2, 3, 3}, 7);
  map::flash flash;

  void SetUp() override {
    rules::keys = {{imgtools_key.data(), imgtools_key.size()},
                   {our_public_key.data(), our_public_key.size()}};
    flash.load(map::primary.begin, ota::as_bytes(running));
  }

  std::string packed(ota::image_version version, std::uint32_t counter,
                     const std::string& hardware = "thermostat-2", bool is_signed = true) {
    ota::host::image_options options;
    options.version = version;
    options.security_counter = counter;
    options.hardware = hardware;
    if (is_signed)
      options.signer = ota::host::image_signer{our_key.public_key(), our_key.signer().sign};
    const std::vector<std::uint8_t> program(500, static_cast<std::uint8_t>(version.build));
    const auto image = ota::host::packed_image({program.data(), program.size()}, options);
    return {image.begin(), image.end()};
  }

  bool runs(const std::string& image) const {
    const auto* begin = flash.cells().values.data() + map::primary.begin;
    return std::equal(image.begin(), image.end(), begin,
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
  }

  // What the manifest promises is what arrives: all that is left to refuse it is the image itself.
  ota::result<void> stage(const std::string& image) {
    swapper_type swapper(flash);
    EXPECT_TRUE(swapper.load());
    ota::image_stager<swapper_type> stager(swapper);
    ota::sha256 hash;
    hash.update(ota::as_bytes(image));
    const auto from = stager.begin(static_cast<std::uint32_t>(image.size()), hash.finish());
    if (!from) return from.error();
    if (const auto done = stager.write(ota::as_bytes(image).drop(*from)); !done) return done;
    return stager.finish();
  }
  std::string refusal(const std::string& image) {
    const auto done = stage(image);
    EXPECT_TRUE(runs(running));
    return done.error().text;
  }
  ota::result<ota::flash_region> boot() {
    swapper_type swapper(flash);
    return ota::image_boot<swapper_type>(swapper).choose();
  }
};

TEST_F(mcuboot_update, takes_an_image_of_imgtool_on_trial_and_keeps_it) {
  ASSERT_TRUE(stage(next)) << stage(next).error().text;
  swapper_type swapper(flash);
  ASSERT_TRUE(swapper.load());
  ASSERT_TRUE(swapper.swap());
  ASSERT_TRUE(boot());
  EXPECT_TRUE(runs(next));
  ASSERT_TRUE(swapper.load());
  EXPECT_EQ(swapper.phase(), image_phase::trial);
  ASSERT_TRUE(swapper.confirm());
  ASSERT_TRUE(boot());
  EXPECT_TRUE(runs(next));
}

TEST_F(mcuboot_update, puts_the_older_image_back_though_it_is_older) {
  ASSERT_TRUE(stage(next));
  swapper_type swapper(flash);
  ASSERT_TRUE(swapper.load());
  ASSERT_TRUE(swapper.swap());
  ASSERT_TRUE(boot());
  EXPECT_TRUE(runs(next));
  ASSERT_TRUE(boot());  // nobody confirmed
  EXPECT_TRUE(runs(running));
  EXPECT_EQ(stage(next).error().code, ota::errc::rejected);
}

TEST_F(mcuboot_update, refuses_each_with_its_own_error) {
  std::string corrupted = next;
  corrupted[100] ^= 1;
  EXPECT_EQ(refusal(corrupted), "corrupted: its SHA-256 differs");
  EXPECT_EQ(refusal(next.substr(0, 400)), "cut off: its hash and signatures are not all there");
  EXPECT_EQ(refusal(std::string(5000, 'x')), "the image is larger than its slot allows");
  EXPECT_EQ(refusal(packed({1, 2, 3, 5}, 7, "thermostat-3")), "for other hardware");
  EXPECT_EQ(refusal(packed({1, 2, 3, 2}, 7)), "older than the running one");
  EXPECT_EQ(refusal(packed({1, 2, 3, 5}, 6)),
            "its security counter is lower than that of the running one");
  EXPECT_EQ(refusal(packed({1, 2, 3, 5}, 7, "thermostat-2", false)),
            "not signed as this device asks");
  std::string forged = next;
  forged.back() ^= 1;
  EXPECT_EQ(refusal(forged), "wrong signature");
  rules::keys.resize(0);
  EXPECT_EQ(refusal(next), "signed by no key that is known here");
  EXPECT_EQ(flash.violation(), "");
}

// Where MCUboot is the bootloader: what we have staged and asked for is, to the byte, what imgtool
// makes of that image for the secondary slot (`--pad`), and the request that MCUboot itself writes.
TEST_F(mcuboot_update, leaves_a_secondary_slot_that_mcuboot_takes) {
  ASSERT_TRUE(stage(next));
  swapper_type swapper(flash);
  ASSERT_TRUE(swapper.load());
  ASSERT_TRUE(swapper.change_phase(image_phase::idle));
  ota::mcuboot_slots<map, 8, 4> slots(flash);
  ASSERT_TRUE(slots.load());
  const auto image = ota::mcuboot_image<rules>::check(flash, map::secondary);
  ASSERT_TRUE(image) << image.error().text;
  ASSERT_TRUE(slots.begin(*image));
  EXPECT_EQ(slots.next_swap(), ota::mcuboot_swap::test);

  std::string expected = next;
  std::string trailer = imgtool_data("trailer_pad_4.bin");
  trailer[200 - 40] = 2;  // the swap that is wanted, which boot_set_pending() writes
  expected.append(map::secondary.size - trailer.size() - expected.size(), '\xff').append(trailer);
  const auto* begin = flash.cells().values.data() + map::secondary.begin;
  EXPECT_EQ(std::string(begin, begin + map::secondary.size), expected);
  EXPECT_TRUE(runs(running));
  EXPECT_EQ(flash.violation(), "");
}

}  // namespace

#endif
