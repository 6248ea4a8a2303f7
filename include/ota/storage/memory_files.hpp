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

  result<file_info> stat(const std::string_view& path) {
    file_info info;
    const std::size_t at = find_within(path);
    if (at == used_) return info;
    if (path_size(at) != path.size()) {
      info.kind = file_kind::directory;
    } else {
      info.kind = file_kind::file;
      info.size = size_of(at);
      info.executable = arena_[at + 6] != 0;
    }
    return info;
  }

  result<std::size_t> read(const std::string_view& path, std::size_t offset,
                           const mutable_bytes& out) {
    const std::size_t at = find(path);
    if (at == used_) return no_such_file;
    const bytes rest = bytes(content(at), size_of(at)).drop(offset).first(out.size());
    if (!rest.empty()) std::memcpy(out.data(), rest.data(), rest.size());
    return rest.size();
  }

  result<void> write(const std::string_view& path, std::size_t offset, const bytes& data) {
    if (auto fine = check_place(path); !fine) return fine;
    const std::size_t at = find(path);
    if (at == used_) {
      if (offset != 0) return no_such_file;
      if (Capacity - used_ < head_size + path.size()) return full;
      std::memset(arena_ + at, 0, head_size);
      used_ += head_size;
      set_path(at, path);
    } else if (offset == 0) {
      resize(at, 0);
    }
    const std::size_t size = size_of(at);
    if (offset != size) return not_at_end;
    if (Capacity - used_ < data.size()) return full;
    resize(at, size + data.size());
    if (!data.empty()) std::memcpy(content(at) + size, data.data(), data.size());
    return {};
  }

  result<void> rename(const std::string_view& from, const std::string_view& to) {
    if (auto fine = check_place(to); !fine) return fine;
    std::size_t at = find(from);
    if (at == used_) return no_such_file;
    const std::size_t old = find(to);
    if (old == at) return {};
    if (old != used_) {
      replace(old, record_size(old), 0);
      at = find(from);
    } else if (used_ + to.size() > Capacity + from.size()) {
      return full;
    }
    set_path(at, to);
    return {};
  }

  result<void> remove(const std::string_view& path) {
    const std::size_t at = find_within(path);
    if (at == used_) return {};
    if (path_size(at) != path.size()) return not_empty;
    replace(at, record_size(at), 0);
    return {};
  }

  /// RAM keeps what it is given.
  result<void> sync() { return {}; }

  result<std::uint64_t> free_space() { return std::uint64_t{Capacity - used_}; }

  template <class Visit>
  result<void> list(std::string_view directory, Visit&& visit) {
    std::string_view name;
    file_kind kind;
    for (std::size_t at = 0; (kind = next_entry(directory, at, name)) != file_kind::none;)
      if (!visit(name, kind)) break;
    return {};
  }

  result<void> set_executable(const std::string_view& path, bool executable) {
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

  // Whether `path` is `place`, to the letter, or lies in it; all lies in the empty path.
  static bool lies_in(const std::string_view& path, const std::string_view& place) {
    return place.empty() ||
           (starts_with(path, place) && (path.size() == place.size() || path[place.size()] == '/'));
  }

  // The first file that is, or lies in, `path`; the end of all when there is none.
  std::size_t find_within(const std::string_view& path) const {
    std::size_t at = 0;
    while (at != used_ && !lies_in(path_of(at), path)) at += record_size(at);
    return at;
  }

  // Where the file's record begins; the end of all when there is none.
  std::size_t find(const std::string_view& path) const {
    const std::size_t at = find_within(path);
    return at != used_ && path_size(at) == path.size() ? at : used_;
  }

  // The next entry of a directory that a file from `at` on is the first to name: itself, or the
  // directory that it lies in there. `at` moves behind that file.
  file_kind next_entry(const std::string_view& directory, std::size_t& at,
                       std::string_view& name) const {
    const std::size_t begin = directory.empty() ? 0 : directory.size() + 1;
    while (at != used_) {
      const std::size_t file = at;
      at += record_size(at);
      const std::string_view path = path_of(file);
      if (path.size() <= begin || !lies_in(path, directory)) continue;
      const std::size_t slash = path.find('/', begin);
      name = slice(slice(path, 0, slash), begin);
      if (slash == std::string_view::npos) return file_kind::file;
      if (find_within(slice(path, 0, slash)) == file) return file_kind::directory;
    }
    return file_kind::none;
  }

  // A file may lie neither where a directory is nor below a file.
  result<void> check_place(const std::string_view& path) const {
    if (!is_valid_path(path) || path.size() > 0xffff) return bad_path;
    for (std::size_t at = 0; at != used_; at += record_size(at)) {
      const std::string_view other = path_of(at);
      if (other.size() > path.size() && lies_in(other, path)) return directory_in_the_way;
      if (other.size() < path.size() && lies_in(path, other)) return file_in_the_way;
    }
    return {};
  }

  // Makes `count` bytes of a record `size` bytes; what is behind them moves.
  void replace(std::size_t at, std::size_t count, std::size_t size) {
    std::memmove(arena_ + at + size, arena_ + at + count, used_ - at - count);
    used_ += size - count;
  }

  void set_path(std::size_t at, std::string_view path) {
    replace(at + head_size, path_size(at), path.size());
    arena_[at] = static_cast<std::uint8_t>(path.size());
    arena_[at + 1] = static_cast<std::uint8_t>(path.size() >> 8);
    std::memcpy(arena_ + at + head_size, path.data(), path.size());
  }

  void resize(std::size_t at, std::size_t size) {
    const std::size_t old = size_of(at);
    replace(at + record_size(at) - old, old, size);
    set_size(at, size);
  }

  std::size_t used_ = 0;
  std::uint8_t arena_[Capacity];
};

}  // namespace ota
