#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "command.hpp"

namespace ota_tool {

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
