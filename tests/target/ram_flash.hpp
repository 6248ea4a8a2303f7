#pragma once

#include <ota/flash/flash_policy.hpp>
#include <ota/flash/memory_bus.hpp>

/// Memory that follows the rules of flash: for boards whose flash is a file on the host (mps2.py).
/// Programs and erases word by word, so that a cut between two instructions leaves them half done.
template <class Chip>
struct ram_flash {
  static constexpr auto geometry = Chip::geometry;
  static constexpr std::uint32_t origin = 0x21000000;

  static ota::result<void> read(std::uint32_t address, ota::mutable_bytes out) {
    for (std::uint8_t& byte : out)
      byte = *reinterpret_cast<const volatile std::uint8_t*>(origin + address++);
    return {};
  }

  static ota::result<void> program(std::uint32_t address, ota::bytes data) {
    for (; !data.empty(); data = data.drop(4), address += 4)
      word(address) = word(address) & ota::detail::get_u32(data.data());
    return {};
  }

  static ota::result<void> erase(std::uint32_t address) {
    const std::uint32_t end = address + geometry.sector_size(address);
    for (; address != end; address += 4) word(address) = 0xffffffff;
    return {};
  }

 private:
  static volatile std::uint32_t& word(std::uint32_t address) {
    return *reinterpret_cast<volatile std::uint32_t*>(origin + address);
  }
};
