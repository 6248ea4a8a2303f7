// The policies over ESP-IDF, the Pico SDK and MCUboot's flash map, over stand-ins for those
// (tests/support/vendor).

#include <array>
#include <cstring>

#include "flash_map.h"
#include "ota/flash/esp_partition.hpp"
#include "ota/flash/flash_area.hpp"
#include "ota/flash/pico_flash.hpp"
#include "support.hpp"

namespace {

/// What all the stand-ins work on. `fails` makes the next calls refuse.
struct {
  std::array<std::uint8_t, 64 * 1024> cells;
  ota_test::complaints told;
  bool fails = false;
  bool safe = false;  ///< inside `flash_safe_execute`
} chip;

int check(bool right, const char* sentence) {
  if (!right) chip.told.emplace_back(sentence);
  return chip.fails || !right ? -1 : 0;
}
int program_cells(std::size_t at, const void* data, std::size_t size, std::size_t unit) {
  if (check(at % unit == 0 && size % unit == 0 && at + size <= chip.cells.size(), "program") != 0)
    return -1;
  for (std::size_t i = 0; i < size; ++i)
    chip.cells[at + i] &= static_cast<const std::uint8_t*>(data)[i];
  return 0;
}
int erase_cells(std::size_t at, std::size_t size) {
  if (check(at % 4096 == 0 && size % 4096 == 0 && at + size <= chip.cells.size(), "erase") != 0)
    return -1;
  std::memset(chip.cells.data() + at, 0xff, size);
  return 0;
}
int read_cells(std::size_t at, void* out, std::size_t size) {
  if (check(at + size <= chip.cells.size(), "read") != 0) return -1;
  std::memcpy(out, chip.cells.data() + at, size);
  return 0;
}

}  // namespace

extern "C" {
esp_err_t esp_partition_read(const esp_partition_t* partition, std::size_t at, void* out,
                             std::size_t size) {
  return read_cells(partition->address + at, out, size);
}
esp_err_t esp_partition_write(const esp_partition_t* partition, std::size_t at, const void* data,
                              std::size_t size) {
  return program_cells(partition->address + at, data, size, 4);
}
esp_err_t esp_partition_erase_range(const esp_partition_t* partition, std::size_t at,
                                    std::size_t size) {
  return erase_cells(partition->address + at, size);
}

int flash_area_read(const flash_area* area, std::uint32_t at, void* out, std::uint32_t size) {
  return read_cells(area->fa_off + at, out, size);
}
int flash_area_write(const flash_area* area, std::uint32_t at, const void* data,
                     std::uint32_t size) {
  return program_cells(area->fa_off + at, data, size, 8);
}
int flash_area_erase(const flash_area* area, std::uint32_t at, std::uint32_t size) {
  return erase_cells(area->fa_off + at, size);
}
std::uint32_t flash_area_align(const flash_area*) { return 8; }
std::uint8_t flash_area_erased_val(const flash_area*) { return 0xff; }

int flash_safe_execute(void (*steps)(void*), void* what, std::uint32_t) {
  if (chip.fails) return -2;
  chip.safe = true;
  steps(what);
  chip.safe = false;
  return 0;
}
void flash_range_erase(std::uint32_t at, std::size_t size) {
  check(chip.safe, "erase where the other core may run");
  erase_cells(at, size);
}
void flash_range_program(std::uint32_t at, const std::uint8_t* data, std::size_t size) {
  check(chip.safe, "program where the other core may run");
  program_cells(at, data, size, 256);
}
}

namespace {

class vendors : public ::testing::Test {
 protected:
  void SetUp() override {
    chip.cells.fill(0);
    chip.told.clear();
    chip.fails = false;
  }
  void TearDown() override { EXPECT_EQ(chip.told, ota_test::complaints{}); }

  template <class Flash>
  void expect_errors(Flash flash) {
    std::uint8_t piece[256] = {};
    EXPECT_FALSE(flash.read(0, piece));
    EXPECT_FALSE(flash.program(0, piece));
    EXPECT_FALSE(flash.erase(0));
  }
};

TEST_F(vendors, esp_partition) {
  using flash_type = ota::esp_partition_flash<0x8000>;
  const esp_partition_t partition{0x4000, 0x9000}, small{0x4000, 0x7000};
  flash_type flash(&partition);
  EXPECT_EQ(ota_test::broken_rule(flash, {0, 0x8000}), "");
  expect_errors(flash_type());
  expect_errors(flash_type(&small));
  chip.fails = true;
  expect_errors(flash);
}

struct slot {
  static constexpr ota::flash_geometry<1> geometry{{{8, 4096}}, 8, 0xff, false, 10'000};
};
struct finer : slot {
  static constexpr ota::flash_geometry<1> geometry{{{8, 4096}}, 4, 0xff, false, 10'000};
};
struct erased_otherwise : slot {
  static constexpr ota::flash_geometry<1> geometry{{{8, 4096}}, 8, 0x00, false, 10'000};
};

TEST_F(vendors, flash_area) {
  const flash_area area{1, 0x2000, 0x8000};
  ota::flash_area_slot<slot> flash(&area);
  EXPECT_EQ(ota_test::broken_rule(flash, {0, 0x8000}), "");
  expect_errors(ota::flash_area_slot<slot>());
  expect_errors(ota::flash_area_slot<finer>(&area));
  expect_errors(ota::flash_area_slot<erased_otherwise>(&area));
  chip.fails = true;
  expect_errors(flash);
}

struct window {
  static void copy(std::uint32_t address, ota::mutable_bytes out) {
    read_cells(address - 0x10000000, out.data(), out.size());
  }
};

TEST_F(vendors, pico_sdk) {
  ota::pico_flash<0x10000, window> flash;
  EXPECT_EQ(ota_test::broken_rule(flash, {0x1000, 0x4000}), "");
  chip.fails = true;
  std::uint8_t page[256] = {};
  EXPECT_FALSE(flash.program(0, page));
  EXPECT_FALSE(flash.erase(0));
}

}  // namespace
