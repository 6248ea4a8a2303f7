#pragma once

#include "../format/json_reader.hpp"
#include "../format/json_writer.hpp"

namespace ota::detail {

/// The last number without its fraction; 0 when it is negative or too large. Python's `time()`
/// may write a fraction.
template <std::size_t TextCapacity>
std::uint64_t whole_number(const json_reader<TextCapacity>& from) {
  const std::string_view text = from.text();
  return parse_u64(slice(text, 0, text.find('.'))).value_or(0);
}

/// Writes an event as it was read. A number too long for the reader becomes null.
template <std::size_t TextCapacity>
void copy_event(json_writer& out, json_event event, const json_reader<TextCapacity>& from) {
  switch (event) {
    case json_event::begin_object:
      out.begin_object();
      break;
    case json_event::end_object:
      out.end_object();
      break;
    case json_event::begin_array:
      out.begin_array();
      break;
    case json_event::end_array:
      out.end_array();
      break;
    case json_event::key:
      out.key(from.text());
      break;
    case json_event::string:
      out.string(from.text());
      break;
    case json_event::number:
      if (from.truncated())
        out.null();
      else
        out.number_text(from.text());
      break;
    case json_event::boolean:
      out.boolean(from.boolean());
      break;
    default:
      out.null();
      break;
  }
}

}  // namespace ota::detail
