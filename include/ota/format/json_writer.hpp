#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../core/fixed_string.hpp"
#include "../core/text.hpp"
#include "utf8.hpp"

namespace ota {

/// The form of written JSON; the default is that of Python's `json.dumps`.
struct json_style {
  bool spaced = true;  ///< ", " and ": " between members; false: "," and ":"
  bool ascii = true;   ///< other characters as \uXXXX; false: as UTF-8
};

/// Writes JSON, piece by piece, into a `fixed_string` or to a callback. Byte for byte what
/// Python's `json.dumps` writes (without `indent`), with `ensure_ascii` as `json_style` says.
///
/// ```
/// fixed_string<100> text;
/// json_writer writer(text);
/// writer.begin_object().key("ref").string("v1").key("n").number(3u).end_object();
/// // {"ref": "v1", "n": 3}
/// ```
///
/// It puts the commas, but does not check that keys and values alternate. Bytes of a string that
/// are not UTF-8 become U+FFFD. Whether a `fixed_string` had room, its `overflowed()` says.
class json_writer {
 public:
  explicit json_writer(string_buffer& out, json_style style = {})
      : put_(
            [](void* to, std::string_view text) { static_cast<string_buffer*>(to)->append(text); }),
        to_(&out),
        style_(style) {}

  /// Writes to `sink(std::string_view)`, which must outlive the writer.
  template <class Sink, class = std::enable_if_t<!std::is_base_of_v<string_buffer, Sink>>>
  explicit json_writer(Sink& sink, json_style style = {})
      : put_([](void* to, std::string_view text) { (*static_cast<Sink*>(to))(text); }),
        to_(&sink),
        style_(style) {}

  json_writer& begin_object() { return begin("{"); }
  json_writer& end_object() { return end("}"); }
  json_writer& begin_array() { return begin("["); }
  json_writer& end_array() { return end("]"); }

  json_writer& key(std::string_view name) {
    begin_value();
    quote(name);
    put(style_.spaced ? ": "sv : ":"sv);
    needs_comma_ = false;
    return *this;
  }

  json_writer& string(std::string_view text) {
    begin_value();
    quote(text);
    return *this;
  }

  json_writer& number(std::uint64_t value) {
    fixed_string<20> digits;
    return number_text(digits.append_number(value));
  }
  json_writer& number(std::int64_t value) {
    fixed_string<20> digits;
    if (value < 0) digits.append('-');
    const auto size = static_cast<std::uint64_t>(value);
    return number_text(digits.append_number(value < 0 ? 0 - size : size));
  }
  json_writer& number(std::uint32_t value) { return number(std::uint64_t{value}); }
  json_writer& number(std::int32_t value) { return number(std::int64_t{value}); }

  /// A number given as its JSON text, as `json_reader::text` gives it.
  json_writer& number_text(std::string_view text) {
    begin_value();
    put(text);
    return *this;
  }

  json_writer& boolean(bool value) { return number_text(value ? "true"sv : "false"sv); }
  json_writer& null() { return number_text("null"); }

 private:
  void put(std::string_view text) { put_(to_, text); }

  // What precedes a key or a value; after it the next one needs a comma.
  void begin_value() {
    if (needs_comma_) put(style_.spaced ? ", "sv : ","sv);
    needs_comma_ = true;
  }

  json_writer& begin(std::string_view bracket) {
    begin_value();
    put(bracket);
    needs_comma_ = false;
    return *this;
  }

  json_writer& end(std::string_view bracket) {
    put(bracket);
    needs_comma_ = true;
    return *this;
  }

  void quote(std::string_view text) {
    put("\""sv);
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto c = static_cast<std::uint8_t>(text[at]);
      const bool is_plain = c >= 0x20 && c != '"' && c != '\\' && c < (style_.ascii ? 0x7f : 0x80);
      if (is_plain || (c == 0x7f && !style_.ascii)) {
        ++at;
        continue;
      }
      put(slice(text, done, at - done));
      at += escape(slice(text, at));
      done = at;
    }
    put(slice(text, done));
    put("\""sv);
  }

  // Writes the first character of `text`, which is not plain; returns its size in bytes.
  std::size_t escape(std::string_view text) {
    static constexpr char values[] = "\"\\\b\f\n\r\t";
    static constexpr char names[] = "\"\\bfnrt";
    const auto c = static_cast<std::uint8_t>(text.front());
    for (std::size_t i = 0; i < sizeof values - 1; ++i) {
      if (text.front() != values[i]) continue;
      const char pair[] = {'\\', names[i]};
      put({pair, 2});
      return 1;
    }
    if (c < 0x80) return put_unit(c), 1;
    std::uint32_t code = 0;
    const std::size_t size = detail::decode_utf8(text, code);
    if (!style_.ascii)
      put(code == detail::replacement_character ? std::string_view("\xef\xbf\xbd")
                                                : slice(text, 0, size));
    else if (code < 0x10000)
      put_unit(code);
    else
      put_unit(0xd800 + ((code - 0x10000) >> 10)), put_unit(0xdc00 + (code & 0x3ff));
    return size;
  }

  void put_unit(std::uint32_t unit) {
    static constexpr char digits[] = "0123456789abcdef";
    char text[] = {'\\',
                   'u',
                   digits[unit >> 12 & 15],
                   digits[unit >> 8 & 15],
                   digits[unit >> 4 & 15],
                   digits[unit & 15]};
    put({text, sizeof text});
  }

  void (*put_)(void*, std::string_view);
  void* to_;
  json_style style_;
  bool needs_comma_ = false;
};

}  // namespace ota
