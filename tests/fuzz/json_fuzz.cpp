// Any bytes, in any pieces, give the same events; and what was read can be written and read again.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include <ota/format/json_reader.hpp>
#include <ota/format/json_writer.hpp>

namespace {

using ota::json_event;

// Empty when the reader refuses the document.
template <class Reader>
std::string rewrite(ota::bytes document, std::size_t piece_size, bool ascii) {
  Reader reader;
  std::string text;
  auto put = [&text](std::string_view part) { text.append(part); };
  ota::json_writer writer(put, {false, ascii});
  std::unique_ptr<std::uint8_t[]> piece;
  for (;;) {
    const auto event = reader.next();
    if (!event) return {};
    if (*event == json_event::end) return text;
    switch (*event) {
      case json_event::need_input: {
        const ota::bytes part = document.first(piece_size);
        document = document.drop(part.size());
        if (part.empty()) {
          reader.finish();
          break;
        }
        piece.reset(new std::uint8_t[part.size()]);
        std::memcpy(piece.get(), part.data(), part.size());
        reader.feed({piece.get(), part.size()});
        break;
      }
      case json_event::begin_object:
        writer.begin_object();
        break;
      case json_event::end_object:
        writer.end_object();
        break;
      case json_event::begin_array:
        writer.begin_array();
        break;
      case json_event::end_array:
        writer.end_array();
        break;
      case json_event::key:
        writer.key(reader.text());
        break;
      case json_event::string:
        writer.string(reader.text());
        break;
      case json_event::number:
        writer.number_text(reader.text());
        (void)reader.as_u64();
        (void)reader.as_i64();
        break;
      case json_event::boolean:
        writer.boolean(reader.boolean());
        break;
      default:
        writer.null();
        break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4000) return 0;
  const std::size_t piece = 1u + data[0];
  const ota::bytes document(data + 1, size - 1);
  using wide = ota::json_reader<4096, 64>;
  const std::string whole = rewrite<wide>(document, size, false);
  if (rewrite<wide>(document, piece, false) != whole) std::abort();
  (void)rewrite<ota::json_reader<7, 3>>(document, piece, false);
  if (whole.empty()) return 0;
  const std::string ascii = rewrite<wide>(document, piece, true);
  if (rewrite<wide>(ota::as_bytes(ascii), ascii.size(), false) != whole) std::abort();
  return 0;
}
