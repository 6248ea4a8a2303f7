#pragma once

#include <new>
#include <type_traits>

#include "core/text.hpp"
#include "delta/no_delta.hpp"
#include "manifest/release_target.hpp"
#include "stager/downloader.hpp"
#include "stager/image_downloader.hpp"
#include "stager/list_sorter.hpp"
#include "stager/lister.hpp"
#include "stager/manifest_lister.hpp"
#include "stager/patch_figures.hpp"
#include "stager/patch_stage.hpp"
#include "stager/pattern_walk.hpp"
#include "stager/planner.hpp"
#include "stager/room.hpp"
#include "stager/staged_version.hpp"
#include "storage/sealed_record.hpp"
#include "swapper.hpp"

namespace ota {

/// Brings the new version beside the running one: lists its files, finds out which of them
/// differ, and downloads those. It goes on where an interruption, or a power cut, left it.
template <class Storage, class Settings, class Hash, class Trust, class Image = no_image,
          class Delta = no_delta>
class stager : Settings,
               detail::promised_image<takes_images<Image>>,
               detail::kept_figures<takes_patches<Delta>> {
  using Settings::follows_release;
  using Settings::settings_;
  using swapper_type = swapper<Storage, Image>;
  static constexpr bool has_image = takes_images<Image>;
  static constexpr bool has_delta = takes_patches<Delta>;
  // Whether files may have to go that the list of what is installed does not hold.
  static constexpr bool has_candidates =
      Trust::reads_manifests || Settings::may_have(&config::delete_patterns);

 public:
  stager(Storage& storage, Settings settings) : Settings(settings), storage_(storage), none_() {}
  ~stager() { end_hash(); }
  stager(const stager&) = delete;
  stager& operator=(const stager&) = delete;

  /// What a trust policy has to know of the device and the version, before `begin`.
  trust_context& context() { return version_.context(); }

  /// Begins to stage a version, or goes on with it where it has been begun.
  result<void> begin(const release_target& target, bool has_manifest) {
    end_hash();
    stage_ = stage::start;
    version_.begin(target);
    staged_ = {};
    if constexpr (has_delta) this->patches_ = {};
    has_manifest_ = Trust::requires_manifest || (has_manifest && Trust::reads_manifests);
    if (!Trust::requires_manifest && !settings_.trusted_root.empty()) return cannot_trust;
    if (follows_release() && !settings_.manifest_key.empty() && !has_manifest)
      return unsigned_release;
    go_on();
    return {};
  }

  /// Plans for the library's own files alone.
  void record_only() { record_only_ = true; }

  /// What names the version: the source's id, or that under which the trust policy knows it.
  const version_id& identity() const { return version_.identity(); }

  const plan_summary& plan() const { return record_.plan; }
  const staging_progress& progress() const { return staged_; }

  /// What patches have come to. On devices that take them.
  const patch_figures& patches() const { return this->patches_; }

  /// Of the image that the plan holds; all zero: it holds none. On devices that take images.
  image_id image() const { return this->image_.id(); }

  /// Whether a failure means that the device does not want the version's image. On devices that
  /// take images.
  bool refuses_image(const error& failure) const {
    return stage_ == stage::image && image_downloader_.is_refusal(failure);
  }

  /// The path at hand, for a message.
  std::string_view subject() const {
    switch (stage_) {
      case stage::list:
        if constexpr (!Trust::requires_manifest) return lister_.subject();
        return {};
      case stage::read_manifest:
        if constexpr (Trust::reads_manifests) return manifest_.subject();
        return {};
      case stage::sort:
        return sorter_.subject();
      case stage::compare:
        return planner_.subject();
      case stage::download:
        return downloader_.subject();
      case stage::patch:
        if constexpr (has_delta) return patching_.subject();
        return {};
      case stage::image:
        if constexpr (has_image) return image_downloader_.subject();
        return {};
      default:
        return {};
    }
  }

  /// One piece of work further; false when the version is complete and synced beside the other.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, swapper_type& swap, const mutable_bytes& chunk) {
    switch (stage_) {
      case stage::start:
        return begin_list();
      case stage::list:
        if constexpr (!Trust::requires_manifest) return list(http, source, chunk);
        break;
      case stage::read_manifest:
        if constexpr (Trust::reads_manifests)
          return end_manifest(manifest_.step(http, source, chunk), swap.state());
        break;
      case stage::sort:
        if constexpr (has_candidates) return begin_walk(sorter_.step());
        return after(sorter_.step(), stage::forget);
      case stage::walk:
        if constexpr (has_candidates) return begin_candidates(walk_.step());
        break;
      case stage::sort_candidates:
        return after(sorter_.step(), stage::forget);
      case stage::forget:
        return then(forget(swap), stage::clean_new);
      case stage::clean_new:
        return after(detail::remove_tree_step(storage_, layout::staged), stage::clean_old);
      case stage::clean_old:
        return begin_compare(detail::remove_tree_step(storage_, layout::replaced));
      case stage::compare:
        return after(planner_.step(chunk), stage::seal);
      case stage::seal:
        if constexpr (has_image)
          if (auto done = add_image(swap.image()); !done) return done.error();
        return seal();
      case stage::check:
        return check_plan();
      case stage::patch:
        if constexpr (has_delta) return patch(http, source, chunk);
        break;
      case stage::download:
        if constexpr (has_image) return begin_image(download(http, source, chunk), swap);
        return download(http, source, chunk);
      case stage::image:
        if constexpr (has_image) return download_image(http, source, chunk);
        break;
    }
    return false;
  }

 private:
  static constexpr error unsigned_release{
      errc::untrusted, "stager",
      "manifest_key is set, but the release has no manifest.json to check"};
  static constexpr error cannot_trust{errc::unsupported, "stager",
                                      "trusted_root is set, but this program checks no signatures"};
  static constexpr error empty_image{errc::malformed, "stager",
                                     "the firmware image of the new version has no bytes"};
  static constexpr error put_back{errc::rejected, "stager",
                                  "the newest version was put back before"};

  enum class stage : std::uint8_t {
    start,
    list,
    read_manifest,
    sort,
    walk,
    sort_candidates,
    forget,
    clean_new,
    clean_old,
    compare,
    seal,
    check,
    download,
    image,
    patch
  };

  static constexpr error damaged_plan{
      errc::damaged, "stager", "what was staged before is damaged; the next update makes it anew"};

  // Goes on with the version where it has been begun.
  void go_on() {
    if (!record_only_ && detail::load_record(storage_, layout::target, record_).value_or(false) &&
        version_.is_noted_in(record_, storage_, Settings::sum()))
      begin_check();
    else
      record_ = {};
  }

  // Goes to the next stage when the present one has nothing left to do.
  result<bool> after(const result<bool>& more, stage next) {
    if (more && !*more) stage_ = next;
    return more ? result<bool>(true) : more;
  }

  result<bool> then(const result<void>& done, stage next) {
    if (done) stage_ = next;
    return more_after(done);
  }

  // Only now that the new version's list is complete, and trusted: until then the old one can be
  // put back, and what is staged gone on with.
  result<void> forget(swapper_type& swap) {
    if (auto done = swap.forget_previous(); !done) return done;
    if (auto done = storage_.remove(layout::target); !done) return done;
    return storage_.sync();
  }

  result<bool> begin_list() {
    if (auto done = storage_.remove(layout::candidates); !done) return done.error();
    if constexpr (has_delta)
      if (auto done = storage_.remove(layout::patches); !done) return done.error();
    if constexpr (Trust::reads_manifests) {
      if (has_manifest_) {
        ::new (&manifest_) manifest_stage(storage_, *this, version_.context());
        manifest_.begin();
        stage_ = stage::read_manifest;
        return true;
      }
    }
    if constexpr (!Trust::requires_manifest) {
      ::new (&lister_) lister<Storage, Settings, Delta>(storage_, *this, version_.target().commit);
      stage_ = stage::list;
    }
    return true;
  }

  template <class Http, class Source>
  result<bool> list(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = lister_.step(http, source, chunk);
    staged_.lists = lister_.answers();
    return begin_sort(more);
  }

  // The source may name a version anew that was put back; its maker's word does not change.
  result<bool> end_manifest(const result<bool>& more, const swap_state& state) {
    if (!more || *more) return more;
    if (identity() == state.rejected && state.rejected != version_id{}) return put_back;
    manifest_.take_version(version_.name());
    if constexpr (has_image) manifest_.take_image(this->image_);
    if constexpr (Trust::requires_manifest) {
      if (state.version != version_id{} && !settings_.force) {
        const auto text = version_.text();
        const auto same = same_content(storage_, layout::version, as_bytes(text));
        if (!same || *same) return same ? result<bool>(false) : same;
      }
    }
    return begin_sort(more);
  }

  result<bool> begin_sort(const result<bool>& more) {
    if (!more || *more) return more;
    if constexpr (has_image) {
      const auto alone = is_image_alone();
      if (!alone || *alone) return begin_walk(alone ? result<bool>(false) : alone);
    }
    return sort(stage::sort);
  }

  result<bool> sort(stage next) {
    ::new (&sorter_) list_sorter<Storage, Settings>(storage_, *this, next == stage::sort);
    stage_ = next;
    return true;
  }

  result<bool> begin_walk(const result<bool>& more) {
    if (!more || *more) return more;
    ::new (&walk_) pattern_walk<Storage, Settings>(storage_, *this);
    return then(walk_.begin(), stage::walk);
  }

  result<bool> begin_candidates(const result<bool>& more) {
    if (!more || *more) return more;
    return sort(stage::sort_candidates);
  }

  result<bool> begin_compare(const result<bool>& more) {
    if (!more || *more) return more;
    ::new (&planner_) planner<Storage, Hash, Settings>(storage_, *this, record_only_);
    stage_ = stage::compare;
    return true;
  }

  // The plan is complete: is there room for it? Then it is made durable, and can be resumed.
  result<bool> seal() {
    if (auto done = add_own_files(); !done) return done.error();
    if (auto done = planner_.finish(record_.plan); !done) return done.error();
    if (record_.plan.entries == 0) return false;
    if (auto room = detail::check_space(storage_, settings_, record_.plan.size); !room)
      return room.error();
    if constexpr (has_image) {
      // It needs no room among the files.
      record_.plan.files += this->image_.is_there ? 1 : 0;
      record_.plan.size += this->image_.size;
    }
    if (auto done = detail::keep_reserve(storage_); !done) return done.error();
    if (auto done = storage_.sync(); !done) return done.error();
    version_.note_in(record_, Settings::sum());
    // Nothing of a plan that leaves the files out may be gone on with as if it were one for them.
    if (!record_only_)
      if (auto done = detail::store_record(storage_, layout::target, record_); !done)
        return done.error();
    begin_check();
    return true;
  }

  result<void> add_own_files() {
    const auto text = version_.text();
    const bytes content = as_bytes(text);
    const auto unchanged = same_content(storage_, layout::version, content);
    if (!unchanged) return unchanged.error();
    if (*unchanged && planner_.is_empty() && !settings_.force) return {};
    if (!*unchanged)
      if (auto done = planner_.add_own_file(layout::version, content); !done) return done;
    return planner_.add_list();
  }

  // A version of an image and no files is taken only where there are none: else a mistake in its
  // list would take them all away.
  result<bool> is_image_alone() {
    if (!this->image_.is_there) return false;
    for (const std::string_view list : {layout::listing, layout::installed}) {
      const auto there = storage_.stat(list);
      if (!there) return there.error();
      if (there->size != 0) return false;
    }
    return true;
  }

  // An image that runs already is no part of the plan.
  result<void> add_image(Image& image) {
    image_promise& next = this->image_;
    if (!next.is_there) return {};
    if (next.size == 0) return empty_image;
    const auto same = image.runs(next.size, next.digest);
    if (!same) return same.error();
    if (!*same && !record_only_) return planner_.add_image(Image::name, next);
    next = {};
    return {};
  }

  void begin_check() {
    end_hash();
    if constexpr (has_image) this->image_ = {};
    ::new (&plan_) entry_reader;
    plan_.begin(layout::plan);
    stage_ = stage::check;
  }

  // Is the plan what was written? A damaged one must not decide what goes where.
  result<bool> check_plan() {
    entry item;
    const auto more = plan_.next(storage_, item);
    if constexpr (has_image)
      if (more && *more && item.kind == entry_kind::image) this->image_ = detail::promise_of(item);
    if (more ? *more : more.error().code != errc::damaged) return more;
    if (!more || plan_.sum() != record_.plan.sum) {
      // The next update begins to stage anew.
      if (auto done = storage_.remove(layout::target); !done) return done.error();
      return damaged_plan;
    }
    if constexpr (has_delta) return begin_patch();
    begin_download();
    return true;
  }

  result<bool> begin_patch() {
    ::new (&patching_) patch_stage_type(storage_, this->patches_);
    stage_ = stage::patch;
    return more_after(patching_.begin());
  }

  template <class Http, class Source>
  result<bool> patch(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = patching_.step(http, source, chunk);
    staged_.bytes = this->patches_.bytes;
    staged_.bytes_moved = this->patches_.bytes_moved;
    if (!more || *more) return more;
    end_hash();
    begin_download();
    return true;
  }

  void begin_download() {
    if constexpr (has_delta) {
      this->brought_ = {};
      ::new (&downloader_) downloader_type(storage_, this->brought_);
    } else {
      ::new (&downloader_) downloader_type(storage_, staged_);
    }
    stage_ = stage::download;
  }

  template <class Http, class Source>
  result<bool> download(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = downloader_.step(http, source, chunk);
    if constexpr (has_delta) add_patches();
    if constexpr (Trust::requires_manifest)
      if (auto done = give_up_after(more.error()); !done) return done.error();
    if (!more || *more) return more;
    if (auto done = storage_.sync(); !done) return done.error();
    return false;
  }

  // What patches have made is counted again as it is checked.
  void add_patches() {
    const std::uint32_t lists = staged_.lists;
    staged_ = this->brought_;
    staged_.lists = lists;
    staged_.bytes_moved += this->patches_.bytes_moved;
    if (staged_.bytes < this->patches_.bytes) staged_.bytes = this->patches_.bytes;
  }

  result<bool> begin_image(const result<bool>& more, swapper_type& swap) {
    if (!more || *more || !this->image_.is_there) return more;
    end_hash();
    ::new (&image_downloader_) image_stage(swap.image());
    image_downloader_.begin(this->image_);
    stage_ = stage::image;
    return true;
  }

  template <class Http, class Source>
  result<bool> download_image(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = image_downloader_.step(http, source, staged_, chunk);
    if (auto done = give_up_after(more.error()); !done) return done.error();
    return more;
  }

  // Where the server has other files than the plan, somebody may have shown one version's manifest
  // as another's for a while: the next update must not go on with it.
  result<void> give_up_after(const error& failure) {
    const bool other = failure.code == errc::mismatch || failure.code == errc::http_status;
    return other ? storage_.remove(layout::target) : result<void>{};
  }

  // Of what shares its memory, only what hashes may have to be ended.
  void end_hash() {
    if constexpr (!std::is_trivially_destructible_v<Hash>) {
      if (stage_ == stage::compare || stage_ == stage::seal) planner_.~planner();
      if (stage_ == stage::download) downloader_.~downloader_type();
      if constexpr (has_delta)
        if (stage_ == stage::patch) patching_.~patch_stage_type();
    }
  }

  struct nothing {};
  using downloader_type =
      downloader<Storage, Hash, std::conditional_t<has_delta, files_or_patches, staged_files>>;
  using patch_stage_type =
      std::conditional_t<has_delta, patch_stage<Storage, Hash, Delta>, nothing>;
  using image_stage = std::conditional_t<has_image, image_downloader<Image>, nothing>;
  using manifest_stage =
      std::conditional_t<Trust::reads_manifests,
                         manifest_lister<Storage, Settings, Trust, Image, Delta>, nothing>;

  Storage& storage_;
  detail::staged_version<Trust> version_;
  stage stage_ = stage::start;
  bool has_manifest_ = false;
  bool record_only_ = false;
  staging_progress staged_{};
  detail::staging_record record_{};
  // One after the other, never two at a time.
  union {
    char none_;
    lister<Storage, Settings, Delta> lister_;
    manifest_stage manifest_;
    list_sorter<Storage, Settings> sorter_;
    pattern_walk<Storage, Settings> walk_;
    planner<Storage, Hash, Settings> planner_;
    entry_reader plan_;
    patch_stage_type patching_;
    downloader_type downloader_;
    image_stage image_downloader_;
  };
};

}  // namespace ota
