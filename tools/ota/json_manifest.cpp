// The manifest of 0x687931/ota, as the generator there makes it.

#include <ctime>
#include <string_view>

#include "manifest.hpp"
#include "ota/format/json_writer.hpp"
#include "ota/hash/hmac.hpp"
#include "ota/host/signed_documents.hpp"

namespace ota_tool {
namespace {

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

// As Python's json.dumps with sorted keys and without spaces: the form that is signed.
std::string compact(const release_content& content, const std::string& generated_at,
                    const std::string& signature) {
  std::string out;
  auto put = [&out](std::string_view piece) { out += piece; };
  ota::json_writer json(put, {false, true});
  json.begin_object();
  if (!content.deletes.empty()) {
    json.key("deletes").begin_array();
    for (const std::string& path : content.deletes) json.string(path);
    json.end_array();
  }
  json.key("files").begin_array();
  for (const auto& one : content.files) {
    json.begin_object().key("crc32").number(one.crc32).key("path").string(one.path);
    json.key("sha256").string(one.sha256).key("size").number(one.size).end_object();
  }
  json.end_array().key("generated_at").string(generated_at);
  if (!content.patches.empty()) {
    json.key("patches").begin_array();
    for (const auto& one : content.patches) {
      json.begin_object().key("code").number(one.code).key("memory").number(one.memory);
      json.key("path").string(one.path).key("sha256").string(one.sha256);
      json.key("size").number(one.size).end_object();
    }
    json.end_array();
  }
  if (!content.post_update.empty()) json.key("post_update").string(content.post_update);
  if (!content.rollback.empty()) json.key("rollback").string(content.rollback);
  if (!signature.empty()) json.key("signature").string(signature);
  json.key("version").string(content.version).end_object();
  return out;
}

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

}  // namespace

std::string json_manifest(const release_content& content, const std::string& key) {
  const std::string now = now_text();
  std::string signature;
  if (!key.empty()) {
    ota::hmac_sha256 mac(ota::as_bytes(key));
    mac.update(ota::as_bytes(compact(content, now, {})));
    const auto digest = mac.finish();
    signature = ota::host::hex_of({digest.data(), digest.size()});
  }
  return indented(compact(content, now, signature)) + "\n";
}

}  // namespace ota_tool
