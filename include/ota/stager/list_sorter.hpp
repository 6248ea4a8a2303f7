#pragma once

#include "../format/settings.hpp"
#include "../manifest/entry_cursor.hpp"
#include "../storage/layout.hpp"
#include "file_filter.hpp"

namespace ota {

/// Puts a list on storage in the order of its paths. Git's lists are in that order, and are read
/// once; others are not, and a search in them would take the square of their length.
///
/// A natural merge sort on storage: each pass merges every two neighbouring runs, with two entries
/// in memory however long the list is.
template <class Storage, class Settings>
class list_sorter : Settings {
  using Settings::settings_;

 public:
  /// Begins with the list of the new version's files, in which none may stand twice, or with that
  /// of what may have to go: of what stands there twice, one is kept.
  list_sorter(Storage& storage, Settings settings, bool is_listing)
      : Settings(settings),
        storage_(storage),
        list_(is_listing ? layout::listing : layout::candidates),
        unique_(is_listing) {}

  /// The path at hand, for a message.
  std::string_view subject() const { return left_.item.path; }

  /// One entry further; false when the list is in order.
  result<bool> step() {
    if (task_ == task::begin) begin();
    return task_ == task::scan ? scan() : merge();
  }

 private:
  static constexpr error listed_twice{errc::malformed, "sorter",
                                      "a file stands twice in the list of the new version"};
  static constexpr error empty_version{
      errc::malformed, "sorter",
      "the new version has no file for this device; check `allow` and `ignore`"};

  enum class task : std::uint8_t { begin, scan, merge };

  void begin() {
    if (begin_ == 0) out_.begin(layout::expanded);
    left_.begin(list_, begin_);
    right_.begin(list_, begin_);
    count_ = 0;
    task_ = task::scan;
  }

  // Finds where the next two runs end. Their last path so far is that of the left one's entry.
  result<bool> scan() {
    const std::uint32_t at = right_.list.offset();
    const auto more = right_.next(storage_);
    if (!more) return more;
    const bool first = left_.end == left_.no_end;
    if (*more) {
      const int order = count_++ == 0 ? 1 : compare_paths(right_.item, left_.item);
      if (unique_ && order == 0) return listed_twice;
      left_.item.path = right_.item.path;
      if (order > 0) return true;
    } else if (first && begin_ == 0) {
      return check_count();
    }
    if (first) left_.end = at;
    if (first && *more) return true;
    is_last_ = !*more;
    right_.begin(list_, left_.end);
    right_.end = at;
    task_ = task::merge;
    return true;
  }

  // One run is the whole list: it is in order.
  result<bool> check_count() const {
    if (!unique_) return false;
    if (count_ == 0) return empty_version;
    const auto fine = file_filter<Settings>(*this).check_count(count_);
    return fine ? result<bool>(false) : fine.error();
  }

  result<bool> merge() {
    const auto left = left_.fill(storage_);
    if (!left) return left;
    const auto right = right_.fill(storage_);
    if (!right) return right;
    if (!*left && !*right) return end_merge();
    int order = *left ? -1 : 1;
    if (*left && *right) order = compare_paths(left_.item, right_.item);
    if (order == 0 && unique_) return listed_twice;
    if (order <= 0) left_.has_item = false;
    if (order >= 0) right_.has_item = false;
    return more_after(out_.add(storage_, (order <= 0 ? left_ : right_).item));
  }

  result<bool> end_merge() {
    begin_ = right_.end;
    if (is_last_) {
      if (auto done = out_.flush(storage_); !done) return done.error();
      if (auto done = storage_.rename(layout::expanded, list_); !done) return done.error();
      begin_ = 0;
    }
    task_ = task::begin;
    return true;
  }

  Storage& storage_;
  std::string_view list_;
  bool unique_;
  task task_ = task::begin;
  bool is_last_ = false;     // nothing behind the two
  std::uint32_t begin_ = 0;  // of the first of two runs
  std::uint32_t count_ = 0;
  entry_cursor left_;
  entry_cursor right_;
  entry_writer out_;
};

}  // namespace ota
