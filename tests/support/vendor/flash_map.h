#pragma once

// docs.mcuboot.com, "Porting": the flash map of a target.

#include <cstdint>

struct flash_area {
  std::uint8_t fa_id;
  std::uint32_t fa_off;
  std::uint32_t fa_size;
};

extern "C" {
int flash_area_read(const flash_area*, std::uint32_t off, void* dst, std::uint32_t len);
int flash_area_write(const flash_area*, std::uint32_t off, const void* src, std::uint32_t len);
int flash_area_erase(const flash_area*, std::uint32_t off, std::uint32_t len);
std::uint32_t flash_area_align(const flash_area*);
std::uint8_t flash_area_erased_val(const flash_area*);
}
