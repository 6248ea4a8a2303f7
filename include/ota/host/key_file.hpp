#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>

#include "ed25519_sign.hpp"
#include "pbkdf2.hpp"
#include "signed_documents.hpp"

// The files of docs/keys.md, as texts. Whoever stores them sees to who may read them.

namespace ota::host {

/// Whether a text is a secret key.
inline bool is_secret_key(std::string_view text) { return starts_with(text, "ota-secret-key "sv); }

namespace detail {

/// Of a new key; OWASP's figure for PBKDF2 with SHA-256 (Password Storage Cheat Sheet, 2023).
inline constexpr std::uint32_t passphrase_iterations = 600000;
/// A file that asks for more would keep its reader busy for hours.
inline constexpr std::uint32_t most_iterations = 100000000;

using key_bytes = std::array<std::uint8_t, 32>;

/// What protects a secret by a passphrase: a pad to hide it, used for this one secret, and an
/// authenticator over what is hidden.
class passphrase_lock {
 public:
  passphrase_lock(std::string_view passphrase, bytes salt, std::uint32_t iterations)
      : key_(pbkdf2_hmac_sha256(as_bytes(passphrase), salt, iterations)) {}

  key_bytes hidden(key_bytes secret) const {
    const key_bytes pad = mac("encrypt", {});
    for (std::size_t i = 0; i < secret.size(); ++i) secret[i] ^= pad[i];
    return secret;
  }
  key_bytes authenticator(const key_bytes& hidden) const {
    return mac("authenticate", {hidden.data(), hidden.size()});
  }

 private:
  key_bytes mac(std::string_view purpose, bytes data) const {
    hmac_sha256 one({key_.data(), key_.size()});
    one.update(as_bytes(purpose));
    one.update(data);
    return one.finish();
  }

  key_bytes key_;
};

template <std::size_t N>
std::array<std::uint8_t, N> array_of(const std::string& digits) {
  std::array<std::uint8_t, N> out;
  if (!from_lowercase_hex(digits, {out.data(), out.size()}))
    throw std::invalid_argument("not a secret key of this program");
  return out;
}

inline key_bytes unlocked(std::istream& words, const std::string& passphrase) {
  std::string derivation, salt, data;
  std::uint32_t iterations = 0;
  words >> derivation >> iterations >> salt >> data;
  if (derivation != "pbkdf2-hmac-sha256" || iterations == 0 || iterations > most_iterations)
    throw std::invalid_argument("a secret key whose encryption is not known here");
  const auto salt_bytes = array_of<16>(salt);
  if (data.size() != 128) throw std::invalid_argument("not a secret key of this program");
  const auto hidden = array_of<32>(data.substr(0, 64));
  const auto authenticator = array_of<32>(data.substr(64));
  if (passphrase.empty()) throw std::invalid_argument("a secret key that needs its passphrase");
  const passphrase_lock lock(passphrase, {salt_bytes.data(), salt_bytes.size()}, iterations);
  const auto expected = lock.authenticator(hidden);
  if (!equal_constant_time({expected.data(), expected.size()},
                           {authenticator.data(), authenticator.size()}))
    throw std::invalid_argument("wrong passphrase, or a damaged secret key");
  return lock.hidden(hidden);
}

}  // namespace detail

/// The text of a secret key's file; without a passphrase the secret itself stands in it.
inline std::string secret_key_text(const ed25519_key& key, const std::string& passphrase) {
  const std::string head = "ota-secret-key 1\n";
  if (passphrase.empty())
    return head + "secret ed25519 " + hex_of({key.seed().data(), key.seed().size()}) + '\n';
  std::array<std::uint8_t, 16> salt;
  if (::getentropy(salt.data(), salt.size()) != 0)
    throw std::runtime_error("the operating system gives no randomness");
  const bytes salt_bytes(salt.data(), salt.size());
  const detail::passphrase_lock lock(passphrase, salt_bytes, detail::passphrase_iterations);
  const auto hidden = lock.hidden(key.seed());
  const auto authenticator = lock.authenticator(hidden);
  return head + "encrypted ed25519 pbkdf2-hmac-sha256 " +
         std::to_string(detail::passphrase_iterations) + ' ' + hex_of(salt_bytes) + ' ' +
         hex_of({hidden.data(), hidden.size()}) +
         hex_of({authenticator.data(), authenticator.size()}) + '\n';
}

/// The key in such a text. Throws std::invalid_argument, which tells a wrong passphrase from a text
/// that is no key, and never repeats what is secret.
inline ed25519_key secret_key_of(const std::string& text, const std::string& passphrase) {
  std::istringstream words(text);
  std::string format, number, form, kind;
  words >> format >> number >> form >> kind;
  if (format != "ota-secret-key" || number != "1" || kind != "ed25519")
    throw std::invalid_argument("not a secret key of this program");
  if (form == "encrypted") return ed25519_key(detail::unlocked(words, passphrase));
  std::string seed;
  if (form != "secret" || !(words >> seed))
    throw std::invalid_argument("not a secret key of this program");
  return ed25519_key(detail::array_of<32>(seed));
}

/// Who signs with a secret key.
inline signer signer_of(const ed25519_key& key) {
  const auto& point = key.public_key();
  return {key_text("ed25519", {point.data(), point.size()}), [key](bytes statement) {
            const auto signature = key.sign(statement);
            return std::vector<std::uint8_t>(signature.begin(), signature.end());
          }};
}

}  // namespace ota::host
