#pragma once

#include <cstdint>
#include <string_view>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace ota::detail {

/// Whether JSON allows `c` between tokens.
inline bool is_json_space(int c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// A place in a document on storage, and what memory holds of the bytes from there on. The memory
/// is lent for one step at a time; only the place outlives it.
template <class Storage>
class document_cursor {
 public:
  document_cursor(Storage& storage, std::string_view path) : storage_(storage), path_(path) {}

  /// Begins a step. Nothing is read yet.
  void lend(mutable_bytes scratch) {
    start_ = offset();
    scratch_ = scratch.first(0x10000);
    at_ = size_ = 0;
  }

  std::uint32_t offset() const { return start_ + at_; }

  /// What memory holds from here on.
  bytes ahead() const { return {scratch_.data() + at_, std::size_t{size_} - at_}; }
  bool empty() const { return at_ == size_; }
  void advance(std::size_t count) { at_ += static_cast<std::uint32_t>(count); }

  /// Goes to a place; a far one drops what memory holds.
  void seek(std::uint32_t offset) {
    if (offset - start_ <= size_) {
      at_ = offset - start_;
    } else {
      start_ = offset;
      at_ = size_ = 0;
    }
  }

  /// Reads on when nothing is ahead; false at the end of the document, or with `failure()` set.
  bool load() {
    if (!empty()) return true;
    start_ = offset();
    at_ = size_ = 0;
    if (scratch_.empty())
      fail(no_buffer);
    else if (start_ > 0xffffffff - scratch_.size())
      fail(too_large);
    if (failed()) return false;
    const auto size = storage_.read(path_, start_, scratch_);
    if (!size) return fail(size.error()), false;
    size_ = static_cast<std::uint32_t>(*size < scratch_.size() ? *size : scratch_.size());
    return size_ != 0;
  }

  /// The next byte, read from storage where needed; -1 where `load` says false.
  int peek() { return load() ? scratch_[at_] : -1; }
  int get() { return load() ? scratch_[at_++] : -1; }

  /// Passes over space that is in memory; false when nothing else is.
  bool skip_space() {
    while (!empty() && is_json_space(scratch_[at_])) ++at_;
    return !empty();
  }

  bool failed() const { return failure_ != nullptr; }
  const error& failure() const { return *failure_; }

  /// For a document that is not what it was when it was checked.
  void lose() {
    if (!failed()) fail(changed);
  }
  void fail(const error& why) { failure_ = &why; }

 private:
  static constexpr error no_buffer{errc::invalid_argument, "manifest",
                                   "a manifest is read with a buffer, not without"};
  static constexpr error too_large{errc::too_long, "manifest", "a manifest may have up to 4 GiB"};
  static constexpr error changed{errc::damaged, "manifest",
                                 "the manifest changed while it was read; fetch it again"};

  Storage& storage_;
  std::string_view path_;
  mutable_bytes scratch_;
  std::uint32_t start_ = 0;  // of the bytes in memory
  std::uint32_t at_ = 0;
  std::uint32_t size_ = 0;
  const error* failure_ = nullptr;
};

}  // namespace ota::detail
