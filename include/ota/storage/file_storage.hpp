#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "../core/bytes.hpp"
#include "../core/contract.hpp"
#include "../core/result.hpp"

namespace ota {

/// What a path names. `other` is a symbolic link, a device or a socket; storage never follows it.
enum class file_kind : std::uint8_t { none, file, directory, other };

/// What storage knows of a path.
struct file_info {
  file_kind kind = file_kind::none;
  std::size_t size = 0;     ///< bytes, for a file
  bool executable = false;  ///< for a file, where storage keeps modes
};

// The contract of a file storage policy. Paths are relative to the device's root, parts divided
// by `/`, and valid by `is_valid_path`; the empty path names the root, for `list` alone.
//
//   result<file_info> stat(path)            absent, or below what is no directory: kind `none`
//   result<size_t> read(path, offset, out)  fills `out`, less only at the end of the file
//   result<void> write(path, offset, data)  offset 0 creates or empties the file first and makes
//                                           missing directories; any other is the file's size
//   result<void> rename(from, to)           a file, in one atomic step, over whatever file `to`
//                                           was; makes missing directories
//   result<void> remove(path)               a file or an empty directory; absent is fine; one
//                                           that holds something: errc::not_empty
//   result<void> sync()                     a barrier: all done before it survives a power cut
//   result<uint64_t> free_space()           bytes
//   result<void> list(directory, visit)     bool visit(name, kind) for each entry until it says
//                                           false; `visit` changes nothing on storage
//   result<void> set_executable(path, on)   optional; without it file modes are not kept
//
// Paths, `out` and `data` are views, given by value or by `const &`: by reference the many calls
// take less code, an address instead of two words.
//
// Between two barriers a power cut may lose or reorder whatever was done; only a single rename
// stays whole. `ota::testing::prove_power_safe` tries just that on a policy.

namespace detail {

struct any_visitor {
  bool operator()(std::string_view, file_kind) const { return true; }
};

template <class S>
using stat_of = decltype(std::declval<S&>().stat(std::string_view{}));
template <class S>
using file_read_of =
    decltype(std::declval<S&>().read(std::string_view{}, std::size_t{}, mutable_bytes{}));
template <class S>
using file_write_of =
    decltype(std::declval<S&>().write(std::string_view{}, std::size_t{}, bytes{}));
template <class S>
using rename_of = decltype(std::declval<S&>().rename(std::string_view{}, std::string_view{}));
template <class S>
using remove_of = decltype(std::declval<S&>().remove(std::string_view{}));
template <class S>
using sync_of = decltype(std::declval<S&>().sync());
template <class S>
using free_space_of = decltype(std::declval<S&>().free_space());
template <class S>
using list_of = decltype(std::declval<S&>().list(std::string_view{}, any_visitor{}));
template <class S>
using set_executable_of = decltype(std::declval<S&>().set_executable(std::string_view{}, true));

/// What stands at a path: of what `stat` tells as much as fits into a register.
template <class Storage>
result<file_kind> kind_at(Storage& storage, std::string_view path) {
  const auto there = storage.stat(path);
  return there ? result<file_kind>(there->kind) : there.error();
}

}  // namespace detail

/// Whether a storage policy keeps the executable bit.
template <class Storage>
inline constexpr bool keeps_modes =
    detail::gives<result<void>, detail::set_executable_of, Storage>::value;

/// Checks a file storage policy against the contract, one sentence for each missing member.
template <class Storage>
struct check_file_storage {
  template <class Result, template <class> class Call>
  static constexpr bool has = detail::gives<Result, Call, Storage>::value;

  static_assert(
      has<result<file_info>, detail::stat_of>,
      "the storage policy needs: ota::result<ota::file_info> stat(std::string_view path)");
  static_assert(has<result<std::size_t>, detail::file_read_of>,
                "the storage policy needs: ota::result<std::size_t> read(std::string_view path, "
                "std::size_t offset, ota::mutable_bytes out)");
  static_assert(has<result<void>, detail::file_write_of>,
                "the storage policy needs: ota::result<void> write(std::string_view path, "
                "std::size_t offset, ota::bytes data)");
  static_assert(has<result<void>, detail::rename_of>,
                "the storage policy needs: ota::result<void> rename(std::string_view from, "
                "std::string_view to)");
  static_assert(has<result<void>, detail::remove_of>,
                "the storage policy needs: ota::result<void> remove(std::string_view path)");
  static_assert(has<result<void>, detail::sync_of>,
                "the storage policy needs: ota::result<void> sync()");
  static_assert(has<result<std::uint64_t>, detail::free_space_of>,
                "the storage policy needs: ota::result<std::uint64_t> free_space()");
  static_assert(has<result<void>, detail::list_of>,
                "the storage policy needs: template <class Visit> ota::result<void> "
                "list(std::string_view directory, Visit&& visit)");
  static constexpr bool ok = true;
};

}  // namespace ota
