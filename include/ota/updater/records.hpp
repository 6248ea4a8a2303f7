#pragma once

#include <cstring>

#include "../format/config.hpp"
#include "../stager/staging_record.hpp"
#include "../storage/atomic_file.hpp"
#include "../storage/layout.hpp"

namespace ota::detail {

/// The ETag of the last check: settings, version, text.
inline constexpr std::size_t etag_head = 24;

/// Keeps the ETag of a check that ended with `version` being the newest.
template <class Storage>
result<void> store_etag(Storage& storage, const config& settings, const version_id& version,
                        std::string_view etag) {
  if (etag.empty() || etag.size() > 128) return {};
  std::uint8_t record[etag_head + 128];
  put_u32(record, settings_sum(settings));
  std::memcpy(record + 4, version.data(), 20);
  std::memcpy(record + etag_head, etag.data(), etag.size());
  return write_if_changed(storage, layout::etag, layout::temporary,
                          {record, etag_head + etag.size()});
}

/// The ETag kept for `version`, in `scratch`; empty when there is none.
template <class Storage>
std::string_view load_etag(Storage& storage, const config& settings, const version_id& version,
                           mutable_bytes scratch) {
  const auto size = storage.read(layout::etag, 0, scratch.first(etag_head + 128));
  if (!size || *size <= etag_head || get_u32(scratch.data()) != settings_sum(settings)) return {};
  if (std::memcmp(scratch.data() + 4, version.data(), 20) != 0) return {};
  return as_text(bytes(scratch).first(*size).drop(etag_head));
}

}  // namespace ota::detail
