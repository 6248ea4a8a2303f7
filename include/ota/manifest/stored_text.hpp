#pragma once

#include <string_view>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace ota::detail {

/// Reads a file of a storage byte by byte, back and forth, through a buffer of the caller's.
template <class Storage>
class stored_text {
 public:
  stored_text(Storage& storage, std::string_view path, mutable_bytes buffer)
      : storage_(storage), path_(path), buffer_(buffer) {}

  std::size_t offset() const { return first_ + at_; }

  /// Goes on at `offset`; what is in the buffer is not read again.
  void seek(std::size_t offset) {
    if (offset >= first_ && offset - first_ <= size_) {
      at_ = static_cast<std::size_t>(offset - first_);
      return;
    }
    first_ = offset;
    size_ = at_ = 0;
  }

  /// The next byte without taking it; NUL at the end of the file or after an error.
  char peek() {
    if (at_ == size_ && !fill()) return '\0';
    return static_cast<char>(buffer_[at_]);
  }

  /// Takes the next byte.
  char take() {
    const char c = peek();
    if (at_ != size_) ++at_;
    return c;
  }

  /// The first thing that went wrong.
  const result<void>& status() const { return status_; }

 private:
  bool fill() {
    first_ += size_;
    size_ = at_ = 0;
    const auto size = storage_.read(path_, first_, buffer_);
    if (!size) {
      status_ = size.error();
      return false;
    }
    size_ = *size;
    return size_ != 0;
  }

  Storage& storage_;
  std::string_view path_;
  mutable_bytes buffer_;
  std::size_t first_ = 0;  // where the buffer begins in the file
  std::size_t size_ = 0;
  std::size_t at_ = 0;
  result<void> status_;
};

}  // namespace ota::detail
