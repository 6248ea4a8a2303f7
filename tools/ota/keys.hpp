#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "ota/host/signed_documents.hpp"
#include "ota/manifest/signed_by.hpp"
#include "ota/sign/ecdsa_p256.hpp"
#include "ota/sign/ed25519.hpp"

namespace ota_tool {

template <class... Signatures>
struct key_kinds {
  using trust = ota::signed_by<Signatures...>;

  /// Whether a text has the length of a key of its kind, and is written as documents write it.
  static bool has(std::string_view kind, std::string_view digits) {
    return digits.find_first_not_of("0123456789abcdef") == digits.npos &&
           ((kind == Signatures::name && digits.size() == 2 * Signatures::public_key_size) || ...);
  }
};

/// The kinds of keys that devices on this computer know, and that the tool can verify.
using known_keys = key_kinds<ota::ed25519, ota::ecdsa_p256, ota::ecdsa_p256_der>;
using key_trust = known_keys::trust;

/// A public key as documents write it; throws where a text is none.
std::string checked_key(const std::string& text, const std::string& where);

/// The public keys in the files of an option, as documents write them.
std::vector<std::string> public_keys_of(const arguments& args, const std::string& option);

/// Those who sign: the secret keys in the files of `--key`, with the passphrase of
/// `--passphrase-file` or OTA_PASSPHRASE.
std::vector<ota::host::signer> signers_of(const arguments& args);

}  // namespace ota_tool
