#pragma once

#include "../core/fixed_string.hpp"
#include "../core/hex.hpp"
#include "../core/text.hpp"

namespace ota::detail {

/// Appends a text as what a JSON string has between its quotes. For the few small files that every
/// device writes; what needs the form of Python's `json.dumps` takes a `json_writer`. Characters
/// beyond ASCII stay UTF-8, as MicroPython writes them.
inline void append_json_text(string_buffer& out, std::string_view text) {
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out.append("\\u00").append(hex_digits[byte >> 4]).append(hex_digits[byte & 15]);
      continue;
    }
    if (c == '"' || c == '\\') out.append('\\');
    out.append(c);
  }
}

}  // namespace ota::detail
