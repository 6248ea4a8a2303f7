#pragma once

#include "../format/json_reader.hpp"
#include "../format/json_text.hpp"
#include "../manifest/release_target.hpp"
#include "../storage/layout.hpp"

namespace ota::detail {

/// The text of version.json, as 0x687931/ota writes it: {"ref": "…", "commit": "…"}.
inline fixed_string<900> version_json(std::string_view ref, std::string_view commit) {
  fixed_string<900> text;
  text.append("{\"ref\": "sv);
  append_json_text(text, ref);
  text.append(", \"commit\": "sv);
  append_json_text(text, commit);
  text.append('}');
  return text;
}

/// Reads version.json. A file that is not there or says something else is no version.
template <class Storage>
release_target read_version(Storage& storage, mutable_bytes scratch) {
  release_target version;
  const auto size = storage.read(layout::version, 0, scratch);
  if (!size) return version;
  json_reader<128> reader;
  reader.feed(scratch.first(*size));
  reader.finish();
  fixed_string<8> key;
  for (;;) {
    const auto event = reader.next();
    if (!event) return {};
    if (*event == json_event::end || *event == json_event::need_input) break;
    if (reader.depth() != 1 || reader.truncated()) continue;
    if (*event == json_event::key) key.assign(reader.text());
    if (*event != json_event::string) continue;
    if (key.view() == "ref"sv) version.ref.assign(reader.text());
    if (key.view() == "commit"sv) version.commit.assign(reader.text());
  }
  return version;
}

}  // namespace ota::detail
