#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "../core/fixed_string.hpp"
#include "../core/path.hpp"
#include "../core/text.hpp"
#include "file_storage.hpp"
#include "posix_error.hpp"

namespace ota {

/// Files below a root directory of a Linux system. Takes nothing from the heap.
///
/// No symbolic link is followed, inside the root or out of it: each directory on the way is opened
/// with O_NOFOLLOW. The last file read or written stays open until another one is used.
class posix_files {
 public:
  explicit posix_files(std::string_view root = ".") {
    const fixed_string<1023> path(root);
    root_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  ~posix_files() {
    close_file();
    close_parent();
    if (root_ >= 0) ::close(root_);
  }
  posix_files(posix_files&& other) noexcept { take(other); }
  posix_files& operator=(posix_files&&) = delete;

  result<file_info> stat(std::string_view path) {
    file_info info;
    const auto name = enter(path, false);
    if (!name) {
      if (name.error().code == errc::not_found) return info;
      return name.error();
    }
    struct ::stat found;
    if (::fstatat(parent_, name->c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return info;
      return detail::posix_error(no_stat);
    }
    info.kind = kind_of(found);
    if (info.kind != file_kind::file) return info;
    info.size = static_cast<std::size_t>(found.st_size);
    info.executable = (found.st_mode & S_IXUSR) != 0;
    return info;
  }

  result<std::size_t> read(std::string_view path, std::size_t offset, mutable_bytes out) {
    if (!is_open(path, false)) {
      const auto name = enter(path, false);
      if (!name) return name.error();
      if (auto done = open_file(path, *name, O_RDONLY); !done) return done.error();
    }
    std::size_t size = 0;
    while (size < out.size()) {
      const ssize_t got =
          ::pread(file_, out.data() + size, out.size() - size, static_cast<off_t>(offset + size));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return detail::posix_error(no_read);
      if (got == 0) break;
      size += static_cast<std::size_t>(got);
    }
    return size;
  }

  result<void> write(std::string_view path, std::size_t offset, bytes data) {
    if (offset == 0 || !is_open(path, true)) {
      const auto name = enter(path, true);
      if (!name) return name.error();
      const int flags = O_RDWR | (offset == 0 ? O_CREAT | O_TRUNC : 0);
      if (auto done = open_file(path, *name, flags); !done) return done;
    }
    std::size_t size = 0;
    while (size < data.size()) {
      const ssize_t put = ::pwrite(file_, data.data() + size, data.size() - size,
                                   static_cast<off_t>(offset + size));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return detail::posix_error(no_write);
      size += static_cast<std::size_t>(put);
    }
    return {};
  }

  result<void> rename(std::string_view from, std::string_view to) {
    close_file();
    const auto source = enter(from, false);
    if (!source) return source.error();
    const int source_parent = ::dup(parent_);
    if (source_parent < 0) return detail::posix_error(no_rename);
    const auto target = enter(to, true);
    int status = -1;
    if (target) status = ::renameat(source_parent, source->c_str(), parent_, target->c_str());
    const error& failure = target ? detail::posix_error(no_rename) : target.error();
    ::close(source_parent);
    return status == 0 ? result<void>{} : result<void>(failure);
  }

  result<void> remove(std::string_view path) {
    close_file();
    close_parent();
    const auto name = enter(path, false);
    if (!name) {
      if (name.error().code == errc::not_found) return {};
      return name.error();
    }
    if (::unlinkat(parent_, name->c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM) return detail::posix_error(no_remove);
    if (::unlinkat(parent_, name->c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return detail::posix_error(no_remove_directory);
  }

  result<void> sync() {
    if (::syncfs(root_) != 0) return detail::posix_error(no_sync);
    return {};
  }

  result<std::uint64_t> free_space() {
    struct ::statvfs info;
    if (::fstatvfs(root_, &info) != 0) return detail::posix_error(no_root);
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  }

  template <class Visit>
  result<void> list(std::string_view directory, Visit&& visit) {
    int fd = -1;
    if (directory.empty()) {
      fd = ::openat(root_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } else {
      const auto name = enter(directory, false);
      if (!name) {
        if (name.error().code == errc::not_found) return {};
        return name.error();
      }
      fd = ::openat(parent_, name->c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return detail::posix_error(no_list);
    }
    const auto done = for_each_name(fd, [fd, &visit](const char* name) {
      struct ::stat found;
      if (::fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return true;
      return static_cast<bool>(visit(std::string_view(name), kind_of(found)));
    });
    ::close(fd);
    return done;
  }

  result<void> set_executable(std::string_view path, bool executable) {
    if (!is_open(path, false)) {
      const auto name = enter(path, false);
      if (!name) return name.error();
      if (auto done = open_file(path, *name, O_RDONLY); !done) return done;
    }
    struct ::stat found;
    if (::fstat(file_, &found) != 0) return detail::posix_error(no_stat);
    const mode_t readable = (found.st_mode & 0444u) >> 2;
    const mode_t mode =
        executable ? found.st_mode | readable : found.st_mode & ~static_cast<mode_t>(0111);
    if (mode != found.st_mode && ::fchmod(file_, mode & 07777u) != 0)
      return detail::posix_error(no_mode);
    return {};
  }

 private:
  static constexpr error bad_path{errc::invalid_path, "storage",
                                  "not a relative path below the device's root"};
  static constexpr error name_too_long{errc::too_long, "storage",
                                       "a file name is longer than 255 bytes"};

  static constexpr error no_stat{errc::storage, "storage", "cannot look at a file"};
  static constexpr error no_read{errc::storage, "storage", "cannot read a file"};
  static constexpr error no_write{errc::storage, "storage", "cannot write a file"};
  static constexpr error no_rename{errc::storage, "storage", "cannot rename a file"};
  static constexpr error no_remove{errc::storage, "storage", "cannot remove a file"};
  static constexpr error no_remove_directory{errc::storage, "storage", "cannot remove a directory"};
  static constexpr error no_sync{errc::storage, "storage", "cannot sync"};
  static constexpr error no_root{errc::storage, "storage", "cannot open the root directory"};
  static constexpr error no_list{errc::storage, "storage", "cannot list a directory"};
  static constexpr error no_mode{errc::storage, "storage", "cannot change a file's mode"};
  static constexpr error no_directory{errc::exists, "storage",
                                      "a file or a link is where a directory is needed"};
  static constexpr error no_enter{errc::storage, "storage", "cannot enter a directory"};
  static constexpr error no_open{errc::storage, "storage", "cannot open a file"};

  using name_text = fixed_string<255>;

  static file_kind kind_of(const struct ::stat& found) {
    if (S_ISREG(found.st_mode)) return file_kind::file;
    return S_ISDIR(found.st_mode) ? file_kind::directory : file_kind::other;
  }

  // `readdir` would take memory from the heap; Linux gives the entries without.
  template <class Take>
  static result<void> for_each_name(int fd, Take&& take) {
    alignas(std::uint64_t) char buffer[1024];
    for (;;) {
      const long size = ::syscall(SYS_getdents64, fd, buffer, sizeof buffer);
      if (size < 0) return detail::posix_error(no_list);
      if (size == 0) return {};
      // u64 inode, u64 offset, u16 length of the record, u8 type, name
      for (long at = 0; at < size;) {
        std::uint16_t length = 0;
        std::memcpy(&length, buffer + at + 16, sizeof length);
        const char* const name = buffer + at + 19;
        at += length;
        if (std::string_view(name) == "."sv || std::string_view(name) == ".."sv) continue;
        if (!take(name)) return {};
      }
    }
  }

  // Opens the directory that `path` lies in; the result is the last part.
  result<name_text> enter(std::string_view path, bool make) {
    if (!is_valid_path(path) || path.size() > 1023) return bad_path;
    const std::string_view directory = parent_path(path);
    const std::size_t last = directory.empty() ? 0 : directory.size() + 1;
    const name_text name(slice(path, last));
    if (name.overflowed()) return name_too_long;
    if (parent_ >= 0 && !path_.overflowed() && parent_path(path_) == directory) return name;
    close_file();
    close_parent();
    int fd = ::dup(root_);
    for (std::size_t at = 0; fd >= 0 && at < directory.size();) {
      std::size_t end = directory.find('/', at);
      if (end == std::string_view::npos) end = directory.size();
      const name_text part(slice(directory, at, end - at));
      constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
      int next = ::openat(fd, part.c_str(), flags);
      if (next < 0 && errno == ENOENT && make && ::mkdirat(fd, part.c_str(), 0777) == 0)
        next = ::openat(fd, part.c_str(), flags);
      const int number = errno;
      ::close(fd);
      errno = number;
      fd = next;
      at = end + 1;
    }
    if (fd < 0 && make && errno == ENOTDIR) return no_directory;
    if (fd < 0) return detail::posix_error(no_enter);
    parent_ = fd;
    path_.assign(path);
    return name;
  }

  bool is_open(std::string_view path, bool to_write) const {
    return file_ >= 0 && path_.view() == path && (writable_ || !to_write);
  }

  result<void> open_file(std::string_view path, const name_text& name, int flags) {
    close_file();
    file_ = ::openat(parent_, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    if (file_ < 0) return detail::posix_error(no_open);
    path_.assign(path);
    writable_ = (flags & O_RDWR) != 0;
    return {};
  }

  void close_file() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }
  void close_parent() {
    if (parent_ >= 0) ::close(parent_);
    parent_ = -1;
  }

  void take(posix_files& other) {
    root_ = other.root_;
    other.root_ = -1;
    other.close_file();
    other.close_parent();
  }

  int root_ = -1;
  int parent_ = -1;
  int file_ = -1;
  bool writable_ = false;
  fixed_string<255> path_;  // `parent_` is its directory; it is `file_`, where that is open
};

}  // namespace ota
