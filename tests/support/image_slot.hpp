#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ota/flash/flash_policy.hpp"
#include "process.hpp"

namespace ota_test {

/// A flash that is only read, with one slot in it; whoever reads outside of the slot is told so.
class image_slot {
 public:
  static constexpr ota::flash_geometry<1> geometry{{{64, 1024}}};

  explicit image_slot(const std::string& content, std::uint32_t size = 4096)
      : cells_(geometry.size(), 0xff), region{1024, size} {
    if (content.size() > size) throw std::runtime_error("larger than the slot");
    std::copy(content.begin(), content.end(), cells_.data() + region.begin);
  }

  ota::result<void> read(std::uint32_t address, ota::mutable_bytes out) {
    static constexpr ota::error strays{ota::errc::storage, "test", "read outside of the slot"};
    if (address < region.begin || address - region.begin > region.size ||
        out.size() > region.end() - address)
      return strays;
    std::copy_n(cells_.data() + address, out.size(), out.begin());
    return {};
  }

 private:
  std::vector<std::uint8_t> cells_;

 public:
  const ota::flash_region region;
};

inline std::string imgtool_data(const std::string& name) {
  return content_of(OTA_TEST_DATA_DIR "/imgtool/" + name);
}

}  // namespace ota_test
