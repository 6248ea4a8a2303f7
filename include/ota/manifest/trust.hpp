#pragma once

#include "../format/config.hpp"
#include "../storage/layout.hpp"
#include "hmac_manifest.hpp"
#include "manifest_reader.hpp"
#include "trust_context.hpp"

namespace ota {

// The contract of a trust policy, whose word decides what a device takes:
//
//   static constexpr bool reads_manifests    false: manifests are left out of the program
//   static constexpr bool requires_manifest  nothing is taken without one
//   static constexpr std::string_view manifest_name   of the file that is one
//   template <class Storage> class check     made with (storage, settings, trust_context&), it
//                                            looks at the manifest at `.ota/manifest`;
//     result<bool> step(mutable_bytes)       one piece further; false: the manifest is trusted
//   class reader                             as `manifest_reader`, for its list of files

/// Takes the Git host's word, by the blob ids of its tree. Manifests are left out of the program.
struct host_trusted {
  static constexpr bool reads_manifests = false;
  static constexpr bool requires_manifest = false;
  static constexpr std::string_view manifest_name = "manifest.json";
};

/// Reads manifests, and where the configuration has a `manifest_key` trusts only those signed with
/// it: lowercase hexadecimal digits of the HMAC-SHA-256 over the manifest's canonical form. The
/// weaker choice: whoever has one device has the key of all.
struct shared_secret {
  static constexpr bool reads_manifests = true;
  static constexpr bool requires_manifest = false;
  static constexpr std::string_view manifest_name = "manifest.json";

  using reader = manifest_reader;

  template <class Storage>
  class check {
   public:
    check(Storage& storage, const config& settings, trust_context&)
        : signed_(!settings.manifest_key.empty()),
          hmac_(storage, layout::manifest, as_bytes(settings.manifest_key)) {}

    result<bool> step(mutable_bytes scratch) {
      return signed_ ? hmac_.step(scratch) : result<bool>(false);
    }

   private:
    bool signed_;
    hmac_manifest_check<Storage> hmac_;
  };
};

}  // namespace ota
