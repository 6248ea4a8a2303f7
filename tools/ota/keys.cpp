// ota keygen, and the keys that other commands are given. docs/keys.md describes the files.

#include "keys.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "files.hpp"
#include "ota/host/key_file.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

// Never from the command line, which other users of the computer can read. Empty: none.
std::string passphrase_of(const arguments& args) {
  if (args.has("passphrase-file")) {
    std::string text = content_of(args.text("passphrase-file"));
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    if (text.empty()) throw std::runtime_error("--passphrase-file holds no passphrase");
    return text;
  }
  const char* const text = std::getenv("OTA_PASSPHRASE");
  return text == nullptr ? std::string() : text;
}

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

std::string checked_key(const std::string& text, const std::string& where) {
  const std::size_t space = text.find(' ');
  const std::string kind = text.substr(0, space);
  if (space == text.npos || !known_keys::has(kind, text.substr(space + 1)))
    throw std::runtime_error(shown(where) + " is no public key of a kind known here");
  return text;
}

std::vector<std::string> public_keys_of(const arguments& args, const std::string& option) {
  std::vector<std::string> keys;
  for (const std::string& path : args.all(option)) {
    const std::string text = without_line_end(content_of(path));
    if (ota::host::is_secret_key(text))
      throw usage_error("--" + option + " takes public keys, and " + shown(path) + " is secret");
    keys.push_back(checked_key(text, path));
  }
  return keys;
}

std::vector<ota::host::signer> signers_of(const arguments& args) {
  std::vector<ota::host::signer> signers;
  const std::string passphrase = passphrase_of(args);
  for (const std::string& path : args.all("key")) {
    try {
      const auto key = ota::host::secret_key_of(content_of(path), passphrase);
      signers.push_back(ota::host::signer_of(key));
    } catch (const std::invalid_argument& wrong) {
      throw std::runtime_error(shown(path) + ": " + wrong.what());
    }
  }
  return signers;
}

int run_keygen(const arguments& args) {
  const std::string secret = args.text("out") + ".key", open = args.text("out") + ".pub";
  for (const std::string& path : {secret, open})
    if (std::filesystem::exists(std::filesystem::symlink_status(path)))
      throw std::runtime_error(shown(path) + " is there already, and is not replaced");
  const auto key = ota::host::ed25519_key::generate();
  const std::string text = ota::host::signer_of(key).key;
  create_file(secret, ota::host::secret_key_text(key, passphrase_of(args)), 0600);
  try {
    create_file(open, text + '\n', 0644);
  } catch (...) {
    ::unlink(secret.c_str());  // nobody knows it yet, and the next try finds the place free
    throw;
  }
  std::printf("%s\nid %s\n", text.c_str(), ota::host::key_id_text(text).c_str());
  return 0;
}

}  // namespace ota_tool
