#pragma once

#include <string>
#include <utility>
#include <vector>

#include "command.hpp"

namespace ota_tool {

/// Checks the manifest `FILE` as a device with the root document `--trusted-root` would, and tells
/// what it is of. Throws where the device would refuse it.
std::vector<std::pair<std::string, std::string>> check_manifest(const arguments& args);

}  // namespace ota_tool
