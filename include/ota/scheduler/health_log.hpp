#pragma once

#include "../core/text.hpp"
#include "../storage/atomic_file.hpp"
#include "../storage/json_file.hpp"
#include "../storage/layout.hpp"
#include "json_events.hpp"

namespace ota {

/// What the health log tells apart.
enum class health_kind : std::uint8_t { crash, error, update };

/// The bounded log of crashes, errors and updates, in the format of 0x687931/ota: an object with
/// the lists "crashes" and "errors" of {"timestamp", "details"} and the list "updates" of
/// {"timestamp", "version", "success", "error"}, the last only where one failed.
///
/// At most `limit` crashes and errors and 50 updates are kept, the oldest go first. Adding an event
/// copies the log, token by token, to a temporary file that then takes its place: its length costs
/// no memory, and a power cut leaves the old log or the new one. Whatever else the file holds
/// stays, but texts are cut to 160 bytes. A file that is not such a log is begun anew.
template <class Storage>
class health_log {
 public:
  static constexpr std::string_view path = "ota_health.json";
  static constexpr std::uint32_t most_updates = 50;
  static constexpr std::size_t most_text = 160;  ///< bytes of a text

  health_log(Storage& storage, std::uint32_t limit) : storage_(storage), limit_(limit) {}

  /// How many events of a kind happened at `since` (epoch seconds) or later; 0: all. A log that is
  /// not there, or damaged, holds none.
  result<std::uint32_t> count_since(health_kind kind, std::uint64_t since) {
    const auto found = count(kind, since);
    if (!found && is_no_log(found.error())) return 0u;
    return found;
  }

  /// Adds a crash or an error, with a short text. `now` is 0 where the time is not known; such an
  /// event never counts as recent.
  result<void> add(health_kind kind, std::uint64_t now, std::string_view details) {
    return append({kind, now, details, {}});
  }

  /// Adds an update and how it ended; `failure` is empty for a success.
  result<void> add_update(std::uint64_t now, std::string_view version, std::string_view failure) {
    return append({health_kind::update, now, failure, version});
  }

 private:
  static constexpr error not_an_object{errc::malformed, "scheduler",
                                       "the health log is not an object"};

  struct entry {
    health_kind kind;
    std::uint64_t timestamp;
    std::string_view text;
    std::string_view version;
  };

  static constexpr std::string_view names[] = {"crashes", "errors", "updates"};
  static constexpr std::string_view name_of(health_kind kind) {
    return names[static_cast<std::size_t>(kind)];
  }

  // Where in the log a reader is, as far as one kind of events is concerned.
  struct place {
    explicit place(health_kind kind) : name(name_of(kind)) {}

    template <class Reader>
    void move(json_event event, const Reader& reader) {
      const std::size_t depth = reader.depth();
      const bool opens = event == json_event::begin_object || event == json_event::begin_array;
      const bool closes = event == json_event::end_object || event == json_event::end_array;
      if (event == json_event::key && depth == 1) is_named = reader.text() == name;
      if (event == json_event::begin_array && depth == 2) is_inside = is_named;
      if (depth < 2) is_inside = false;
      begins_event = is_inside && !closes && depth == (opens ? 3u : 2u);
    }

    std::string_view name;
    bool is_named = false;      // the last key of the log was this kind
    bool is_inside = false;     // between the brackets of this kind
    bool begins_event = false;  // with the last token
  };

  static bool is_no_log(const error& failure) {
    return failure.code == errc::not_found || failure.code == errc::malformed ||
           failure.code == errc::too_long;
  }

  // As `count_since`, but of a file that is no log the error.
  result<std::uint32_t> count(health_kind kind, std::uint64_t since) {
    detail::json_file<24> in(path);
    place at(kind);
    std::uint32_t events = 0, recent = 0;
    bool is_time = false;
    for (;;) {
      const auto event = in.next(storage_);
      if (!event) return event.error();
      const std::size_t depth = in.reader().depth();
      if (*event == json_event::end) return since == 0 ? events : recent;
      if (depth == 0 && *event != json_event::end_object) return not_an_object;
      at.move(*event, in.reader());
      if (at.begins_event) ++events, is_time = false;
      if (*event == json_event::key) is_time = depth == 3 && in.reader().text() == "timestamp"sv;
      const bool is_timestamp = *event == json_event::number && is_time && depth == 3;
      if (is_timestamp && at.is_inside && detail::whole_number(in.reader()) >= since) ++recent;
    }
  }

  result<void> append(const entry& added) {
    const auto present = count(added.kind, 0);
    if (!present && !is_no_log(present.error())) return present.error();
    atomic_file<Storage> file(storage_, layout::temporary);
    json_writer out(file);
    if (!present)
      begin_with(out, added);
    else if (auto done = copy_with(out, added, *present); !done)
      return done;
    return file.replace(path);
  }

  static void begin_with(json_writer& out, const entry& added) {
    out.begin_object();
    for (std::string_view name : names) {
      out.key(name).begin_array();
      if (name == name_of(added.kind)) write_entry(out, added);
      out.end_array();
    }
    out.end_object();
  }

  // Copies the log, but for the oldest events of the kind that are too many now.
  result<void> copy_with(json_writer& out, const entry& added, std::uint32_t present) {
    const std::uint32_t most = added.kind == health_kind::update ? most_updates : limit_;
    std::uint32_t drop = present >= most ? present - most + 1 : 0;
    detail::json_file<most_text> in(path);
    place at(added.kind);
    bool is_added = most == 0;
    bool is_dropping = false;
    for (;;) {
      const auto event = in.next(storage_);
      if (!event) return event.error();
      if (*event == json_event::end) return {};
      const bool was_inside = at.is_inside;
      at.move(*event, in.reader());
      const std::size_t depth = in.reader().depth();
      if (at.begins_event && drop != 0) {
        --drop;
        is_dropping = depth == 3;
        continue;
      }
      if (is_dropping) {
        is_dropping = depth != 2;
        continue;
      }
      if (!is_added && was_inside && !at.is_inside) {
        write_entry(out, added);
        is_added = true;
      }
      if (!is_added && depth == 0) {
        out.key(at.name).begin_array();
        write_entry(out, added);
        out.end_array();
      }
      detail::copy_event(out, *event, in.reader());
    }
  }

  static void write_entry(json_writer& out, const entry& one) {
    out.begin_object().key("timestamp"sv).number(one.timestamp);
    if (one.kind != health_kind::update) {
      out.key("details"sv).string(cut(one.text));
    } else {
      out.key("version"sv).string(cut(one.version)).key("success"sv).boolean(one.text.empty());
      if (!one.text.empty()) out.key("error"sv).string(cut(one.text));
    }
    out.end_object();
  }

  // At most `most_text` bytes, whole characters.
  static std::string_view cut(std::string_view text) {
    if (text.size() <= most_text) return text;
    std::size_t size = most_text;
    while (size != 0 && (static_cast<std::uint8_t>(text[size]) & 0xc0) == 0x80) --size;
    return {text.data(), size};
  }

  Storage& storage_;
  std::uint32_t limit_;
};

}  // namespace ota
