#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "../hash/sha256.hpp"
#include "../manifest/document_lines.hpp"
#include "../manifest/root_document.hpp"
#include "../manifest/statement.hpp"
#include "hex_of.hpp"

// The maker's side of signed updates: the texts of docs/signed-updates.md.

namespace ota::host {

inline std::string sha256_of(std::string_view text) {
  sha256 hash;
  hash.update(as_bytes(text));
  const auto digest = hash.finish();
  return hex_of({digest.data(), digest.size()});
}

/// A public key as documents write it: the name of its kind, a space, its bytes in hexadecimal.
inline std::string key_text(std::string_view kind, bytes key) {
  return std::string(kind) + ' ' + hex_of(key);
}

/// The id of a key in that form.
inline std::string key_id_text(const std::string& key) {
  const key_id id = id_of_key(key);
  return hex_of({id.data(), id.size()});
}

/// Keys of a role, and how many of them must sign.
struct role_keys {
  std::uint32_t threshold = 1;
  std::vector<std::string> keys;  ///< as `key_text`
};

/// What a root document says.
struct root_contents {
  std::uint32_t version = 1;
  std::uint32_t epoch = 0;
  std::uint64_t expires = never_expires;
  role_keys root;
  role_keys release;
};

/// What a release document says.
struct release_contents {
  struct file {
    std::string path;
    std::uint64_t size = 0;
    std::string sha256;  ///< in hexadecimal digits
    bool executable = false;
  };

  /// A file that makes another one.
  struct patch : file {
    std::uint32_t memory = 0;  ///< that it needs, in bytes
    unsigned code = 0;         ///< the number of its kind of code
  };

  std::string chain;  ///< the root documents that the manifest begins with
  std::string product;
  std::set<std::string> hardware;  ///< empty: any
  std::string version;
  std::string minimum;  ///< version that must be installed; empty: any
  std::uint32_t epoch = 0;
  std::uint32_t counter = 0;
  std::uint64_t created = 0;
  std::uint64_t expires = never_expires;
  std::map<std::string, std::string> hooks;  ///< name to path
  std::set<std::string> deletes;
  std::vector<file> files;
  std::vector<file> images;  ///< their paths are their names
  std::vector<patch> patches;
};

namespace detail {

inline std::string expiry_text(std::uint64_t expires) {
  return expires == never_expires ? "never" : std::to_string(expires);
}

/// One line of a document. A value that would break out of it is an error.
inline std::string line_of(std::string_view word, const std::string& value) {
  if (value.empty()) throw std::invalid_argument(std::string(word) + " must not be empty");
  if (value.back() == ' ') throw std::invalid_argument(std::string(word) + " ends with a space");
  for (char c : value)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      throw std::invalid_argument(std::string(word) + " holds a control character");
  return std::string(word) + ' ' + value + '\n';
}

inline std::string role_line(std::string_view word, const role_keys& role) {
  std::set<std::string> ids;
  for (const std::string& key : role.keys) ids.insert(key_id_text(key));
  if (role.threshold == 0 || role.threshold > ids.size())
    throw std::invalid_argument(std::string(word) + ": the threshold must lie between 1 and the " +
                                std::to_string(ids.size()) + " different keys of the role");
  std::string text = std::to_string(role.threshold);
  for (const std::string& id : ids) text += ' ' + id;
  return line_of(word, text);
}

}  // namespace detail

/// The part of a root document that is signed.
inline std::string root_body(const root_contents& root) {
  std::string text = "ota-root 1\n";
  text += detail::line_of("version", std::to_string(root.version));
  text += detail::line_of("epoch", std::to_string(root.epoch));
  text += detail::line_of("expires", detail::expiry_text(root.expires));
  text += detail::role_line("root", root.root);
  text += detail::role_line("release", root.release);
  std::map<std::string, std::string> keys;
  for (const role_keys* role : {&root.root, &root.release})
    for (const std::string& key : role->keys) keys[key_id_text(key)] = key;
  // One key under two names would count twice.
  std::set<std::string> digits;
  for (const auto& [id, key] : keys) {
    if (!digits.insert(key.substr(key.find(' ') + 1)).second)
      throw std::invalid_argument("the same key stands under two kinds: " + key);
    text += detail::line_of("key", key);
  }
  return text;
}

/// The part of a release document that is signed.
inline std::string release_body(release_contents release) {
  std::string text = "ota-release 1\n";
  if (!release.chain.empty()) text += detail::line_of("chain", sha256_of(release.chain));
  text += detail::line_of("product", release.product);
  for (const std::string& name : release.hardware) text += detail::line_of("hardware", name);
  text += detail::line_of("version", release.version);
  if (!release.minimum.empty()) text += detail::line_of("minimum", release.minimum);
  text += detail::line_of("epoch", std::to_string(release.epoch));
  text += detail::line_of("counter", std::to_string(release.counter));
  text += detail::line_of("created", std::to_string(release.created));
  text += detail::line_of("expires", detail::expiry_text(release.expires));
  for (const auto& [name, path] : release.hooks)
    text += detail::line_of("hook", std::string(name).append(" ").append(path));
  for (const std::string& path : release.deletes) text += detail::line_of("delete", path);
  const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
  std::sort(release.files.begin(), release.files.end(), by_path);
  std::sort(release.images.begin(), release.images.end(), by_path);
  std::sort(release.patches.begin(), release.patches.end(), by_path);
  for (const auto& one : release.files)
    text += detail::line_of("file", std::to_string(one.size) + ' ' + one.sha256 +
                                        (one.executable ? " x " : " - ") + one.path);
  for (const auto& one : release.images)
    text += detail::line_of("image", std::to_string(one.size) + ' ' + one.sha256 + ' ' + one.path);
  for (const auto& one : release.patches)
    text += detail::line_of("delta", std::to_string(one.size) + ' ' + one.sha256 + ' ' +
                                         std::to_string(one.memory) + ' ' +
                                         std::to_string(one.code) + ' ' + one.path);
  return text;
}

/// Who signs: a key, and what makes its signature of a statement.
struct signer {
  std::string key;  ///< as `key_text`
  std::function<std::vector<std::uint8_t>(bytes statement)> sign;
};

/// What a signer of `body` signs.
inline std::string statement_of(std::string_view body) {
  sha256 hash;
  hash.update(as_bytes(body));
  const auto statement = ota::detail::statement_of(hash.finish());
  return {statement.data(), statement.size()};
}

/// Signatures in hexadecimal digits, by the ids of their keys.
using signature_map = std::map<std::string, std::string>;

/// The signatures of a body, which may be any file.
inline signature_map signatures_of(std::string_view body, const std::vector<signer>& signers) {
  signature_map signatures;
  const std::string statement = statement_of(body);
  for (const signer& one : signers) {
    const auto signature = one.sign(as_bytes(statement));
    signatures[key_id_text(one.key)] = hex_of({signature.data(), signature.size()});
  }
  return signatures;
}

/// The lines in which documents, and files of detached signatures, hold them.
inline std::string signature_lines(const signature_map& signatures) {
  std::string text;
  for (const auto& [id, signature] : signatures)
    text.append("signature ").append(id).append(" ").append(signature).append("\n");
  return text;
}

/// A document: its body and the signatures, in the order of their keys' ids.
inline std::string signed_document(const std::string& body, const std::vector<signer>& signers) {
  return body + signature_lines(signatures_of(body, signers));
}

}  // namespace ota::host
