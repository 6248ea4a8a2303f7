#pragma once

#include <functional>

#include "prove_flash_safe.hpp"

namespace ota::testing {

/// A storage that shares its power with a flash: it records which of the flash's operations were
/// done before each of its own.
template <class Storage, class Flash>
class shared_power_storage : public power_cut_storage<Storage> {
  using base = power_cut_storage<Storage>;

 public:
  shared_power_storage(Storage& storage, const Flash& flash) : base(storage), flash_(&flash) {}

  result<void> write(std::string_view path, std::uint64_t offset, bytes data) {
    note();
    return base::write(path, offset, data);
  }
  result<void> rename(std::string_view from, std::string_view to) {
    note();
    return base::rename(from, to);
  }
  result<void> remove(std::string_view path) {
    note();
    return base::remove(path);
  }
  result<void> sync() {
    note();
    return base::sync();
  }
  template <class B = base>
  auto set_executable(std::string_view path, bool executable)
      -> decltype(std::declval<B&>().set_executable(path, executable)) {
    note();
    return base::set_executable(path, executable);
  }

  /// For each of `operations()`, how many of the flash's were done before it.
  const std::vector<std::size_t>& moments() const { return moments_; }

 private:
  void note() { moments_.push_back(flash_->operations().size()); }

  const Flash* flash_;
  std::vector<std::size_t> moments_;
};

/// What a device keeps: files, and a `simulated_nor`.
template <class Storage, class Flash>
struct two_media {
  Storage files;
  Flash flash;

  std::uint64_t fingerprint() {
    return testing::fingerprint(read_storage(files)) * 3 ^ flash.fingerprint();
  }
};

namespace detail {

template <class Storage, class Flash, class Work, class Boot, class Judge>
class mixed_prover {
 public:
  using media = two_media<Storage, Flash>;
  using storage_type = shared_power_storage<Storage, Flash>;

  mixed_prover(Work& work, Boot& boot, Judge& judge, const power_cut_options& options)
      : work_(work), boot_(boot), judge_(judge), options_(options) {}

  power_cut_report run(const media& start) {
    report_.depth = options_.depth;
    media now = start;
    const auto done = perform(work_, now);
    if (!done.error.empty()) {
      broken("the uncut work fails: " + done.error);
      return report_;
    }
    report_.operations = done.files.size() + done.flash.size();
    explore(start, done, options_.depth, true, "work");
    report_.distinct_states = seen_.size();
    return report_;
  }

 private:
  // What was done to both, and in which order.
  struct performance {
    std::vector<storage_operation> files;
    std::vector<flash_operation> flash;
    std::vector<std::size_t> moments;
    std::string error;
  };

  template <class Do>
  performance perform(Do& what, media& now) {
    now.flash.power_on();
    storage_type files(now.files, now.flash);
    const auto done = what(files, now.flash);
    performance all{files.operations(), now.flash.operations(), files.moments(), {}};
    if (!done) all.error = done.error().text;
    if (!now.flash.violation().empty()) all.error = "it " + now.flash.violation();
    return all;
  }

  // Cuts what was done at each operation. `now` is what no cut can undo: all that the flash did so
  // far, and the storage up to its last barrier; `unsynced` what the storage did since.
  void explore(media now, const performance& done, int depth, bool every_word,
               const std::string& what) {
    std::vector<storage_operation> unsynced;
    const std::hash<std::string> sum;
    std::string row;  // names what is in `unsynced`
    for (std::size_t s = 0, f = 0; s < done.files.size() || f < done.flash.size();) {
      const bool is_file = s < done.files.size() && done.moments[s] == f;
      const std::string next = is_file ? done.files[s].describe() : done.flash[f].describe();
      std::string where = what + " cut at operation " + std::to_string(s + f);
      where += " (" + next + "), ";
      const std::string content =
          is_file ? done.files[s].data : std::to_string(done.flash[f].fingerprint());
      row = std::to_string(sum(row.append(next).append(content)));
      // Recoveries run into each other: the same operation in the same state was cut before.
      const bool is_new = cut_.emplace(now.fingerprint() ^ sum(row), depth).second;
      if (is_file) {
        unsynced.push_back(done.files[s++]);
        if (is_new) cut_storage(now, unsynced, unsynced.size() - 1, depth, where);
        if (unsynced.back().what == storage_operation::kind::sync) settle(now, unsynced, row);
      } else {
        if (is_new) cut_flash(now, unsynced, done.flash[f], depth, every_word, where);
        now.flash.apply(done.flash[f++], Flash::all, weak_reading::finished);
      }
    }
    cut_storage(now, unsynced, unsynced.size(), depth, what + " cut at its end, ");
  }

  static void settle(media& now, std::vector<storage_operation>& unsynced, std::string& row) {
    for (const storage_operation& one : unsynced) apply(now.files, one);
    unsynced.clear();
    row.clear();
  }

  void cut_storage(const media& now, const std::vector<storage_operation>& unsynced,
                   std::size_t index, int depth, const std::string& where) {
    for (const cut& one : cuts_at(unsynced, index, options_, random_))
      look(now, unsynced, one, depth, where + one.name);
  }

  // While the flash is being changed, whatever the storage has not synced may be there or not.
  void cut_flash(const media& now, const std::vector<storage_operation>& unsynced,
                 const flash_operation& one, int depth, bool every_word, const std::string& where) {
    cut_storage(now, unsynced, unsynced.size(), depth, where);
    for (const flash_cut& torn : cuts_in<Flash>(one, every_word)) {
      if (torn.words == Flash::before) continue;
      media after = now;
      after.flash.apply(one, torn.words, torn.reading);
      cut all{unsynced.size(), 0, {}, false, "what the storage did is there"};
      look(after, unsynced, all, depth, where + torn.describe());
      for (std::size_t i = 0; i < unsynced.size(); ++i) all.lost.insert(i);
      if (!unsynced.empty())
        look(after, unsynced, all, depth, where + torn.describe() + ", all since the sync lost");
    }
  }

  void look(const media& now, const std::vector<storage_operation>& unsynced, const cut& one,
            int depth, const std::string& where) {
    ++report_.cuts;
    media after = now;
    for (const storage_operation& each : done_at(unsynced, one)) apply(after.files, each);
    after.flash.power_on();
    // A state that was looked at with as many cuts to come needs no second look.
    int& looked = seen_[after.fingerprint()];
    if (looked >= depth) return;
    looked = depth;
    recover(std::move(after), depth, where);
  }

  void recover(media now, int depth, const std::string& where) {
    ++report_.recoveries;
    const media before = now;
    const performance recovery = perform(boot_, now);
    if (!recovery.error.empty()) return broken(where + ": recovery fails: " + recovery.error);
    if (const std::string wrong = judge_(now.files, now.flash); !wrong.empty())
      return broken(where + ": " + wrong);
    if (depth >= 2) explore(before, recovery, depth - 1, false, where + "; recovery");
    if (!options_.finishes) return;
    const performance again = perform(work_, now);
    if (!again.error.empty())
      broken(where + ": the work fails when it is done again: " + again.error);
  }

  void broken(const std::string& what) {
    if (report_.broken++ == 0) report_.first_broken = what;
  }

  Work& work_;
  Boot& boot_;
  Judge& judge_;
  power_cut_options options_;
  power_cut_report report_;
  std::set<std::pair<std::uint64_t, int>> cut_;  // operations in states, and how deep
  std::unordered_map<std::uint64_t, int>
      seen_;  // states, and how many cuts deep they were looked at
  std::mt19937 random_{1};
};

}  // namespace detail

/// Proves that a device whose versions hold files and a firmware image runs both of one version,
/// whenever the power of both media fails: cuts the work before, inside and after each operation of
/// either, with what the storage had not synced there or lost, and each recovery again.
///
/// - `start` is a `two_media` before the work;
/// - `work(storage, flash)` is what is cut, `boot(storage, flash)` what a start of the device does,
///   bootloader and program, until the application may run: both make their objects anew, get a
///   `shared_power_storage<Storage, Flash>&` and the flash, and give a `result<void>`;
/// - `judge(storage, flash)` says then what is wrong; an empty text: nothing.
template <class Storage, class Flash, class Work, class Boot, class Judge>
power_cut_report prove_mixed_safe(const two_media<Storage, Flash>& start, Work work, Boot boot,
                                  Judge judge, const power_cut_options& options = {}) {
  return detail::mixed_prover<Storage, Flash, Work, Boot, Judge>(work, boot, judge, options)
      .run(start);
}

}  // namespace ota::testing
