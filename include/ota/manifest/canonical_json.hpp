#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "../core/fixed_vector.hpp"
#include "../format/json_reader.hpp"
#include "canonical_number.hpp"
#include "canonical_string.hpp"
#include "document_cursor.hpp"
#include "json_skipper.hpp"

namespace ota {

/// How deep a manifest may be nested.
inline constexpr std::size_t max_manifest_depth = 8;

/// How many members an object may have whose keys are not in order: each costs one more look at
/// the whole object. An object with its keys in order may have any number.
inline constexpr std::size_t max_unsorted_members = 64;

/// Brings a JSON document on storage to the one form that is signed, without holding it: what
/// Python's `json.dumps(document, sort_keys=True, separators=(",", ":"))` writes after
/// `json.loads`, without the top-level member `signature`.
///
/// Keys are sorted by code point, the last of equal keys wins, everything but printable ASCII is
/// escaped, numbers have Python's form. The document is checked as a whole before anything is
/// told, so that the sink sees valid JSON only.
///
/// Errors: `errc::malformed` for what is not JSON; `errc::too_long` for nesting over
/// `max_manifest_depth`, a key over `max_canonical_key` or over `max_unsorted_members` unsorted
/// members; `errc::unsupported` for a number whose form in Python is not certain; and those of
/// storage.
template <class Storage>
class canonical_json {
 public:
  /// \param path  of the document; it must stay in place
  canonical_json(Storage& storage, std::string_view path) : cursor_(storage, path) {}

  /// Goes on with about one buffer, of any size. What it holds need not be kept between steps.
  /// \param sink  called as `sink(bytes)` with the next bytes of the canonical form
  /// \return true: there is more to do; false: the form is complete
  template <class Sink>
  result<bool> step(mutable_bytes scratch, Sink&& sink) {
    cursor_.lend(scratch);
    if (!cursor_.load() && task_ != task::check && task_ != task::done) cursor_.lose();
    while (task_ != task::done && !cursor_.failed()) {
      run(sink);
      if (cursor_.empty()) break;
    }
    if (cursor_.failed()) return cursor_.failure();
    return task_ != task::done;
  }

  /// Whether the whole document was found to be valid. From then on `signature` is known.
  bool checked() const { return task_ != task::check; }

  /// The top-level member `signature`; empty where there is none or it is no text. One of over 64
  /// bytes is cut to 65.
  std::string_view signature() const { return {signature_, signature_size_}; }

 private:
  static constexpr error key_too_long{errc::too_long, "manifest",
                                      "a key of over 64 bytes; use shorter keys"};
  static constexpr error number_too_long{errc::unsupported, "manifest",
                                         "a number of over 4300 characters"};
  static constexpr error number_unsure{
      errc::unsupported, "manifest",
      "a number with more digits than can be checked; write it as Python does"};
  static constexpr error too_many_unsorted{
      errc::too_long, "manifest",
      "an object of over 64 members whose keys are not in order; sort them"};

  enum class task : std::uint8_t {
    check,    // the whole document
    value,    // tell the value that begins here
    string,   // tell the rest of a string
    colon,    // between a key and its value
    element,  // between the elements of an array
    member,   // between the members of a sorted object, told in one go
    scan,     // between members, looking for the one to tell next
    skip,     // pass over a value
    done
  };

  enum class order : std::uint8_t { array, unknown, sorted, unsorted };

  struct level {
    std::uint32_t begin = 0;     // of what is in the container
    std::uint32_t last_key = 0;  // of the member told last
    order kind = order::array;
    bool first = true;  // no member is told yet
  };

  template <class Sink>
  static void tell(Sink& sink, std::string_view text) {
    sink(as_bytes(text));
  }

  template <class Sink>
  void run(Sink& sink) {
    if (task_ == task::check) return check();
    if (task_ == task::string) return tell_string(sink);
    if (task_ == task::skip) return skip_value();
    if (!cursor_.skip_space()) return;
    switch (task_) {
      case task::value:
        return tell_value(sink);
      case task::colon:
        if (cursor_.get() != ':') return cursor_.lose();
        tell(sink, ":");
        task_ = task::value;
        return;
      case task::element:
        return next_element(sink);
      case task::member:
        return next_member(sink);
      default:
        return scan_member(sink);
    }
  }

  // ---- the check ----------------------------------------------------------------------------

  void check() {
    const bytes piece = cursor_.ahead();
    if (piece.empty())
      reader_.finish();
    else
      reader_.feed(piece);
    cursor_.advance(piece.size());
    for (;;) {
      const auto event = reader_.next();
      if (!event) return cursor_.fail(event.error());
      if (*event == json_event::need_input) return;
      if (*event == json_event::end) break;
      const bool key = *event == json_event::key;
      if (key && reader_.truncated()) return cursor_.fail(key_too_long);
      if (at_signature_) keep_signature(*event);
      at_signature_ = key && reader_.depth() == 1 && is_signature(reader_.text());
    }
    cursor_.seek(0);
    task_ = task::value;
  }

  static bool is_signature(std::string_view key) { return key == "signature"; }

  void keep_signature(json_event event) {
    const std::string_view text = event == json_event::string ? reader_.text() : std::string_view{};
    if (!text.empty()) std::memcpy(signature_, text.data(), text.size());
    // A cut text is made longer than a signature can be, wherever it was cut.
    signature_size_ = reader_.truncated() && !text.empty() ? sizeof signature_
                                                           : static_cast<std::uint8_t>(text.size());
  }

  // ---- values -------------------------------------------------------------------------------

  template <class Sink>
  void tell_value(Sink& sink) {
    const int c = cursor_.peek();
    if (c == '{' || c == '[') return open(sink, c == '{');
    if (c == '"') return begin_string(sink, false);
    if (c == '-' || (c >= '0' && c <= '9')) return tell_number(sink);
    tell_literal(sink, c == 't' ? "true" : c == 'f' ? "false" : "null");
  }

  template <class Sink>
  void open(Sink& sink, bool object) {
    cursor_.advance(1);
    level opened;
    opened.begin = cursor_.offset();
    opened.kind = object ? order::unknown : order::array;
    if (!levels_.push_back(opened)) return cursor_.lose();
    tell(sink, object ? "{" : "[");
    if (object)
      begin_scan();
    else
      task_ = task::element;
  }

  template <class Sink>
  void close(Sink& sink, bool object) {
    cursor_.advance(1);
    levels_.pop_back();
    tell(sink, object ? "}" : "]");
    after_value();
  }

  // Goes on in the innermost container.
  void after_value() {
    if (levels_.empty()) {
      task_ = task::done;
      return;
    }
    const level& inner = levels_.back();
    if (inner.kind == order::array) {
      task_ = task::element;
    } else if (inner.kind == order::sorted) {
      task_ = task::member;
    } else {
      cursor_.seek(inner.last_key);
      last_.read(cursor_);
      cursor_.seek(inner.begin);
      begin_scan();
    }
  }

  template <class Sink>
  void next_element(Sink& sink) {
    const int c = cursor_.peek();
    if (c == ']') return close(sink, false);
    if (c == ',') {
      cursor_.advance(1);
      tell(sink, ",");
    }
    task_ = task::value;
  }

  template <class Sink>
  void tell_literal(Sink& sink, std::string_view text) {
    for (char expected : text)
      if (cursor_.get() != expected) return cursor_.lose();
    tell(sink, text);
    after_value();
  }

  template <class Sink>
  void tell_number(Sink& sink) {
    const std::uint32_t begin = cursor_.offset();
    detail::canonical_number number;
    for (int c = cursor_.peek(); belongs_to_number(c); c = cursor_.peek()) {
      if (number.length() == number.max_length) return cursor_.fail(number_too_long);
      number.take(static_cast<char>(c));
      cursor_.advance(1);
    }
    if (number.keeps_text()) {
      if (number.length() == number.source().size())
        tell(sink, number.source());
      else
        tell_source(sink, begin, number.length());
    } else {
      const auto text = number.text();
      if (text.empty()) return cursor_.fail(number_unsure);
      tell(sink, text);
    }
    after_value();
  }

  static bool belongs_to_number(int c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  }

  template <class Sink>
  void tell_source(Sink& sink, std::uint32_t begin, std::size_t size) {
    cursor_.seek(begin);
    while (size != 0) {
      if (!cursor_.load()) return cursor_.lose();
      const bytes part = cursor_.ahead().first(size);
      sink(part);
      cursor_.advance(part.size());
      size -= part.size();
    }
  }

  template <class Sink>
  void begin_string(Sink& sink, bool key) {
    if (cursor_.get() != '"') return cursor_.lose();
    tell(sink, "\"");
    string_is_key_ = key;
    task_ = task::string;
  }

  template <class Sink>
  void tell_string(Sink& sink) {
    const bytes here = cursor_.ahead();
    std::size_t plain = 0;
    while (plain < here.size() && detail::is_canonical(here[plain])) ++plain;
    if (plain != 0) sink(here.first(plain));
    cursor_.advance(plain);
    if (plain == here.size()) return;
    if (here[plain] != '"') {
      const std::uint32_t code = detail::string_reader<Storage>(cursor_).character();
      return sink(detail::canonical_character(code).view());
    }
    cursor_.advance(1);
    tell(sink, "\"");
    if (string_is_key_)
      task_ = task::colon;
    else
      after_value();
  }

  // ---- objects ------------------------------------------------------------------------------

  // A member of an object that is told from its beginning to its end.
  template <class Sink>
  void next_member(Sink& sink) {
    const int c = cursor_.peek();
    if (c == '}') return close(sink, true);
    if (c == ',') return cursor_.advance(1);
    const std::uint32_t begin = cursor_.offset();
    if (levels_.size() == 1) {
      current_.read(cursor_);
      if (is_signature(current_.view())) return begin_skip(task::member);
    }
    tell_member(sink, begin);
  }

  template <class Sink>
  void tell_member(Sink& sink, std::uint32_t key) {
    level& object = levels_.back();
    if (!object.first) tell(sink, ",");
    object.first = false;
    object.last_key = key;
    cursor_.seek(key);
    begin_string(sink, true);
  }

  void begin_scan() {
    members_ = 0;
    best_found_ = false;
    task_ = task::scan;
  }

  // Looks at one member, for the smallest key after the one told last.
  template <class Sink>
  void scan_member(Sink& sink) {
    const int c = cursor_.peek();
    if (c == '}') return end_scan(sink);
    if (c == ',') return cursor_.advance(1);
    const std::uint32_t begin = cursor_.offset();
    current_.read(cursor_);
    begin_skip(task::scan);
    if (levels_.size() == 1 && is_signature(current_.view())) return;
    level& object = levels_.back();
    const bool follows = current_.view() > last_.view();
    if (object.first) {
      // The first look learns whether the keys are in order; `last_` is the one before.
      if (members_ != 0 && !follows) object.kind = order::unsorted;
      last_ = current_;
    }
    ++members_;
    if (!object.first && !follows) return;
    if (best_found_ && current_.view() > best_.view()) return;
    best_ = current_;
    best_key_ = begin;
    best_found_ = true;
  }

  template <class Sink>
  void end_scan(Sink& sink) {
    level& object = levels_.back();
    if (object.kind == order::unknown) {
      object.kind = order::sorted;
      cursor_.seek(object.begin);
      task_ = task::member;
    } else if (members_ > max_unsorted_members) {
      cursor_.fail(too_many_unsorted);
    } else if (best_found_) {
      tell_member(sink, best_key_);
    } else {
      close(sink, true);
    }
  }

  void begin_skip(task after) {
    after_skip_ = after;
    skipper_.begin();
    task_ = task::skip;
  }

  void skip_value() {
    cursor_.advance(skipper_.skip(cursor_.ahead()));
    if (skipper_.done()) task_ = after_skip_;
  }

  detail::document_cursor<Storage> cursor_;
  json_reader<max_canonical_key, max_manifest_depth> reader_;
  fixed_vector<level, max_manifest_depth> levels_;
  detail::canonical_key current_;
  detail::canonical_key last_;
  detail::canonical_key best_;
  std::uint32_t best_key_ = 0;
  std::uint32_t members_ = 0;  // seen in this look
  detail::json_skipper skipper_;
  task task_ = task::check;
  task after_skip_ = task::scan;
  bool best_found_ = false;
  bool string_is_key_ = false;
  bool at_signature_ = false;
  std::uint8_t signature_size_ = 0;
  char signature_[max_canonical_key + 1] = {};
};

}  // namespace ota
