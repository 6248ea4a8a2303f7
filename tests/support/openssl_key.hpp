#pragma once

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ota/host/signed_documents.hpp"

namespace ota_test {

/// An Ed25519 key that openssl made, and signs with.
class openssl_key {
 public:
  /// The key of 32 times the same byte: tests want the same keys each time.
  explicit openssl_key(std::uint8_t byte) {
    const std::vector<std::uint8_t> seed(32, byte);
    key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()),
               EVP_PKEY_free);
    if (!key_) throw std::runtime_error("openssl has no Ed25519");
  }

  std::vector<std::uint8_t> public_key() const {
    std::vector<std::uint8_t> bytes(32);
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &size);
    return bytes;
  }

  std::string text() const {
    const auto bytes = public_key();
    return ota::host::key_text("ed25519", {bytes.data(), bytes.size()});
  }

  ota::host::signer signer() const {
    return {text(), [key = key_](ota::bytes statement) {
              std::vector<std::uint8_t> signature(64);
              std::size_t size = signature.size();
              const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
              EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get());
              if (EVP_DigestSign(context.get(), signature.data(), &size, statement.data(),
                                 statement.size()) != 1)
                throw std::runtime_error("openssl does not sign");
              return signature;
            }};
  }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

/// A signature policy that has openssl do the work, as a device has its secure element.
struct openssl_ed25519 {
  static constexpr std::string_view name = "ed25519";
  static constexpr std::size_t public_key_size = 32;
  static constexpr std::size_t signature_size = 64;

  static bool verify(ota::bytes public_key, ota::bytes message, ota::bytes signature) {
    const std::shared_ptr<EVP_PKEY> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(),
                                    public_key.size()),
        EVP_PKEY_free);
    const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                            message.size()) == 1;
  }
};

}  // namespace ota_test
