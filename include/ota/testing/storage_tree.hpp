#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../storage/file_storage.hpp"

namespace ota::testing {

/// Content and mode of a file.
struct stored_file {
  std::string content;
  bool executable = false;

  bool operator==(const stored_file& other) const {
    return content == other.content && executable == other.executable;
  }
};

/// Every file of a storage, by path.
using storage_tree = std::map<std::string, stored_file>;

/// Reads a whole storage.
template <class Storage>
storage_tree read_storage(Storage& storage, const std::string& directory = "") {
  std::vector<std::pair<std::string, file_kind>> names;
  (void)storage.list(directory, [&](std::string_view name, file_kind kind) {
    names.emplace_back((directory.empty() ? "" : directory + "/") + std::string(name), kind);
    return true;
  });
  storage_tree tree;
  for (const auto& [path, kind] : names) {
    if (kind == file_kind::directory) {
      tree.merge(read_storage(storage, path));
      continue;
    }
    const auto info = storage.stat(path);
    if (!info) continue;
    stored_file& file = tree[path];
    file.executable = info->executable;
    file.content.resize(static_cast<std::size_t>(info->size));
    const auto size = storage.read(
        path, 0, {reinterpret_cast<std::uint8_t*>(file.content.data()), file.content.size()});
    file.content.resize(size.value_or(0));
  }
  return tree;
}

/// What a user sees of a tree: all but the library's own notes. version.json is seen.
inline storage_tree visible(storage_tree tree) {
  for (auto one = tree.begin(); one != tree.end();)
    if (one->first.compare(0, 4, ".ota") == 0 || one->first.compare(0, 4, "ota_") == 0)
      one = tree.erase(one);
    else
      ++one;
  return tree;
}

/// The first difference between two trees, as a sentence; empty when they are equal.
inline std::string difference(const storage_tree& is, const storage_tree& should) {
  for (const auto& [path, file] : should) {
    const auto found = is.find(path);
    if (found == is.end()) return path + " is missing";
    if (found->second.content != file.content) return path + " has another content";
    if (found->second.executable != file.executable) return path + " has another mode";
  }
  for (const auto& [path, file] : is)
    if (should.find(path) == should.end()) return path + " should not be there";
  return "";
}

/// A number for a whole tree (FNV-1a); equal trees have equal numbers.
inline std::uint64_t fingerprint(const storage_tree& tree) {
  std::uint64_t sum = 0xcbf29ce484222325u;
  const auto add = [&sum](const std::string& text) {
    for (const char c : text + '\0') sum = (sum ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  };
  for (const auto& [path, file] : tree) {
    add(path);
    add(std::to_string(file.content.size()) + (file.executable ? "x" : "-"));
    add(file.content);
  }
  return sum;
}

}  // namespace ota::testing
