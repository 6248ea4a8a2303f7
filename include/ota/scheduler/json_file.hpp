#pragma once

#include "../core/text.hpp"
#include "../format/json_reader.hpp"
#include "../format/json_writer.hpp"

namespace ota::detail {

/// The events of a JSON file on storage, read 64 bytes at a time.
template <class Storage, std::size_t TextCapacity>
class json_file {
 public:
  json_file(Storage& storage, std::string_view path) : storage_(storage), path_(path) {}

  /// As `json_reader::next`, but never `need_input`. Errors of storage as they are.
  result<json_event> next() {
    for (;;) {
      const auto event = reader_.next();
      if (!event || *event != json_event::need_input) return event;
      const auto size = storage_.read(path_, offset_, piece_);
      if (!size) return size.error();
      offset_ += *size;
      if (*size == 0)
        reader_.finish();
      else
        reader_.feed({piece_, *size});
    }
  }

  const json_reader<TextCapacity>& reader() const { return reader_; }

  /// The last number without its fraction; 0 when it is negative or too large. Python's `time()`
  /// may write a fraction.
  std::uint64_t whole_number() const {
    const std::string_view text = reader_.text();
    return parse_u64(slice(text, 0, text.find('.'))).value_or(0);
  }

 private:
  Storage& storage_;
  std::string_view path_;
  std::uint64_t offset_ = 0;
  json_reader<TextCapacity> reader_;
  std::uint8_t piece_[64];
};

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
