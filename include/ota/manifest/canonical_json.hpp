#pragma once

#include "../core/hex.hpp"
#include "../format/json_writer.hpp"
#include "canonical_number.hpp"
#include "stored_text.hpp"

namespace ota::detail {

/// Writes a JSON document that lies on storage in the form that is signed: Python's
/// `json.dumps(document, sort_keys=True, separators=(",", ":"))` without its top-level member
/// `signature`. The document must have passed a `json_reader` before.
///
/// Memory is constant: an object's members are put in order by looking through it once for each
/// of them. Objects of a manifest are small, or have few members, so the cost stays linear.
template <class Storage, class Sink>
class canonical_json {
 public:
  static constexpr int max_depth = 8;
  using key_text = fixed_string<64>;

  canonical_json(Storage& storage, std::string_view path, mutable_bytes buffer, Sink& sink)
      : text_(storage, path, buffer), sink_(sink) {}

  /// Writes the document.
  result<void> write() {
    if (auto done = value(0); !done) return done;
    return text_.status();
  }

 private:
  static constexpr error too_deep{errc::too_long, "manifest",
                                  "the signed manifest is nested too deeply"};
  static constexpr error key_too_long{errc::too_long, "manifest",
                                      "a key of the signed manifest is too long"};

  void put(std::string_view text) { sink_(as_bytes(text)); }

  char skip_space() {
    for (char c; (c = text_.peek()) == ' ' || c == '\t' || c == '\n' || c == '\r';) text_.take();
    return text_.peek();
  }

  result<void> value(int depth) {
    if (depth == max_depth) return too_deep;
    switch (skip_space()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      default:
        return scalar();
    }
  }

  result<void> array(int depth) {
    text_.take();
    put("["sv);
    for (bool first = true; skip_space() != ']'; first = false) {
      if (!first) {
        text_.take();
        put(","sv);
      }
      if (auto done = value(depth + 1); !done) return done;
      if (text_.peek() == '\0') break;
    }
    text_.take();
    put("]"sv);
    return {};
  }

  result<void> object(int depth) {
    text_.take();
    put("{"sv);
    const std::size_t begin = text_.offset();
    key_text last;
    for (bool first = true;; first = false) {
      key_text next;
      std::size_t at = 0;
      if (auto done = find_next(begin, depth, first, last, next, at); !done) return done;
      if (at == 0) break;
      if (!first) put(","sv);
      json_writer(sink_text_, {false, true}).string(next);
      put(":"sv);
      text_.seek(at);
      if (auto done = value(depth + 1); !done) return done;
      last = next;
    }
    // The last look through the object has ended behind it.
    put("}"sv);
    return {};
  }

  // The smallest key over `last`, and where its value is; of equal keys the last one counts.
  // `at` stays 0 when there is none. Ends behind the object.
  result<void> find_next(std::size_t begin, int depth, bool first, const key_text& last,
                         key_text& next, std::size_t& at) {
    text_.seek(begin);
    while (skip_space() != '}' && text_.peek() != '\0') {
      if (text_.peek() == ',') {
        text_.take();
        skip_space();
      }
      key_text key;
      text_.take();
      while (text_.peek() != '"' && text_.peek() != '\0') {
        char bytes[4];
        key.append({bytes, character(bytes)});
      }
      text_.take();
      if (key.overflowed()) return key_too_long;
      skip_space();
      text_.take();
      skip_space();
      const bool is_signature = depth == 0 && key.view() == "signature"sv;
      if (!is_signature && (first || key.view() > last.view()) &&
          (at == 0 || key.view() <= next.view())) {
        next = key;
        at = text_.offset();
      }
      skip_value();
    }
    text_.take();
    return {};
  }

  void skip_value() {
    int depth = 0;
    do {
      const char c = text_.take();
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (c == '"')
        for (char inside; (inside = text_.take()) != '"' && inside != '\0';)
          if (inside == '\\') text_.take();
      if (c == '\0') return;
    } while (depth != 0 || !ends_scalar(text_.peek()));
  }

  static bool ends_scalar(char c) {
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t' ||
           c == '\0';
  }

  result<void> scalar() {
    fixed_string<64> text;
    while (!ends_scalar(text_.peek())) text.append(text_.take());
    if (text.view() == "true"sv || text.view() == "false"sv || text.view() == "null"sv) {
      put(text);
      return {};
    }
    const auto number = canonical_number(text);
    if (!number) return number.error();
    put(*number);
    return {};
  }

  result<void> string() {
    text_.take();
    put("\""sv);
    fixed_string<64> run;
    while (text_.peek() != '"' && text_.peek() != '\0') {
      char bytes[4];
      run.append({bytes, character(bytes)});
      if (run.size() > 60) put_run(run);
    }
    put_run(run);
    text_.take();
    put("\""sv);
    return {};
  }

  // Whole characters, escaped as Python does; the writer puts quotes around them, which go.
  void put_run(fixed_string<64>& run) {
    fixed_string<400> quoted;
    json_writer(quoted, {false, true}).string(run);
    put(slice(quoted.view(), 1, quoted.size() - 2));
    run.clear();
  }

  // Takes one character of a string, decoded to UTF-8; its size.
  std::size_t character(char* out) {
    const char c = text_.take();
    out[0] = c;
    if (c == '\\') return escape(out);
    const auto lead = static_cast<std::uint8_t>(c);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    for (std::size_t i = 1; i < size; ++i) out[i] = text_.take();
    return size;
  }

  std::size_t escape(char* out) {
    const char c = text_.take();
    constexpr std::string_view names = "bfnrt", values = "\b\f\n\r\t";
    if (c != 'u') {
      const std::size_t which = names.find(c);
      out[0] = which == std::string_view::npos ? c : values[which];
      return 1;
    }
    std::uint32_t code = unit();
    if (code >= 0xd800 && code < 0xdc00) {
      text_.take();
      text_.take();
      code = 0x10000 + ((code - 0xd800) << 10) + (unit() - 0xdc00);
    }
    return encode(code, out);
  }

  std::uint32_t unit() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
      value = value << 4 | static_cast<std::uint32_t>(hex_digit(text_.take()) & 15);
    return value;
  }

  static std::size_t encode(std::uint32_t code, char* out) {
    const std::size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (size == 1) {
      out[0] = static_cast<char>(code);
      return 1;
    }
    for (std::size_t i = size - 1; i != 0; --i, code >>= 6)
      out[i] = static_cast<char>(0x80 | (code & 0x3f));
    out[0] = static_cast<char>((0xf00 >> size & 0xf0) | code);
    return size;
  }

  struct text_sink {
    canonical_json* owner;
    void operator()(std::string_view text) { owner->put(text); }
  };

  stored_text<Storage> text_;
  Sink& sink_;
  text_sink sink_text_{this};
};

}  // namespace ota::detail
