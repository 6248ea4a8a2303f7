#pragma once

#include <new>
#include <type_traits>

#include "downloader.hpp"
#include "patch_applier.hpp"
#include "patch_chooser.hpp"
#include "patch_figures.hpp"

namespace ota {

/// Where the files of a plan are staged, and where the patches are brought to that make some of
/// them. One code serves both.
struct files_or_patches {
  bool is_patches = false;

  std::string_view list() const { return is_patches ? layout::chosen : layout::plan; }
  detail::own_path place(std::uint32_t index) const {
    return is_patches ? detail::patch_path(index) : detail::staged_path(index);
  }
};

/// Makes files of a plan by patches, before the rest is downloaded: chooses the patches, brings
/// them, applies them. Whatever goes wrong with one, its file is left to the download.
///
/// It has its turn once: then `.ota/patches`, which says what there is, is gone.
template <class Storage, class Hash, class Delta>
class patch_stage {
 public:
  patch_stage(Storage& storage, patch_figures& figures)
      : storage_(storage), figures_(figures), none_() {}
  ~patch_stage() { end_task(); }
  patch_stage(const patch_stage&) = delete;
  patch_stage& operator=(const patch_stage&) = delete;

  result<void> begin() {
    const auto there = storage_.stat(layout::patches);
    if (!there) return there.error();
    if (there->kind == file_kind::none) return {};
    ::new (&chooser_) patch_chooser<Storage, Hash>(storage_);
    chooser_.begin();
    task_ = task::choose;
    return {};
  }

  /// The path at hand, for a message.
  std::string_view subject() const {
    if (task_ == task::choose) return chooser_.subject();
    if (task_ == task::bring) return fetcher_.subject();
    if (task_ == task::apply) return applier_.subject();
    return {};
  }

  /// A piece of work further; false when there is nothing left to do.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, const mutable_bytes& chunk) {
    switch (task_) {
      case task::choose:
        return begin_bring(chooser_.step(chunk));
      case task::bring:
        return bring(http, source, chunk);
      case task::apply:
        return begin_clean(applier_.step(chunk));
      case task::clean:
        return clean();
    }
    return false;
  }

 private:
  using fetcher = downloader<Storage, Hash, files_or_patches>;

  enum class task : std::uint8_t { choose, bring, apply, clean };

  result<bool> begin_bring(const result<bool>& more) {
    if (!more || *more) return more;
    const bool is_any = chooser_.count() != 0;
    end_task();
    if (!is_any) return true;
    ::new (&fetcher_) fetcher(storage_, progress_, {true});
    task_ = task::bring;
    return true;
  }

  template <class Http, class Source>
  result<bool> bring(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = fetcher_.step(http, source, chunk);
    if (progress_.bytes_moved != figures_.bytes_moved) failures_ = 0;
    figures_.bytes_moved = progress_.bytes_moved;
    if (progress_.bytes > figures_.bytes) figures_.bytes = progress_.bytes;
    if (!more) return may_go_on(more.error());
    if (*more) return true;
    end_task();
    ::new (&applier_) patch_applier<Storage, Hash, Delta>(storage_, figures_);
    applier_.begin();
    task_ = task::apply;
    return true;
  }

  // A line that breaks is waited for once, and only the patch is given up where that does not help.
  result<bool> may_go_on(const error& failure) {
    const bool is_general = failure.code == errc::storage || failure.code == errc::power_cut ||
                            failure.code == errc::rate_limited || failure.code == errc::too_slow;
    const bool may_pass = is_transient(failure) && failure.code != errc::mismatch;
    if (is_general || (may_pass && ++failures_ < 2)) return failure;
    failures_ = 0;
    ++figures_.failed;
    figures_.last_fault = &failure;
    if (failure.code != errc::damaged) return more_after(fetcher_.skip());
    // The list of the patches itself: nothing behind that place can be read.
    end_task();
    return true;
  }

  result<bool> begin_clean(const result<bool>& more) {
    if (more && !*more) end_task();
    return more ? result<bool>(true) : more;
  }

  result<bool> clean() {
    const auto more = detail::remove_tree_step(storage_, layout::patching);
    if (!more || *more) return more;
    const auto done = storage_.remove(layout::patches);
    return done ? result<bool>(false) : done.error();
  }

  // Of what shares its memory, only what hashes may have to be ended.
  void end_task() {
    if constexpr (!std::is_trivially_destructible_v<Hash>) {
      if (task_ == task::choose) chooser_.~patch_chooser();
      if (task_ == task::bring) fetcher_.~fetcher();
      if (task_ == task::apply) applier_.~patch_applier();
    }
    task_ = task::clean;
  }

  Storage& storage_;
  patch_figures& figures_;
  task task_ = task::clean;
  std::uint8_t failures_ = 0;  // in a row, of the patch that is being brought
  staging_progress progress_;  // of the patches that are brought
  union {
    char none_;
    patch_chooser<Storage, Hash> chooser_;
    fetcher fetcher_;
    patch_applier<Storage, Hash, Delta> applier_;
  };
};

}  // namespace ota
