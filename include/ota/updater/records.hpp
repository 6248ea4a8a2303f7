#pragma once

#include <cstring>

#include "../manifest/entry.hpp"
#include "../manifest/release_target.hpp"
#include "../stager/staging_record.hpp"
#include "../storage/atomic_file.hpp"
#include "../storage/layout.hpp"

namespace ota::detail {

// settings, id, three lengths, ref, commit, ETag
inline constexpr std::size_t known_head = 4 + 20 + 3;
inline constexpr std::size_t max_known = known_head + 128 + 64 + 128;

template <class Storage>
result<void> store_known(Storage& storage, std::uint32_t settings_sum, const known_version& known) {
  std::uint8_t record[max_known];
  put_u32(record, settings_sum);
  std::memcpy(record + 4, known.version.id.data(), 20);
  std::size_t size = known_head;
  const string_buffer* const texts[] = {&known.version.ref, &known.version.commit, &known.etag};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t length = texts[i]->size();
    record[24 + i] = static_cast<std::uint8_t>(length);
    std::memcpy(record + size, texts[i]->c_str(), length);
    size += length;
  }
  return write_if_changed(storage, layout::known, layout::temporary, {record, size});
}

/// False when nothing is kept, or what was found with other settings.
template <class Storage>
bool load_known(Storage& storage, std::uint32_t settings_sum, known_version& known) {
  std::uint8_t record[max_known];
  const auto read = storage.read(layout::known, 0, record);
  if (!read || *read < known_head || get_u32(record) != settings_sum) return false;
  string_buffer* const texts[] = {&known.version.ref, &known.version.commit, &known.etag};
  std::size_t at = known_head;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t size = record[24 + i];
    if (size > *read - at) return false;
    texts[i]->assign(as_text({record + at, size}));
    at += size;
  }
  std::memcpy(known.version.id.data(), record + 4, 20);
  return true;
}

}  // namespace ota::detail
