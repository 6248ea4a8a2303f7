#pragma once

#include <errno.h>

#include "../core/error.hpp"

namespace ota::detail {

/// The error for what `errno` says; `otherwise` where that needs no words of its own.
inline const error& posix_error(const error& otherwise) {
  static constexpr error no_such_file{errc::not_found, "storage", "no such file"};
  static constexpr error full{errc::no_space, "storage", "the storage is full"};
  static constexpr error not_empty{errc::not_empty, "storage",
                                   "the directory still holds something"};
  static constexpr error directory{errc::exists, "storage", "a directory is in the way"};
  static constexpr error link{errc::invalid_path, "storage",
                              "a symbolic link is in the way; it is not followed"};
  static constexpr error no_permission{errc::storage, "storage",
                                       "no permission: check who owns the device's root"};
  static constexpr error read_only{errc::storage, "storage",
                                   "the file system is mounted read-only"};
  static constexpr error damaged{errc::storage, "storage",
                                 "the disk reports an input/output error; see the system's log"};
  static constexpr error no_descriptors{errc::storage, "storage",
                                        "too many open files: raise the limit (ulimit -n)"};
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
      return no_such_file;
    case ENOSPC:
    case EFBIG:
    case EDQUOT:
      return full;
    case ENOTEMPTY:
    case EEXIST:
      return not_empty;
    case EISDIR:
      return directory;
    case ELOOP:
      return link;
    case EACCES:
    case EPERM:
      return no_permission;
    case EROFS:
      return read_only;
    case EIO:
      return damaged;
    case EMFILE:
    case ENFILE:
      return no_descriptors;
    default:
      return otherwise;
  }
}

}  // namespace ota::detail
