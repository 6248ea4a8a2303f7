#pragma once

#include "../format/config.hpp"
#include "../storage/layout.hpp"

namespace ota::detail {

inline constexpr error no_space{
    errc::no_space, "stager",
    "not enough space: an update needs twice the size of its new files free"};
inline constexpr error below_reserve{errc::no_space, "stager",
                                     "not enough space: less than min_free_storage is free"};

/// Whether storage has room for `size` bytes of new files.
template <class Storage>
result<void> check_space(Storage& storage, const config& settings, std::uint64_t size) {
  const auto room = storage.free_space();
  if (!room) return room.error();
  if (*room / 2 < size) return no_space;
  if (*room < settings.min_free_storage) return below_reserve;
  return {};
}

/// Keeps room that a put-back can have where the new version has filled the storage.
template <class Storage>
result<void> keep_reserve(Storage& storage) {
  const auto there = kind_at(storage, layout::reserve);
  if (!there) return there.error();
  if (*there == file_kind::file) return {};
  const std::uint8_t room[256] = {};
  return storage.write(layout::reserve, 0, room);
}

}  // namespace ota::detail
