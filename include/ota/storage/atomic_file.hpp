#pragma once

#include <cstring>
#include <string_view>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace ota {

/// Puts what was written to `temporary` in the place of `path`: after a power cut that holds the
/// old content or the new one, whole.
template <class Storage>
result<void> replace_file(Storage& storage, const std::string_view& path,
                          const std::string_view& temporary) {
  if (auto done = storage.sync(); !done) return done;
  if (auto done = storage.rename(temporary, path); !done) return done;
  return storage.sync();
}

/// Replaces the file at `path` so that after a power cut it holds the old content or the new one,
/// whole: writes `temporary`, syncs, renames it over `path`, syncs.
template <class Storage>
result<void> write_atomically(Storage& storage, const std::string_view& path,
                              const std::string_view& temporary, bytes content) {
  if (auto done = storage.write(temporary, 0, content); !done) return done;
  return replace_file(storage, path, temporary);
}

/// Whether the file at `path` holds exactly `content`. Reads 64 bytes at a time.
template <class Storage>
result<bool> same_content(Storage& storage, const std::string_view& path, bytes content) {
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
result<void> write_if_changed(Storage& storage, const std::string_view& path,
                              const std::string_view& temporary, bytes content) {
  const auto same = same_content(storage, path, content);
  if (!same) return same.error();
  if (*same) return {};
  return write_atomically(storage, path, temporary, content);
}

/// Replaces a file as `write_atomically` does, with content of any length that comes in small
/// pieces: call the object with each of them, then `replace`. Pieces are gathered, because storage
/// is slow with small ones.
template <class Storage>
class atomic_file {
 public:
  atomic_file(Storage& storage, std::string_view temporary)
      : storage_(storage), temporary_(temporary) {}

  /// Adds a piece. A failure is told by `replace`.
  void operator()(std::string_view text) {
    while (!text.empty()) {
      const std::size_t room = sizeof piece_ - size_;
      const std::size_t count = text.size() < room ? text.size() : room;
      std::memcpy(piece_ + size_, text.data(), count);
      size_ += count;
      text.remove_prefix(count);
      if (size_ == sizeof piece_) flush();
    }
  }

  /// Ends the content and puts it in the place of `path`, which stays as it was if anything failed.
  result<void> replace(std::string_view path) {
    if (size_ != 0 || written_ == 0) flush();
    if (!done_) return done_;
    return replace_file(storage_, path, temporary_);
  }

 private:
  void flush() {
    if (done_) done_ = storage_.write(temporary_, written_, {piece_, size_});
    written_ += size_;
    size_ = 0;
  }

  Storage& storage_;
  std::string_view temporary_;
  std::size_t written_ = 0;
  std::size_t size_ = 0;
  result<void> done_;
  std::uint8_t piece_[128];
};

}  // namespace ota
