#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ota::host {

/// A tag seen as a release.
struct release_tag {
  std::string name;
  std::int64_t created = 0;  ///< epoch seconds
};

/// The numbers of a version like `v1.10.2` or `1.10-rc1`.
struct version_numbers {
  std::vector<std::uint64_t> parts;
  bool prerelease = false;  ///< something follows the numbers behind a `-`
};

/// Reads a tag as a version (semver.org, with or without `v`, any count of numbers); nothing when
/// it is none.
inline std::optional<version_numbers> parse_version(const std::string& tag) {
  version_numbers version;
  std::size_t at = !tag.empty() && (tag[0] == 'v' || tag[0] == 'V') ? 1 : 0;
  for (;;) {
    std::uint64_t number = 0;
    const std::size_t begin = at;
    for (; at < tag.size() && tag[at] >= '0' && tag[at] <= '9'; ++at) {
      if (at - begin == 18) return std::nullopt;
      number = number * 10 + static_cast<std::uint64_t>(tag[at] - '0');
    }
    if (at == begin) return std::nullopt;
    version.parts.push_back(number);
    if (at == tag.size() || tag[at] != '.') break;
    ++at;
  }
  while (version.parts.size() > 1 && version.parts.back() == 0) version.parts.pop_back();
  version.prerelease = at < tag.size() && tag[at] == '-';
  if (at < tag.size() && tag[at] != '-' && tag[at] != '+') return std::nullopt;
  return version;
}

/// Whether GitHub would be told that a tag is a prerelease, which is never the latest release.
inline bool is_prerelease(const std::string& tag) {
  const auto version = parse_version(tag);
  return version && version->prerelease;
}

/// Puts the latest release first: versions before other names, the highest first; else the
/// newest. Prereleases go to the end.
inline void sort_releases(std::vector<release_tag>& tags) {
  struct rank {
    int kind;  // 0 version, 1 other name, 2 prerelease
    std::vector<std::uint64_t> parts;
    std::int64_t created;
  };
  const auto rank_of = [](const release_tag& tag) {
    const auto version = parse_version(tag.name);
    if (!version) return rank{1, {}, tag.created};
    return rank{version->prerelease ? 2 : 0, version->parts, tag.created};
  };
  std::vector<std::pair<rank, release_tag>> ranked;
  ranked.reserve(tags.size());
  for (release_tag& tag : tags) ranked.emplace_back(rank_of(tag), std::move(tag));
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    if (a.first.kind != b.first.kind) return a.first.kind < b.first.kind;
    if (a.first.parts != b.first.parts) return a.first.parts > b.first.parts;
    return a.first.created > b.first.created;
  });
  for (std::size_t i = 0; i < tags.size(); ++i) tags[i] = std::move(ranked[i].second);
}

}  // namespace ota::host
