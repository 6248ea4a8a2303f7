#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "command.hpp"

namespace ota_tool {

/// A text of others as one line that a terminal shows: what is no character, or controls the
/// terminal, as `\xNN`.
std::string shown(std::string_view text);

/// Whether a text is UTF-8, and so can stand in JSON.
bool is_utf8(std::string_view text);

/// A path with its ASCII letters in lower case: the file systems of some devices make no
/// difference.
std::string lower_case(std::string path);

/// Why a device refuses a path in a manifest; empty when it does not.
std::string why_refused(std::string_view path);

/// The lines of a file, without comments (`#`) and blanks around them, ended as any system ends
/// them; empty ones are left out.
std::vector<std::string> lines_of(const std::filesystem::path& path);

/// The files below `root` that `--file-list` names, or `--include` matches, or all, but for what
/// `--exclude` matches and `out` itself. Relative to the root, sorted part by part.
/// Throws where a file may not be in a manifest; from a search, hidden ones are left out instead.
std::vector<std::string> release_files(const std::filesystem::path& root, const arguments& args,
                                       const std::filesystem::path& out);

}  // namespace ota_tool
