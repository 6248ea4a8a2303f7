#pragma once

#include <cstring>

#include "../core/text.hpp"
#include "../core/version_id.hpp"
#include "../format/config.hpp"
#include "../hash/crc32.hpp"
#include "../manifest/entry.hpp"
#include "../storage/atomic_file.hpp"
#include "../storage/layout.hpp"

namespace ota {

/// What a plan comes to.
struct plan_summary {
  std::uint32_t entries = 0;   ///< lines of the plan
  std::uint32_t files = 0;     ///< files to bring
  std::uint32_t removals = 0;  ///< files to remove
  std::uint32_t sum = 0;       ///< CRC-32 of the plan
  std::size_t size = 0;        ///< bytes to bring
};

namespace detail {

/// A sum over the settings that decide what a version's plan holds.
inline std::uint32_t settings_sum(const config& settings) {
  crc32 sum;
  const auto add = [&sum](std::string_view text) {
    sum.update(as_bytes(text));
    sum.update(as_bytes({"\n", 1}));
  };
  for (std::string_view text :
       {settings.api, settings.raw, settings.owner, settings.repo, settings.channel,
        settings.branch, settings.tag, settings.manifest_key})
    add(text);
  for (const auto& list : {settings.allow, settings.ignore, settings.delete_patterns}) {
    for (std::string_view text : list) add(text);
    add("");
  }
  add(settings.allow_links ? "links"sv : "");
  return sum.value();
}

/// What is being staged, so that a later start can go on with it.
struct staging_record {
  version_id version{};
  std::uint32_t settings = 0;  ///< `settings_sum` when the plan was made
  plan_summary plan;

  static constexpr std::uint32_t magic = 0x5441544f;  // "OTAT"
  static constexpr std::size_t size = 4 + 20 + 4 + 4 * 4 + 8 + 4;

  template <class Storage>
  result<void> store(Storage& storage) const {
    std::uint8_t record[size];
    put_u32(record, magic);
    std::memcpy(record + 4, version.data(), 20);
    put_u32(record + 24, settings);
    put_u32(record + 28, plan.entries);
    put_u32(record + 32, plan.files);
    put_u32(record + 36, plan.removals);
    put_u32(record + 40, plan.sum);
    put_size(record + 44, plan.size);
    put_u32(record + size - 4, sum(record));
    return write_atomically(storage, layout::target, layout::temporary, record);
  }

  /// False when nothing, or nothing whole, is there.
  template <class Storage>
  bool load(Storage& storage) {
    std::uint8_t record[size];
    const auto read = storage.read(layout::target, 0, record);
    if (!read || *read != size || get_u32(record) != magic) return false;
    if (get_u32(record + size - 4) != sum(record)) return false;
    std::memcpy(version.data(), record + 4, 20);
    settings = get_u32(record + 24);
    plan.entries = get_u32(record + 28);
    plan.files = get_u32(record + 32);
    plan.removals = get_u32(record + 36);
    plan.sum = get_u32(record + 40);
    plan.size = get_size(record + 44);
    return true;
  }

 private:
  static std::uint32_t sum(const std::uint8_t* record) {
    crc32 value;
    value.update({record, size - 4});
    return value.value();
  }
};

}  // namespace detail
}  // namespace ota
