#pragma once

#include "../format/config.hpp"
#include "../manifest/entry_cursor.hpp"
#include "../storage/layout.hpp"
#include "file_filter.hpp"

namespace ota {

/// Puts a list on storage in the order of its paths. Git's lists are in that order, and are read
/// once; others are not, and a search in them would take the square of their length.
///
/// A natural merge sort on storage: each pass merges every two neighbouring runs, with two entries
/// in memory however long the list is.
template <class Storage>
class list_sorter {
 public:
  list_sorter(Storage& storage, const config& settings) : storage_(storage), settings_(settings) {}

  /// Begins with the list of the new version's files, in which none may stand twice.
  void begin_listing() { begin(layout::listing, true); }

  /// Begins with the list of what may have to go; of what stands there twice, one is kept.
  void begin_candidates() { begin(layout::candidates, false); }

  /// The path at hand, for a message.
  std::string_view subject() const { return left_.item.path; }

  /// One entry further; false when the list is in order.
  result<bool> step() { return merging_ ? merge() : scan(); }

 private:
  static constexpr error listed_twice{errc::malformed, "sorter",
                                      "a file stands twice in the list of the new version"};
  static constexpr error empty_version{
      errc::malformed, "sorter",
      "the new version has no file for this device; check `allow` and `ignore`"};

  void begin(std::string_view list, bool unique) {
    list_ = list;
    unique_ = unique;
    begin_scan(0);
  }

  void begin_scan(std::uint32_t at) {
    if (at == 0) out_.begin(layout::expanded);
    merging_ = false;
    count_ = 0;
    left_.begin(list_, at);
    right_.begin(list_, at);
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
    } else if (first && left_.list.offset() == 0) {
      return check_count();
    }
    if (first) left_.end = at;
    if (first && *more) return true;
    is_last_ = !*more;
    right_.begin(list_, left_.end);
    right_.end = at;
    merging_ = true;
    return true;
  }

  // One run is the whole list: it is in order.
  result<bool> check_count() const {
    if (!unique_) return false;
    if (count_ == 0) return empty_version;
    const auto fine = file_filter(settings_).check_count(count_);
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
    std::uint32_t next = right_.end;
    if (is_last_) {
      if (auto done = out_.flush(storage_); !done) return done.error();
      if (auto done = storage_.rename(layout::expanded, list_); !done) return done.error();
      next = 0;
    }
    begin_scan(next);
    return true;
  }

  Storage& storage_;
  const config& settings_;
  std::string_view list_;
  bool unique_ = true;
  bool merging_ = false;
  bool is_last_ = false;  // nothing behind the two
  std::uint32_t count_ = 0;
  entry_cursor left_;
  entry_cursor right_;
  entry_writer out_;
};

}  // namespace ota
