#pragma once

#include "flash_policy.hpp"

struct flash_area;

namespace ota {

/// A slot of MCUboot or Zephyr, by the functions of its flash map. `Chip` has the geometry of the
/// slot, counted from its beginning. The program includes the platform's header, which is
/// <flash_map_backend/flash_map_backend.h> or <zephyr/storage/flash_map.h>, and gives the open
/// area.
template <class Chip, class Area = ::flash_area>
class flash_area_slot {
 public:
  static constexpr auto geometry = Chip::geometry;

  flash_area_slot() = default;
  explicit flash_area_slot(const Area* area) : area_(area) {}

  result<void> read(std::uint32_t address, mutable_bytes out) {
    if (!matches()) return other_area;
    if (flash_area_read(area_, address, out.data(), length(out)) != 0) return no_read;
    return {};
  }

  result<void> program(std::uint32_t address, bytes data) {
    if (!matches()) return other_area;
    if (flash_area_write(area_, address, data.data(), length(data)) != 0) return no_write;
    return {};
  }

  result<void> erase(std::uint32_t address) {
    if (!matches()) return other_area;
    if (flash_area_erase(area_, address, geometry.sector_size(address)) != 0) return no_erase;
    return {};
  }

 private:
  static constexpr error other_area{
      errc::invalid_argument, "flash",
      "the flash area is missing, or its write alignment or erased value is not the geometry's"};
  static constexpr error no_read{errc::storage, "flash", "the flash area cannot be read"};
  static constexpr error no_write{errc::storage, "flash", "the flash area cannot be written"};
  static constexpr error no_erase{errc::storage, "flash", "the flash area cannot be erased"};

  // MCUboot takes 32 bits, Zephyr a size_t.
  static std::uint32_t length(bytes data) { return static_cast<std::uint32_t>(data.size()); }

  bool matches() const {
    return area_ != nullptr && geometry.program_size % flash_area_align(area_) == 0 &&
           flash_area_erased_val(area_) == geometry.erased;
  }

  const Area* area_ = nullptr;
};

}  // namespace ota
