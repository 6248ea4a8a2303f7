#pragma once

#include "../core/fixed_string.hpp"
#include "../core/result.hpp"
#include "../core/text.hpp"

namespace ota::detail {

/// The digits of a JSON number: value = 0.DIGITS × 10^point.
struct decimal_number {
  fixed_string<40> digits;
  std::int32_t point = 0;
  bool negative = false;
  bool is_float = false;
};

/// Takes a JSON number apart. Zeros at both ends do not count as digits.
inline decimal_number read_decimal(std::string_view text) {
  decimal_number number;
  std::int32_t exponent = 0;
  bool after_point = false;
  if (text.front() == '-') number.negative = true, text.remove_prefix(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      after_point = number.is_float = true;
    } else if (c == 'e' || c == 'E') {
      number.is_float = true;
      const bool down = text[i + 1] == '-';
      for (++i; i < text.size(); ++i)
        if (text[i] >= '0' && text[i] <= '9' && exponent < 100000)
          exponent = exponent * 10 + (text[i] - '0');
      if (down) exponent = -exponent;
    } else if (c != '0' || !number.digits.empty()) {
      number.digits.append(c);
      if (!after_point) ++number.point;
    } else if (after_point) {
      --number.point;
    }
  }
  std::size_t size = number.digits.size();
  while (size != 0 && number.digits[size - 1] == '0') --size;
  number.digits.resize(size);
  number.point += exponent;
  return number;
}

/// Writes a number as Python's `repr` of a float does.
inline fixed_string<64> write_float(const decimal_number& number) {
  fixed_string<64> out;
  const std::string_view digits = number.digits;
  if (number.negative) out.append('-');
  if (digits.empty()) {
    out.append("0.0"sv);
    return out;
  }
  const std::int32_t point = number.point;
  if (point > -4 && point <= 16) {
    for (std::int32_t i = point < 0 ? point : 0; i < 0; ++i)
      if (i == point) out.append("0."sv);
    if (point == 0) out.append("0."sv);
    for (std::int32_t i = point; i < 0; ++i) out.append('0');
    for (std::size_t i = 0; i < digits.size(); ++i) {
      if (point > 0 && i == static_cast<std::size_t>(point)) out.append('.');
      out.append(digits[i]);
    }
    for (std::size_t i = digits.size(); point > 0 && i < static_cast<std::size_t>(point); ++i)
      out.append('0');
    if (point > 0 && digits.size() <= static_cast<std::size_t>(point)) out.append(".0"sv);
    return out;
  }
  out.append(digits[0]);
  if (digits.size() > 1) out.append('.').append(slice(digits, 1));
  const std::int32_t exponent = point - 1;
  const std::uint32_t size = static_cast<std::uint32_t>(exponent < 0 ? -exponent : exponent);
  out.append(exponent < 0 ? "e-"sv : "e+"sv);
  if (size < 10) out.append('0');
  out.append_number(size);
  return out;
}

/// A JSON number as Python's `json.dumps(json.loads(…))` writes it. Without floating point: up to
/// 15 digits are their own shortest form; more are taken where they are written in Python's form
/// already, and refused otherwise.
inline result<fixed_string<64>> canonical_number(std::string_view text) {
  static constexpr error unsure{
      errc::unsupported, "manifest",
      "a number in the signed manifest has more digits than can be checked"};
  if (text.empty() || text.size() > 40) return unsure;
  const decimal_number number = read_decimal(text);
  if (!number.is_float) {
    if (number.digits.empty()) return fixed_string<64>("0");
    return fixed_string<64>(text);
  }
  if (number.point > 300 || number.point < -300) return unsure;
  const fixed_string<64> written = write_float(number);
  if (number.digits.size() > 15 && (number.digits.size() > 17 || written.view() != text))
    return unsure;
  return written;
}

}  // namespace ota::detail
