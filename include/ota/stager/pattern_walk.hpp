#pragma once

#include "../format/config.hpp"
#include "../manifest/entry.hpp"
#include "../storage/layout.hpp"

namespace ota {

/// Lists the installed files below `delete_patterns` (in `.ota/gone`): those that the new version
/// does not have will have to go.
///
/// Directories still to be looked at wait in a list on storage, so the depth and width of the
/// tree cost no memory. Of a directory some names are kept at a time, and a step looks at one.
template <class Storage>
class pattern_walk {
 public:
  pattern_walk(Storage& storage, const config& settings) : storage_(storage), settings_(settings) {}

  result<void> begin() {
    const auto there = storage_.stat(layout::candidates);
    if (!there) return there.error();
    found_.resume(layout::candidates, static_cast<std::uint32_t>(there->size));
    pattern_ = 0;
    written_ = 0;
    in_directory_ = false;
    names_.clear();
    waiting_.begin(layout::part);
    return {};
  }

  /// One name, pattern or directory further; false when all have been looked at.
  result<bool> step() {
    if (at_ < names_.size()) return more_after(take_name());
    if (in_directory_) return more_after(collect());
    if (pattern_ < settings_.delete_patterns.size()) return more_after(take_pattern());
    const auto more = written_ != 0 ? waiting_.next(storage_, item_) : result<bool>(false);
    if (!more) return more;
    if (!*more) return end();
    directory_ = item_.path;
    in_directory_ = true;
    passed_ = 0;
    return true;
  }

 private:
  // Where nothing was found, no file is written for it.
  result<bool> end() {
    if (found_.count() != 0)
      if (auto done = found_.flush(storage_); !done) return done.error();
    return false;
  }

  result<void> take_pattern() {
    item_.path.assign(trim_slashes(settings_.delete_patterns[pattern_++]));
    return take();
  }

  // Keeps the next names of the directory at hand, as many as fit, each with a NUL behind it.
  result<void> collect() {
    names_.clear();
    at_ = 0;
    std::uint32_t index = 0;
    const auto keep = [&](std::string_view name, file_kind) {
      if (index++ < passed_) return true;
      if (names_.capacity() - names_.size() <= name.size()) return false;
      names_.append(name).append('\0');
      ++passed_;
      return true;
    };
    const auto listed = storage_.list(directory_, detail::visitor_ref(keep));
    in_directory_ = !names_.empty();
    return listed;
  }

  result<void> take_name() {
    const std::string_view name = names_.c_str() + at_;
    at_ += name.size() + 1;
    item_.path = directory_;
    item_.path.append('/').append(name);
    return take();
  }

  // Takes what the path at hand names.
  result<void> take() {
    const std::string_view path = item_.path;
    if (item_.path.overflowed() || detail::is_own_path(path) || !is_valid_path(path)) return {};
    const auto there = storage_.stat(path);
    if (!there) return there.error();
    if (there->kind == file_kind::none) return {};
    if (there->kind == file_kind::directory) {
      item_.kind = entry_kind::directory;
      return append_entry(storage_, layout::part, written_, item_);
    }
    item_.kind = entry_kind::remove;
    return found_.add(storage_, item_);
  }

  Storage& storage_;
  const config& settings_;
  std::size_t pattern_ = 0;
  std::size_t at_ = 0;        // of the name to be looked at next
  std::uint32_t passed_ = 0;  // names of the directory that were kept so far
  std::uint32_t written_ = 0;
  bool in_directory_ = false;
  entry_reader waiting_;
  entry item_;
  fixed_string<max_path> directory_;
  fixed_string<max_path + 1> names_;
  entry_writer found_;
};

}  // namespace ota
