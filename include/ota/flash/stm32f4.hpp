#pragma once

#include "flash_policy.hpp"
#include "memory_bus.hpp"

namespace ota {

/// The main memory of an STM32F4 with one bank, by its registers (RM0090, chapter 3; RM0368 and
/// RM0383 say the same): four sectors of 16 KiB, one of 64, then `LargeSectors` of 128: 1 for an
/// F401xC, 3 for an F401xE or F411xE, 7 for an F405 or F407 with 1 MiB.
///
/// Programs words of 32 bits, for which the supply must have at least 2.7 V (RM0090, table 7).
/// Whatever runs from flash, interrupts included, stands still during an erase: up to 2 s.
template <std::uint32_t LargeSectors = 7, class Bus = memory_bus>
struct stm32f4_flash {
  static_assert(LargeSectors >= 1 && LargeSectors <= 7, "an STM32F4's bank has up to 12 sectors");
  static constexpr flash_geometry<3> geometry{
      {{4, 16 * 1024}, {1, 64 * 1024}, {LargeSectors, 128 * 1024}}, 4, 0xff, true, 10'000};

  static result<void> read(std::uint32_t address, mutable_bytes out) {
    Bus::copy(origin + address, out);
    return {};
  }

  static result<void> program(std::uint32_t address, bytes data) {
    unlock();
    Bus::store(control, by_words | programming);
    for (; !data.empty() && failures() == 0; data = data.drop(4), address += 4) {
      Bus::store(origin + address, detail::get_u32(data.data()));
      wait();
    }
    return finish();
  }

  static result<void> erase(std::uint32_t address) {
    unlock();
    const std::uint32_t what = by_words | erasing | sector_of(address) << 3;
    Bus::store(control, what);
    Bus::store(control, what | start);
    wait();
    forget_cached();
    return finish();
  }

 private:
  static constexpr std::uint32_t origin = 0x08000000;

  static constexpr std::uint32_t access = 0x40023c00;  // FLASH_ACR
  static constexpr std::uint32_t caches = 3u << 9;     // ICEN, DCEN
  static constexpr std::uint32_t emptied = 3u << 11;   // ICRST, DCRST

  static constexpr std::uint32_t key = 0x40023c04;  // FLASH_KEYR

  static constexpr std::uint32_t status = 0x40023c0c;  // FLASH_SR
  static constexpr std::uint32_t failed = 0x1f2;  // OPERR, WRPERR, PGAERR, PGPERR, PGSERR, RDERR
  static constexpr std::uint32_t write_protected = 1u << 4;  // WRPERR
  static constexpr std::uint32_t busy = 1u << 16;

  static constexpr std::uint32_t control = 0x40023c10;  // FLASH_CR
  static constexpr std::uint32_t programming = 1u << 0;
  static constexpr std::uint32_t erasing = 1u << 1;
  static constexpr std::uint32_t by_words = 2u << 8;  // PSIZE
  static constexpr std::uint32_t start = 1u << 16;
  static constexpr std::uint32_t locked = 1u << 31;

  static constexpr error is_protected{errc::storage, "flash",
                                      "the sector is write protected by the chip's option bytes"};
  static constexpr error refused{
      errc::storage, "flash", "the chip refused to program or erase; is its supply below 2.7 V?"};

  static constexpr std::uint32_t sector_of(std::uint32_t address) {
    if (address < 0x10000) return address >> 14;
    return 4 + (address >> 17);
  }

  static void wait() {
    while ((Bus::load(status) & busy) != 0) {
    }
  }
  static std::uint32_t failures() { return Bus::load(status) & failed; }

  // A flag that is still set from before would stop what comes now: each is cleared by writing 1.
  static void unlock() {
    wait();
    if ((Bus::load(control) & locked) != 0) {
      Bus::store(key, 0x45670123);
      Bus::store(key, 0xcdef89ab);
    }
    Bus::store(status, failed);
  }

  static result<void> finish() {
    Bus::store(control, locked);
    const std::uint32_t flags = failures();
    if (flags == 0) return {};
    return (flags & write_protected) != 0 ? is_protected : refused;
  }

  // Caches do not see an erase, and may be emptied only while they are off (RM0090, 3.5.2).
  static void forget_cached() {
    const std::uint32_t before = Bus::load(access);
    Bus::store(access, before & ~caches);
    Bus::store(access, (before & ~caches) | emptied);
    Bus::store(access, before & ~emptied);
  }
};

}  // namespace ota
