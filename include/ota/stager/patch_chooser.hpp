#pragma once

#include "../delta/patch_name.hpp"
#include "../manifest/entry.hpp"
#include "../storage/layout.hpp"
#include "../verifier.hpp"

namespace ota {

/// Chooses the patches by which files of a plan are made: writes `.ota/patch/chosen`, whose entry N
/// is the patch for entry N of the plan, or `remove` where there is none.
///
/// Which patches there are stands in `.ota/patches`, in the order of their names. Those are nearly
/// in the order of the files' paths, so that the list is read about once.
template <class Storage, class Hash>
class patch_chooser {
 public:
  explicit patch_chooser(Storage& storage) : storage_(storage) {}

  void begin() {
    plan_.begin(layout::plan);
    chosen_.begin(layout::chosen);
    restart_list();
    last_.clear();
    index_ = count_ = 0;
    task_ = task::next;
  }

  /// Patches chosen.
  std::uint32_t count() const { return count_; }

  /// The path at hand, for a message.
  std::string_view subject() const { return item_.path; }

  /// One entry or one chunk further; false when the list is complete.
  result<bool> step(const mutable_bytes& chunk) {
    switch (task_) {
      case task::next:
        return begin_next();
      case task::search:
        return search();
      case task::hash:
        return hash_installed(chunk);
    }
    return false;
  }

 private:
  enum class task : std::uint8_t { next, search, hash };

  result<bool> begin_next() {
    const auto more = plan_.next(storage_, item_);
    if (!more) return more;
    if (!*more) {
      if (auto done = chosen_.flush(storage_); !done) return done.error();
      return false;
    }
    const auto wanted = wants_patch(index_++);
    if (!wanted) return wanted;
    return *wanted ? begin_search() : pass_over();
  }

  // What has begun to come in full is ended so.
  result<bool> wants_patch(std::uint32_t index) {
    const digest_kind kind = item_.hash.kind;
    const bool is_known = kind == digest_kind::sha256 || kind == digest_kind::git_id;
    if (item_.kind != entry_kind::file || !is_known || !item_.has_size || item_.size > UINT32_MAX)
      return false;
    const auto staged = storage_.stat(detail::staged_path(index));
    if (!staged) return staged.error();
    if (staged->kind != file_kind::none) return false;
    const auto there = storage_.stat(item_.path);
    if (!there) return there.error();
    return there->kind == file_kind::file && there->size <= UINT32_MAX;
  }

  result<bool> pass_over() {
    item_ = {};
    item_.kind = entry_kind::remove;
    task_ = task::next;
    return more_after(chosen_.add(storage_, item_));
  }

  // A manifest's patches are for one old content each, a tree's may be for any.
  result<bool> begin_search() {
    begin_patch_name(wanted_, item_.path);
    hashed_ = item_.hash.kind == digest_kind::git_id;
    if (hashed_)
      end_patch_name(wanted_);
    else
      wanted_.append('.');
    if (wanted_.view() < last_.view()) restart_list();
    last_ = wanted_;
    task_ = task::search;
    return true;
  }

  // Goes to the first patch that is not before the wanted one.
  result<bool> search() {
    if (!have_patch_) {
      const auto more = list_.next(storage_, patch_);
      if (!more) return more;
      if (!*more) return pass_over();
      have_patch_ = true;
    }
    if (patch_.path.view() < wanted_.view()) {
      have_patch_ = false;
      return true;
    }
    if (!hashed_ && starts_with(patch_.path, wanted_)) return begin_hash();
    return hashed_ && patch_.path.view() == wanted_.view() && patch_.has_size &&
                   is_worth_it(patch_.size, item_.size)
               ? take()
               : pass_over();
  }

  result<bool> take() {
    ++count_;
    task_ = task::next;
    return more_after(chosen_.add(storage_, patch_));
  }

  result<bool> begin_hash() {
    verifier_.begin(digest_kind::sha256, 0);
    offset_ = 0;
    task_ = task::hash;
    return true;
  }

  result<bool> hash_installed(const mutable_bytes& chunk) {
    const auto size = storage_.read(item_.path, offset_, chunk);
    if (!size) return size.error();
    verifier_.update(chunk.first(*size));
    offset_ += *size;
    if (*size == chunk.size()) return true;
    begin_patch_name(wanted_, item_.path);
    end_patch_name(wanted_, verifier_.finish().view());
    hashed_ = true;
    task_ = task::search;
    return true;
  }

  void restart_list() {
    list_.begin(layout::patches);
    have_patch_ = false;
  }

  Storage& storage_;
  std::size_t offset_ = 0;  // in the installed file
  std::uint32_t index_ = 0;
  std::uint32_t count_ = 0;
  task task_ = task::next;
  bool hashed_ = false;      // the wanted name is whole
  bool have_patch_ = false;  // `patch_` was read and is not passed yet
  entry_reader plan_;
  entry_reader list_;
  entry item_;
  entry patch_;
  fixed_string<max_path + 32> wanted_;
  fixed_string<max_path + 32> last_;  // wanted before
  verifier<Hash> verifier_;
  entry_writer chosen_;
};

}  // namespace ota
