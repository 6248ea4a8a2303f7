#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <ota/format/json_reader.hpp>
#include <ota/format/json_writer.hpp>

#include "support/python.hpp"

/// What the tests of this room share: reading a document in pieces and asking python3 about it.
namespace format_test {

inline std::string hex(std::string_view data) {
  std::string text(2 * data.size(), '0');
  ota::to_hex(ota::as_bytes(data), text.data());
  return text;
}

using ota_test::ask_python;
using ota_test::content_of;
using ota_test::has_python;

/// Reads a document in pieces of `size` bytes and writes its events again, compactly and in
/// ASCII; "refused" when the reader refuses it. Each piece lives in its own memory and only until
/// the reader asks for more, so that a sanitizer sees a reader that looks back.
template <class Reader>
std::string rewrite(Reader& reader, std::string_view document, std::size_t size) {
  std::string text;
  auto put = [&text](std::string_view part) { text.append(part); };
  ota::json_writer writer(put, {false, true});
  std::unique_ptr<std::uint8_t[]> piece;
  for (;;) {
    const auto event = reader.next();
    if (!event) return "refused";
    switch (*event) {
      case ota::json_event::need_input: {
        if (document.empty()) {
          reader.finish();
          break;
        }
        const std::string_view part = document.substr(0, size);
        document.remove_prefix(part.size());
        piece.reset(new std::uint8_t[part.size()]);
        std::memcpy(piece.get(), part.data(), part.size());
        reader.feed({piece.get(), part.size()});
        break;
      }
      case ota::json_event::begin_object:
        writer.begin_object();
        break;
      case ota::json_event::end_object:
        writer.end_object();
        break;
      case ota::json_event::begin_array:
        writer.begin_array();
        break;
      case ota::json_event::end_array:
        writer.end_array();
        break;
      case ota::json_event::key:
        writer.key(reader.text());
        break;
      case ota::json_event::string:
        writer.string(reader.text());
        break;
      case ota::json_event::number:
        writer.number_text(reader.text());
        break;
      case ota::json_event::boolean:
        writer.boolean(reader.boolean());
        break;
      case ota::json_event::null:
        writer.null();
        break;
      case ota::json_event::end:
        return text;
    }
  }
}

inline std::string rewrite(std::string_view document, std::size_t size = std::string_view::npos) {
  static ota::json_reader<20000, 1000> reader;
  reader.reset();
  return rewrite(reader, document, size);
}

/// The same by python3's json module, for each document. What it accepts beyond RFC 8259 (NaN,
/// Infinity, half surrogates) is refused here; numbers keep their text, repeated keys stay.
inline std::vector<std::string> rewrite_by_python(const std::vector<std::string>& documents) {
  std::string input;
  for (const std::string& document : documents) input += hex(document) + "\n";
  return ask_python(R"py(
import json, sys
sys.setrecursionlimit(20000)
class number(str): pass
class members(list): pass
def refuse(text): raise ValueError(text)
def write(value):
    if isinstance(value, number): return str.__str__(value)
    if isinstance(value, members):
        return "{" + ",".join(json.dumps(k) + ":" + write(v) for k, v in value) + "}"
    if isinstance(value, list): return "[" + ",".join(map(write, value)) + "]"
    if isinstance(value, str): value.encode("utf-8")
    return json.dumps(value)
def check(value):
    if isinstance(value, members):
        for k, v in value: k.encode("utf-8")
for line in sys.stdin:
    try:
        value = json.loads(bytes.fromhex(line).decode("utf-8"), parse_int=number,
                           parse_float=number, parse_constant=refuse,
                           object_pairs_hook=lambda pairs: (check(members(pairs)), members(pairs))[1])
        print(write(value))
    except (ValueError, RecursionError):
        print("refused")
)py",
                    input);
}

}  // namespace format_test
