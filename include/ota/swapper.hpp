#pragma once

#include <cstring>

#include "core/version_id.hpp"
#include "hash/crc32.hpp"
#include "manifest/entry.hpp"
#include "storage/atomic_file.hpp"
#include "storage/layout.hpp"

namespace ota {

/// How far the change from one version to the next is. Kept on storage; see docs/power-safety.md.
enum class swap_phase : std::uint8_t {
  idle,      ///< one version, nothing to put back
  swapping,  ///< the new version is complete beside the old one and is being moved in
  trial,     ///< the new version runs and is not confirmed yet
  kept,      ///< the new version is confirmed; the old one can still be put back
  removing,  ///< putting back: what the new version added is being removed
  restoring  ///< putting back: what it replaced is being moved in again
};

/// What the swapper keeps on storage.
struct swap_state {
  swap_phase phase = swap_phase::idle;
  std::uint8_t boots = 0;     ///< starts of the version on trial so far
  std::uint8_t allowed = 1;   ///< starts without being confirmed, before it is put back
  bool reject = false;        ///< the version being put back is not to be tried again
  std::uint32_t entries = 0;  ///< in the plan
  version_id version{};       ///< running, or being moved in
  version_id previous{};      ///< to be put back
  version_id rejected{};      ///< put back before
};

/// Makes a staged version the running one, and puts the old one back.
///
/// It works through the plan at `.ota/plan`: entry N installs `.ota/new/N`, or removes a file;
/// what was at its path before is kept as `.ota/old/N`. Each pass over the plan can be cut at any
/// point and begun again, and a barrier divides the passes, so it does not matter which of the
/// renames within one pass reached the storage.
template <class Storage>
class swapper {
 public:
  explicit swapper(Storage& storage) : storage_(storage) {}

  const swap_state& state() const { return state_; }

  /// Whether a swap or a put-back is under way.
  bool active() const {
    return state_.phase == swap_phase::swapping || state_.phase == swap_phase::removing ||
           state_.phase == swap_phase::restoring;
  }

  /// Why the last swap was undone; code `none` when it was not.
  const error& failure() const { return *failure_; }

  /// Reads the state from storage. A state that is not there, or not whole, is `idle`.
  result<void> load() {
    std::uint8_t record[record_size];
    state_ = {};
    begin_pass(pass::back_up);
    const auto size = storage_.read(layout::state, 0, record);
    if (!size) {
      if (size.error().code == errc::not_found) return {};
      return size.error();
    }
    decode({record, *size});
    if (state_.phase == swap_phase::removing) begin_pass(pass::remove_new);
    if (state_.phase == swap_phase::restoring) begin_pass(pass::put_back);
    return {};
  }

  /// Point of no return: from here on the staged `version` with its plan of `entries` is moved
  /// in, by `step()` or after a power cut by the next start. Everything staged must be synced.
  /// The version may start `allowed` times, at least once, without being confirmed.
  result<void> begin(const version_id& version, std::uint32_t entries, std::uint32_t allowed) {
    failure_ = &no_error;
    state_.allowed = static_cast<std::uint8_t>(allowed == 0 ? 1 : allowed > 255 ? 255 : allowed);
    state_.previous = state_.version;
    state_.version = version;
    state_.entries = entries;
    state_.boots = 0;
    return enter(swap_phase::swapping, pass::back_up);
  }

  /// One entry further; false when there is nothing left to do. An error while swapping turns
  /// the swap round, an error while putting back is returned and tried again at the next start.
  result<bool> step() {
    if (!active()) return false;
    auto done = work();
    if (done) return true;
    if (state_.phase != swap_phase::swapping) return done.error();
    failure_ = &done.error();
    state_.reject = false;
    if (auto turned = enter(swap_phase::removing, pass::remove_new); !turned) return turned.error();
    return true;
  }

  /// Counts a start of the version on trial; one too many begins to put the old version back.
  result<void> count_boot() {
    if (state_.phase != swap_phase::trial) return {};
    if (state_.boots >= state_.allowed) return revert();
    ++state_.boots;
    return store();
  }

  /// Keeps the version on trial.
  result<void> confirm() {
    if (state_.phase != swap_phase::trial) return nothing_on_trial;
    state_.phase = swap_phase::kept;
    return store();
  }

  /// Begins to put the old version back; the present one will not be tried again.
  result<void> revert() {
    if (state_.phase != swap_phase::trial && state_.phase != swap_phase::kept)
      return nothing_to_put_back;
    state_.reject = true;
    return enter(swap_phase::removing, pass::remove_new);
  }

  /// Gives up the old version, so that its place can be used for staging the next.
  result<void> forget_previous() {
    if (state_.phase != swap_phase::kept) return {};
    state_.phase = swap_phase::idle;
    state_.previous = {};
    return store();
  }

  /// Records that `version` runs without anything having been swapped.
  result<void> adopt(const version_id& version) {
    if (state_.version == version) return {};
    state_.version = version;
    return store();
  }

 private:
  static constexpr error nothing_on_trial{errc::wrong_state, "swapper",
                                          "no version is on trial: there is nothing to confirm"};
  static constexpr error nothing_to_put_back{errc::wrong_state, "swapper",
                                             "there is no earlier version to put back"};
  static constexpr error damaged_plan{errc::malformed, "swapper",
                                      "the plan of the swap at .ota/plan is damaged"};

  enum class pass : std::uint8_t { back_up, install, remove_new, put_back };

  // magic, phase, boots, reject, allowed, entries, version, previous, rejected, CRC-32 of all
  // before it
  static constexpr std::uint32_t magic = 0x3141544f;  // "OTA1"
  static constexpr std::size_t record_size = 4 + 4 + 4 + 3 * 20 + 4;

  void begin_pass(pass next) {
    pass_ = next;
    plan_.begin(layout::plan);
    count_ = 0;
  }

  result<void> enter(swap_phase phase, pass first) {
    state_.phase = phase;
    begin_pass(first);
    return store();
  }

  result<void> work() {
    entry item;
    const auto more = plan_.next(storage_, item);
    if (!more) return more.error();
    if (*more) return apply(item, count_++);
    if (count_ != state_.entries) return damaged_plan;
    return end_pass();
  }

  result<void> end_pass() {
    // The staged version is used up: no later update may take its plan for one still to do.
    if (auto done = storage_.remove(layout::target); !done) return done;
    if (auto done = storage_.sync(); !done) return done;
    switch (pass_) {
      case pass::back_up:
        begin_pass(pass::install);
        return {};
      case pass::install:
        state_.phase = swap_phase::trial;
        return store();
      case pass::remove_new:
        return enter(swap_phase::restoring, pass::put_back);
      case pass::put_back:
        break;
    }
    if (state_.reject) state_.rejected = state_.version;
    state_.reject = false;
    state_.version = state_.previous;
    state_.previous = {};
    state_.phase = swap_phase::idle;
    return store();
  }

  result<void> apply(const entry& item, std::uint32_t index) {
    const auto staged = detail::staged_path(index);
    const auto replaced = detail::replaced_path(index);
    const bool installs = item.kind != entry_kind::remove;
    const auto at_staged = storage_.stat(staged);
    const auto at_replaced = storage_.stat(replaced);
    const auto at_path = storage_.stat(item.path);
    if (!at_staged) return at_staged.error();
    if (!at_replaced) return at_replaced.error();
    if (!at_path) return at_path.error();
    const bool is_staged = at_staged->kind != file_kind::none;
    const bool is_replaced = at_replaced->kind != file_kind::none;
    const bool is_file = at_path->kind == file_kind::file || at_path->kind == file_kind::other;

    switch (pass_) {
      case pass::back_up:
        // A file that is no longer staged was installed before a cut: it must not be taken
        // for the old one.
        if (is_replaced || !is_file || (installs && !is_staged)) return {};
        if (auto done = storage_.rename(item.path, replaced); !done) return done;
        if (!installs) detail::remove_empty_parents(storage_, item.path);
        return {};
      case pass::install:
        return installs && is_staged ? storage_.rename(staged, item.path) : result<void>{};
      case pass::remove_new:
        if (!installs || is_staged || is_replaced || !is_file) return {};
        if (auto done = storage_.remove(item.path); !done) return done;
        detail::remove_empty_parents(storage_, item.path);
        return {};
      case pass::put_back:
        return is_replaced ? storage_.rename(replaced, item.path) : result<void>{};
    }
    return {};
  }

  result<void> store() {
    std::uint8_t record[record_size];
    detail::put_u32(record, magic);
    record[4] = static_cast<std::uint8_t>(state_.phase);
    record[5] = state_.boots;
    record[6] = state_.reject ? 1 : 0;
    record[7] = state_.allowed;
    detail::put_u32(record + 8, state_.entries);
    std::memcpy(record + 12, state_.version.data(), 20);
    std::memcpy(record + 32, state_.previous.data(), 20);
    std::memcpy(record + 52, state_.rejected.data(), 20);
    detail::put_u32(record + 72, checksum(record));
    return write_atomically(storage_, layout::state, layout::temporary, record);
  }

  void decode(bytes record) {
    if (record.size() != record_size || detail::get_u32(record.data()) != magic) return;
    if (detail::get_u32(record.data() + 72) != checksum(record.data()) || record[4] > 5) return;
    state_.phase = static_cast<swap_phase>(record[4]);
    state_.boots = record[5];
    state_.reject = record[6] != 0;
    state_.allowed = record[7];
    state_.entries = detail::get_u32(record.data() + 8);
    std::memcpy(state_.version.data(), record.data() + 12, 20);
    std::memcpy(state_.previous.data(), record.data() + 32, 20);
    std::memcpy(state_.rejected.data(), record.data() + 52, 20);
  }

  static std::uint32_t checksum(const std::uint8_t* record) {
    crc32 sum;
    sum.update({record, record_size - 4});
    return sum.value();
  }

  Storage& storage_;
  swap_state state_;
  const error* failure_ = &no_error;
  entry_reader plan_;
  std::uint32_t count_ = 0;
  pass pass_ = pass::back_up;
};

}  // namespace ota
