#pragma once

#include "../core/fixed_string.hpp"
#include "../core/version_id.hpp"

namespace ota {

/// The version a source offers, or the one a device has.
struct release_target {
  version_id id{};          ///< names it exactly, also where a tag or a manifest was moved
  fixed_string<64> commit;  ///< 40 or 64 hexadecimal digits
  fixed_string<128> ref;    ///< tag or branch
};

/// What a check has found: the newest version, and the server's name for its answer.
struct known_version {
  release_target version;
  fixed_string<128> etag;
};

}  // namespace ota
