#pragma once

#include <cstdint>
#include <optional>

#include "../core/bytes.hpp"
#include "../core/little_endian.hpp"
#include "program_addresses.hpp"

namespace ota::host {

/// Where an ELF file says that its code and its variables lie (System V ABI, "Program Header");
/// none for other files, and where the byte order is not that of the patches.
inline std::optional<program_addresses> elf_addresses(bytes file) {
  using ota::detail::get_u16;
  using ota::detail::get_u32;
  constexpr std::size_t smallest = 64;
  if (file.size() < smallest || get_u32(file.data()) != 0x464c457f || file[5] != 1) return {};
  // Of 64 bits the lower 32 are taken, as code does.
  const bool wide = file[4] == 2;
  const std::size_t table = get_u32(file.data() + (wide ? 32 : 28));
  const std::size_t size = get_u16(file.data() + (wide ? 54 : 42));
  const std::size_t count = get_u16(file.data() + (wide ? 56 : 44));
  if (size < (wide ? 56U : 32U) || table + size * count > file.size()) return {};

  constexpr std::uint32_t load = 1, executable = 1, writable = 2;
  program_addresses found;
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* segment = file.data() + table + size * i;
    if (get_u32(segment) != load) continue;
    const std::uint32_t flags = get_u32(segment + (wide ? 4 : 24));
    const std::uint32_t offset = get_u32(segment + (wide ? 8 : 4));
    const std::uint32_t address = get_u32(segment + (wide ? 16 : 8));
    if ((flags & writable) != 0) {
      found.data_begin = address;
      found.data_size = get_u32(segment + (wide ? 40 : 20));
    } else if ((flags & executable) != 0) {
      found.base = address - offset;
      any = true;
    }
  }
  return any ? std::optional(found) : std::nullopt;
}

}  // namespace ota::host
