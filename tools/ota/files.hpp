#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace ota_tool {

/// The content of a file; throws where it cannot be read.
std::string content_of(const std::string& path);

/// Where a file will be in the end: behind links, since a rename would replace them. Throws where
/// something else than a file is there.
std::filesystem::path place_of(const std::filesystem::path& out);

/// Replaces a file: whoever looks sees the earlier one or the whole new one.
void replace_file(const std::filesystem::path& place, const std::string& text);

/// Makes a file with these rights from its first moment; throws where there is one.
void create_file(const std::string& path, const std::string& text, mode_t mode);

}  // namespace ota_tool
