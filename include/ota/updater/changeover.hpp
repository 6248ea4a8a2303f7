#pragma once

#include "../core/text.hpp"
#include "../format/config.hpp"
#include "../storage/layout.hpp"

namespace ota::detail {

/// Removes version.json, before anything else happens.
template <class Storage>
result<void> forget_version(Storage& storage) {
  const auto there = storage.stat(layout::version);
  if (!there) return there.error();
  if (there->kind == file_kind::none) return {};
  if (auto done = storage.remove(layout::version); !done) return done;
  return storage.sync();
}

/// Puts right what a swap of 0x687931/ota has left, when a device changes over in the middle of
/// one: old files in its backup directory go back to their places, its stage is emptied.
///
/// That client may have written version.json before the cut or not, so afterwards the installed
/// version is unknown, and the next check compares every file.
template <class Storage>
result<void> take_over(Storage& storage, const config& settings) {
  for (const std::string_view directory : {settings.backup_dir, settings.stage_dir}) {
    if (!is_valid_path(directory)) continue;
    for (;;) {
      const auto there = storage.stat(directory);
      if (!there) return there.error();
      if (there->kind != file_kind::directory) break;
      tree_path path(directory);
      const auto found = first_leaf(storage, path);
      if (!found) return found.error();
      if (*found != file_kind::file || directory != settings.backup_dir) {
        if (auto done = storage.remove(path); !done) return done;
        continue;
      }
      if (auto done = forget_version(storage); !done) return done;
      const std::string_view target = slice(path.view(), directory.size() + 1);
      if (auto done = storage.rename(path, target); !done) {
        // Something else is at its place by now: the old file cannot go back.
        const errc code = done.error().code;
        if (code != errc::exists && code != errc::not_empty && code != errc::not_found) return done;
        if (auto gone = storage.remove(path); !gone) return gone;
      }
    }
  }
  return {};
}

}  // namespace ota::detail
