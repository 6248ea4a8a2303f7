// ota verify: the signature of a file, or all that a device checks of a manifest.

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "files.hpp"
#include "keys.hpp"
#include "manifest_check.hpp"
#include "ota/format/json_writer.hpp"
#include "ota/host/document_texts.hpp"
#include "ota/host/minisign.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

using facts = std::vector<fact>;

bool is_minisign_text(const std::string& key) {
  return key.compare(0, 2, "RW") == 0 && key.size() == 56;
}

facts verify_minisign(const std::string& path, const std::string& key, const arguments& args) {
  const ota::host::minisign_key parsed(key);
  const std::string signature = content_of(args.text("signature", path + ".minisig"));
  return {{"trusted_comment", ota::host::check_minisign(parsed, content_of(path), signature)}};
}

// What was signed, and how much of the file that is: a document holds its signatures, and those
// before it have their own.
struct signed_part {
  ota::host::document_parts parts;
  std::string name = "the whole file";
};

signed_part part_of(const std::string& path, const arguments& args) {
  const std::string file = content_of(path);
  signed_part part;
  if (ota::host::is_signable(file) && !args.has("signature")) {
    const auto documents = ota::host::documents_of(file);
    part.parts = ota::host::document_parts(documents.back());
    if (documents.size() != 1)
      part.name = "the last of " + std::to_string(documents.size()) + " documents, not the others";
    return part;
  }
  part.parts.body = file;
  const std::string signatures = content_of(args.text("signature", path + ".sig"));
  part.parts.signatures = ota::host::signatures_in(signatures);
  return part;
}

facts verify_file(const arguments& args) {
  const std::string path = args.text("FILE"), option = args.text("key");
  const std::string text = is_minisign_text(option) ? option : content_of(option);
  if (ota::host::minisign_key::is_one(text)) return verify_minisign(path, text, args);
  const std::string key = public_keys_of(args, "key").back();
  const std::string id = ota::host::key_id_text(key);
  const signed_part part = part_of(path, args);
  if (part.parts.signatures.count(id) == 0)
    throw std::runtime_error("there is no signature by the key " + id);
  if (ota::host::valid_signatures<key_trust>(part.parts, {key}).empty())
    throw std::runtime_error("the signature is not that of this file");
  return {{"key", id}, {"signed", part.name}};
}

void print(const std::string& outcome, const facts& found, bool json_output) {
  if (!json_output) {
    std::printf("%s\n", outcome.c_str());
    for (fact one : found) {
      std::replace(one.name.begin(), one.name.end(), '_', ' ');
      std::printf("%s: %s\n", one.name.c_str(), shown(one.text).c_str());
    }
    return;
  }
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  ota::json_writer json(out);
  json.begin_object().key("outcome").string(outcome);
  for (const fact& one : found) {
    json.key(one.name);
    if (one.is_number)
      json.number(static_cast<std::uint64_t>(std::stoull(one.text)));
    else
      json.string(one.text);
  }
  json.end_object();
  std::printf("%s\n", text.c_str());
}

}  // namespace

int run_verify(const arguments& args) {
  if (args.has("key") == args.has("trusted-root"))
    throw usage_error("verify needs either --key or --trusted-root");
  const bool is_manifest = args.has("trusted-root");
  for (const char* name : {"product", "hardware", "now"})
    if (args.has(name) && !is_manifest)
      throw usage_error(std::string("--") + name + " is of manifests; give --trusted-root");
  if (args.has("signature") && is_manifest) throw usage_error("a manifest holds its signatures");
  try {
    print("valid", is_manifest ? check_manifest(args) : verify_file(args), args.has("json"));
  } catch (const usage_error&) {
    throw;
  } catch (const std::exception& failure) {
    if (args.has("json")) print("failed", {{"message", failure.what()}}, true);
    throw;
  }
  return 0;
}

}  // namespace ota_tool
