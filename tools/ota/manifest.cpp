// ota manifest: makes the manifest of a release, as the generator of 0x687931/ota does.

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "command.hpp"
#include "ota/core/hex.hpp"
#include "ota/core/path.hpp"
#include "ota/format/json_writer.hpp"
#include "ota/hash/crc32.hpp"
#include "ota/hash/hmac.hpp"

namespace ota_tool {
namespace {

using paths = std::vector<std::string>;

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

// The lines of a file, without comments and blanks.
paths lines_of(const std::string& path) {
  paths lines;
  std::istringstream text(read_all(path));
  for (std::string line; std::getline(text, line);) {
    const auto first = line.find_first_not_of(" \t\r"), last = line.find_last_not_of(" \t\r");
    if (first != std::string::npos && line[first] != '#')
      lines.push_back(line.substr(first, last - first + 1));
  }
  return lines;
}

// Whether a path, or one of its parts, or a directory it lies in, is named by one of the globs.
bool matches(const std::string& path, const paths& globs) {
  for (const std::string& glob : globs) {
    if (fnmatch(glob.c_str(), path.c_str(), 0) == 0 || ota::is_within(path, glob)) return true;
    for (std::size_t at = 0; at <= path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      if (fnmatch(glob.c_str(), path.substr(at, end - at).c_str(), 0) == 0) return true;
      at = end + 1;
    }
  }
  return false;
}

paths files_below(const std::filesystem::path& root, const arguments& args) {
  const paths include = args.all("include");
  paths exclude = args.all("exclude");
  if (exclude.empty()) exclude = {".git*", ".ota*", "__pycache__", "*.pyc", "*.pyo"};
  paths found;
  if (args.has("file-list")) {
    found = lines_of(args.text("file-list"));
    for (const std::string& path : found)
      if (!std::filesystem::is_regular_file(root / path))
        throw std::runtime_error("no such file: " + (root / path).string());
  } else {
    for (const auto& one : std::filesystem::recursive_directory_iterator(root))
      if (one.is_regular_file() && !one.is_symlink())
        found.push_back(one.path().lexically_relative(root).generic_string());
  }
  const auto unwanted = [&](const std::string& path) {
    return (!include.empty() && !matches(path, include)) || matches(path, exclude);
  };
  found.erase(std::remove_if(found.begin(), found.end(), unwanted), found.end());
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  for (const std::string& path : found)
    if (!ota::is_valid_path(path)) throw std::runtime_error("invalid path: " + path);
  return found;
}

std::string hex_of(const std::uint8_t* data, std::size_t size) {
  std::string text(2 * size, '0');
  ota::to_hex({data, size}, text.data());
  return text;
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

/// What a manifest says; members are written in the order of their names.
struct manifest {
  struct file {
    std::string path;
    std::uint64_t size;
    std::uint32_t crc32;
    std::string sha256;
  };
  paths deletes;
  std::vector<file> files;
  std::string generated_at, post_update, rollback, signature, version;

  /// As Python's json.dumps with sorted keys: `indent` 0 for the compact form that is signed.
  std::string text(int indent) const {
    std::string out;
    const auto line = [&](int depth) {
      if (indent != 0) out += "\n" + std::string(static_cast<std::size_t>(depth * indent), ' ');
    };
    const std::string colon = indent != 0 ? ": " : ":";
    bool first = true;
    const auto key = [&](int depth, const char* name) {
      if (!first) out += ",";
      first = false;
      line(depth);
      out += "\"" + std::string(name) + "\"" + colon;
    };
    out += "{";
    if (!deletes.empty()) {
      key(1, "deletes");
      out += "[";
      for (std::size_t i = 0; i < deletes.size(); ++i) {
        if (i != 0) out += ",";
        line(2);
        out += quoted(deletes[i]);
      }
      line(1);
      out += "]";
    }
    key(1, "files");
    out += "[";
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (i != 0) out += ",";
      line(2);
      out += "{";
      first = true;
      key(3, "crc32");
      out += std::to_string(files[i].crc32);
      key(3, "path");
      out += quoted(files[i].path);
      key(3, "sha256");
      out += quoted(files[i].sha256);
      key(3, "size");
      out += std::to_string(files[i].size);
      line(2);
      out += "}";
    }
    if (!files.empty()) line(1);
    out += "]";
    first = false;
    const std::pair<const char*, const std::string&> texts[] = {{"generated_at", generated_at},
                                                                {"post_update", post_update},
                                                                {"rollback", rollback},
                                                                {"signature", signature},
                                                                {"version", version}};
    for (const auto& [name, value] : texts) {
      if (value.empty()) continue;
      key(1, name);
      out += quoted(value);
    }
    line(0);
    return out + "}";
  }

 private:
  static std::string quoted(const std::string& text) {
    std::string out;
    auto put = [&out](std::string_view piece) { out += piece; };
    ota::json_writer(put).string(text);
    return out;
  }
};

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace

int run_manifest(const arguments& args) {
  if (args.has("key")) {
    std::fprintf(stderr, "ota: --key (Ed25519) is not supported yet; --hmac-key signs with HMAC\n");
    return 1;
  }
  const std::filesystem::path root = args.text("root", ".");
  if (!std::filesystem::is_directory(root))
    throw std::runtime_error("the root is no directory: " + root.string());
  manifest made;
  for (const std::string& path : files_below(root, args)) {
    const std::string content = read_all(root / path);
    ota::sha256 hash;
    ota::crc32 sum;
    hash.update(ota::as_bytes(content));
    sum.update(ota::as_bytes(content));
    const auto digest = hash.finish();
    made.files.push_back({path, content.size(), sum.value(), hex_of(digest.data(), digest.size())});
  }
  if (args.has("deletes")) made.deletes = lines_of(args.text("deletes"));
  made.generated_at = now_text();
  made.post_update = args.text("post-update");
  made.rollback = args.text("rollback");
  made.version = args.text("version", from_environment("GITHUB_REF_NAME"));
  if (made.version.empty()) made.version = "dev";

  const std::string key = args.text("hmac-key", from_environment("MANIFEST_KEY"));
  if (!key.empty()) {
    ota::hmac_sha256 mac(ota::as_bytes(key));
    mac.update(ota::as_bytes(made.text(0)));
    const auto digest = mac.finish();
    made.signature = hex_of(digest.data(), digest.size());
  }
  const std::string out = args.text("out", "manifest.json");
  std::ofstream file(out, std::ios::binary);
  file << made.text(2) << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + out);
  std::printf("%s: %zu files%s\n", out.c_str(), made.files.size(),
              made.signature.empty() ? "" : ", signed");
  return 0;
}

}  // namespace ota_tool
