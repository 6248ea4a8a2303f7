#pragma once

#include "../core/path.hpp"
#include "../core/result.hpp"
#include "../format/settings.hpp"
#include "../storage/layout.hpp"

namespace ota {

/// Which files the device manages, and which it takes from a source.
template <class Settings>
class file_filter : Settings {
  using Settings::settings_;

 public:
  explicit file_filter(Settings settings) : Settings(settings) {}

  /// Whether the device manages `path` at all: `ignore` wins, an empty `allow` allows all.
  bool manages(const std::string_view& path) const {
    return !detail::is_own_path(path) && allows(path, false);
  }

  /// Whether something in directory `path` may be managed.
  bool enters(const std::string_view& path) const { return allows(path, true); }

  /// Refuses what no device should install.
  result<void> check(const std::string_view& path, bool is_link) const {
    if (!is_valid_path(path)) return bad_path;
    if (is_link && !settings_.allow_links) return link;
    return {};
  }

  /// Refuses more files than `max_tree_files`.
  result<void> check_count(std::uint32_t count) const {
    if (settings_.max_tree_files != 0 && count > settings_.max_tree_files) return too_many_files;
    return {};
  }

 private:
  static constexpr error too_many_files{errc::too_long, "lister",
                                        "Tree contains too many files: over max_tree_files"};
  static constexpr error bad_path{
      errc::invalid_path, "lister",
      "invalid path: it must be relative, without empty parts, `.`, `..`, backslashes or control "
      "characters"};
  static constexpr error link{
      errc::unsupported, "lister",
      "is a symbolic link: put it on `ignore`, or set `allow_links` to install it as a file that "
      "holds its target"};

  // With `parents` also what `allow` has something below.
  bool allows(const std::string_view& path, bool parents) const {
    if (is_within_any(path, settings_.ignore)) return false;
    for (const std::string_view& entry : settings_.allow)
      if (is_within(path, entry) || (parents && is_within(trim_slashes(entry), path))) return true;
    return settings_.allow.empty();
  }
};

}  // namespace ota
