#pragma once

#include <ota/flash/flash_policy.hpp>

/// 64 sectors of 1 KiB and four of 8 KiB.
struct chip {
  static constexpr ota::flash_geometry<2> geometry{{{64, 1024}, {4, 8192}}, 4};
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
  ota::result<void> program(std::uint32_t, ota::bytes);
  ota::result<void> erase(std::uint32_t);
};
