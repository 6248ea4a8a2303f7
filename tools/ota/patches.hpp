#pragma once

#include <filesystem>

#include "command.hpp"
#include "manifest.hpp"
#include "ota/host/patch_maker.hpp"

namespace ota_tool {

/// What patches may need of a device, by `--map`, `--literals` and `--code`.
ota::host::patch_options patch_options_of(const arguments& args);

/// As `--code` calls it.
const char* name_of(ota::code_kind kind);

/// Makes patches for the files of a release from those that the folders of `--base` hold, puts
/// those that save below `--deltas` and lists them in the release.
void add_patches(release_content& release, const std::filesystem::path& root,
                 const arguments& args);

}  // namespace ota_tool
