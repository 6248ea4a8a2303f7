#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "../core/hex.hpp"
#include "../hash/sha1.hpp"
#include "../hash/sha256.hpp"

namespace ota::host {

/// A digest's hexadecimal digits.
template <class Hash>
std::string hex_digest(Hash& hash) {
  const auto digest = hash.finish();
  std::string text(2 * digest.size(), '0');
  to_hex({digest.data(), digest.size()}, text.data());
  return text;
}

inline std::string sha1_of(const std::string& text) {
  sha1 hash;
  hash.update(as_bytes(text));
  return hex_digest(hash);
}

/// A number that stands for a text, of at most nine digits and never 0.
inline std::uint64_t number_of(const std::string& text) {
  return std::stoull(sha1_of(text).substr(0, 7), nullptr, 16) + 1;
}

/// A file of a release.
struct release_asset {
  std::uint64_t id = 0;
  std::string tag;
  std::string name;
  std::string file;
  std::uint64_t size = 0;

  /// Its digest; of a file that has not changed since it was asked for last, from memory: a list
  /// of releases asks for all.
  std::string sha256_digits() const {
    static std::mutex mutex;
    static std::map<std::string, std::string> known;
    std::error_code failed;
    const auto time = std::filesystem::last_write_time(file, failed).time_since_epoch().count();
    const std::string key = file + "\n" + std::to_string(size) + "\n" + std::to_string(time);
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (const auto found = known.find(key); found != known.end()) return found->second;
    }
    const std::string digits = read_digest();
    const std::lock_guard<std::mutex> lock(mutex);
    return known[key] = digits;
  }

 private:
  std::string read_digest() const {
    std::ifstream in(file, std::ios::binary);
    sha256 hash;
    char piece[65536];
    while (in.read(piece, sizeof piece) || in.gcount() != 0)
      hash.update(as_bytes({piece, static_cast<std::size_t>(in.gcount())}));
    return hex_digest(hash);
  }
};

/// The assets of releases, as files: FOLDER/TAG/NAME.
class release_assets {
 public:
  release_assets() = default;
  explicit release_assets(std::string folder) : folder_(std::move(folder)) {}

  /// Those of a tag, sorted by name. `tag` must be one that the repository has.
  std::vector<release_asset> of(const std::string& tag) const {
    std::vector<release_asset> found;
    if (folder_.empty()) return found;
    std::error_code failed;
    for (const auto& file :
         std::filesystem::directory_iterator(std::filesystem::path(folder_) / tag, failed)) {
      if (!file.is_regular_file(failed)) continue;
      release_asset one;
      one.tag = tag;
      one.name = file.path().filename().string();
      one.id = number_of(tag + "/" + one.name);
      one.file = file.path().string();
      one.size = file.file_size(failed);
      if (!failed) found.push_back(std::move(one));
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return found;
  }

 private:
  std::string folder_;
};

}  // namespace ota::host
