#pragma once

#include <filesystem>

#include "manifest.hpp"

namespace ota_tool {

/// Makes patches for the files of a release from those that the folders of `--base` hold, puts
/// those that save below `--deltas` and lists them in the release.
void add_patches(release_content& release, const std::filesystem::path& root,
                 const arguments& args);

}  // namespace ota_tool
