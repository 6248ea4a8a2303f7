#pragma once

// Raspberry Pi Pico-series C/C++ SDK 2.x, "hardware_flash".

#include <cstddef>
#include <cstdint>

extern "C" {
void flash_range_erase(std::uint32_t flash_offs, std::size_t count);
void flash_range_program(std::uint32_t flash_offs, const std::uint8_t* data, std::size_t count);
}
