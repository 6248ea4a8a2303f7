#pragma once

#include "../flash/flash_policy.hpp"

namespace ota::detail {

/// The digest of what a region of flash holds, by a hash policy. One function in a program, however
/// many ask: bootloaders are small.
template <class Hash, class Flash>
[[gnu::noinline]] result<void> digest_of(Flash& flash, flash_region region,
                                         typename Hash::digest_type& out) {
  Hash sum;
  std::uint8_t room[128];
  while (region.size != 0) {
    const mutable_bytes piece = mutable_bytes(room).first(region.size);
    if (const auto done = flash.read(region.begin, piece); !done) return done;
    sum.update(piece);
    const auto size = static_cast<std::uint32_t>(piece.size());
    region = {region.begin + size, region.size - size};
  }
  out = sum.finish();
  return {};
}

}  // namespace ota::detail
