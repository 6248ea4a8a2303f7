#pragma once

#include "../core/fixed_string.hpp"
#include "../format/json_reader.hpp"
#include "../format/json_writer.hpp"
#include "../storage/layout.hpp"

namespace ota {

/// What the health log tells apart.
enum class health_kind : std::uint8_t { crash, error, update };

/// The bounded log of crashes, errors and updates, in the format of 0x687931/ota:
/// {"crashes": [{"timestamp": …, "details": …}], "errors": [], "updates": [{…, "version",
/// "success"}]}.
///
/// At most `limit` crashes and errors and 50 updates are kept. It is rewritten through a temporary
/// file, event by event, so that its length costs no memory.
template <class Storage>
class health_log {
 public:
  static constexpr const char* path = "ota_health.json";
  static constexpr std::uint32_t most_updates = 50;

  health_log(Storage& storage, std::uint32_t limit) : storage_(storage), limit_(limit) {}

  /// How many events of a kind happened at `since` (epoch seconds) or later.
  result<std::uint32_t> count_since(health_kind kind, std::uint64_t since) {
    std::uint32_t count = 0;
    const auto read = each([&](const event& one) {
      if (one.kind == kind && one.timestamp >= since) ++count;
      return result<void>{};
    });
    if (!read) return read.error();
    return count;
  }

  /// Adds a crash or an error, with a short text.
  result<void> add(health_kind kind, std::uint64_t now, std::string_view details) {
    event one;
    one.kind = kind;
    one.timestamp = now;
    one.text.assign(details);
    return append(one);
  }

  /// Adds an update and how it ended; `failure` is empty for a success.
  result<void> add_update(std::uint64_t now, std::string_view version, std::string_view failure) {
    event one;
    one.kind = health_kind::update;
    one.timestamp = now;
    one.version.assign(version);
    one.success = failure.empty();
    one.text.assign(failure);
    return append(one);
  }

 private:
  struct event {
    health_kind kind = health_kind::crash;
    std::uint64_t timestamp = 0;
    fixed_string<160> text;
    fixed_string<64> version;
    bool success = false;
  };

  static constexpr const char* names[] = {"crashes", "errors", "updates"};

  std::uint32_t most(health_kind kind) const {
    return kind == health_kind::update ? most_updates : limit_;
  }

  // Reads the log and gives each event to `take`. A log that is not there, or damaged, is empty
  // from there on.
  template <class Take>
  result<void> each(Take&& take) {
    json_reader<160> reader;
    std::uint8_t piece[64];
    std::uint64_t offset = 0;
    event one;
    bool known = false;
    fixed_string<12> key;
    for (;;) {
      const auto next = reader.next();
      if (!next || *next == json_event::end) return {};
      if (*next == json_event::need_input) {
        const auto size = storage_.read(path, offset, piece);
        if (!size || *size == 0) return {};
        offset += *size;
        reader.feed({piece, *size});
        continue;
      }
      const std::size_t depth = reader.depth();
      if (*next == json_event::key && depth == 1) {
        known = false;
        for (std::uint8_t i = 0; i < 3; ++i)
          if (reader.text() == names[i]) one.kind = static_cast<health_kind>(i), known = true;
      }
      if (*next == json_event::key && depth == 3) key.assign(reader.text());
      if (*next == json_event::begin_object && depth == 3) {
        const health_kind kind = one.kind;
        one = {};
        one.kind = kind;
      }
      if (depth == 3) set(one, key, *next, reader);
      if (*next == json_event::end_object && depth == 2 && known)
        if (auto done = take(static_cast<const event&>(one)); !done) return done;
    }
  }

  template <class Reader>
  static void set(event& one, std::string_view key, json_event type, const Reader& reader) {
    if (type == json_event::number && key == "timestamp")
      one.timestamp = reader.as_u64().value_or(0);
    if (type == json_event::string && (key == "details" || key == "error"))
      one.text.assign(reader.text());
    if (type == json_event::string && key == "version") one.version.assign(reader.text());
    if (type == json_event::boolean && key == "success") one.success = reader.boolean();
  }

  result<void> append(const event& added) {
    std::uint32_t present[3] = {};
    auto read = each([&](const event& one) {
      ++present[static_cast<std::size_t>(one.kind)];
      return result<void>{};
    });
    if (!read) return read;
    size_ = 0;
    auto put = [this](std::string_view text) { write(text); };
    failed_ = {};
    json_writer out(put);
    out.begin_object();
    for (std::uint8_t i = 0; i < 3; ++i) {
      const auto kind = static_cast<health_kind>(i);
      const std::uint32_t all = present[i] + (kind == added.kind ? 1 : 0);
      std::uint32_t drop = all > most(kind) ? all - most(kind) : 0;
      out.key(names[i]).begin_array();
      read = each([&](const event& one) {
        if (one.kind != kind) return result<void>{};
        if (drop != 0)
          --drop;
        else
          write_event(out, one);
        return failed_;
      });
      if (!read) return read;
      if (kind == added.kind && most(kind) != 0) write_event(out, added);
      out.end_array();
    }
    out.end_object();
    if (!failed_) return failed_;
    if (auto done = storage_.sync(); !done) return done;
    if (auto done = storage_.rename(layout::temporary, path); !done) return done;
    return storage_.sync();
  }

  static void write_event(json_writer& out, const event& one) {
    out.begin_object().key("timestamp").number(one.timestamp);
    if (one.kind != health_kind::update) {
      out.key("details").string(one.text);
    } else {
      out.key("version").string(one.version).key("success").boolean(one.success);
      if (!one.text.empty()) out.key("error").string(one.text);
    }
    out.end_object();
  }

  void write(std::string_view text) {
    if (!failed_ || text.empty()) return;
    failed_ = storage_.write(layout::temporary, size_, as_bytes(text));
    size_ += text.size();
  }

  Storage& storage_;
  std::uint32_t limit_;
  std::uint64_t size_ = 0;
  result<void> failed_;
};

}  // namespace ota
