#pragma once

#include "../format/config.hpp"
#include "../storage/layout.hpp"
#include "hmac_manifest.hpp"

namespace ota {

// The contract of a trust policy, whose word decides what a device takes:
//
//   static constexpr bool reads_manifests   false: manifests are left out of the program
//   template <class Storage> class check    made with (storage, settings), it looks at the
//                                           manifest at `.ota/manifest`, which is JSON;
//     result<bool> step(mutable_bytes)      one buffer further; false: the manifest is trusted

/// Takes the Git host's word, by the blob ids of its tree. Manifests are left out of the program.
struct host_trusted {
  static constexpr bool reads_manifests = false;
};

/// Reads manifests, and where the configuration has a `manifest_key` trusts only those signed with
/// it: lowercase hexadecimal digits of the HMAC-SHA-256 over the manifest's canonical form. The
/// weaker choice: whoever has one device has the key of all.
struct shared_secret {
  static constexpr bool reads_manifests = true;

  template <class Storage>
  class check {
   public:
    check(Storage& storage, const config& settings)
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
