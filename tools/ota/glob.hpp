#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ota_tool {

/// A path or a pattern, divided at its `/`; empty parts and `.` are left out.
std::vector<std::string> parts_of(std::string_view path);

/// Whether a pattern holds a wildcard: `*`, `?` or `[`.
bool has_wildcard(std::string_view pattern);

/// Whether one name, as a whole, is matched by `*`, `?`, `[a-z]` and `[!a-z]`; the rules are those
/// of Python's fnmatch.fnmatchcase: no escapes, characters and not bytes, `[` alone for itself.
bool name_matches(std::string_view name, std::string_view pattern);

/// Whether a file is one that `--include` asks for. As with Python's glob.glob(recursive=True), the
/// pattern begins at the root, and a part `**` stands for any number of directories. A pattern
/// without wildcards that names a directory stands for all that is in it.
bool is_included(const std::string& path, const std::string& pattern);

/// Whether a file is one that `--exclude` leaves out. As with Python's PurePath.match, the pattern
/// is laid on the last parts of the path; a directory that it matches is left out as a whole. One
/// that begins with `/` begins at the root.
bool is_excluded(const std::string& path, const std::string& pattern);

}  // namespace ota_tool
