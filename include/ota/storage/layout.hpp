#pragma once

#include <cstdint>
#include <string_view>

#include "../core/fixed_string.hpp"
#include "../core/path.hpp"
#include "../core/text.hpp"
#include "file_storage.hpp"

namespace ota {

/// Where the library keeps what is its own, relative to the device's root. The state files in
/// the root are those of 0x687931/ota, so that a device may change over and back.
namespace layout {

inline constexpr std::string_view version = "version.json";
inline constexpr std::string_view errors = "ota_error.json";
inline constexpr std::string_view state = ".ota/state";    // how far the swap is
inline constexpr std::string_view target = ".ota/target";  // what is being staged
inline constexpr std::string_view listing = ".ota/next";   // files of the version being staged
inline constexpr std::string_view expanded =
    ".ota/next.more";                                       // the same, truncated parts filled in
inline constexpr std::string_view part = ".ota/next.part";  // one such part
inline constexpr std::string_view candidates =
    ".ota/gone";  // what may have to go, unless the new version has it
inline constexpr std::string_view plan = ".ota/plan";            // what the swap will do
inline constexpr std::string_view manifest = ".ota/manifest";    // the manifest being read
inline constexpr std::string_view installed = ".ota/installed";  // files of the installed version
inline constexpr std::string_view trust = ".ota/trust";          // whose word counts, what was seen
inline constexpr std::string_view known = ".ota/known";          // what the last check found
inline constexpr std::string_view reserve = ".ota/reserve";      // room for a put-back
inline constexpr std::string_view temporary = ".ota/tmp";        // of every atomic write
inline constexpr std::string_view patches = ".ota/patches";      // that the new version brings
inline constexpr std::string_view patching = ".ota/patch";       // those that are applied
inline constexpr std::string_view chosen = ".ota/patch/chosen";  // which: one for each of the plan
inline constexpr std::string_view patch_state = ".ota/patch/state";  // how far one is applied
inline constexpr std::string_view patched = ".ota/patch/out";        // what it has made so far
inline constexpr std::string_view staged = ".ota/new";
inline constexpr std::string_view replaced = ".ota/old";

}  // namespace layout

namespace detail {

using own_path = fixed_string<32>;

/// The file of entry `index` below `.ota/new` or `.ota/old`; 256 to a directory, so that file
/// systems with flat directories stay fast.
inline own_path numbered_path(std::string_view directory, std::uint32_t index) {
  own_path path;
  path.append(directory)
      .append('/')
      .append_number(index / 256)
      .append('/')
      .append_number(index % 256);
  return path;
}

inline own_path staged_path(std::uint32_t index) { return numbered_path(layout::staged, index); }
inline own_path replaced_path(std::uint32_t index) {
  return numbered_path(layout::replaced, index);
}

inline own_path patch_path(std::uint32_t index) { return numbered_path(layout::patching, index); }

/// Whether a path is the library's own, which no update may replace: in any case of its letters,
/// as some file systems make no difference.
inline bool is_own_path(const std::string_view& path) {
  static constexpr const char* own[] = {".ota*", layout::version.data(), layout::errors.data(),
                                        "ota_health.json", "ota_last_check.json"};
  for (const char* form : own)
    if (has_form(path, form)) return true;
  return false;
}

/// Removes the directories above `path` that hold nothing any more.
template <class Storage>
void remove_empty_parents(Storage& storage, std::string_view path) {
  for (path = parent_path(path); !path.empty(); path = parent_path(path))
    if (!storage.remove(path)) return;
}

using tree_path = fixed_string<255>;

inline constexpr error path_too_long{errc::too_long, "storage",
                                     "a path on storage is too long to be removed"};

/// Goes down from directory `path` to the first file or empty directory in it; `path` becomes its
/// path. The way down is at most as long as a path.
template <class Storage>
result<file_kind> first_leaf(Storage& storage, tree_path& path) {
  for (;;) {
    file_kind found = file_kind::none;
    const auto listed = storage.list(path, [&](std::string_view name, file_kind kind) {
      path.append('/').append(name);
      found = kind;
      return false;
    });
    if (!listed) return listed.error();
    if (path.overflowed()) return path_too_long;
    if (found == file_kind::none) return file_kind::directory;
    if (found != file_kind::directory) return found;
  }
}

/// Removes one file or empty directory of the tree at `directory`; false when nothing is left.
template <class Storage>
result<bool> remove_tree_step(Storage& storage, const std::string_view& directory) {
  const auto there = kind_at(storage, directory);
  if (!there) return there.error();
  if (*there == file_kind::none) return false;
  tree_path path(directory);
  if (*there == file_kind::directory)
    if (auto found = first_leaf(storage, path); !found) return found.error();
  if (auto done = storage.remove(path); !done) return done.error();
  return true;
}

/// Removes what can be had again from the server.
template <class Storage>
void make_room(Storage& storage) {
  static constexpr std::string_view paths[] = {layout::listing,    layout::expanded, layout::part,
                                               layout::candidates, layout::manifest, layout::known};
  for (const std::string_view& path : paths) (void)storage.remove(path);
}

}  // namespace detail
}  // namespace ota
