#pragma once

#include <hardware/flash.h>
#include <pico/flash.h>

#include <cstring>

#include "flash_policy.hpp"
#include "memory_bus.hpp"

namespace ota {

/// The NOR flash beside an RP2040 or RP2350, by the Pico SDK (2.x; libraries `hardware_flash` and
/// `pico_flash`). Its `flash_safe_execute` turns interrupts off and has the other core, or the
/// other tasks of FreeRTOS, keep away from flash; a core that runs must have called
/// `flash_safe_execute_core_init`.
template <std::uint32_t Size = 2 * 1024 * 1024, class Bus = memory_bus>
struct pico_flash {
  static constexpr flash_geometry<1> geometry{{{Size / 4096, 4096}}, 256, 0xff, true, 100'000};

  static result<void> read(std::uint32_t address, mutable_bytes out) {
    Bus::copy(0x10000000 + address, out);
    return {};
  }

  static result<void> program(std::uint32_t address, bytes data) {
    job one;
    for (; !data.empty(); data = data.drop(sizeof one.page), address += sizeof one.page) {
      one.offset = address;
      std::memcpy(one.page, data.data(), sizeof one.page);  // it may lie in flash itself
      const auto steps = [](void* it) {
        flash_range_program(static_cast<job*>(it)->offset, static_cast<job*>(it)->page, 256);
      };
      if (auto done = run(steps, one); !done) return done;
    }
    return {};
  }

  static result<void> erase(std::uint32_t address) {
    job one;
    one.offset = address;
    return run([](void* it) { flash_range_erase(static_cast<job*>(it)->offset, 4096); }, one);
  }

 private:
  static constexpr error other_core{
      errc::storage, "flash",
      "the other core does not leave the flash: has it called flash_safe_execute_core_init?"};

  static constexpr std::uint32_t patience_ms = 1000;

  struct job {
    std::uint32_t offset;
    std::uint8_t page[256];
  };

  static result<void> run(void (*steps)(void*), job& one) {
    if (flash_safe_execute(steps, &one, patience_ms) != 0) return other_core;
    return {};
  }
};

}  // namespace ota
