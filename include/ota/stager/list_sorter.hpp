#pragma once

#include <utility>

#include "../format/config.hpp"
#include "../manifest/entry.hpp"
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
  std::string_view subject() const { return left_item_.path; }

  /// One entry further; false when the list is in order.
  result<bool> step() { return merging_ ? merge() : scan(); }

 private:
  static constexpr error listed_twice{errc::malformed, "sorter",
                                      "a file stands twice in the list of the new version"};
  static constexpr error empty_version{
      errc::malformed, "sorter",
      "the new version has no file for this device; check `allow` and `ignore`"};

  void begin(const std::string_view& list, bool unique) {
    list_ = list;
    unique_ = unique;
    begin_ = 0;
    out_.begin(layout::expanded);
    begin_scan();
  }

  void begin_scan() {
    merging_ = false;
    middle_ = 0;
    count_ = 0;
    left_item_.path.clear();
    right_.begin(list_, begin_);
  }

  // Finds where the next two runs end. Their last path so far is that of `left_item_`.
  result<bool> scan() {
    const std::uint32_t at = right_.offset();
    const auto more = right_.next(storage_, right_item_);
    if (!more) return more;
    bool ends = !*more;
    if (*more) {
      const int order = right_item_.path.view().compare(left_item_.path);
      if (unique_ && order == 0) return listed_twice;
      ends = order <= 0;
      ++count_;
      std::swap(left_item_.path, right_item_.path);
    }
    if (!ends) return true;
    if (!*more && begin_ == 0 && middle_ == 0) return check_count();
    const bool second = middle_ != 0;
    if (!second) middle_ = at;
    if (!second && *more) return true;
    end_ = at;
    is_last_ = !*more;
    left_.begin(list_, begin_);
    right_.begin(list_, middle_);
    have_left_ = have_right_ = false;
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
    if (auto done = fill(left_, middle_, left_item_, have_left_); !done) return done.error();
    if (auto done = fill(right_, end_, right_item_, have_right_); !done) return done.error();
    if (!have_left_ && !have_right_) return end_merge();
    const int order = left_item_.path.view().compare(right_item_.path);
    const bool same = have_left_ && have_right_ && order == 0;
    if (same && unique_) return listed_twice;
    if (same) have_right_ = false;
    const bool take_left = have_left_ && (!have_right_ || order < 0);
    (take_left ? have_left_ : have_right_) = false;
    return more_after(out_.add(storage_, take_left ? left_item_ : right_item_));
  }

  result<void> fill(entry_reader& run, std::uint32_t end, entry& item, bool& have) {
    if (have || run.offset() >= end) return {};
    const auto more = run.next(storage_, item);
    if (!more) return more.error();
    have = *more;
    return {};
  }

  result<bool> end_merge() {
    begin_ = end_;
    if (!is_last_) {
      begin_scan();
      return true;
    }
    if (auto done = out_.flush(storage_); !done) return done.error();
    if (auto done = storage_.rename(layout::expanded, list_); !done) return done.error();
    begin(list_, unique_);
    return true;
  }

  Storage& storage_;
  const config& settings_;
  std::string_view list_;
  bool unique_ = true;
  std::uint32_t begin_ = 0;   // of the first of two runs, in the list
  std::uint32_t middle_ = 0;  // where the second begins; 0: not known yet
  std::uint32_t end_ = 0;     // where that ends
  std::uint32_t count_ = 0;
  bool merging_ = false;
  bool is_last_ = false;  // nothing behind the two
  bool have_left_ = false;
  bool have_right_ = false;
  entry_reader left_;
  entry_reader right_;
  entry left_item_;
  entry right_item_;
  entry_writer out_;
};

}  // namespace ota
