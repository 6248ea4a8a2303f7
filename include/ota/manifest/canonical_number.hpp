#pragma once

#include <cstdint>
#include <string_view>

#include "../core/fixed_string.hpp"
#include "../core/text.hpp"

namespace ota::detail {

/// Brings a JSON number to the text that Python's json module writes after reading it, by its
/// decimal digits alone.
///
/// Up to 15 significant digits name a double that no other number of up to 15 digits names, so
/// Python's shortest text has just these digits. For more digits, and next to the ends of a
/// double's range, only a text that has Python's form already is taken.
class canonical_number {
 public:
  using text_type = fixed_string<28>;

  /// Python reads no integer with more digits.
  static constexpr std::size_t max_length = 4300;

  /// Takes the next character of a valid number.
  void take(char c) {
    ++length_;
    source_.append(c);
    if (c == '.') {
      in_fraction_ = true;
    } else if ((c | 0x20) == 'e') {
      in_exponent_ = true;
    } else if (c == '-') {
      (in_exponent_ ? exponent_negative_ : negative_) = true;
    } else if (c != '+') {
      const auto digit = static_cast<std::uint8_t>(c - '0');
      in_exponent_ ? take_exponent(digit) : take_digit(digit);
    }
  }

  std::size_t length() const { return length_; }

  /// Whether the number keeps the text that it has.
  bool keeps_text() const { return is_integer() && (count_ != 0 || !negative_); }

  /// The beginning of the text that was taken.
  std::string_view source() const { return source_; }

  /// Python's text of a number that does not keep its own; empty when it is not certain.
  text_type text() const {
    if (is_integer()) return text_type("0");  // of "-0"
    text_type out;
    if (negative_) out.append('-');
    if (count_ == 0) {
      out.append("0.0");
      return out;
    }
    const std::int32_t power = point_ - 1 + (exponent_negative_ ? -exponent_ : exponent_);
    if (count_ > sizeof digits_ || power > 308 || power < -324) return {};
    if (power < -4 || power >= 16)
      append_scientific(out, power);
    else
      append_plain(out, power);
    const bool doubtful = count_ > 15 || power >= 308 || power <= -308;
    if (doubtful && (length_ != source_.size() || out.view() != source_.view())) return {};
    return out;
  }

 private:
  bool is_integer() const { return !in_fraction_ && !in_exponent_; }

  void take_digit(std::uint8_t digit) {
    if (digit == 0 && count_ == 0) {
      if (in_fraction_) --point_;
      return;
    }
    if (!in_fraction_) ++point_;
    if (digit == 0) {
      ++zeros_;
      return;
    }
    for (; zeros_ != 0; --zeros_) keep('0');
    keep(static_cast<char>('0' + digit));
  }

  void keep(char digit) {
    if (count_ < sizeof digits_) digits_[count_] = digit;
    ++count_;
  }

  void take_exponent(std::uint8_t digit) {
    if (exponent_ < 100000) exponent_ = exponent_ * 10 + digit;
  }

  std::string_view digits(std::size_t from, std::size_t count) const {
    return slice({digits_, count_}, from, count);
  }

  void append_plain(text_type& out, std::int32_t power) const {
    if (power < 0) {
      out.append("0.").append(std::string_view("000", static_cast<std::size_t>(-1 - power)));
      out.append(digits(0, count_));
      return;
    }
    const auto whole = static_cast<std::size_t>(power) + 1;
    out.append(digits(0, whole));
    for (std::size_t i = count_; i < whole; ++i) out.append('0');
    out.append('.').append(whole < count_ ? digits(whole, count_) : std::string_view("0"));
  }

  void append_scientific(text_type& out, std::int32_t power) const {
    out.append(digits_[0]);
    if (count_ > 1) out.append('.').append(digits(1, count_));
    out.append(power < 0 ? "e-" : "e+");
    const auto size = static_cast<std::uint32_t>(power < 0 ? -power : power);
    if (size < 10) out.append('0');
    out.append_number(size);
  }

  // The number is 0.digits x 10^point, times 10^exponent.
  char digits_[17] = {};
  text_type source_;
  std::size_t length_ = 0;
  std::size_t count_ = 0;  // of digits from the first to the last that is not 0
  std::size_t zeros_ = 0;  // met after those
  std::int32_t point_ = 0;
  std::int32_t exponent_ = 0;
  bool negative_ = false;
  bool exponent_negative_ = false;
  bool in_fraction_ = false;
  bool in_exponent_ = false;
};

}  // namespace ota::detail
