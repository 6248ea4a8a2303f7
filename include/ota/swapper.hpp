#pragma once

#include "hash/crc32.hpp"
#include "manifest/entry.hpp"
#include "swapper/image_link.hpp"
#include "swapper/swap_record.hpp"

namespace ota {

/// Makes a staged version the running one, and puts the old one back.
///
/// It works through the plan at `.ota/plan`: entry N installs `.ota/new/N`, or removes a file;
/// what was at its path before is kept as `.ota/old/N`. Each pass over the plan can be cut at any
/// point and begun again, and a barrier divides the passes, so it does not matter which of the
/// renames within one pass reached the storage.
///
/// A version's firmware image, on a device with an image policy, becomes the running one together
/// with the files: `needs_restart()` then says when the device has to start again.
template <class Storage, class Image = no_image>
class swapper : public detail::image_link<Image> {
  using link = detail::image_link<Image>;
  using state_type = typename link::state_type;
  using image_word = detail::image_word;
  static constexpr bool has_image = takes_images<Image>;

 public:
  explicit swapper(Storage& storage, Image&& image = Image())
      : link(std::move(image)), storage_(storage) {}

  const swap_state& state() const { return state_; }

  /// Whether a swap or a put-back is under way.
  bool active() const {
    return state_.phase == swap_phase::swapping || state_.phase == swap_phase::removing ||
           state_.phase == swap_phase::restoring;
  }

  /// Why the last swap was undone; code `none` when it was not.
  const error& failure() const { return *failure_; }

  /// The entry of the plan at which that was; false where it was at none.
  bool find_failed(entry& item) {
    entry_reader plan;
    plan.begin(layout::plan, failed_at_);
    return plan.next(storage_, item).value_or(false);
  }

  /// Reads the state from storage. A state that is not there, or not whole, is `idle`.
  result<void> load() {
    begin_pass();
    state_ = {};
    if constexpr (has_image) {
      link::forget_restart();
      if (auto done = link::image().load(); !done) return done;
    }
    const auto found = detail::load_state(storage_, state_);
    if (!found) return found.error();
    return active() ? result<void>{} : check_version_file();
  }

  /// Point of no return: from here on the staged `version` with its plan of `entries` is moved
  /// in, by `step()` or after a power cut by the next start. Everything staged must be synced.
  /// The version may start `allowed` times, at least once, without being confirmed.
  result<void> begin(const version_id& version, std::uint32_t entries, std::uint32_t allowed) {
    draft();
    return begin_drafted(version, entries, allowed);
  }

  /// The same for a version whose image is staged; an id of zeros: it has none.
  template <class Id>
  result<void> begin_with(const Id& image, const version_id& version, std::uint32_t entries,
                          std::uint32_t allowed) {
    draft().image = image;
    return begin_drafted(version, entries, allowed);
  }

  /// One entry further; false when there is nothing left to do before a restart. An error while
  /// swapping turns the swap round, an error while putting back is returned and tried again at the
  /// next start.
  result<bool> step() {
    if (!active()) return false;
    if constexpr (has_image)
      if (link::needs_restart()) return false;
    const auto done = work();
    if (done || state_.phase != swap_phase::swapping) return more_after(done);
    failure_ = &done.error();
    failed_at_ = entry_at_;
    return more_after(turn_round(false));
  }

  /// Counts a start of the version on trial; one too many begins to put the old version back.
  result<void> count_boot() {
    if (state_.phase != swap_phase::trial) return {};
    if constexpr (has_image)
      if (state_.image != image_id{}) return {};  // its bootloader counts
    if (state_.boots >= state_.allowed) return revert();
    ++draft().boots;
    return change();
  }

  /// After a start: an image that was put back takes its files with it, one that is kept keeps
  /// them.
  result<void> follow_image() {
    if (state_.phase != swap_phase::trial && state_.phase != swap_phase::kept) return {};
    return obey(link::while_running(state_));
  }

  /// Keeps the version on trial.
  result<void> confirm() {
    if constexpr (has_image) {
      auto done = link::confirm_image(state_);
      if (!done || state_.phase != swap_phase::trial) return done;
    }
    if (state_.phase != swap_phase::trial) return nothing_on_trial;
    return change_phase(swap_phase::kept);
  }

  /// Begins to put the old version back; the present one will not be tried again.
  result<void> revert() {
    if (state_.phase != swap_phase::trial && state_.phase != swap_phase::kept)
      return nothing_to_put_back;
    if constexpr (has_image)
      if (const auto can = link::can_revert(state_); !can || !*can)
        return can ? nothing_to_put_back : can.error();
    return turn_round(true);
  }

  /// Gives up the old version, so that its place can be used for staging the next.
  result<void> forget_previous() {
    if (state_.phase != swap_phase::kept) return {};
    state_type& next = draft();
    next.phase = swap_phase::idle;
    next.previous = {};
    if constexpr (has_image) next.image = {};
    return change();
  }

  /// Records that `version` is not to be tried.
  result<void> reject(const version_id& version) {
    draft().rejected = version;
    return change();
  }

  /// Records that `version` runs without anything having been swapped.
  result<void> adopt(const version_id& version) {
    draft().version = version;
    return note_version_file();
  }

 private:
  static constexpr error nothing_on_trial{errc::wrong_state, "swapper",
                                          "no version is on trial: there is nothing to confirm"};
  static constexpr error nothing_to_put_back{errc::wrong_state, "swapper",
                                             "there is no earlier version to put back"};
  static constexpr error image_gone{errc::rejected, "swapper",
                                    "the image of the version does not run: it was refused or put "
                                    "back, and its files with it"};
  static constexpr error damaged_plan{errc::damaged, "swapper",
                                      "the plan of the swap at .ota/plan is damaged"};

  // Each phase is a pass over the plan, but `swapping` is two: the first backs up, the second
  // installs.
  void begin_pass(bool backed_up = false) {
    backed_up_ = backed_up;
    plan_.begin(layout::plan);
    count_ = 0;
  }

  static bool is_file(file_kind kind) {
    return kind == file_kind::file || kind == file_kind::other;
  }

  // What the version being put back has left at the place of an old file goes first: a file where a
  // directory was, ...
  result<void> put_back(const entry& item, const detail::own_path& replaced) {
    for (std::string_view above = parent_path(item.path); !above.empty();
         above = parent_path(above)) {
      const auto there = detail::kind_at(storage_, above);
      if (!there) return there.error();
      if (is_file(*there))
        if (auto done = storage_.remove(above); !done) return done;
    }
    return storage_.rename(replaced, item.path);
  }

  // ... or a directory, one thing a step: the same entry is then looked at again.
  result<void> clear_place(const entry& item) {
    if (auto done = detail::remove_tree_step(storage_, item.path); !done) return done.error();
    plan_.begin(layout::plan, entry_at_);
    --count_;
    return {};
  }

  result<void> begin_drafted(const version_id& version, std::uint32_t entries,
                             std::uint32_t allowed) {
    state_type& next = next_;
    failure_ = &no_error;
    next.allowed = static_cast<std::uint8_t>(allowed == 0 ? 1 : allowed > 255 ? 255 : allowed);
    next.previous = state_.version;
    next.version = version;
    next.entries = entries;
    next.boots = 0;
    next.phase = swap_phase::swapping;
    return enter();
  }

  // Does what the version's image says.
  result<void> obey(const result<image_word>& word) {
    if (!word) return word.error();
    switch (*word) {
      case image_word::go_on:
        break;
      case image_word::keep:
        return change_phase(swap_phase::kept);
      case image_word::restart:
        link::wait_for_restart();
        break;
      case image_word::put_back:
        failure_ = &image_gone;
        failed_at_ = plan_.offset();
        return turn_round(true);
    }
    return {};
  }

  // The state to come, which begins as the present one.
  state_type& draft() {
    next_ = state_;
    return next_;
  }

  // The state in memory is always one that storage has.
  result<void> change() {
    if (auto done = detail::store_state(storage_, next_); !done) return done;
    state_ = next_;
    return {};
  }

  result<void> change_phase(swap_phase phase) {
    draft().phase = phase;
    return change();
  }

  result<void> enter() {
    if (auto done = change(); !done) return done;
    begin_pass();
    return {};
  }

  // Begins to put the old version back.
  result<void> turn_round(bool reject) {
    state_type& next = draft();
    next.reject = reject;
    next.phase = swap_phase::removing;
    return enter();
  }

  // Keeps a sum over version.json with the state, unless it is the same as before.
  result<void> note_version_file() {
    const auto sum = version_file_sum();
    if (!sum) return sum.error();
    next_.version_file = *sum;
    if (next_.version == state_.version && next_.version_file == state_.version_file &&
        next_.phase == state_.phase)
      return {};
    return change();
  }

  // Another client may have changed what is installed since: then nothing that the state says of
  // it holds any more.
  result<void> check_version_file() {
    if (!names_version(state_.version)) return {};
    const auto sum = version_file_sum();
    if (!sum) return sum.error();
    if (*sum == state_.version_file) return {};
    const version_id rejected = state_.rejected;
    state_ = {};
    state_.rejected = rejected;
    return {};
  }

  result<std::uint32_t> version_file_sum() {
    crc32 sum;
    std::uint8_t piece[64];
    for (std::size_t at = 0;;) {
      const auto size = storage_.read(layout::version, at, piece);
      if (!size && size.error().code != errc::not_found) return size.error();
      if (!size || *size == 0) return sum.value();
      sum.update({piece, *size});
      at += *size;
    }
  }

  result<void> work() {
    entry item;
    entry_at_ = plan_.offset();
    const auto more = plan_.next(storage_, item);
    if (!more) return more.error();
    const std::uint32_t index = count_;
    if (*more) ++count_;
    if (*more) return apply(item, index);
    if (count_ != state_.entries) return damaged_plan;
    return end_pass();
  }

  result<void> end_pass() {
    // The staged version is used up: no later update may take its plan for one still to do.
    if (auto done = storage_.remove(layout::target); !done) return done;
    if (auto done = storage_.sync(); !done) return done;
    if (state_.phase == swap_phase::swapping) {
      if (!backed_up_) {
        begin_pass(true);
        return {};
      }
      if constexpr (has_image)
        if (const auto word = link::before_trial(state_); !word || *word != image_word::go_on)
          return obey(word);
      draft().phase = swap_phase::trial;
      return note_version_file();
    }
    if (state_.phase == swap_phase::removing) {
      draft().phase = swap_phase::restoring;
      return enter();
    }
    if constexpr (has_image)
      if (const auto word = link::before_idle(state_); !word || *word != image_word::go_on)
        return obey(word);
    state_type& next = draft();
    if (next.reject) next.rejected = next.version;
    next.reject = false;
    next.version = next.previous;
    next.previous = {};
    if constexpr (has_image) next.image = {};
    next.phase = swap_phase::idle;
    return note_version_file();
  }

  result<void> apply(const entry& item, std::uint32_t index) {
    if constexpr (has_image)
      if (item.kind == entry_kind::image) return {};
    const auto staged = detail::staged_path(index);
    const auto replaced = detail::replaced_path(index);
    const auto at_staged = detail::kind_at(storage_, staged);
    const auto at_replaced = detail::kind_at(storage_, replaced);
    const auto at_path = detail::kind_at(storage_, item.path);
    if (!at_staged) return at_staged.error();
    if (!at_replaced) return at_replaced.error();
    if (!at_path) return at_path.error();
    const bool installs = item.kind != entry_kind::remove;
    const bool is_installed = installs && *at_staged == file_kind::none;
    const bool is_replaced = *at_replaced != file_kind::none;

    if (state_.phase == swap_phase::restoring) {
      if (!is_replaced) return {};
      return *at_path == file_kind::directory ? clear_place(item) : put_back(item, replaced);
    }
    if (backed_up_)
      return installs && !is_installed ? storage_.rename(staged, item.path) : result<void>{};
    // The file at the path is the old one, or where the entry is installed, maybe before a cut, the
    // new one: that must not be backed up, nor the old one removed.
    const bool removes = state_.phase == swap_phase::removing;
    if (is_replaced || is_installed != removes || !is_file(*at_path)) return {};
    if (auto done = removes ? storage_.remove(item.path) : storage_.rename(item.path, replaced);
        !done)
      return done;
    if (removes || !installs) detail::remove_empty_parents(storage_, item.path);
    return {};
  }

  // The states, which are large, come last: what lies before them is reached by shorter code.
  Storage& storage_;
  bool backed_up_ = false;  // while swapping: the second pass is on
  const error* failure_ = &no_error;
  std::uint32_t count_ = 0;
  std::uint32_t entry_at_ = 0;   // of the entry at hand, in the plan
  std::uint32_t failed_at_ = 0;  // of the one at which the last swap failed
  entry_reader plan_;
  state_type state_{};
  state_type next_{};  // what `change` makes it, from the last `draft` on
};

}  // namespace ota
