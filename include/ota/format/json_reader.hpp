#pragma once

#include <new>

#include "json_machine.hpp"
#include "json_number.hpp"

namespace ota {

/// Reads a JSON document (RFC 8259, strictly) that arrives in pieces of any size, without
/// keeping it: one event at a time, in the same memory whatever the document's length.
///
/// ```
/// json_reader<> reader;
/// reader.feed(piece);
/// for (;;) {
///   const auto event = reader.next();
///   if (!event) return event.error();
///   if (*event == json_event::end) break;
///   if (*event == json_event::need_input) { … reader.feed(more); or reader.finish(); }
/// }
/// ```
///
/// Strings are checked to be UTF-8 and arrive decoded; half a surrogate pair, a byte-order mark
/// and anything after the one value but space are refused. Repeated keys are not noticed.
///
/// \tparam TextCapacity  bytes kept of a key, string or number
/// \tparam MaxDepth      containers that may be open at a time, a byte each
template <std::size_t TextCapacity = 256, std::size_t MaxDepth = 32>
class json_reader {
 public:
  static_assert(TextCapacity > 0 && MaxDepth > 0 && MaxDepth < 65536,
                "a json_reader needs room for text and for 1 to 65535 levels");

  /// Gives the next bytes. They must stay in place until `next` says `need_input`, and must not
  /// be given before that.
  void feed(bytes piece) { machine_.feed(piece); }

  /// Says that no more input will come.
  void finish() { machine_.finish(); }

  /// The next event. Errors: `errc::malformed` for what is not JSON, `errc::too_long` for nesting
  /// over `MaxDepth`; `detail` is the offset. After an error only `reset` helps.
  result<json_event> next() { return machine_.next({text_, TextCapacity, nesting_, MaxDepth}); }

  /// Of a key or string the decoded UTF-8, of a number its source text; empty after other
  /// events. Valid until the next call of `next`.
  std::string_view text() const { return {text_, machine_.text_size()}; }

  /// Whether the text was longer than `TextCapacity`: the rest, from a whole character on, was
  /// checked and dropped.
  bool truncated() const { return machine_.truncated(); }

  /// The value of the last `boolean`.
  bool boolean() const { return machine_.boolean(); }

  /// The last `number`, if it is an integer of 64 bits without fraction and exponent: 1.0 and
  /// 1e3 are not. Errors: `errc::malformed`, `errc::too_long` when it does not fit.
  result<std::uint64_t> as_u64() const { return detail::parse_u64(text(), truncated()); }
  /// The same for a size: as wide as the machine counts bytes.
  result<std::size_t> as_size() const {
    return detail::parse_unsigned<std::size_t>(text(), truncated());
  }
  result<std::int64_t> as_i64() const { return detail::parse_i64(text(), truncated()); }

  /// How many containers are open: after a `begin_…` it counts, after its `end_…` no longer.
  std::size_t depth() const { return machine_.depth(); }

  /// Bytes read since the beginning: the place right after the last event's token.
  std::size_t offset() const { return machine_.offset(); }

  /// Begins a new document.
  void reset() { ::new (&machine_) detail::json_machine; }

 private:
  detail::json_machine machine_;
  std::uint8_t nesting_[MaxDepth];
  char text_[TextCapacity];
};

}  // namespace ota
