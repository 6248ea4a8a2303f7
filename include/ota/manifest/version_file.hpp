#pragma once

#include "../format/json_text.hpp"
#include "../storage/json_file.hpp"
#include "../storage/layout.hpp"
#include "release_target.hpp"

namespace ota::detail {

/// The text of version.json, as 0x687931/ota writes it: {"ref": "…", "commit": "…"}.
inline fixed_string<900> version_json(std::string_view ref, std::string_view commit) {
  fixed_string<900> text;
  text.append("{\"ref\": ");
  append_json_text(text, ref);
  text.append(", \"commit\": ");
  append_json_text(text, commit);
  text.append('}');
  return text;
}

/// Reads version.json. A file that is not there or says something else is no version.
template <class Storage>
release_target read_version(Storage& storage) {
  release_target version;
  json_file<128> file(layout::version);
  string_buffer* member = nullptr;
  for (;;) {
    const auto event = file.next(storage);
    if (!event) return {};
    if (*event == json_event::end) return version;
    const std::string_view text = file.reader().text();
    if (file.reader().depth() != 1 || file.reader().truncated()) continue;
    if (*event == json_event::key)
      member = text == "ref"sv      ? static_cast<string_buffer*>(&version.ref)
               : text == "commit"sv ? &version.commit
                                    : nullptr;
    else if (*event == json_event::string && member != nullptr)
      member->assign(text);
  }
}

}  // namespace ota::detail
