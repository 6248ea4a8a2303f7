#pragma once

#include <cstddef>

#include "flash_policy.hpp"
#include "memory_bus.hpp"

namespace ota {
namespace detail {

/// One erase or program by the boot ROM (RP2040 datasheet, 2.8.3.1.3), with all that it takes in
/// RAM: while it lasts, flash cannot be read, nor code run from it.
struct rp2040_flash_job {
  using call = void (*)();

  call connect, exit_xip, flush;
  void (*erase)(std::uint32_t offset, std::size_t size, std::uint32_t block, std::uint8_t command);
  void (*program)(std::uint32_t offset, const std::uint8_t* data, std::size_t size);
  std::uint32_t boot2[64];
  std::uint32_t offset;
  std::uint8_t page[256];
};

/// Does it, from RAM: linker scripts, that of the Pico SDK among them, place `.time_critical`
/// there. Reading is switched on again by the program that did so at the start, the first 256 bytes
/// of flash (2.8.1.2): called as a function it returns.
template <bool Erases>
[[gnu::always_inline]] inline void rp2040_flash_steps(const rp2040_flash_job& job) {
  job.connect();
  job.exit_xip();
  if constexpr (Erases)
    job.erase(job.offset, 4096, 0x10000, 0xd8);
  else
    job.program(job.offset, job.page, sizeof job.page);
  job.flush();
  const auto thumb = reinterpret_cast<std::uintptr_t>(job.boot2) | 1;
  reinterpret_cast<rp2040_flash_job::call>(thumb)();  // NOLINT(performance-no-int-to-ptr)
}

[[gnu::noinline, gnu::section(".time_critical.ota_rp2040_erase")]] inline void rp2040_erase(
    const rp2040_flash_job& job) {
  rp2040_flash_steps<true>(job);
}
[[gnu::noinline, gnu::section(".time_critical.ota_rp2040_program")]] inline void rp2040_program(
    const rp2040_flash_job& job) {
  rp2040_flash_steps<false>(job);
}

}  // namespace detail

/// For `rp2040_flash`, where the second core is never started.
struct single_core {
  static void hold() {}
  static void release() {}
};

/// The NOR flash beside an RP2040, by the functions of its boot ROM, without the Pico SDK (with it,
/// take `pico_flash`, which knows of the other core and of FreeRTOS). Interrupts are off during an
/// operation: a page takes up to 3 ms, a sector up to 400 ms (W25Q16JV data sheet, 9.6).
///
/// `OtherCore::hold()` returns when the second core runs neither from flash nor reads it, with its
/// interrupts off, until `release()`. Nothing may be transferred from flash by DMA meanwhile.
///
/// The first sector holds what starts the chip, and is refused: a power cut would be its end.
template <std::uint32_t Size = 2 * 1024 * 1024, class OtherCore = single_core>
struct rp2040_flash {
  static constexpr flash_geometry<1> geometry{{{Size / 4096, 4096}}, 256, 0xff, true, 100'000};

  static result<void> read(std::uint32_t address, mutable_bytes out) {
    memory_bus::copy(origin + address, out);
    return {};
  }

  static result<void> program(std::uint32_t address, bytes data) {
    if (address < 4096) return first_sector;
    detail::rp2040_flash_job job;
    prepare(job);
    for (; !data.empty(); data = data.drop(256), address += 256) {
      job.offset = address;
      std::memcpy(job.page, data.data(), sizeof job.page);  // it may lie in flash itself
      run(detail::rp2040_program, job);
    }
    return {};
  }

  static result<void> erase(std::uint32_t address) {
    if (address < 4096) return first_sector;
    detail::rp2040_flash_job job;
    prepare(job);
    job.offset = address;
    run(detail::rp2040_erase, job);
    return {};
  }

 private:
  static constexpr std::uint32_t origin = 0x10000000;

  static constexpr error first_sector{errc::invalid_argument, "flash",
                                      "the first sector starts the chip and is not overwritten"};

  // The ROM's functions are found by two letters (datasheet, 2.8.3): halfwords at 0x14 and 0x18
  // hold the addresses of the table and of the function that looks into it.
  static std::uintptr_t find(char a, char b) {
    using look_up = std::uintptr_t (*)(std::uintptr_t table, std::uint32_t name);
    const std::uintptr_t table = memory_bus::load(0x14) & 0xffff;
    const std::uintptr_t function = memory_bus::load(0x18) & 0xffff;
    const auto name = static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b) << 8;
    return reinterpret_cast<look_up>(function)(table, name);  // NOLINT(performance-no-int-to-ptr)
  }

  // NOLINTBEGIN(performance-no-int-to-ptr)
  static void prepare(detail::rp2040_flash_job& job) {
    job.connect = reinterpret_cast<decltype(job.connect)>(find('I', 'F'));
    job.exit_xip = reinterpret_cast<decltype(job.exit_xip)>(find('E', 'X'));
    job.erase = reinterpret_cast<decltype(job.erase)>(find('R', 'E'));
    job.program = reinterpret_cast<decltype(job.program)>(find('R', 'P'));
    job.flush = reinterpret_cast<decltype(job.flush)>(find('F', 'C'));
    for (std::uint32_t i = 0; i < 64; ++i) job.boot2[i] = memory_bus::load(origin + i * 4);
  }
  // NOLINTEND(performance-no-int-to-ptr)

  static void run(void (*steps)(const detail::rp2040_flash_job&),
                  const detail::rp2040_flash_job& job) {
    OtherCore::hold();
    std::uint32_t masked;
    asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(masked) : : "memory");
    steps(job);
    asm volatile("msr primask, %0" : : "r"(masked) : "memory");
    OtherCore::release();
  }
};

}  // namespace ota
