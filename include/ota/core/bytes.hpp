#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ota {

/// A view of bytes that somebody else owns, to read from.
class bytes {
 public:
  constexpr bytes() = default;
  constexpr bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr bytes(const std::uint8_t (&array)[N]) : data_(array), size_(N) {}

  constexpr const std::uint8_t* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const std::uint8_t* begin() const { return data_; }
  constexpr const std::uint8_t* end() const { return data_ + size_; }
  constexpr std::uint8_t operator[](std::size_t i) const { return data_[i]; }

  /// The first `n` bytes, or all when there are fewer.
  constexpr bytes first(std::size_t n) const { return {data_, n < size_ ? n : size_}; }
  /// All but the first `n` bytes; empty when there are fewer.
  constexpr bytes drop(std::size_t n) const {
    if (n > size_) n = size_;
    return {data_ + n, size_ - n};
  }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A view of bytes that somebody else owns, to write into.
class mutable_bytes {
 public:
  constexpr mutable_bytes() = default;
  constexpr mutable_bytes(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr mutable_bytes(std::uint8_t (&array)[N]) : data_(array), size_(N) {}

  constexpr std::uint8_t* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr std::uint8_t* begin() const { return data_; }
  constexpr std::uint8_t* end() const { return data_ + size_; }
  constexpr std::uint8_t& operator[](std::size_t i) const { return data_[i]; }
  constexpr operator bytes() const { return {data_, size_}; }

  constexpr mutable_bytes first(std::size_t n) const { return {data_, n < size_ ? n : size_}; }
  constexpr mutable_bytes drop(std::size_t n) const {
    if (n > size_) n = size_;
    return {data_ + n, size_ - n};
  }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The characters of a text as bytes.
inline bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Bytes as the characters of a text.
inline std::string_view as_text(bytes data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Whether two views hold the same bytes. Not for secrets: it stops at the first difference.
constexpr bool equal(bytes a, bytes b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}

}  // namespace ota
