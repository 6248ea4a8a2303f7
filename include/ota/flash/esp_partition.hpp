#pragma once

#include <esp_partition.h>

#include "flash_policy.hpp"

namespace ota {

/// A partition of ESP-IDF (4.x, 5.x), such as what `esp_ota_get_next_update_partition` gives.
/// `Size` is what is used of it. With flash encryption `ProgramSize` must be 16, or 32 on ESP32.
///
/// Nothing is programmed twice: an encrypted partition does not allow it. Nor does one read as
/// erased after an erase: it will do for `esp_otadata`, but neither for a boot journal, which has
/// to know erased units, nor for staging, which leaves them as they are.
template <std::uint32_t Size, std::uint32_t ProgramSize = 4>
class esp_partition_flash {
 public:
  static constexpr flash_geometry<1> geometry{
      {{Size / 4096, 4096}}, ProgramSize, 0xff, false, 100'000};

  esp_partition_flash() = default;
  explicit esp_partition_flash(const esp_partition_t* partition) : partition_(partition) {}

  result<void> read(std::uint32_t address, mutable_bytes out) {
    if (!fits()) return no_partition;
    if (esp_partition_read(partition_, address, out.data(), out.size()) != ESP_OK) return no_read;
    return {};
  }

  result<void> program(std::uint32_t address, bytes data) {
    if (!fits()) return no_partition;
    if (esp_partition_write(partition_, address, data.data(), data.size()) != ESP_OK)
      return no_write;
    return {};
  }

  result<void> erase(std::uint32_t address) {
    if (!fits()) return no_partition;
    if (esp_partition_erase_range(partition_, address, 4096) != ESP_OK) return no_erase;
    return {};
  }

 private:
  static constexpr error no_partition{
      errc::invalid_argument, "flash",
      "no partition, or one that is too small: check the partition table"};
  static constexpr error no_read{errc::storage, "flash", "ESP-IDF cannot read the partition"};
  static constexpr error no_write{errc::storage, "flash", "ESP-IDF cannot write the partition"};
  static constexpr error no_erase{errc::storage, "flash", "ESP-IDF cannot erase the partition"};

  bool fits() const { return partition_ != nullptr && partition_->size >= geometry.size(); }

  const esp_partition_t* partition_ = nullptr;
};

}  // namespace ota
