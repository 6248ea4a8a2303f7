#pragma once

#include "flash_policy.hpp"
#include "memory_bus.hpp"

namespace ota {

// Pages, code memory and endurance of Nordic's chips, each from its product specification.

struct nrf51822 {
  static constexpr flash_geometry<1> geometry{{{256, 1024}}, 4, 0xff, false, 20'000};
};
struct nrf52832 {
  static constexpr flash_geometry<1> geometry{{{128, 4096}}, 4, 0xff, false, 10'000};
};
struct nrf52833 : nrf52832 {};
struct nrf52840 {
  static constexpr flash_geometry<1> geometry{{{256, 4096}}, 4, 0xff, false, 10'000};
};

/// The code memory of nRF51 and nRF52, written through their NVMC (nRF51 Series Reference Manual
/// v3, chapter 6; nRF52832 and nRF52840 Product Specifications, "NVMC"). The processor stands still
/// while a word is written or a page erased, 21 to 90 ms; radio protocols do not like that: where a
/// SoftDevice runs, writing is its business (`sd_flash_write`).
///
/// A word may be written again only a few times between two erases (n_WRITE), which is not made use
/// of: the geometry says that nothing is programmed twice.
template <class Chip = nrf51822, class Bus = memory_bus>
struct nrf_nvmc {
  static constexpr auto geometry = Chip::geometry;

  static result<void> read(std::uint32_t address, mutable_bytes out) {
    Bus::copy(address, out);
    return {};
  }

  static result<void> program(std::uint32_t address, bytes data) {
    allow(writing);
    for (; !data.empty(); data = data.drop(4), address += 4) {
      Bus::store(address, detail::get_u32(data.data()));
      wait();
    }
    allow(reading);
    return {};
  }

  static result<void> erase(std::uint32_t address) {
    allow(erasing);
    Bus::store(erase_page, address);
    wait();
    allow(reading);
    return {};
  }

 private:
  static constexpr std::uint32_t ready = 0x4001e400;
  static constexpr std::uint32_t config = 0x4001e504;
  static constexpr std::uint32_t erase_page = 0x4001e508;

  static constexpr std::uint32_t reading = 0;
  static constexpr std::uint32_t writing = 1;
  static constexpr std::uint32_t erasing = 2;

  static void wait() {
    while ((Bus::load(ready) & 1) == 0) {
    }
  }
  static void allow(std::uint32_t access) {
    Bus::store(config, access);
    wait();
  }
};

}  // namespace ota
