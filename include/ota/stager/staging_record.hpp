#pragma once

#include "../core/text.hpp"
#include "../core/version_id.hpp"
#include "../format/config.hpp"
#include "../hash/crc32.hpp"

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
  const auto add = [&sum](const std::string_view& text) {
    sum.update(as_bytes(text));
    sum.update(as_bytes("\n"sv));
  };
  static constexpr std::string_view config::*texts[] = {
      &config::api,          &config::raw,     &config::owner,   &config::repo,
      &config::channel,      &config::branch,  &config::tag,     &config::manifest_key,
      &config::trusted_root, &config::product, &config::hardware};
  static constexpr list_view<std::string_view> config::*lists[] = {&config::allow, &config::ignore,
                                                                   &config::delete_patterns};
  for (const auto text : texts) add(settings.*text);
  for (const auto list : lists) {
    for (const std::string_view& text : settings.*list) add(text);
    add({});
  }
  add(settings.allow_links ? "links"sv : "");
  return sum.value();
}

/// What is being staged, so that a later start can go on with it.
struct staging_record {
  static constexpr std::uint32_t format = 1;

  version_id version{};
  std::uint32_t settings = 0;  ///< a sum over what the plan was made from: settings, manifest
  plan_summary plan;
};

}  // namespace detail
}  // namespace ota
