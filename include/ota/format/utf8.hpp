#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ota::detail {

/// Checks one character of UTF-8 byte by byte (RFC 3629, section 4): no overlong form, no
/// surrogate, nothing above U+10FFFF.
struct utf8_check {
  std::uint8_t missing = 0;  ///< bytes that the character still lacks
  std::uint8_t low = 0;      ///< the next byte lies between these two
  std::uint8_t high = 0;

  /// Takes the first byte of a character beyond ASCII; false when none begins with it.
  bool begin(std::uint8_t lead) {
    low = 0x80;
    high = 0xbf;
    if (lead < 0xc2 || lead > 0xf4) return false;
    missing = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    return true;
  }

  /// Takes a further byte; false when it does not belong there.
  bool take(std::uint8_t byte) {
    if (byte < low || byte > high) return false;
    low = 0x80;
    high = 0xbf;
    --missing;
    return true;
  }
};

/// A code point as UTF-8, 1 to 4 bytes in `out`.
inline std::string_view encode_utf8(std::uint32_t code, char (&out)[4]) {
  char* at = out + sizeof out;
  if (code >= 0x80) {
    // The first byte has one bit of the code less for each byte that follows.
    std::uint32_t most = 0x3f;
    do {
      *--at = static_cast<char>(0x80 | (code & 0x3f));
      code >>= 6;
      most >>= 1;
    } while (code > most);
    code |= ~most << 1;
  }
  *--at = static_cast<char>(code);
  return {at, static_cast<std::size_t>(out + sizeof out - at)};
}

/// What stands for bytes that are no character.
inline constexpr std::uint32_t replacement_character = 0xfffd;

/// Reads the first character of `text`, which is not empty, and returns its size in bytes.
/// Where none begins, `code` is the replacement character and the size what to pass over.
inline std::size_t decode_utf8(std::string_view text, std::uint32_t& code) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  code = lead;
  if (lead < 0x80) return 1;
  utf8_check check;
  code = replacement_character;
  if (!check.begin(lead)) return 1;
  std::uint32_t value = lead & (0x3fu >> check.missing);
  std::size_t size = 1;
  while (check.missing != 0) {
    if (size == text.size()) return size;
    const auto byte = static_cast<std::uint8_t>(text[size]);
    if (!check.take(byte)) return size;
    value = value << 6 | (byte & 0x3fu);
    ++size;
  }
  code = value;
  return size;
}

}  // namespace ota::detail
