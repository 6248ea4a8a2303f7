#pragma once

#include <cstdint>
#include <string_view>

#include "../core/result.hpp"
#include "../core/version_id.hpp"

namespace ota {

/// What a trust policy has to know of the device, and what it finds out.
struct trust_context {
  std::uint64_t now = 0;            ///< epoch seconds; 0: not known
  std::uint32_t least_counter = 0;  ///< a hardware counter's, below which nothing is taken
  std::string_view name;            ///< the source's, of the version; empty: it has none
  version_id id{};                  ///< of the version; replaced by that which it is known under
  version_id manifest{};            ///< the beginning of the signed document's SHA-256
  std::uint32_t offset = 0;         ///< where in the manifest the list of files is
};

namespace detail {

inline constexpr error manifest_expired{
    errc::untrusted, "manifest",
    "the newest manifest has expired: its maker must renew it, or somebody holds newer ones back"};

}  // namespace detail
}  // namespace ota
