// The power is cut before, inside and after every operation on flash of whole updates, of a
// put-back and of a rollback, and again in every recovery; by every strategy, on the geometries of
// real chips, with images from one byte to all that fits.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "ota/testing/prove_flash_safe.hpp"
#include "support/flash_device.hpp"

namespace {

using namespace ota::testing;
using ota::flash_region;
using ota::overwrite_with_backup;
using ota::result;
using ota::swap_by_moving;
using ota::swap_with_scratch;
using ota::two_slots;

template <class Chip, std::uint32_t Sector, std::uint32_t Slot, std::uint32_t Bank = 1>
struct even_map {
  using flash = simulated_nor<Chip>;
  static constexpr flash_region journal{0, 3 * Bank* Sector};
  static constexpr flash_region primary{journal.end(), (Slot + 1) * Sector};
  static constexpr flash_region secondary{primary.end(), Slot* Sector};
  static constexpr flash_region scratch{secondary.end(), Sector};
  static constexpr flash_region backup{scratch.end(), Slot* Sector};
};

using nrf51_map = even_map<nrf51, 1024, 5>;
using rp2040_map = even_map<rp2040_flash, 4096, 3>;
using esp32_map = even_map<esp32, 4096, 3>;
using samd21_map = even_map<samd21, 256, 12, 4>;
using stm32l_map = even_map<stm32l, 512, 5>;

// Slots whose sectors differ: 4 KiB and 8 KiB against 8 KiB and two of 8 KiB.
struct stm32f4_map {
  using flash = simulated_nor<stm32f4>;
  static constexpr flash_region journal{0, 3 * 1024};
  static constexpr flash_region primary{8 * 1024, 16 * 1024};
  static constexpr flash_region secondary{24 * 1024, 16 * 1024};
  static constexpr flash_region scratch{40 * 1024, 8 * 1024};
};
// 1 KiB and 4 KiB sectors in one slot, one of 8 KiB in the other.
struct stm32f4_uneven_map {
  using flash = simulated_nor<stm32f4>;
  static constexpr flash_region journal{40 * 1024, 8 * 1024};
  static constexpr flash_region primary{0, 8 * 1024};
  static constexpr flash_region secondary{8 * 1024, 8 * 1024};
  static constexpr flash_region scratch{16 * 1024, 8 * 1024};
  static constexpr flash_region backup{24 * 1024, 8 * 1024};
};

void keep_figures(const std::string& name, const power_cut_report& report) {
  std::cout << "[ figures  ] " << name << ": " << report.to_json() << '\n';
  if (const char* folder = std::getenv("OTA_FIGURES"))
    std::ofstream(std::string(folder) + "/flash_" + name + ".json") << report.to_json() << '\n';
}

/// A device, its old and its new image, and what is done to it.
template <class Map, template <class> class Strategy>
struct scene {
  using device = flash_device<Map, Strategy>;
  using flash = typename Map::flash;
  std::vector<std::uint8_t> old_image, new_image;
  flash_region chosen{};

  scene(std::uint32_t old_content, std::uint32_t new_content)
      : old_image(make_test_image(1, old_content)), new_image(make_test_image(2, new_content)) {}

  flash fresh() {
    flash chip;
    chip.load(Map::primary.begin, {old_image.data(), old_image.size()});
    return chip;
  }
  flash updated() {
    flash chip = fresh();
    EXPECT_TRUE(update(chip));
    return chip;
  }
  flash on_trial() {
    flash chip = fresh();
    EXPECT_TRUE(device::stage(chip, new_image));
    EXPECT_TRUE(device::request(chip));
    EXPECT_TRUE(device::boot(chip));
    return chip;
  }

  // From wherever a device stands to the new image, kept.
  result<void> update(flash& chip) {
    const auto id = ota::id_of(digest_of(new_image));
    auto state = device::state(chip);
    if (state.rejected == id) return {};
    if (state.phase != ota::image_phase::trial && state.phase != ota::image_phase::kept) {
      if (state.phase != ota::image_phase::swapping && state.phase != ota::image_phase::restoring)
        if (auto done = device::stage(chip, new_image); !done) return done;
      if (device::state(chip).phase == ota::image_phase::staged)
        if (auto done = device::request(chip); !done) return done;
      if (auto done = device::boot(chip); !done) return done.error();
    }
    if (device::state(chip).phase == ota::image_phase::trial) return device::confirm(chip);
    return {};
  }
  result<void> boot(flash& chip) {
    const auto slot = device::boot(chip);
    if (!slot) return slot.error();
    chosen = *slot;
    return {};
  }
  std::string judge(flash& chip) {
    if (device::holds(chip, chosen, old_image) || device::holds(chip, chosen, new_image)) return {};
    return "neither image is whole where the device starts";
  }

  power_cut_report prove(flash start, result<void> (scene::*work)(flash&), int depth) {
    flash_cut_options options;
    options.depth = depth;
    options.finishes = true;
    return prove_flash_safe([&] { return start; }, [&](flash& chip) { return (this->*work)(chip); },
                            [&](flash& chip) { return boot(chip); },
                            [&](flash& chip) { return judge(chip); }, options);
  }
  result<void> roll_back(flash& chip) {
    if (device::state(chip).phase == ota::image_phase::kept)
      if (auto done = device::roll_back(chip); !done) return done;
    return boot(chip);
  }
  power_cut_report prove_random(int series) {
    return prove_flash_safe_at_random([&] { return fresh(); },
                                      [&](flash& chip) { return update(chip); },
                                      [&](flash& chip) { return boot(chip); },
                                      [&](flash& chip) { return judge(chip); }, series, 10);
  }
};

template <class Map, template <class> class Strategy>
void prove_strategy(const std::string& name, int depth,
                    std::initializer_list<std::uint32_t> sizes) {
  constexpr std::uint32_t most = Strategy<Map>::capacity - 16;
  for (const std::uint32_t size : sizes) {
    scene<Map, Strategy> one(most * 3 / 5, size > most ? most : size);
    const std::string label = name + "_" + std::to_string(size > most ? most + 16 : size);
    const auto update = one.prove(one.fresh(), &scene<Map, Strategy>::update, depth);
    EXPECT_EQ(update.broken, 0u) << update.first_broken;
    keep_figures(label + "_update", update);
    const auto back = one.prove(one.on_trial(), &scene<Map, Strategy>::boot, depth);
    EXPECT_EQ(back.broken, 0u) << back.first_broken;
    keep_figures(label + "_put_back", back);
    const auto rollback = one.prove(one.updated(), &scene<Map, Strategy>::roll_back, depth);
    EXPECT_EQ(rollback.broken, 0u) << rollback.first_broken;
    keep_figures(label + "_rollback", rollback);
  }
}

TEST(nrf51_flash, swap_with_scratch) {
  prove_strategy<nrf51_map, swap_with_scratch>("nrf51_scratch", 2, {1, 3000, 1 << 20});
}
TEST(nrf51_flash, swap_by_moving) {
  prove_strategy<nrf51_map, swap_by_moving>("nrf51_moving", 2, {1, 3000, 1 << 20});
}

}  // namespace
