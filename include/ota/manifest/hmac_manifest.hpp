#pragma once

#include "../core/hex.hpp"
#include "../hash/hmac.hpp"
#include "canonical_json.hpp"

namespace ota {

/// Checks the `signature` of a manifest on storage: the lowercase hexadecimal HMAC of its
/// canonical form, as 0x687931/ota signs it.
///
/// \tparam Hmac  an `hmac<…>` policy of at most 32 bytes
template <class Storage, class Hmac = hmac_sha256>
class hmac_manifest_check {
 public:
  static_assert(2 * Hmac::digest_size <= max_canonical_key, "a signature has up to 64 characters");

  /// \param path  of the manifest; it must stay in place
  /// \param key   need not be kept
  hmac_manifest_check(Storage& storage, std::string_view path, bytes key)
      : canonical_(storage, path), hmac_(key) {}

  /// Goes on with the next buffer. What it holds need not be kept between steps.
  /// \return true: there is more to do; false: the manifest is genuine
  ///
  /// Errors: `errc::untrusted` for a missing or wrong signature, and those of `canonical_json`
  /// and of storage.
  result<bool> step(mutable_bytes scratch) {
    const auto more = canonical_.step(scratch, [this](bytes part) { hmac_.update(part); });
    if (!more) return more;
    if (canonical_.checked() && canonical_.signature().empty()) return no_signature;
    if (*more) return true;
    const auto digest = hmac_.finish();
    char expected[2 * Hmac::digest_size];
    to_hex({digest.data(), digest.size()}, expected);
    if (!equal_constant_time(as_bytes({expected, sizeof expected}),
                             as_bytes(canonical_.signature())))
      return other_signature;
    return false;
  }

 private:
  static constexpr error no_signature{errc::untrusted, "manifest", "manifest missing signature"};
  static constexpr error other_signature{errc::untrusted, "manifest",
                                         "manifest signature mismatch"};

  canonical_json<Storage> canonical_;
  Hmac hmac_;
};

}  // namespace ota
