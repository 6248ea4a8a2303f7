#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command.hpp"

namespace ota_tool {

/// What a version consists of, for a manifest of either kind.
struct release_content {
  struct file {
    std::string path;
    std::uint64_t size = 0;
    std::uint32_t crc32 = 0;
    std::string sha256;
    bool executable = false;
  };
  /// A file of the release that makes another one.
  struct patch : file {
    std::uint32_t memory = 0;  ///< that it needs, in bytes
    unsigned code = 0;         ///< the number of its kind of code
  };
  std::vector<std::string> deletes;
  std::vector<file> files;
  std::vector<file> images;  ///< firmware; their paths are their names
  std::vector<patch> patches;
  std::string post_update, rollback, version;
};

/// As manifest_gen.py of 0x687931/ota writes it, with an HMAC where there is a key.
std::string json_manifest(const release_content& content, const std::string& key);

/// As docs/signed-updates.md describes it, signed with the keys of `--key`.
std::string signed_manifest(const release_content& content, const arguments& args);

}  // namespace ota_tool
