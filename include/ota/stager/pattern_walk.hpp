#pragma once

#include "../format/config.hpp"
#include "../manifest/entry.hpp"
#include "../storage/layout.hpp"

namespace ota {

/// Finds the installed files below `delete_patterns` that the new version does not have.
///
/// Directories still to be looked at wait in a list on storage, so the depth and width of the
/// tree cost no memory; a step looks at one of them.
template <class Storage>
class pattern_walk {
 public:
  pattern_walk(Storage& storage, const config& settings) : storage_(storage), settings_(settings) {}

  void begin() {
    pattern_ = 0;
    written_ = 0;
    waiting_.begin(layout::part);
  }

  /// One directory further; false when all have been looked at. `plan.lists(path)` tells whether
  /// the new version has a file, `plan.remove(path)` takes one that it has not.
  template <class Plan>
  result<bool> step(Plan& plan) {
    if (pattern_ < settings_.delete_patterns.size()) {
      const std::string_view pattern = trim_slashes(settings_.delete_patterns[pattern_++]);
      if (!is_valid_path(pattern) || pattern.size() > max_path) return true;
      const auto there = storage_.stat(pattern);
      if (!there) return there.error();
      if (auto done = take(plan, pattern, there->kind); !done) return done.error();
      return true;
    }
    if (written_ == 0) return false;
    entry directory;
    const auto more = waiting_.next(storage_, directory);
    if (!more || !*more) return more;
    result<void> taken;
    const auto listed = storage_.list(directory.path, [&](std::string_view name, file_kind kind) {
      fixed_string<max_path> path(directory.path);
      path.append('/').append(name);
      if (!path.overflowed()) taken = take(plan, path, kind);
      return taken.has_value();
    });
    if (!listed) return listed.error();
    if (!taken) return taken.error();
    return true;
  }

 private:
  template <class Plan>
  result<void> take(Plan& plan, std::string_view path, file_kind kind) {
    if (kind == file_kind::none || detail::is_own_path(path)) return {};
    if (kind == file_kind::directory) return wait(path);
    const auto kept = plan.lists(path);
    if (!kept) return kept.error();
    return *kept ? result<void>{} : plan.remove(path);
  }

  result<void> wait(std::string_view path) {
    entry directory;
    directory.kind = entry_kind::directory;
    directory.path.assign(path);
    std::uint8_t record[detail::max_entry_size];
    const std::size_t size = detail::encode_entry(directory, record);
    if (auto done = storage_.write(layout::part, written_, {record, size}); !done) return done;
    written_ += static_cast<std::uint32_t>(size);
    return {};
  }

  Storage& storage_;
  const config& settings_;
  entry_reader waiting_;
  std::size_t pattern_ = 0;
  std::uint32_t written_ = 0;
};

}  // namespace ota
