// ota root init, rotate, show: the documents that say whose keys count.

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "files.hpp"
#include "keys.hpp"
#include "ota/format/json_writer.hpp"
#include "root_chain.hpp"
#include "text.hpp"
#include "times.hpp"

namespace ota_tool {
namespace {

using ota::host::role_keys;
using ota::host::root_contents;
using signers = std::vector<ota::host::signer>;

void set_threshold(role_keys& role, const arguments& args, const std::string& option) {
  role.threshold = static_cast<std::uint32_t>(args.number(option, role.threshold, 16));
}

// What of a role the options say; the rest stays as it is.
void set_roles(root_contents& root, const arguments& args) {
  if (args.has("root")) root.root.keys = public_keys_of(args, "root");
  if (args.has("release")) root.release.keys = public_keys_of(args, "release");
  set_threshold(root.root, args, "threshold");
  set_threshold(root.release, args, "release-threshold");
}

bool has_key(const role_keys& role, const std::string& key) {
  return std::find(role.keys.begin(), role.keys.end(), key) != role.keys.end();
}

std::uint64_t future_expiry(const arguments& args, std::uint64_t otherwise) {
  const std::uint64_t now = seconds_now(), expires = expiry_of(args, now, otherwise);
  if (expires <= now) throw std::runtime_error("the document would have expired; see --expires");
  return expires;
}

void refuse_signer(const std::string& key) {
  throw std::runtime_error("the key " + ota::host::key_id_text(key) +
                           " is no root key: its signature would not count");
}

// A document may wait for more signatures.
void tell(const root_chain& chain, const std::string& out) {
  const std::string lacking = chain.lacking(chain.documents.size() - 1);
  std::printf("%s: root document %u\n", shown(out).c_str(),
              static_cast<unsigned>(chain.last().version));
  if (!lacking.empty()) std::fprintf(stderr, "ota: %s; `ota sign` adds them\n", lacking.c_str());
}

}  // namespace

int run_root_init(const arguments& args) {
  const signers by = signers_of(args);
  root_contents root;
  for (const auto& one : by) root.root.keys.push_back(one.key);
  set_roles(root, args);
  root.expires = future_expiry(args, ota::never_expires);
  for (const auto& one : by)
    if (!has_key(root.root, one.key)) refuse_signer(one.key);
  const std::string text = ota::host::signed_document(ota::host::root_body(root), by);
  const std::string out = args.text("out", "root.txt");
  const root_chain made(text);
  create_file(out, text, 0666);  // devices trust the earlier one
  tell(made, out);
  return 0;
}

int run_root_rotate(const arguments& args) {
  const std::string path = args.text("chain");
  const std::string earlier = content_of(path);
  const root_chain chain(earlier);
  const std::string lacking = chain.lacking(chain.documents.size() - 1);
  if (!lacking.empty()) throw std::runtime_error(lacking);
  const signers by = signers_of(args);
  root_contents root = chain.last();
  ++root.version;
  if (args.has("new-epoch")) ++root.epoch;
  set_roles(root, args);
  root.expires = future_expiry(args, root.expires);
  for (const auto& one : by)
    if (!has_key(root.root, one.key) && !has_key(chain.last().root, one.key))
      refuse_signer(one.key);
  const std::string text = earlier + ota::host::signed_document(ota::host::root_body(root), by);
  const root_chain made(text);
  const std::string out = args.text("out", path);
  replace_file(place_of(out), text);
  tell(made, out);
  return 0;
}

namespace {

template <class Json>
void write_role(Json& json, std::string_view name, const role_keys& role) {
  json.key(name).begin_object().key("threshold").number(role.threshold).key("keys").begin_array();
  for (const std::string& key : role.keys)
    json.begin_object()
        .key("id")
        .string(ota::host::key_id_text(key))
        .key("key")
        .string(key)
        .end_object();
  json.end_array().end_object();
}

void print_json(const root_chain& chain) {
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  ota::json_writer json(out);
  json.begin_array();
  for (std::size_t i = 0; i < chain.documents.size(); ++i) {
    const root_contents& root = chain.contents[i];
    json.begin_object().key("version").number(root.version).key("epoch").number(root.epoch);
    json.key("expires").string(date_of(root.expires));
    write_role(json, "root", root.root);
    write_role(json, "release", root.release);
    json.key("complete").boolean(chain.lacking(i).empty()).end_object();
  }
  json.end_array();
  std::printf("%s\n", text.c_str());
}

void print_role(const char* name, const role_keys& role) {
  std::printf("  %s: %u of %zu\n", name, static_cast<unsigned>(role.threshold), role.keys.size());
  for (const std::string& key : role.keys)
    std::printf("    %s %s\n", ota::host::key_id_text(key).c_str(), key.c_str());
}

}  // namespace

int run_root_show(const arguments& args) {
  const root_chain chain(content_of(args.text("FILE")));
  if (args.has("json")) {
    print_json(chain);
    return 0;
  }
  for (std::size_t i = 0; i < chain.documents.size(); ++i) {
    const root_contents& root = chain.contents[i];
    const std::string lacking = chain.lacking(i);
    std::printf("root document %u, epoch %u, expires %s\n", static_cast<unsigned>(root.version),
                static_cast<unsigned>(root.epoch), date_of(root.expires).c_str());
    print_role("root", root.root);
    print_role("release", root.release);
    std::printf("  %s\n", lacking.empty() ? "signed as it must be" : lacking.c_str());
  }
  return 0;
}

}  // namespace ota_tool
