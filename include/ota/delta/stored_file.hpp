#pragma once

#include <string_view>

#include "../storage/file_storage.hpp"

namespace ota {

/// A file on storage as the old one of a patch, or as a patch (`delta_contract.hpp`).
template <class Storage>
class stored_file {
 public:
  /// `path` must stay.
  stored_file(Storage& storage, std::string_view path, std::uint32_t size)
      : storage_(storage), path_(path), size_(size) {}

  std::uint32_t size() const { return size_; }

  result<void> read(std::uint32_t offset, mutable_bytes out) {
    const auto count = storage_.read(path_, offset, out);
    if (!count) return count.error();
    if (*count != out.size()) return has_changed;
    return {};
  }

 private:
  static constexpr error has_changed{errc::mismatch, "delta",
                                     "a file became shorter while a patch was applied"};

  Storage& storage_;
  std::string_view path_;
  std::uint32_t size_;
};

/// A file on storage as what a patch makes.
template <class Storage>
class stored_output {
 public:
  /// `path` must stay.
  stored_output(Storage& storage, std::string_view path)
      : file_(storage, path, 0), storage_(storage), path_(path) {}

  /// Goes on with a file that has `size` bytes.
  void go_on(std::uint32_t size) { size_ = size; }

  std::uint32_t size() const { return size_; }

  result<void> append(bytes data) {
    if (auto done = storage_.write(path_, size_, data); !done) return done;
    size_ += static_cast<std::uint32_t>(data.size());
    return {};
  }

  result<void> read(std::uint32_t offset, mutable_bytes out) { return file_.read(offset, out); }

 private:
  stored_file<Storage> file_;
  Storage& storage_;
  std::string_view path_;
  std::uint32_t size_ = 0;
};

}  // namespace ota
