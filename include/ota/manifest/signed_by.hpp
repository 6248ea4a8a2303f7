#pragma once

#include "../sign/signature_policy.hpp"
#include "release_reader.hpp"
#include "signed_check.hpp"
#include "statement.hpp"

namespace ota {

namespace detail {

template <class Signature>
bool verifies(std::string_view kind, std::string_view key_text, std::string_view signature_text,
              bytes statement) {
  if (kind != Signature::name) return false;
  std::uint8_t key[Signature::public_key_size];
  std::uint8_t signature[Signature::signature_size];
  const mutable_bytes key_bytes = mutable_bytes(key).first(key_text.size() / 2);
  const mutable_bytes signature_bytes = mutable_bytes(signature).first(signature_text.size() / 2);
  return from_lowercase_hex(key_text, key_bytes) &&
         from_lowercase_hex(signature_text, signature_bytes) &&
         Signature::verify(key_bytes, statement, signature_bytes);
}

template <std::size_t First, std::size_t... Rest>
inline constexpr std::size_t greatest = First > greatest<Rest...> ? First : greatest<Rest...>;
template <std::size_t Only>
inline constexpr std::size_t greatest<Only> = Only;

}  // namespace detail

/// Takes only what enough holders of the device's keys have signed, for this product and hardware,
/// not expired, and nothing older than what was seen before (docs/signed-updates.md). The keys
/// are those of the root document `trusted_root`, or of one that it leads to.
///
/// \tparam Signatures  the kinds of keys the device knows: `ed25519`, `ecdsa_p256`, …
template <class... Signatures>
struct signed_by {
  static_assert((check_signature<Signatures>::ok && ...));

  static constexpr bool reads_manifests = true;
  static constexpr bool requires_manifest = true;
  static constexpr std::string_view manifest_name = "manifest.ota";

  // A key or a signature in hexadecimal digits, with what stands around it; a path with its hash.
  static constexpr std::size_t longest_line =
      detail::greatest<560, (2 * (Signatures::public_key_size > Signatures::signature_size
                                      ? Signatures::public_key_size
                                      : Signatures::signature_size) +
                             32)...>;

  using reader = release_reader<longest_line>;
  template <class Storage>
  using check = signed_check<Storage, signed_by, longest_line>;

  /// Whether `signature`, in hexadecimal digits, over the document with that digest is that of
  /// `key`: the digits of a key of this kind.
  static bool verify(std::string_view kind, std::string_view key, std::string_view signature,
                     const sha256::digest_type& digest) {
    const auto statement = detail::statement_of(digest);
    const bytes text = as_bytes({statement.data(), statement.size()});
    return (detail::verifies<Signatures>(kind, key, signature, text) || ...);
  }
};

}  // namespace ota
