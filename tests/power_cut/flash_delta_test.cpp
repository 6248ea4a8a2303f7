// Patches applied to flash, beside the running image and in its place: the power is cut at every
// operation, on the geometries of real chips; and faults that the proof must find.

#include <gtest/gtest.h>

#include "support/flash_delta.hpp"

namespace {

using namespace ota::testing;
using ota::bytes;
using ota::flash_region;
using ota::patch_in_place;
using ota::result;
using ota::two_slots;

// --- in place

template <class Map, template <class> class Strategy = patch_in_place>
struct in_place : scene<Map, Strategy, flash_device<Map, Strategy, patched_test_image>> {
  using base = scene<Map, Strategy, flash_device<Map, Strategy, patched_test_image>>;
  using limits = typename Map::patch_limits;
  std::vector<std::uint8_t> patch;

  explicit in_place(std::uint32_t content, std::uint32_t lag = limits::spare - limits::block)
      : base(0, 0) {
    const two_programs programs(content);
    this->old_image = programs.old_image;
    this->new_image = programs.new_image;
    this->third_image = this->old_image;
    patch = patched_test_image::pack(make_patch<limits>(programs, lag));
  }

  result<void> update(typename base::flash& chip) { return this->update_to(chip, patch); }

  power_cut_report prove_update() {
    return this->prove(this->fresh(), [this](auto&, auto& chip) { return update(chip); });
  }
};

template <class Flash>
std::uint32_t erases_in(const Flash& chip, flash_region region) {
  std::uint32_t sum = 0;
  for (std::uint32_t at = region.begin; at < region.end(); at += chip.geometry.sector_size(at))
    sum += chip.erases(at);
  return sum;
}

/// Cuts an update inside each operation, and carries it on. \return the most sectors of the new
/// image that were written again
template <class Scene, class Flash, class Update>
std::uint32_t most_written_again(Scene& scene, const Flash& fresh, flash_region slot,
                                 Update update) {
  Flash whole = fresh;
  whole.power_on();
  EXPECT_TRUE(update(whole));
  const std::uint32_t uncut = erases_in(whole, slot);
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < whole.operations().size(); ++i) {
    Flash chip = fresh;
    chip.power_on();
    chip.cut_at(i, 3, weak_reading::changing);
    EXPECT_FALSE(update(chip));
    chip.power_on();
    EXPECT_TRUE(scene.boot(chip));
    EXPECT_TRUE(update(chip));
    EXPECT_EQ(scene.judge(chip), "");
    EXPECT_TRUE(Scene::device::holds(chip, scene.chosen, scene.new_image)) << i;
    most = std::max(most, erases_in(chip, slot) - uncut);
  }
  return most;
}

template <class Map>
void prove_in_place(const std::string& name, std::initializer_list<std::uint32_t> contents) {
  using limits = typename Map::patch_limits;
  for (const std::uint32_t content : contents) {
    in_place<Map> one(content);
    const auto report = one.prove_update();
    EXPECT_EQ(report.broken, 0u) << report.first_broken;
    keep_figures("in_place_" + name + '_' + std::to_string(one.new_image.size()) + "_update",
                 report);
    const std::uint32_t sector = Map::flash::geometry.sector_size(Map::primary.begin);
    EXPECT_LE(most_written_again(one, one.fresh(), Map::primary,
                                 [&](auto& chip) { return one.update(chip); }),
              limits::block / sector);
  }
}

using nrf51_slot = single_slot_map<nrf51_for_patches, 1024, test_limits<1024, 3072>, 1, 3, 2, 10>;
using rp2040_slot = single_slot_map<rp2040_for_patches, 4096, test_limits<4096, 8192>, 1, 1, 1, 6>;
using samd21_slot = single_slot_map<samd21_for_patches, 256, test_limits<512, 1024>, 4, 11, 6, 16>;
struct stm32f4_slot {
  using flash = simulated_nor<stm32f4_for_patches>;
  using patch_limits = test_limits<2048, 4096>;
  static constexpr flash_region journal{0, 768};
  static constexpr flash_region patch_state{2048, 8192};
  static constexpr flash_region patch{10240, 2048};
  static constexpr flash_region primary{12288, 10240};
};

TEST(flash_delta, in_place_nrf51) { prove_in_place<nrf51_slot>("nrf51", {900, 4500}); }
TEST(flash_delta, in_place_rp2040) { prove_in_place<rp2040_slot>("rp2040", {10000}); }
TEST(flash_delta, in_place_samd21) { prove_in_place<samd21_slot>("samd21", {2400}); }
TEST(flash_delta, in_place_stm32f4) { prove_in_place<stm32f4_slot>("stm32f4", {5500}); }

}  // namespace
