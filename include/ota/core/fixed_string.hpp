#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

namespace ota {
namespace detail {

/// Writes a number into the end of `digits`. A small machine has no division, and its compiler's is
/// larger than all else here: a tenth is 0.8 / 8, and 0.8 the sum of 1/2 + 1/4 and, each time, what
/// there is shifted twice as far. The sum is a little too small, which the remainder shows.
template <class Unsigned>
std::string_view decimal(Unsigned number, char (&digits)[20]) {
  static_assert(!std::numeric_limits<Unsigned>::is_signed);
  std::size_t first = sizeof digits;
  do {
    Unsigned tenth = (number >> 1) + (number >> 2);
    for (int shift = 4; shift < std::numeric_limits<Unsigned>::digits; shift *= 2)
      tenth += tenth >> shift;
    tenth >>= 3;
    for (number -= tenth * 10; number > 9; number -= 10) ++tenth;
    digits[--first] = static_cast<char>('0' + number);
    number = tenth;
  } while (number != 0);
  return {digits + first, sizeof digits - first};
}

}  // namespace detail

/// A `fixed_string` of any capacity, for functions that only add to one.
class string_buffer {
 public:
  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const char* c_str() const { return text(); }
  char* data() { return text(); }
  std::string_view view() const { return {text(), size_}; }
  operator std::string_view() const { return view(); }
  char operator[](std::size_t i) const { return text()[i]; }

  /// Whether something did not fit since the last `clear` or `assign`.
  bool overflowed() const { return overflowed_ != 0; }

  void clear() {
    size_ = overflowed_ = 0;
    text()[0] = '\0';
  }

  /// Shortens the text to `size` characters; a larger size changes nothing.
  void resize(std::size_t size) {
    if (size <= size_) size_ = static_cast<std::uint16_t>(size);
    text()[size_] = '\0';
  }

  /// Replaces the text; false when it did not fit whole.
  bool assign(std::string_view text) {
    clear();
    append(text);
    return overflowed_ == 0;
  }

  string_buffer& append(std::string_view more) {
    const std::size_t room = capacity_ - std::size_t{size_};
    std::size_t count = more.size();
    if (count > room) {
      count = room;
      overflowed_ = 1;
    }
    if (count != 0) std::memmove(text() + size_, more.data(), count);
    size_ = static_cast<std::uint16_t>(size_ + count);
    text()[size_] = '\0';
    return *this;
  }

  string_buffer& append(const string_buffer& more) { return append(more.view()); }

  /// Appends a text up to its terminator. A call takes less code than that of a view.
  string_buffer& append(const char* more) {
    const char* end = more;
    while (*end != '\0') ++end;
    return append(std::string_view(more, static_cast<std::size_t>(end - more)));
  }

  string_buffer& append(char c) { return append(std::string_view(&c, 1)); }

  /// Appends a number in decimal digits.
  template <class Unsigned>
  string_buffer& append_number(Unsigned number) {
    using wide = std::conditional_t<(sizeof(Unsigned) > 4), std::uint64_t, std::uint32_t>;
    return append_decimal(static_cast<wide>(number));
  }

 protected:
  explicit string_buffer(std::uint16_t capacity) : capacity_(capacity) { text_[0] = '\0'; }
  string_buffer(const string_buffer&) = default;
  string_buffer& operator=(const string_buffer&) = default;

 private:
  template <class Wide>
  string_buffer& append_decimal(Wide number) {
    char digits[20];
    return append(detail::decimal(number, digits));
  }

  char* text() { return text_; }
  const char* text() const { return text_; }

  // The first two are cleared together, as one word.
  alignas(4) std::uint16_t size_ = 0;
  std::uint16_t overflowed_ = 0;
  std::uint16_t capacity_;
  // The first of the characters; the others follow, in the `fixed_string` that this is a part of.
  // So a program has one `append`, not one for each capacity.
  char text_[1];
};

/// A text of at most `Capacity` characters, kept in place and always terminated.
///
/// Appending more than fits keeps what fits and sets `overflowed()`, so that a
/// chain of appends is checked once at its end.
template <std::size_t Capacity>
class fixed_string : public string_buffer {
 public:
  static_assert(Capacity < 65535, "a fixed_string keeps its length in 16 bits");

  fixed_string() : string_buffer(Capacity) {}
  // By reference: a view handed on by value, from an inlined function, is copied in memory.
  explicit fixed_string(const std::string_view& text) : fixed_string() { append(text); }
  explicit fixed_string(const char* text) : fixed_string() { append(text); }

  static constexpr std::size_t capacity() { return Capacity; }

 private:
  char rest_[Capacity];
};

}  // namespace ota
