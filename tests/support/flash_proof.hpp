#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include "flash_device.hpp"
#include "ota/testing/prove_flash_safe.hpp"

namespace ota::testing {

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
using esp32_map = even_map<esp32, 4096, 2>;
using samd21_map = even_map<samd21, 256, 12, 4>;
using stm32l_map = even_map<stm32l, 512, 5>;

// Slots of even sectors.
struct stm32f4_map {
  using flash = simulated_nor<stm32f4>;
  static constexpr flash_region journal{0, 768};
  static constexpr flash_region primary{2048, 6144};
  static constexpr flash_region secondary{8192, 4096};
  static constexpr flash_region scratch{12288, 2048};
};
// Five sectors of two sizes in one slot, one in the other.
struct stm32f4_uneven_map {
  using flash = simulated_nor<stm32f4>;
  static constexpr flash_region primary{0, 2048};
  static constexpr flash_region secondary{2048, 2048};
  static constexpr flash_region scratch{4096, 2048};
  static constexpr flash_region backup{6144, 2048};
  static constexpr flash_region journal{10240, 6144};
};

// The next image arrives on the other chip.
struct nrf51_with_spi_map {
  using flash = simulated_nor<nrf51_with_spi>;
  static constexpr flash_region journal{0, 3 * 2048};
  static constexpr flash_region primary{8 * 1024, 8 * 1024};
  static constexpr flash_region secondary{16 * 1024, 8 * 1024};
  static constexpr flash_region backup{24 * 1024, 8 * 1024};
};

inline void keep_figures(const std::string& name, const power_cut_report& report) {
  std::cout << "[ figures  ] " << name << ": " << report.to_json() << '\n';
  if (const char* folder = std::getenv("OTA_FIGURES"))
    std::ofstream(std::string(folder) + "/flash_" + name + ".json") << report.to_json() << '\n';
}

/// A device, its old and its new image, and what is done to it.
template <class Map, template <class> class Strategy, class Device = flash_device<Map, Strategy>>
struct scene {
  using device = Device;
  using flash = typename Map::flash;
  std::vector<std::uint8_t> old_image, new_image, third_image, wanted;
  std::uint32_t allowed = 1;
  flash_region chosen{};

  scene(std::uint32_t old_content, std::uint32_t new_content)
      : old_image(make_test_image(1, old_content)),
        new_image(make_test_image(2, new_content)),
        third_image(make_test_image(3, new_content / 2)),
        wanted(new_image) {}

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
  result<void> update(flash& chip) { return update_to(chip, new_image); }
  result<void> update_to(flash& chip, const std::vector<std::uint8_t>& image) {
    const auto id = id_of(digest_of(image));
    const auto state = device::state(chip);
    if (state.rejected == id || (state.phase == image_phase::kept && state.id == id)) return {};
    if (state.phase != image_phase::trial) {
      if (state.phase != image_phase::swapping && state.phase != image_phase::restoring)
        if (auto done = device::stage(chip, image); !done) return done;
      if (device::state(chip).phase == image_phase::staged)
        if (auto done = device::request(chip, allowed); !done) return done;
      if (auto done = device::boot(chip); !done) return done.error();
    }
    if (device::state(chip).phase == image_phase::trial) return device::confirm(chip);
    return {};
  }
  result<void> boot(flash& chip) {
    const auto slot = device::boot(chip);
    if (!slot) return slot.error();
    chosen = *slot;
    return {};
  }
  std::string judge(flash& chip) {
    for (const auto& image : {old_image, new_image, third_image})
      if (device::holds(chip, chosen, image)) return {};
    return "no image is whole where the device starts";
  }

  template <class Work>
  power_cut_report prove(flash start, Work work, int depth = 2) {
    flash_cut_options options;
    options.depth = depth;
    options.finishes = true;
    return prove_flash_safe(
        [&] { return start; }, [&](flash& chip) { return std::invoke(work, *this, chip); },
        [&](flash& chip) { return boot(chip); }, [&](flash& chip) { return judge(chip); }, options);
  }
  // Goes on and on: whichever image runs, the next one replaces it.
  result<void> update_again(flash& chip) {
    const auto state = device::state(chip);
    const bool settled = state.phase == image_phase::idle || state.phase == image_phase::kept;
    if (settled)
      for (const auto& next : {old_image, third_image, new_image})
        if (!device::holds(chip, chosen, next) && state.rejected != id_of(digest_of(next)))
          wanted = next;
    return update_to(chip, wanted);
  }
  result<void> roll_back(flash& chip) {
    if (device::state(chip).phase == image_phase::kept)
      if (auto done = device::roll_back(chip); !done) return done;
    return boot(chip);
  }
  power_cut_report prove_random(int series) {
    return prove_flash_safe_at_random([&] { return fresh(); },
                                      [&](flash& chip) { return update_again(chip); },
                                      [&](flash& chip) { return boot(chip); },
                                      [&](flash& chip) { return judge(chip); }, series, 10);
  }
};

/// The power is cut everywhere in an update, in the put-back of an image that was not confirmed,
/// and in a rollback, and again in every recovery.
template <class Map, template <class> class Strategy>
void prove_strategy(const std::string& name,
                    std::initializer_list<std::uint32_t> contents = {1, 2900, 1 << 20}) {
  constexpr std::uint32_t most = Strategy<Map>::capacity - 16;
  for (const std::uint32_t content : contents) {
    scene<Map, Strategy> one(most * 3 / 5, content > most ? most : content);
    const std::string label = name + "_" + std::to_string(one.new_image.size());
    const auto update = one.prove(one.fresh(), &scene<Map, Strategy>::update);
    EXPECT_EQ(update.broken, 0u) << update.first_broken;
    keep_figures(label + "_update", update);
    const auto back = one.prove(one.on_trial(), &scene<Map, Strategy>::boot);
    EXPECT_EQ(back.broken, 0u) << back.first_broken;
    keep_figures(label + "_put_back", back);
    const auto rollback = one.prove(one.updated(), &scene<Map, Strategy>::roll_back);
    EXPECT_EQ(rollback.broken, 0u) << rollback.first_broken;
    keep_figures(label + "_rollback", rollback);
  }
}

/// Ten cuts in a row, anywhere, many times.
template <class Map, template <class> class Strategy>
void prove_series(const std::string& name, int series) {
  scene<Map, Strategy> one(1500, 2900);
  one.allowed = 20;
  const auto report = one.prove_random(series);
  EXPECT_EQ(report.broken, 0u) << report.first_broken;
  keep_figures(name + "_series", report);
}

}  // namespace ota::testing
