#pragma once

#include "../sign/signature_policy.hpp"
#include "release_reader.hpp"
#include "signed_check.hpp"
#include "statement.hpp"

namespace ota {

namespace detail {

template <class Signature>
bool verifies(std::string_view kind, std::string_view digits, bytes statement, bytes signature) {
  if (kind != Signature::name) return false;
  std::uint8_t room[Signature::public_key_size];
  const mutable_bytes key = mutable_bytes(room).first(digits.size() / 2);
  return from_lowercase_hex(digits, key) && Signature::verify(key, statement, signature);
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

  /// Bytes of the longest signature.
  static constexpr std::size_t signature_size = detail::greatest<Signatures::signature_size...>;

  // A path with its hashes; a key or a signature in hexadecimal digits, with what stands around it.
  static constexpr std::size_t longest_line =
      detail::greatest<400, 2 * signature_size + 32, (2 * Signatures::public_key_size + 32)...>;

  using reader = release_reader<longest_line>;
  template <class Storage>
  using check = signed_check<Storage, signed_by>;

  /// Whether the holder of a key, of that kind and with these hexadecimal digits, has signed the
  /// document with that digest.
  static bool verify(std::string_view kind, std::string_view key, const sha256::digest_type& digest,
                     bytes signature) {
    const auto statement = detail::statement_of(digest);
    const bytes text = as_bytes({statement.data(), statement.size()});
    return (detail::verifies<Signatures>(kind, key, text, signature) || ...);
  }
};

}  // namespace ota
