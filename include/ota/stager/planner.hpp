#pragma once

#include "../format/settings.hpp"
#include "../manifest/entry_cursor.hpp"
#include "../storage/layout.hpp"
#include "../verifier.hpp"
#include "file_filter.hpp"
#include "image_promise.hpp"
#include "staging_record.hpp"

namespace ota {

/// Finds out what has to change: holds the list of the new version's files (`.ota/next`, in order)
/// against what is installed and writes the plan (`.ota/plan`). Lists live on storage and are read
/// entry by entry, so their length does not matter.
template <class Storage, class Hash, class Settings>
class planner : Settings {
  using Settings::settings_;

 public:
  /// Begins the plan for the list at `.ota/next`; `count_only` leaves the files out of it.
  planner(Storage& storage, Settings settings, bool count_only)
      : Settings(settings), storage_(storage), count_only_(count_only) {
    plan_.begin(layout::plan);
    start(stage::check_old);
  }

  /// Whether nothing has to change so far.
  bool is_empty() const { return plan_.count() == 0; }

  /// The path at hand, for a message.
  std::string_view subject() const { return new_.item.path; }

  /// One entry or one chunk further; false when all that was listed has been compared.
  result<bool> step(const mutable_bytes& chunk) {
    switch (stage_) {
      case stage::check_old:
        return check_old();
      case stage::compare:
        return hashing_ ? compare_content(chunk) : compare_next();
      case stage::removed:
      case stage::candidates:
        return find_removed();
      case stage::done:
        break;
    }
    return false;
  }

  /// Adds a small file of the library's own, which changes together with the version's files.
  result<void> add_own_file(const std::string_view& path, const bytes& content) {
    const auto staged = detail::staged_path(plan_.count());
    if (auto done = storage_.write(staged, 0, content); !done) return done;
    return add_own(path, content.size());
  }

  /// Adds the version's firmware image.
  result<void> add_image(const std::string_view& name, const image_promise& image) {
    new_.item = {};
    new_.item.kind = entry_kind::image;
    new_.item.path.assign(name);
    new_.item.size = image.size;
    new_.item.hash.kind = digest_kind::sha256;
    std::memcpy(new_.item.hash.value, image.digest.data(), image.digest.size());
    return plan_.add(storage_, new_.item);
  }

  /// The list of files becomes the list of what is installed.
  result<void> add_list() {
    if (auto done = storage_.rename(layout::listing, detail::staged_path(plan_.count())); !done)
      return done;
    return add_own(layout::installed, list_size_);
  }

  /// Ends the plan, and tells what it comes to.
  result<void> finish(plan_summary& summary) {
    if (auto done = plan_.flush(storage_); !done) return done;
    summary_.entries = plan_.count();
    summary_.sum = plan_.sum();
    summary = summary_;
    return {};
  }

 private:
  enum class stage : std::uint8_t { check_old, compare, removed, candidates, done };

  void start(stage next) {
    stage_ = next;
    hashing_ = false;
    new_.item.path.clear();
    new_.begin(layout::listing);
    old_.begin(next == stage::candidates ? layout::candidates : layout::installed);
  }

  result<void> add(const entry& item) {
    return count_only_ ? result<void>{} : plan_.add(storage_, item);
  }

  result<void> add_own(const std::string_view& path, std::size_t size) {
    new_.item = {};
    new_.item.path.assign(path);
    new_.item.size = size;
    return plan_.add(storage_, new_.item);
  }

  // A list of what is installed that is damaged, or in no order, is as good as none.
  result<bool> check_old() {
    const auto more = old_.next(storage_);
    if (!more && more.error().code != errc::damaged) return more;
    const bool sound = more && (!*more || compare_paths(new_.item, old_.item) < 0);
    if (sound && *more) {
      new_.item.path = old_.item.path;
      return true;
    }
    if (!sound)
      if (auto done = storage_.remove(layout::installed); !done) return done.error();
    start(stage::compare);
    return true;
  }

  result<bool> compare_next() {
    const auto more = new_.next(storage_);
    if (!more) return more;
    if (!*more) {
      list_size_ = new_.list.offset();
      start(stage::removed);
      return true;
    }
    const entry& item = new_.item;
    const auto there = storage_.stat(item.path);
    if (!there) return there.error();
    const bool same_size = !item.has_size || there->size == item.size;
    if (there->kind != file_kind::file || !same_size || item.hash.kind == digest_kind::none)
      return bring(entry_kind::file);
    mode_differs_ = keeps_modes<Storage> && there->executable != item.executable;
    hashing_ = true;
    offset_ = 0;
    verifier_.begin(item.hash.kind, there->size);
    return true;
  }

  result<bool> compare_content(const mutable_bytes& chunk) {
    const auto size = storage_.read(new_.item.path, offset_, chunk);
    if (!size) return size.error();
    verifier_.update(chunk.first(*size));
    offset_ += *size;
    if (*size == chunk.size()) return true;
    hashing_ = false;
    if (const auto same = verifier_.finish(new_.item.hash); !same)
      return same.error().code == errc::mismatch ? bring(entry_kind::file) : same.error();
    return mode_differs_ ? bring(entry_kind::keep) : result<bool>(true);
  }

  result<bool> bring(entry_kind kind) {
    new_.item.kind = kind;
    ++summary_.files;
    // A sum that cannot be counted is more than there is room for.
    const std::size_t room = SIZE_MAX - summary_.size;
    if (!count_only_) summary_.size += new_.item.size < room ? new_.item.size : room;
    return more_after(add(new_.item));
  }

  // Files of the installed list, then of the candidates, that the new list does not have.
  result<bool> find_removed() {
    const auto old = old_.fill(storage_);
    if (!old) return old;
    if (!*old) {
      start(stage_ == stage::removed ? stage::candidates : stage::done);
      return stage_ != stage::done;
    }
    const auto more = new_.fill(storage_);
    if (!more) return more;
    const int order = *more ? compare_paths(old_.item, new_.item) : -1;
    (order <= 0 ? old_ : new_).has_item = false;
    return order < 0 ? more_after(remove_old()) : result<bool>(true);
  }

  result<void> remove_old() {
    entry& item = old_.item;
    const std::string_view path = item.path;
    if (!file_filter<Settings>(*this).manages(path)) return {};
    const auto there = storage_.stat(path);
    if (!there) return there.error();
    if (there->kind != file_kind::file && there->kind != file_kind::other) return {};
    item.kind = entry_kind::remove;
    item.hash.kind = digest_kind::none;
    ++summary_.removals;
    return add(item);
  }

  Storage& storage_;
  std::size_t offset_ = 0;
  std::uint32_t list_size_ = 0;  // bytes of the new list
  stage stage_ = stage::done;
  bool count_only_;
  bool hashing_ = false;
  bool mode_differs_ = false;
  plan_summary summary_;
  entry_cursor new_;
  entry_cursor old_;
  verifier<Hash> verifier_;
  entry_writer plan_;
};

}  // namespace ota
