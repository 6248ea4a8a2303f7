#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "../core/hex.hpp"
#include "../format/utf8.hpp"
#include "document_cursor.hpp"

namespace ota {

/// The longest key of a canonical document, in bytes of UTF-8.
inline constexpr std::size_t max_canonical_key = 64;

namespace detail {

/// Whether a character stands for itself in a canonical string.
inline bool is_canonical(std::uint32_t c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

/// A character as it stands in a canonical string, in ASCII.
class canonical_character {
 public:
  explicit canonical_character(std::uint32_t code) { write(code); }

  bytes view() const { return {text_, size_}; }

 private:
  void write(std::uint32_t code) {
    constexpr char names[] = "\"\\bfnrt";
    constexpr char values[] = "\"\\\b\f\n\r\t";
    if (is_canonical(code)) return append(code);
    append('\\');
    for (std::size_t i = 0; i != sizeof names - 1; ++i)
      if (code == static_cast<std::uint8_t>(values[i]))
        return append(static_cast<std::uint8_t>(names[i]));
    if (code < 0x10000) return append_unit(code);
    append_unit(0xd7c0 + (code >> 10));
    append('\\');
    append_unit(0xdc00 + (code & 0x3ff));
  }

  void append(std::uint32_t c) { text_[size_++] = static_cast<std::uint8_t>(c); }

  void append_unit(std::uint32_t unit) {
    append('u');
    for (int shift = 12; shift >= 0; shift -= 4) {
      const std::uint32_t digit = unit >> shift & 15;
      append(digit < 10 ? '0' + digit : 'a' - 10 + digit);
    }
  }

  std::uint8_t text_[12];
  std::size_t size_ = 0;
};

/// Reads the strings of a document that was checked before.
template <class Storage>
class string_reader {
 public:
  explicit string_reader(document_cursor<Storage>& cursor) : cursor_(cursor) {}

  /// The code point of the next character.
  std::uint32_t character() {
    const std::uint32_t c = next();
    if (c == '\\') return escape();
    if (c < 0x80) return c;
    const int more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    std::uint32_t code = c & (0x3fu >> more);
    for (int i = 0; i < more; ++i) code = code << 6 | (next() & 0x3f);
    return code;
  }

 private:
  // At the end of a document that breaks off, the cursor keeps the error.
  std::uint32_t next() {
    const int c = cursor_.get();
    if (c < 0) cursor_.lose();
    return static_cast<std::uint32_t>(c) & 0xff;
  }

  std::uint32_t escape() {
    constexpr char names[] = "bfnrt";
    constexpr char values[] = "\b\f\n\r\t";
    const std::uint32_t c = next();
    if (c == 'u') return unicode();
    for (std::size_t i = 0; i != sizeof names - 1; ++i)
      if (c == static_cast<std::uint8_t>(names[i])) return static_cast<std::uint8_t>(values[i]);
    return c;
  }

  std::uint32_t unicode() {
    const std::uint32_t high = unit();
    if (high < 0xd800 || high >= 0xdc00) return high;
    next();
    next();
    return 0x10000u + ((high - 0xd800u) << 10) + (unit() & 0x3ff);
  }

  std::uint32_t unit() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
      value = value << 4 | (static_cast<std::uint32_t>(hex_digit(static_cast<char>(next()))) & 15);
    return value;
  }

  document_cursor<Storage>& cursor_;
};

/// A key of an object, decoded: the order of its bytes is the order of its code points.
class canonical_key {
 public:
  std::string_view view() const { return {text_, size_}; }

  /// Reads the key that begins at the cursor, with its quotes.
  template <class Storage>
  void read(document_cursor<Storage>& cursor) {
    size_ = 0;
    if (cursor.get() != '"') return cursor.lose();
    string_reader<Storage> reader(cursor);
    while (cursor.peek() != '"') {
      char utf8[4];
      const std::string_view character = encode_utf8(reader.character(), utf8);
      if (max_canonical_key - size_ < character.size()) cursor.lose();
      if (cursor.failed()) return;
      std::memcpy(text_ + size_, character.data(), character.size());
      size_ += character.size();
    }
    cursor.advance(1);
  }

 private:
  char text_[max_canonical_key] = {};
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace ota
