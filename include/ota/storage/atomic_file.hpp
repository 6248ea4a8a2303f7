#pragma once

#include <string_view>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace ota {

/// Replaces the file at `path` so that after a power cut it holds the old content or the new one,
/// whole: writes `temporary`, syncs, renames it over `path`, syncs.
template <class Storage>
result<void> write_atomically(Storage& storage, std::string_view path, std::string_view temporary,
                              bytes content) {
  if (auto done = storage.write(temporary, 0, content); !done) return done;
  if (auto done = storage.sync(); !done) return done;
  if (auto done = storage.rename(temporary, path); !done) return done;
  return storage.sync();
}

/// Whether the file at `path` holds exactly `content`. Reads 64 bytes at a time.
template <class Storage>
result<bool> same_content(Storage& storage, std::string_view path, bytes content) {
  const auto there = storage.stat(path);
  if (!there) return there.error();
  if (there->size != content.size() || there->kind != decltype(there->kind)::file) return false;
  std::uint8_t piece[64];
  for (std::size_t at = 0; at < content.size();) {
    const auto size = storage.read(path, at, piece);
    if (!size) return size.error();
    if (*size == 0 || !equal({piece, *size}, content.drop(at).first(*size))) return false;
    at += *size;
  }
  return true;
}

/// As `write_atomically`, but a file that holds `content` already is left untouched, to spare
/// flash.
template <class Storage>
result<void> write_if_changed(Storage& storage, std::string_view path, std::string_view temporary,
                              bytes content) {
  const auto same = same_content(storage, path, content);
  if (!same) return same.error();
  if (*same) return {};
  return write_atomically(storage, path, temporary, content);
}

}  // namespace ota
