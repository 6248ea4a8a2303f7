#pragma once

#include <string>
#include <vector>

#include "command.hpp"

namespace ota_tool {

/// Something that was found out, for people and for programs.
struct fact {
  std::string name;  ///< words that `_` divides
  std::string text;
  bool is_number = false;
};

/// Checks the manifest `FILE` as a device with the root document `--trusted-root` would, and tells
/// what it is of. Throws where the device would refuse it.
std::vector<fact> check_manifest(const arguments& args);

}  // namespace ota_tool
