#pragma once

#include <string>
#include <string_view>

namespace ota_tool {

/// A text of others as one line that a terminal shows: what is no character, or controls the
/// terminal, as `\xNN`.
std::string shown(std::string_view text);

/// Whether a text is UTF-8, and so can stand in JSON.
bool is_utf8(std::string_view text);

/// A path with its ASCII letters in lower case: the file systems of some devices make no
/// difference.
std::string lower_case(std::string path);

}  // namespace ota_tool
