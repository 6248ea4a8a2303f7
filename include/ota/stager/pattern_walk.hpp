#pragma once

#include "../format/settings.hpp"
#include "../manifest/entry.hpp"
#include "../storage/layout.hpp"

namespace ota {

/// Lists the installed files below `delete_patterns` (in `.ota/gone`): those that the new version
/// does not have will have to go.
///
/// Directories stand in that list, too, and are looked at as they are met in it, so the depth and
/// width of the tree cost no memory. Of a directory some names are kept at a time, and a step looks
/// at one.
template <class Storage, class Settings>
class pattern_walk : Settings {
  using Settings::settings_;

 public:
  pattern_walk(Storage& storage, Settings settings) : Settings(settings), storage_(storage) {}

  result<void> begin() {
    const auto there = storage_.stat(layout::candidates);
    if (!there) return there.error();
    const auto size = static_cast<std::uint32_t>(there->size);
    found_.resume(layout::candidates, size);
    listed_.begin(layout::candidates, size);
    pattern_ = 0;
    in_directory_ = false;
    names_.clear();
    return {};
  }

  /// One name, pattern or entry further; false when all have been looked at.
  result<bool> step() {
    if (at_ < names_.size()) return more_after(take_name());
    if (in_directory_) return more_after(collect());
    if (pattern_ < settings_.delete_patterns.size()) return more_after(take_pattern());
    if (listed_.offset() == found_.size()) return false;
    // What is still gathered can only be read back from storage.
    if (auto done = found_.flush(storage_); !done) return done.error();
    const auto more = listed_.next(storage_, item_);
    if (more.value_or(false) && item_.kind == entry_kind::directory) {
      in_directory_ = true;
      directory_ = item_.path;
      passed_ = 0;
    }
    return more;
  }

 private:
  result<void> take_pattern() {
    item_.path.assign(trim_slashes(settings_.delete_patterns[pattern_++]));
    if (!is_fit()) return {};
    const auto there = storage_.stat(item_.path);
    return there ? take(there->kind) : there.error();
  }

  // Keeps the next names of the directory at hand, as many as fit: 'd' or 'f', the name, NUL.
  result<void> collect() {
    names_.clear();
    at_ = 0;
    std::uint32_t index = 0;
    const auto listed =
        storage_.list(directory_, [&](const std::string_view& name, file_kind kind) {
          if (index++ < passed_) return true;
          if (names_.capacity() - names_.size() < name.size() + 2) return false;
          names_.append(kind == file_kind::directory ? 'd' : 'f').append(name).append('\0');
          ++passed_;
          return true;
        });
    in_directory_ = !names_.empty();
    return listed;
  }

  result<void> take_name() {
    const file_kind kind = names_[at_++] == 'd' ? file_kind::directory : file_kind::file;
    const std::string_view name = names_.c_str() + at_;
    at_ += name.size() + 1;
    item_.path = directory_;
    item_.path.append('/').append(name);
    return is_fit() ? take(kind) : result<void>{};
  }

  // Whether the path at hand may be looked at.
  bool is_fit() const {
    const std::string_view path = item_.path;
    return !item_.path.overflowed() && !detail::is_own_path(path) && is_valid_path(path);
  }

  // Lists what is at the path at hand.
  result<void> take(file_kind kind) {
    if (kind == file_kind::none) return {};
    item_.kind = kind == file_kind::directory ? entry_kind::directory : entry_kind::remove;
    return found_.add(storage_, item_);
  }

  Storage& storage_;
  std::size_t pattern_ = 0;
  std::size_t at_ = 0;        // of the name to be looked at next
  std::uint32_t passed_ = 0;  // names of the directory that were kept so far
  bool in_directory_ = false;
  entry_reader listed_;
  entry item_;
  fixed_string<max_path> directory_;
  fixed_string<max_path + 2> names_;
  entry_writer found_;
};

}  // namespace ota
