#pragma once

#include "../flash/flash_policy.hpp"
#include "flash_copy.hpp"

namespace ota {

/// A region of flash as the old file of a patch, or as a patch (delta/delta_contract.hpp).
template <class Flash>
class flash_source {
 public:
  flash_source(Flash& flash, flash_region region) : flash_(flash), region_(region) {}

  std::uint32_t size() const { return region_.size; }
  result<void> read(std::uint32_t offset, mutable_bytes out) {
    return flash_.read(region_.begin + offset, out);
  }

 private:
  Flash& flash_;
  flash_region region_;
};

namespace detail {

inline constexpr error no_room_in_flash{errc::no_space, "flash",
                                        "what the patch makes is larger than its slot"};

/// Programs bytes from `at` on, where a unit begins, and erases each sector before its first byte.
/// The last unit is filled with erased bytes.
template <class Flash>
result<void> write_on(Flash& flash, std::uint32_t at, bytes data) {
  constexpr auto& geometry = Flash::geometry;
  while (!data.empty()) {
    if (geometry.is_boundary(at))
      if (auto done = flash.erase(at); !done) return done;
    const std::uint32_t sector_end = geometry.sector_begin(at) + geometry.sector_size(at);
    std::uint8_t buffer[copy_chunk<Flash>];
    const bytes piece = data.first(sizeof buffer).first(sector_end - at);
    std::memcpy(buffer, piece.data(), piece.size());
    std::size_t size = piece.size();
    for (; size % geometry.program_size != 0; ++size) buffer[size] = geometry.erased;
    if (auto done = program_and_check(flash, at, {buffer, size}); !done) return done;
    at += static_cast<std::uint32_t>(piece.size());
    data = data.drop(piece.size());
  }
  return {};
}

}  // namespace detail

/// A region of flash as the new file of a patch. What is appended at a time are whole program
/// units, but for the last piece.
template <class Flash>
class flash_output {
 public:
  flash_output(Flash& flash, flash_region region) : flash_(flash), region_(region) {}

  result<void> append(bytes data) {
    if (data.size() > region_.size - size_) return detail::no_room_in_flash;
    if (auto done = detail::write_on(flash_, region_.begin + size_, data); !done) return done;
    size_ += static_cast<std::uint32_t>(data.size());
    return {};
  }
  result<void> read(std::uint32_t offset, mutable_bytes out) {
    return flash_.read(region_.begin + offset, out);
  }

  /// The next byte goes there; what lies before it is taken as it is.
  void go_to(std::uint32_t offset) { size_ = offset; }

 private:
  Flash& flash_;
  flash_region region_;
  std::uint32_t size_ = 0;
};

}  // namespace ota
