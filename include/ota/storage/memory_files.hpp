#pragma once

#include <cstring>

#include "../core/path.hpp"
#include "../core/text.hpp"
#include "file_storage.hpp"

namespace ota {

/// Files in RAM: for tests, for trying things out, and for devices whose new version goes on to
/// another chip. `Capacity` bytes hold everything: contents, paths and 8 bytes a file.
///
/// Files lie one behind the other and are moved together when one grows, shrinks or goes, so no
/// byte is lost to gaps. Directories are where files are: an empty one does not exist. A copy of
/// the object is a copy of all files.
template <std::size_t Capacity>
class memory_files {
 public:
  static_assert(Capacity < 0xffffffff, "sizes are kept in 32 bits");

  result<file_info> stat(std::string_view path) {
    file_info info;
    const std::size_t at = find(path);
    if (at != used_) {
      info.kind = file_kind::file;
      info.size = size_of(at);
      info.executable = arena_[at + 6] != 0;
    } else if (has_below(path)) {
      info.kind = file_kind::directory;
    }
    return info;
  }

  result<std::size_t> read(std::string_view path, std::size_t offset, mutable_bytes out) {
    const std::size_t at = find(path);
    if (at == used_) return no_such_file;
    const std::size_t size = size_of(at);
    if (offset >= size) return std::size_t{0};
    const std::size_t first = static_cast<std::size_t>(offset);
    const std::size_t count = size - first < out.size() ? size - first : out.size();
    if (count != 0) std::memcpy(out.data(), content(at) + first, count);
    return count;
  }

  result<void> write(std::string_view path, std::size_t offset, bytes data) {
    if (auto fine = check_place(path); !fine) return fine;
    std::size_t at = find(path);
    if (offset == 0 && at != used_) resize(at, 0);
    if (at == used_) {
      if (offset != 0) return no_such_file;
      if (Capacity - used_ < head_size + path.size()) return full;
      arena_[at] = static_cast<std::uint8_t>(path.size());
      arena_[at + 1] = static_cast<std::uint8_t>(path.size() >> 8);
      set_size(at, 0);
      arena_[at + 6] = arena_[at + 7] = 0;
      std::memcpy(arena_ + at + head_size, path.data(), path.size());
      used_ += head_size + path.size();
    }
    const std::size_t size = size_of(at);
    if (offset != size) return not_at_end;
    if (Capacity - used_ < data.size()) return full;
    resize(at, size + data.size());
    if (!data.empty()) std::memcpy(content(at) + size, data.data(), data.size());
    return {};
  }

  result<void> rename(std::string_view from, std::string_view to) {
    if (auto fine = check_place(to); !fine) return fine;
    std::size_t at = find(from);
    if (at == used_) return no_such_file;
    if (from == to) return {};
    if (to.size() > from.size() && Capacity - used_ < to.size() - from.size() && find(to) == used_)
      return full;
    if (const std::size_t old = find(to); old != used_) {
      erase(old, record_size(old));
      at = find(from);
    }
    if (to.size() < from.size())
      erase(at + head_size, from.size() - to.size());
    else
      insert(at + head_size, to.size() - from.size());
    arena_[at] = static_cast<std::uint8_t>(to.size());
    arena_[at + 1] = static_cast<std::uint8_t>(to.size() >> 8);
    std::memcpy(arena_ + at + head_size, to.data(), to.size());
    return {};
  }

  result<void> remove(std::string_view path) {
    const std::size_t at = find(path);
    if (at != used_)
      erase(at, record_size(at));
    else if (has_below(path))
      return not_empty;
    return {};
  }

  /// RAM keeps what it is given.
  result<void> sync() { return {}; }

  result<std::uint64_t> free_space() { return std::uint64_t{Capacity - used_}; }

  template <class Visit>
  result<void> list(std::string_view directory, Visit&& visit) {
    for (std::size_t at = 0; at != used_; at += record_size(at)) {
      const std::string_view name = name_below(path_of(at), directory);
      if (name.empty() || was_named(name, directory, at)) continue;
      const std::size_t slash = name.find('/');
      const bool is_file = slash == std::string_view::npos;
      if (!visit(slice(name, 0, slash), is_file ? file_kind::file : file_kind::directory)) break;
    }
    return {};
  }

  result<void> set_executable(std::string_view path, bool executable) {
    const std::size_t at = find(path);
    if (at == used_) return no_such_file;
    arena_[at + 6] = executable ? 1 : 0;
    return {};
  }

 private:
  static constexpr error no_such_file{errc::not_found, "storage", "no such file"};
  static constexpr error not_at_end{errc::invalid_argument, "storage",
                                    "a write must append to the file"};
  static constexpr error not_empty{errc::not_empty, "storage",
                                   "the directory still holds something"};
  static constexpr error full{errc::no_space, "storage", "the storage is full"};
  static constexpr error bad_path{errc::invalid_path, "storage", "not a relative path"};
  static constexpr error directory_in_the_way{errc::exists, "storage", "a directory is in the way"};
  static constexpr error file_in_the_way{errc::exists, "storage",
                                         "a file is in the way of a directory"};

  // A file: u16 length of the path, u32 size, u8 executable, u8 unused, path, content.
  static constexpr std::size_t head_size = 8;

  std::size_t path_size(std::size_t at) const {
    return arena_[at] | std::size_t{arena_[at + 1]} << 8;
  }
  std::size_t size_of(std::size_t at) const {
    return arena_[at + 2] | std::size_t{arena_[at + 3]} << 8 | std::size_t{arena_[at + 4]} << 16 |
           std::size_t{arena_[at + 5]} << 24;
  }
  void set_size(std::size_t at, std::size_t size) {
    for (std::size_t i = 0; i < 4; ++i)
      arena_[at + 2 + i] = static_cast<std::uint8_t>(size >> 8 * i);
  }
  std::size_t record_size(std::size_t at) const { return head_size + path_size(at) + size_of(at); }
  std::string_view path_of(std::size_t at) const {
    return {reinterpret_cast<const char*>(arena_) + at + head_size, path_size(at)};
  }
  std::uint8_t* content(std::size_t at) { return arena_ + at + head_size + path_size(at); }

  // Where the file's record begins; the end of all when there is none.
  std::size_t find(std::string_view path) const {
    std::size_t at = 0;
    while (at != used_ && path_of(at) != path) at += record_size(at);
    return at;
  }

  // The part of `path` below `directory`; empty when it lies elsewhere.
  static std::string_view name_below(std::string_view path, std::string_view directory) {
    if (directory.empty()) return path;
    if (!starts_with(path, directory) || path.size() <= directory.size() + 1) return {};
    if (path[directory.size()] != '/') return {};
    return slice(path, directory.size() + 1);
  }

  bool has_below(std::string_view directory) const {
    for (std::size_t at = 0; at != used_; at += record_size(at))
      if (!name_below(path_of(at), directory).empty()) return true;
    return false;
  }

  // Whether an earlier file lies in the same directory below `directory`.
  bool was_named(std::string_view name, std::string_view directory, std::size_t end) const {
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) return false;
    for (std::size_t at = 0; at != end; at += record_size(at))
      if (slice(name_below(path_of(at), directory), 0, slash + 1) == slice(name, 0, slash + 1))
        return true;
    return false;
  }

  // A file may lie neither where a directory is nor below a file.
  result<void> check_place(std::string_view path) const {
    if (!is_valid_path(path) || path.size() > 0xffff) return bad_path;
    if (has_below(path)) return directory_in_the_way;
    for (std::string_view above = parent_path(path); !above.empty(); above = parent_path(above))
      if (find(above) != used_) return file_in_the_way;
    return {};
  }

  void resize(std::size_t at, std::size_t size) {
    const std::size_t old = size_of(at);
    const std::size_t end = at + record_size(at);
    if (size > old)
      insert(end, size - old);
    else
      erase(end - (old - size), old - size);
    set_size(at, size);
  }

  void insert(std::size_t at, std::size_t count) {
    std::memmove(arena_ + at + count, arena_ + at, used_ - at);
    used_ += count;
  }

  void erase(std::size_t at, std::size_t count) {
    std::memmove(arena_ + at, arena_ + at + count, used_ - at - count);
    used_ -= count;
  }

  std::size_t used_ = 0;
  std::uint8_t arena_[Capacity];
};

}  // namespace ota
