#pragma once

#include "config_keys.hpp"
#include "json_machine.hpp"

namespace ota {
namespace detail {

/// Reads a configuration in JSON into memory that is lent to it, whatever its capacity.
class config_loader {
 public:
  struct memory {
    char* text;
    std::size_t text_size;
    std::string_view* items;  // of all lists
    std::size_t items_size;
  };
  using report = void (*)(void*, std::string_view);

  config_loader(config& into, const memory& room, error& failure, report unknown, void* to)
      : into_(into), room_(room), failure_(failure), unknown_(unknown), to_(to) {}

  result<void> load(bytes document) {
    machine_.feed(document);
    machine_.finish();
    auto event = next();
    if (!event) return event.error();
    if (*event != json_event::begin_object)
      return fail(errc::invalid_argument, "config", "the configuration must be a JSON object");
    if (auto done = load_members(false); !done) return done;
    event = next();
    if (!event) return event.error();
    for (std::string_view* base : {&into_.api, &into_.raw, &into_.web})
      while (!base->empty() && base->back() == '/') base->remove_suffix(1);
    return {};
  }

 private:
  // Texts are decoded right where they stay; one that is not kept is overwritten by the next.
  result<json_event> next() {
    return machine_.next({room_.text, room_.text_size, nesting_, max_depth});
  }
  std::string_view text() const { return {room_.text, machine_.text_size()}; }

  std::string_view keep_text() {
    const std::string_view kept = text();
    room_.text += kept.size();
    room_.text_size -= kept.size();
    return kept;
  }

  // Names the key, so it cannot be a constant; the document keeps it.
  const error& fail(errc code, const char* key, const char* text) {
    if constexpr (!error::has_text) return code == errc::too_long ? too_large : not_valid;
    failure_ = {code, key, text};
    return failure_;
  }

  // For programs that keep no texts.
  static constexpr error too_large{errc::too_long, "config",
                                   "the configuration does not fit its memory"};
  static constexpr error not_valid{
      errc::invalid_argument, "config",
      "the configuration is no JSON object, or a value is of a wrong kind"};

  const error& no_room(const char* key, const char* text) {
    return fail(errc::too_long, key, text);
  }
  const error& wrong_value(const config_slot& slot) {
    return fail(errc::invalid_argument, slot.name, wanted_value(slot.kind));
  }

  result<void> load_members(bool scheduling) {
    for (;;) {
      const auto event = next();
      if (!event) return event.error();
      if (*event == json_event::end_object) return {};
      const std::string_view key = text();
      const bool is_comment = !key.empty() && key.front() == '_';
      if (machine_.truncated() && !is_comment) return no_room("config", text_full);
      const config_slot slot =
          scheduling ? find_scheduling_slot(into_.scheduling, key) : find_slot(into_, key);
      if (slot.kind == config_kind::unknown && !is_comment) unknown_(to_, key);
      const auto done = slot.kind == config_kind::unknown ? skip_value() : load_value(slot);
      if (!done) return done;
    }
  }

  result<void> skip_value() {
    const std::size_t depth = machine_.depth();
    do {
      const auto event = next();
      if (!event) return event.error();
    } while (machine_.depth() != depth);
    return {};
  }

  result<void> load_value(const config_slot& slot) {
    const auto event = next();
    if (!event) return event.error();
    switch (*event) {
      case json_event::null:  // the default
        return {};
      case json_event::begin_object:
        if (slot.kind != config_kind::scheduling) break;
        into_.scheduling.present = true;
        return load_members(true);
      case json_event::begin_array:
        if (slot.kind == config_kind::list) return load_list(slot);
        if (slot.kind == config_kind::pins) return load_pins(slot);
        break;
      case json_event::boolean:
        if (slot.kind != config_kind::flag) break;
        *slot.at<bool>() = machine_.boolean();
        return {};
      case json_event::number:
        if (!machine_.truncated() && assign_number(slot, text())) return {};
        break;
      case json_event::string:
        if (machine_.truncated()) return no_room(slot.name, text_full);
        if (!assign_text(slot, text())) break;
        if (slot.kind == config_kind::text) keep_text();
        return {};
      default:
        break;
    }
    return wrong_value(slot);
  }

  result<void> load_list(const config_slot& slot) {
    std::size_t count = 0;
    std::string_view* const first = room_.items;
    for (;;) {
      const auto event = next();
      if (!event) return event.error();
      if (*event == json_event::end_array) break;
      if (*event != json_event::string) return wrong_value(slot);
      if (machine_.truncated()) return no_room(slot.name, text_full);
      if (text().empty()) continue;  // says nothing
      if (room_.items_size == 0)
        return no_room(slot.name,
                       "more entries than fit: raise ListCapacity of the config_document");
      *room_.items++ = keep_text();
      --room_.items_size;
      ++count;
    }
    *slot.at<list_view<std::string_view>>() = {first, count};
    return {};
  }

  result<void> load_pins(const config_slot& slot) {
    for (std::size_t i = 0;; ++i) {
      const auto event = next();
      if (!event) return event.error();
      if (*event == json_event::end_array && i == 3) return {};
      if (*event != json_event::number || i == 3 || machine_.truncated() ||
          !parse_i32(text(), slot.at<std::int32_t>()[i]))
        return wrong_value(slot);
    }
  }

  static constexpr std::size_t max_depth = 32;
  static constexpr const char* text_full =
      "more text than fits: raise TextCapacity of the config_document";

  config& into_;
  memory room_;
  error& failure_;
  report unknown_;
  void* to_;
  json_machine machine_;
  std::uint8_t nesting_[max_depth];
};

}  // namespace detail

/// A configuration read from a document, with the memory that its texts need.
///
/// \tparam TextCapacity  bytes for all texts together
/// \tparam ListCapacity  entries of all lists together
template <std::size_t TextCapacity = 4096, std::size_t ListCapacity = 64>
class config_document {
 public:
  config_document() = default;
  config_document(const config_document&) = delete;  // the views point into this object
  config_document& operator=(const config_document&) = delete;

  /// Reads a JSON object with the keys of `config`, replacing what was read before. A key that is
  /// missing or null has its default, one that begins with `_` is a comment, and any other that
  /// is not known is told to `unknown_key(std::string_view)`.
  ///
  /// Errors: `errc::malformed` for what is not JSON; `errc::invalid_argument` for a value of a
  /// wrong kind, `errc::too_long` for more than fits. Of the latter two `where` is the key.
  template <class Report>
  result<void> read_json(bytes document, Report&& unknown_key) {
    settings_ = {};
    auto tell = [&unknown_key](std::string_view key) { unknown_key(key); };
    using tell_type = decltype(tell);
    return detail::config_loader(
               settings_, {text_, TextCapacity, items_, ListCapacity}, failure_,
               [](void* to, std::string_view key) { (*static_cast<tell_type*>(to))(key); }, &tell)
        .load(document);
  }

  /// The same, with unknown keys passed over in silence.
  result<void> read_json(bytes document) {
    return read_json(document, [](std::string_view) {});
  }

  /// What was read; `validate` says whether it is complete.
  const config& get() const { return settings_; }

 private:
  config settings_;
  error failure_;
  std::string_view items_[ListCapacity];
  char text_[TextCapacity];
};

}  // namespace ota
