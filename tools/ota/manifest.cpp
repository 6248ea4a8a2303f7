// ota manifest: makes the manifest of a release, as the generator of 0x687931/ota does.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

#include "command.hpp"
#include "ota/core/hex.hpp"
#include "ota/format/json_writer.hpp"
#include "ota/hash/crc32.hpp"
#include "ota/hash/hmac.hpp"
#include "release_files.hpp"

namespace ota_tool {
namespace {

namespace fs = std::filesystem;
using paths = std::vector<std::string>;

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

/// What a manifest says.
struct manifest {
  struct file {
    std::string path;
    std::uint64_t size = 0;
    std::uint32_t crc32 = 0;
    std::string sha256;
  };
  paths deletes;
  std::vector<file> files;
  std::string generated_at, post_update, rollback, signature, version;

  /// As Python's json.dumps with sorted keys and without spaces: the form that is signed.
  std::string text() const {
    std::string out;
    auto put = [&out](std::string_view piece) { out += piece; };
    ota::json_writer json(put, {false, true});
    json.begin_object();
    if (!deletes.empty()) {
      json.key("deletes").begin_array();
      for (const std::string& path : deletes) json.string(path);
      json.end_array();
    }
    json.key("files").begin_array();
    for (const file& one : files) {
      json.begin_object().key("crc32").number(one.crc32).key("path").string(one.path);
      json.key("sha256").string(one.sha256).key("size").number(one.size).end_object();
    }
    json.end_array().key("generated_at").string(generated_at);
    if (!post_update.empty()) json.key("post_update").string(post_update);
    if (!rollback.empty()) json.key("rollback").string(rollback);
    if (!signature.empty()) json.key("signature").string(signature);
    json.key("version").string(version).end_object();
    return out;
  }
};

// Compact JSON as json.dumps(indent=2) writes it.
std::string indented(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  const auto new_line = [&] { out += "\n" + std::string(2 * depth, ' '); };
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string || c == '"') {
      out += c;
      if (c == '\\') out += json[++i];
      in_string = (c == '"') != in_string;
    } else if ((c == '[' || c == '{') && (json[i + 1] == ']' || json[i + 1] == '}')) {
      out += {c, json[++i]};
    } else if (c == '[' || c == '{') {
      out += c;
      ++depth;
      new_line();
    } else if (c == ']' || c == '}') {
      --depth;
      new_line();
      out += c;
    } else {
      out += c;
      if (c == ':') out += ' ';
      if (c == ',') new_line();
    }
  }
  return out;
}

// In pieces: a file may be larger than the memory.
manifest::file describe(const fs::path& root, const std::string& path) {
  std::ifstream in(root / path, std::ios::binary);
  ota::sha256 hash;
  ota::crc32 sum;
  manifest::file one;
  std::vector<char> piece(1 << 16);
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const std::string_view read(piece.data(), static_cast<std::size_t>(in.gcount()));
    hash.update(ota::as_bytes(read));
    sum.update(ota::as_bytes(read));
    one.size += read.size();
  }
  if (in.bad() || !in.eof()) throw std::runtime_error("cannot read " + shown(path));
  const auto digest = hash.finish();
  one.path = path;
  one.crc32 = sum.value();
  one.sha256 = hex_of(digest.data(), digest.size());
  return one;
}

paths deletes_of(const std::string& list) {
  paths deletes = lines_of(list);
  for (const std::string& path : deletes) {
    const std::string why = why_refused(path);
    if (!why.empty()) throw std::runtime_error(shown(list) + ": " + shown(path) + " " + why);
  }
  return deletes;
}

void check_deletes(const manifest& made) {
  std::map<std::string, std::string> files;
  for (const manifest::file& one : made.files) files[lower_case(one.path)] = one.path;
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
  const std::string why = why_refused(path);
  if (!why.empty()) throw usage_error("--" + name + ": " + shown("\"" + path + "\"") + " " + why);
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

std::string signature_of(const manifest& made, const std::string& key) {
  ota::hmac_sha256 mac(ota::as_bytes(key));
  mac.update(ota::as_bytes(made.text()));
  const auto digest = mac.finish();
  return hex_of(digest.data(), digest.size());
}

// Where the manifest will be in the end: behind links, since a rename would replace them.
fs::path place_of(const fs::path& out) {
  fs::path place = fs::weakly_canonical(fs::absolute(out));
  const auto status = fs::status(place);
  if (fs::exists(fs::status(out)) && !fs::is_regular_file(status))
    throw std::runtime_error("--out " + shown(out.string()) + " is not a file");
  return place;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0;
}

// Whoever looks sees the earlier file or the whole new one. The one beside it is hidden, so that
// no manifest ever lists what a killed run has left.
void replace_file(const fs::path& place, const std::string& text) {
  const fs::path beside = place.parent_path() / ("." + place.filename().string() + ".tmp");
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  int failure = file < 0 || !write_all(file, text) ? errno : 0;
  if (file >= 0 && ::close(file) != 0 && failure == 0) failure = errno;
  if (failure == 0 && ::rename(beside.c_str(), place.c_str()) != 0) failure = errno;
  if (failure == 0) return;
  if (file >= 0) ::unlink(beside.c_str());
  throw std::runtime_error("cannot write " + shown(place.string()) + ": " + std::strerror(failure));
}

}  // namespace

int run_manifest(const arguments& args) {
  if (args.has("key")) {
    std::fprintf(stderr, "ota: --key (Ed25519) is not supported yet; --hmac-key signs with HMAC\n");
    return 1;
  }
  const fs::path root = args.text("root", ".");
  if (!fs::is_directory(root))
    throw std::runtime_error("the root is no directory: " + shown(root.string()));
  const fs::path out = place_of(args.text("out", "manifest.json"));
  const std::string key = key_of(args);
  manifest made;
  made.version = version_of(args);
  made.post_update = path_option(args, "post-update");
  made.rollback = path_option(args, "rollback");
  if (args.has("deletes")) made.deletes = deletes_of(args.text("deletes"));
  for (const std::string& path : release_files(root, args, out))
    made.files.push_back(describe(root, path));
  check_deletes(made);
  if (made.files.empty())
    std::fprintf(stderr, "ota: no file was chosen; devices refuse a manifest without files\n");
  made.generated_at = now_text();
  if (!key.empty()) made.signature = signature_of(made, key);

  replace_file(out, indented(made.text()) + "\n");
  std::printf("%s: %zu files%s\n", shown(args.text("out", "manifest.json")).c_str(),
              made.files.size(), made.signature.empty() ? "" : ", signed");
  return 0;
}

}  // namespace ota_tool
