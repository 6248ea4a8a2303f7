#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

namespace ota {
namespace detail {

/// Writes a number into the end of `digits`. In its own width: dividing 64 bits costs a small
/// machine dearly.
template <class Unsigned>
std::string_view decimal(Unsigned number, char (&digits)[20]) {
  static_assert(!std::numeric_limits<Unsigned>::is_signed);
  std::size_t first = sizeof digits;
  do digits[--first] = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  return {digits + first, sizeof digits - first};
}

}  // namespace detail

/// A text of at most `Capacity` characters, kept in place and always terminated.
///
/// Appending more than fits keeps what fits and sets `overflowed()`, so that a
/// chain of appends is checked once at its end.
template <std::size_t Capacity>
class fixed_string {
 public:
  static_assert(Capacity < 65535, "a fixed_string keeps its length in 16 bits");

  fixed_string() { text_[0] = '\0'; }
  explicit fixed_string(std::string_view text) : fixed_string() { append(text); }

  static constexpr std::size_t capacity() { return Capacity; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const char* c_str() const { return text_; }
  char* data() { return text_; }
  std::string_view view() const { return {text_, size_}; }
  operator std::string_view() const { return view(); }
  char operator[](std::size_t i) const { return text_[i]; }

  /// Whether something did not fit since the last `clear` or `assign`.
  bool overflowed() const { return overflowed_; }

  void clear() { resize(0), overflowed_ = false; }

  /// Shortens the text to `size` characters; a larger size changes nothing.
  void resize(std::size_t size) {
    if (size <= size_) size_ = static_cast<std::uint16_t>(size);
    text_[size_] = '\0';
  }

  /// Replaces the text; false when it did not fit whole.
  bool assign(std::string_view text) {
    clear();
    append(text);
    return !overflowed_;
  }

  fixed_string& append(std::string_view text) {
    const std::size_t room = Capacity - size_;
    const std::size_t count = text.size() < room ? text.size() : room;
    if (count != text.size()) overflowed_ = true;
    if (count != 0) std::memmove(text_ + size_, text.data(), count);
    size_ = static_cast<std::uint16_t>(size_ + count);
    text_[size_] = '\0';
    return *this;
  }

  fixed_string& append(char c) { return append(std::string_view(&c, 1)); }

  /// Appends a number in decimal digits.
  template <class Unsigned>
  fixed_string& append_number(Unsigned number) {
    using wide = std::conditional_t<(sizeof(Unsigned) > 4), std::uint64_t, std::uint32_t>;
    char digits[20];
    return append(detail::decimal(static_cast<wide>(number), digits));
  }

 private:
  // The text last: what lies in front is cheaper to reach.
  std::uint16_t size_ = 0;
  bool overflowed_ = false;
  char text_[Capacity + 1];
};

}  // namespace ota
