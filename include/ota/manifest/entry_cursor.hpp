#pragma once

#include "entry.hpp"

namespace ota {

/// A list, or a part of one, that is held against another: its entry at hand stays until it is
/// dropped.
struct entry_cursor {
  static constexpr std::uint32_t no_end = 0xffffffff;

  entry_reader list;
  std::uint32_t end = no_end;  ///< where the part ends, in the list
  bool has_item = false;
  entry item;

  /// Begins at an entry whose offset is known.
  void begin(const std::string_view& path, std::uint32_t offset = 0) {
    list.begin(path, offset);
    end = no_end;
    has_item = false;
  }

  /// Reads the next entry; false at the end of the list.
  template <class Storage>
  result<bool> next(Storage& storage) {
    return list.next(storage, item);
  }

  /// As `next`, unless an entry is at hand or the part ends.
  template <class Storage>
  result<bool> fill(Storage& storage) {
    if (has_item) return true;
    if (list.offset() >= end) return false;
    const auto more = next(storage);
    if (more) has_item = *more;
    return more;
  }
};

/// The order of lists: that of the bytes of their paths. Below 0: `a` stands before `b`.
inline int compare_paths(const entry& a, const entry& b) { return a.path.view().compare(b.path); }

}  // namespace ota
