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

  /// \param more  bytes by which the patch lags too far
  explicit in_place(std::uint32_t content, std::uint32_t more = 0) : base(0, 0) {
    const auto size = static_cast<std::uint32_t>(two_programs(content).old_image.size());
    const std::uint32_t lag =
        patch_in_place<Map>::moved(size).begin - Map::primary.begin - limits::block + more;
    const two_programs programs(content, lag);
    this->old_image = programs.old_image;
    this->new_image = programs.new_image;
    this->third_image = this->old_image;
    patch = patched_test_image::pack(make_patch<limits>(programs, lag));
  }

  result<void> update(typename base::flash& chip) { return this->update_to(chip, patch); }

  power_cut_report prove_update(int depth = 2) {
    return this->prove(
        this->fresh(), [this](auto&, auto& chip) { return update(chip); }, depth);
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
    EXPECT_TRUE(scene.boot(chip));
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

using nrf51_slot = single_slot_map<nrf51_for_patches, 1024, test_limits<1024, 3072>, 1, 3, 2, 8>;
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

TEST(flash_delta, in_place_series_of_ten_cuts) {
  in_place<nrf51_slot> one(4500);
  const auto report = prove_flash_safe_at_random(
      [&] { return one.fresh(); }, [&](auto& chip) { return one.update(chip); },
      [&](auto& chip) { return one.boot(chip); }, [&](auto& chip) { return one.judge(chip); }, 2000,
      10);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  keep_figures("in_place_nrf51_series", report);
}
TEST(flash_delta, in_place_nrf51) { prove_in_place<nrf51_slot>("nrf51", {900, 4500}); }
TEST(flash_delta, in_place_rp2040) { prove_in_place<rp2040_slot>("rp2040", {10000}); }
TEST(flash_delta, in_place_samd21) { prove_in_place<samd21_slot>("samd21", {2000}); }
TEST(flash_delta, in_place_stm32f4) { prove_in_place<stm32f4_slot>("stm32f4", {5500}); }

// --- beside the running image

constexpr ota::error wrong_image{ota::errc::mismatch, "test", "a wrong image is started"};

template <class Map>
struct beside : scene<Map, two_slots, patching_device<Map, two_slots>> {
  using device = patching_device<Map, two_slots>;

  explicit beside(std::uint32_t content) : beside::scene(0, 0) {
    const two_programs programs(content);
    this->old_image = this->third_image = programs.old_image;
    this->new_image = programs.new_image;
    this->allowed = 200;  // a cut is not the image's fault
    device::patch = make_patch<typename Map::patch_limits>(programs);
  }

  // A start that goes on with the patch, which must come to its end.
  result<void> start(typename Map::flash& chip) {
    if (auto done = this->boot(chip); !done) return done;
    if (!this->judge(chip).empty()) return wrong_image;
    if (auto done = this->update(chip); !done) return done;
    return this->boot(chip);
  }
  std::string judge_end(typename Map::flash& chip) {
    return device::holds(chip, this->chosen, this->new_image) ? "" : "it does not end on the new";
  }
};

// Of the secondary slot; a block ends with a sector.
template <class Map>
constexpr std::uint32_t most_sectors_in_block() {
  const auto& geometry = Map::flash::geometry;
  std::uint32_t most = 0;
  for (std::uint32_t at = Map::secondary.begin; at < Map::secondary.end();
       at += geometry.sector_size(at)) {
    std::uint32_t sectors = 0, end = at;
    for (; end - at < Map::patch_limits::block; ++sectors) end += geometry.sector_size(end);
    most = std::max(most, sectors);
  }
  return most;
}

template <class Map>
void prove_beside(const std::string& name, std::initializer_list<std::uint32_t> contents) {
  for (const std::uint32_t content : contents) {
    beside<Map> one(content);
    const auto report =
        prove_flash_safe([&] { return one.fresh(); }, [&](auto& chip) { return one.update(chip); },
                         [&](auto& chip) { return one.start(chip); },
                         [&](auto& chip) { return one.judge_end(chip); });
    EXPECT_EQ(report.broken, 0u) << report.first_broken;
    keep_figures("patched_" + name + '_' + std::to_string(one.new_image.size()) + "_update",
                 report);
    const std::uint32_t most = most_written_again(one, one.fresh(), Map::secondary,
                                                  [&](auto& chip) { return one.update(chip); });
    EXPECT_LE(most, most_sectors_in_block<Map>());
  }
}

using nrf51_slots = two_slots_map<nrf51_for_patches, 1024, test_limits<2048, 0>, 1, 3, 7>;
using rp2040_slots = two_slots_map<rp2040_for_patches, 4096, test_limits<4096, 0>, 1, 1, 4>;
using samd21_slots = two_slots_map<samd21_for_patches, 256, test_limits<512, 0>, 4, 11, 14>;
// The next image is written to sectors of two sizes.
struct stm32f4_slots {
  using flash = simulated_nor<stm32f4_for_patches>;
  using patch_limits = test_limits<512, 0>;
  static constexpr flash_region secondary{0, 4096};
  static constexpr flash_region primary{4096, 4096};
  static constexpr flash_region patch_state{8192, 8192};
  static constexpr flash_region journal{16384, 6144};
};

TEST(flash_delta, beside_series_of_ten_cuts) {
  beside<nrf51_slots> one(4500);
  const auto report = prove_flash_safe_at_random(
      [&] { return one.fresh(); }, [&](auto& chip) { return one.update(chip); },
      [&](auto& chip) { return one.boot(chip); }, [&](auto& chip) { return one.judge(chip); }, 2000,
      10);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  keep_figures("patched_nrf51_series", report);
}
TEST(flash_delta, beside_nrf51) { prove_beside<nrf51_slots>("nrf51", {900, 4500}); }
TEST(flash_delta, beside_rp2040) { prove_beside<rp2040_slots>("rp2040", {14000}); }
TEST(flash_delta, beside_samd21) { prove_beside<samd21_slots>("samd21", {2200}); }
TEST(flash_delta, beside_stm32f4) { prove_beside<stm32f4_slots>("stm32f4", {3500}); }

// --- what the proof must find

// Trusts the patch not to lag too far: what is to be read once more after a cut is gone.
template <class Swapper>
struct trusting : ota::detail::in_place_patching<Swapper> {
  using ota::detail::in_place_patching<Swapper>::in_place_patching;
  result<void> check() { return {}; }
};
template <class Map>
struct trusts_lag : patch_in_place<Map> {
  template <class Swapper>
  using patching = trusting<Swapper>;
};

TEST(flash_delta, finds_a_patch_that_lags_too_far) {
  using limits = nrf51_slot::patch_limits;
  in_place<nrf51_slot> careful(4500, limits::block);
  auto chip = careful.fresh();
  EXPECT_TRUE(careful.update(chip));
  EXPECT_TRUE(careful.boot(chip));
  EXPECT_TRUE(decltype(careful)::device::holds(chip, careful.chosen, careful.old_image));

  in_place<nrf51_slot, trusts_lag> one(4500, limits::block);
  const auto report = one.prove_update(1);
  std::cout << "[ figures  ] lags too far: " << report.to_json() << '\n';
  EXPECT_GT(report.broken, 0u);
  EXPECT_NE(report.first_broken.find("cut at operation"), std::string::npos) << report.first_broken;
}

// Both states are kept in the first bank.
template <class Chip, std::uint32_t Bank, std::uint32_t End>
struct one_bank : simulated_nor<Chip> {
  using base = simulated_nor<Chip>;
  static constexpr std::uint32_t place(std::uint32_t address) {
    return address >= Bank && address < End ? address - (End - Bank) : address;
  }
  result<void> read(std::uint32_t address, ota::mutable_bytes out) {
    return base::read(place(address), out);
  }
  result<void> program(std::uint32_t address, bytes data) {
    return base::program(place(address), data);
  }
  result<void> erase(std::uint32_t address) { return base::erase(place(address)); }
};
struct one_bank_slot : nrf51_slot {
  using flash =
      one_bank<nrf51_for_patches, patch_state.begin + patch_state.size / 2, patch_state.end()>;
};

TEST(flash_delta, finds_a_state_that_is_written_over) {
  const auto report = in_place<one_bank_slot>(4500).prove_update(1);
  std::cout << "[ figures  ] one bank: " << report.to_json() << '\n';
  EXPECT_GT(report.broken, 0u);
  EXPECT_NE(report.first_broken.find("cut at operation"), std::string::npos) << report.first_broken;
}

}  // namespace
