// ota manifest: what a release consists of, and the manifest of it.

#include "manifest.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

#include "files.hpp"
#include "ota/hash/crc32.hpp"
#include "ota/hash/sha256.hpp"
#include "ota/host/key_file.hpp"
#include "patches.hpp"
#include "release_files.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

namespace fs = std::filesystem;
using paths = std::vector<std::string>;

// In pieces: a file may be larger than the memory.
release_content::file describe(const fs::path& root, const std::string& path) {
  std::ifstream in(root / path, std::ios::binary);
  ota::sha256 hash;
  ota::crc32 sum;
  release_content::file one;
  std::vector<char> piece(1 << 16);
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const std::string_view read(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (one.size == 0 && ota::host::is_secret_key(read))
      throw std::runtime_error(shown(path) + " is a secret key; keep it out of the release");
    hash.update(ota::as_bytes(read));
    sum.update(ota::as_bytes(read));
    one.size += read.size();
  }
  if (in.bad() || !in.eof()) throw std::runtime_error("cannot read " + shown(path));
  const auto digest = hash.finish();
  one.path = path;
  one.crc32 = sum.value();
  one.sha256 = ota::host::hex_of({digest.data(), digest.size()});
  one.executable = (fs::status(root / path).permissions() & fs::perms::owner_exec) != fs::perms{};
  return one;
}

void check_path(const std::string& option, const std::string& path) {
  const std::string why = why_refused(path);
  if (!why.empty()) throw usage_error("--" + option + ": " + shown("\"" + path + "\"") + " " + why);
}

// Devices ask for an image where files of the release are, by its name.
std::vector<release_content::file> images_of(const arguments& args) {
  std::vector<release_content::file> images;
  for (const std::string& option : args.all("image")) {
    const std::size_t end = option.find('=');
    if (end == option.npos) throw usage_error("--image needs NAME=FILE");
    const std::string name = option.substr(0, end);
    check_path("image", name);
    release_content::file one = describe({}, option.substr(end + 1));
    if (one.size == 0) throw std::runtime_error(shown(one.path) + " has no bytes; it is no image");
    one.path = name;
    for (const auto& other : images)
      if (other.path == name) throw usage_error("--image: " + shown(name) + " is given twice");
    images.push_back(one);
  }
  return images;
}

paths deletes_of(const std::string& list) {
  paths deletes = lines_of(list);
  for (const std::string& path : deletes) {
    const std::string why = why_refused(path);
    if (!why.empty()) throw std::runtime_error(shown(list) + ": " + shown(path) + " " + why);
  }
  return deletes;
}

void check_deletes(const release_content& made) {
  std::map<std::string, std::string> files;
  for (const release_content::file& one : made.files) files[lower_case(one.path)] = one.path;
  for (const std::string& path : made.deletes) {
    const auto same = files.find(lower_case(path));
    if (same != files.end())
      throw std::runtime_error(
          shown(path) + " is both to be deleted and a file of the release" +
          (path == same->second ? "" : " to some devices: " + shown(same->second)));
  }
}

std::string path_option(const arguments& args, const std::string& name) {
  if (!args.has(name)) return {};
  std::string path = args.text(name);
  check_path(name, path);
  return path;
}

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

std::string version_of(const arguments& args) {
  std::string version = from_environment("GITHUB_REF_NAME");
  if (args.has("version") || version.empty()) version = args.text("version", "dev");
  if (!is_utf8(version) || version.size() > 128)
    throw usage_error("--version must be UTF-8 of at most 128 bytes");
  return version;
}

std::string key_of(const arguments& args) {
  std::string key = args.text("hmac-key", from_environment("MANIFEST_KEY"));
  if (!is_utf8(key)) throw usage_error("the key must be UTF-8, as it stands in configurations");
  return key;
}

release_content content_of_release(const fs::path& root, const arguments& args,
                                   const fs::path& out) {
  release_content made;
  made.version = version_of(args);
  made.post_update = path_option(args, "post-update");
  made.rollback = path_option(args, "rollback");
  if (args.has("deletes")) made.deletes = deletes_of(args.text("deletes"));
  made.images = images_of(args);
  const auto is_image = [&made](const std::string& path) {
    return std::any_of(made.images.begin(), made.images.end(),
                       [&path](const auto& one) { return one.path == path; });
  };
  for (const std::string& path : release_files(root, args, out))
    if (!is_image(path)) made.files.push_back(describe(root, path));
  check_deletes(made);
  return made;
}

// An option that says nothing in a manifest of the other kind is a mistake.
void check_kind(const arguments& args) {
  if (args.has("key") && args.has("hmac-key"))
    throw usage_error("--key and --hmac-key make manifests of different kinds");
  for (const char* name : {"deltas", "map", "literals"})
    if (args.has(name) && !args.has("base"))
      throw usage_error(std::string("--") + name + " is of patches; give --base");
  if (args.has("key") && args.all("key").empty()) throw usage_error("--key needs a value");
  for (const char* name : {"product", "hardware", "minimum", "counter", "expires", "created",
                           "chain", "passphrase-file", "image"})
    if (args.has(name) && !args.has("key"))
      throw usage_error(std::string("--") + name + " is of signed manifests; give --key");
}

}  // namespace

int run_manifest(const arguments& args) {
  check_kind(args);
  const bool is_signed = args.has("key");
  const fs::path root = args.text("root", ".");
  if (!fs::is_directory(root))
    throw std::runtime_error("the root is no directory: " + shown(root.string()));
  const std::string out = args.text("out", is_signed ? "manifest.ota" : "manifest.json");
  const fs::path place = place_of(out);
  const std::string key = is_signed ? std::string() : key_of(args);
  release_content made = content_of_release(root, args, place);
  if (args.has("base")) add_patches(made, root, args);
  const bool is_empty = made.files.empty() && made.images.empty();
  if (is_empty && is_signed)
    throw std::runtime_error("no file was chosen; devices refuse a manifest without files");
  if (is_empty)
    std::fprintf(stderr, "ota: no file was chosen; devices refuse a manifest without files\n");
  replace_file(place, is_signed ? signed_manifest(made, args) : json_manifest(made, key));
  const std::string images =
      made.images.empty() ? "" : ", " + std::to_string(made.images.size()) + " firmware images";
  const std::string patches =
      args.has("base") ? ", " + std::to_string(made.patches.size()) + " patches" : "";
  std::printf("%s: %zu files%s%s%s\n", shown(out).c_str(), made.files.size(), images.c_str(),
              patches.c_str(), is_signed || !key.empty() ? ", signed" : "");
  return 0;
}

}  // namespace ota_tool
