#pragma once

#include "../format/json_text.hpp"
#include "../storage/json_file.hpp"
#include "../storage/layout.hpp"
#include "release_target.hpp"

namespace ota::detail {

/// The text of version.json, as 0x687931/ota writes it: {"ref": "…", "commit": "…"}.
inline fixed_string<900> version_json(std::string_view ref, std::string_view commit) {
  fixed_string<900> text;
  text.append("{\"ref\": \"");
  append_json_text(text, ref);
  text.append("\", \"commit\": \"");
  append_json_text(text, commit);
  text.append("\"}");
  return text;
}

/// Reads version.json. A file that is not there or says something else is no version.
template <class Storage>
release_target read_version(Storage& storage) {
  release_target version;
  json_file<128> file(layout::version);
  unsigned member = 0;
  for (;;) {
    const auto event = file.next(storage);
    if (!event) {
      version.ref.clear();
      version.commit.clear();
    }
    if (!event || *event == json_event::end) return version;
    if (file.reader().depth() != 1 || file.reader().truncated()) continue;
    const std::string_view text = file.reader().text();
    if (*event == json_event::key) member = find_word(text, "ref commit ");
    if (*event == json_event::string && member == 1) version.ref.assign(text);
    if (*event == json_event::string && member == 2) version.commit.assign(text);
  }
}

}  // namespace ota::detail
