#pragma once

#include "../format/config.hpp"
#include "../hash/hmac.hpp"
#include "../storage/layout.hpp"
#include "canonical_json.hpp"
#include "manifest_reader.hpp"

namespace ota {

namespace detail {

inline constexpr error manifest_unsigned{errc::untrusted, "manifest", "manifest missing signature"};
inline constexpr error signature_mismatch{errc::untrusted, "manifest",
                                          "manifest signature mismatch"};

}  // namespace detail

/// Checks the signature of the manifest at `.ota/manifest`: lower-case hexadecimal digits of the
/// HMAC-SHA-256, keyed with `key`, over the manifest's canonical form. `scratch` is a read buffer.
template <class Storage>
result<void> verify_hmac_manifest(Storage& storage, std::string_view key,
                                  std::string_view signature, mutable_bytes scratch) {
  if (signature.empty()) return detail::manifest_unsigned;
  hmac_sha256 mac(as_bytes(key));
  auto sink = [&mac](bytes data) { mac.update(data); };
  detail::canonical_json<Storage, decltype(sink)> canonical(storage, layout::manifest, scratch,
                                                            sink);
  if (auto done = canonical.write(); !done) return done;
  const auto digest = mac.finish();
  char expected[64];
  to_hex({digest.data(), digest.size()}, expected);
  if (!equal_constant_time(as_bytes({expected, sizeof expected}), as_bytes(signature)))
    return detail::signature_mismatch;
  return {};
}

/// Takes the Git host's word, by the blob ids of its tree. Manifests are left out of the program.
struct host_trusted {
  static constexpr bool reads_manifests = false;
};

/// Reads manifests, and where the configuration has a `manifest_key` trusts only those signed with
/// it. The weaker choice: whoever has one device has the key of all.
struct shared_secret {
  static constexpr bool reads_manifests = true;

  template <class Storage>
  static result<void> verify(Storage& storage, const config& settings,
                             const manifest_reader& manifest, mutable_bytes scratch) {
    if (settings.manifest_key.empty()) return {};
    return verify_hmac_manifest(storage, settings.manifest_key, manifest.signature, scratch);
  }
};

}  // namespace ota
