#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "power_cut_storage.hpp"
#include "storage_tree.hpp"

namespace ota::testing {

/// How thorough a proof is.
struct power_cut_options {
  /// Cuts in a row: 1 cuts the update, 2 also each recovery, 3 also the recovery after that.
  int depth = 2;
  /// After recovery, do the update once more and expect it to succeed.
  bool finishes = false;
  /// Of the operations since the last barrier, this many of the newest and of the oldest are lost
  /// one at a time.
  std::size_t lost_singly = 8;
  /// Subsets of those operations, drawn by chance, that are lost together.
  int lost_at_random = 4;
};

/// What a proof found.
struct power_cut_report {
  std::size_t operations = 0;       ///< of the uncut update
  std::size_t cuts = 0;             ///< states after a cut that were looked at
  std::size_t recoveries = 0;       ///< recoveries run
  std::size_t distinct_states = 0;  ///< different states of the storage after a cut
  int depth = 0;
  std::size_t broken = 0;    ///< cuts after which neither version was whole
  std::string first_broken;  ///< the first of them: where, how, and what was wrong

  std::string to_json() const {
    return "{\"operations\": " + std::to_string(operations) +
           ", \"cuts\": " + std::to_string(cuts) +
           ", \"recoveries\": " + std::to_string(recoveries) +
           ", \"depth\": " + std::to_string(depth) +
           ", \"distinct_states\": " + std::to_string(distinct_states) +
           ", \"broken\": " + std::to_string(broken) + "}";
  }
};

namespace detail {

/// What of a row of operations reaches the storage when the power is cut in it.
struct cut {
  std::size_t index = 0;       ///< the operation at which the power fails
  std::size_t part = 0;        ///< bytes of it, where it is a write, that are still done
  std::set<std::size_t> lost;  ///< operations before it, since the last barrier, that are not
  bool data_lost = false;      ///< of the writes since the last barrier no byte is there
  std::string name;
};

/// The cuts at one operation.
inline std::vector<cut> cuts_at(const std::vector<storage_operation>& operations, std::size_t index,
                                const power_cut_options& options, std::mt19937& random) {
  using kind = storage_operation::kind;
  std::vector<cut> cuts;
  std::size_t barrier = index;
  while (barrier != 0 && operations[barrier - 1].what != kind::sync) --barrier;
  const std::size_t unsynced = index - barrier;

  cuts.push_back({index, 0, {}, false, "before it"});
  if (index < operations.size() && operations[index].what == kind::write) {
    const std::size_t size = operations[index].data.size();
    for (const std::size_t part : {std::size_t{1}, size / 2, size - 1})
      if (size > 1 && part != 0 && part < size)
        cuts.push_back({index, part, {}, false, "after " + std::to_string(part) + " bytes of it"});
  }
  if (unsynced == 0) return cuts;

  cut all{index, 0, {}, false, "before it, all since the last sync lost"};
  for (std::size_t i = barrier; i < index; ++i) all.lost.insert(i);
  cuts.push_back(all);
  cuts.push_back(
      {index, 0, {}, true, "before it, the data of all writes since the last sync lost"});
  for (std::size_t i = barrier; i < index; ++i) {
    if (i - barrier >= options.lost_singly && index - i > options.lost_singly) continue;
    const std::string which = std::to_string(i) + " (" + operations[i].describe() + ")";
    cuts.push_back({index, 0, {i}, false, "before it, operation " + which + " lost"});
    cut only = all;
    only.lost.erase(i);
    only.name = "before it, of all since the last sync only operation " + which + " done";
    cuts.push_back(only);
  }
  for (int i = 0; i < options.lost_at_random && unsynced > 2; ++i) {
    cut some{index, 0, {}, false, "before it, lost:"};
    for (std::size_t j = barrier; j < index; ++j)
      if (random() % 2 == 0) some.lost.insert(j), some.name += " " + std::to_string(j);
    cuts.push_back(some);
  }
  return cuts;
}

/// The operations that are done when the power is cut: those of `done` up to the cut, less what
/// it loses.
inline std::vector<storage_operation> done_at(const std::vector<storage_operation>& done,
                                              const cut& at) {
  using kind = storage_operation::kind;
  std::vector<storage_operation> row;
  std::size_t barrier = at.index;
  while (barrier != 0 && done[barrier - 1].what != kind::sync) --barrier;
  for (std::size_t i = 0; i < at.index; ++i) {
    if (at.lost.count(i) != 0) continue;
    const bool empty = at.data_lost && i >= barrier && done[i].what == kind::write;
    if (empty && done[i].offset != 0) continue;
    row.push_back(done[i]);
    if (empty) row.back().data.clear();
  }
  if (at.part != 0) {
    row.push_back(done[at.index]);
    row.back().data.resize(at.part);
  }
  return row;
}

template <class Make, class Update, class Boot>
class prover {
 public:
  using storage_type = decltype(std::declval<Make&>()());
  using operations = std::vector<storage_operation>;

  prover(Make& make, Update& update, Boot& boot, const power_cut_options& options)
      : make_(make), update_(update), boot_(boot), options_(options) {}

  power_cut_report run() {
    report_.depth = options_.depth;
    auto storage = make_();
    before_ = visible(read_storage(storage));
    power_cut_storage<storage_type> recorder(storage);
    const auto done = update_(recorder);
    if (!done) {
      broken("the uncut update fails: " + std::string(done.error().text));
      return report_;
    }
    after_ = visible(read_storage(storage));
    report_.operations = recorder.operations().size();
    explore({}, recorder.operations(), options_.depth, "update");
    report_.distinct_states = seen_.size();
    return report_;
  }

 private:
  // Cuts `done`, which began in the state that `base` leads to, at each of its operations.
  void explore(const operations& base, const operations& done, int depth, const std::string& what) {
    for (std::size_t index = 0; index <= done.size(); ++index) {
      for (const cut& one : cuts_at(done, index, options_, random_))
        look(base, done, one, depth, what);
      if (base.empty() && index < done.size()) tear(done, index, what);
    }
  }

  // Ends a write of the update after each of its bytes.
  void tear(const operations& done, std::size_t index, const std::string& what) {
    if (done[index].what != storage_operation::kind::write) return;
    for (std::size_t part = 1; part < done[index].data.size(); ++part)
      look({}, done, {index, part, {}, false, "after " + std::to_string(part) + " bytes of it"}, 1,
           what);
  }

  void look(const operations& base, const operations& done, const cut& one, int depth,
            const std::string& what) {
    ++report_.cuts;
    auto storage = make_();
    for (const storage_operation& each : base) apply(storage, each);
    const operations row = done_at(done, one);
    for (const storage_operation& each : row) apply(storage, each);
    const std::uint64_t state = fingerprint(read_storage(storage));
    // A state that was looked at with as many cuts to come needs no second look.
    auto& looked = seen_[state];
    if (looked >= depth) return;
    looked = depth;
    const bool at_end = one.index == done.size();
    const std::string where = what + " cut at operation " + std::to_string(one.index) +
                              (at_end ? " (its end)" : " (" + done[one.index].describe() + ")") +
                              ", " + one.name;
    recover(storage, base, row, depth, where);
  }

  void recover(storage_type& storage, const operations& base, const operations& row, int depth,
               const std::string& where) {
    ++report_.recoveries;
    power_cut_storage<storage_type> recorder(storage);
    const auto booted = boot_(recorder);
    if (!booted) return broken(where + ": recovery fails: " + booted.error().text);
    const operations recovery = recorder.operations();
    judge(storage, where);
    if (depth < 2 || recovery.empty()) return;
    operations state = base;
    state.insert(state.end(), row.begin(), row.end());
    explore(state, recovery, depth - 1, where + "; recovery");
  }

  void judge(storage_type& storage, const std::string& where) {
    const storage_tree tree = visible(read_storage(storage));
    const std::string from_old = difference(tree, before_);
    const std::string from_new = difference(tree, after_);
    if (!from_old.empty() && !from_new.empty())
      return broken(where + ": neither version is whole: not the old one, " + from_old +
                    "; not the new one, " + from_new);
    if (!options_.finishes) return;
    power_cut_storage<storage_type> again(storage);
    const auto finished = update_(again);
    if (!finished) return broken(where + ": the next update fails: " + finished.error().text);
    const std::string still = difference(visible(read_storage(storage)), after_);
    if (!still.empty()) broken(where + ": the next update does not mend it: " + still);
  }

  void broken(const std::string& what) {
    if (report_.broken++ == 0) report_.first_broken = what;
  }

  Make& make_;
  Update& update_;
  Boot& boot_;
  power_cut_options options_;
  power_cut_report report_;
  storage_tree before_;
  storage_tree after_;
  std::map<std::uint64_t, int> seen_;
  std::mt19937 random_{1};
};

}  // namespace detail

/// Proves that an update on a storage policy is power-safe, or finds the first cut that breaks it.
///
/// `start` is a storage that holds the old version, if its policy can be copied; else a callable
/// that gives such a storage, the same each time. `update(storage)` does the update and
/// `boot(storage)` what the device does at its start; both get a `power_cut_storage<Storage>&` and
/// return `result<void>`.
///
/// The update is run once and its operations recorded; then for each operation, and each way a cut
/// can end there (docs/power-cut-kit.md), the storage is brought to the state that the cut leaves,
/// the device starts, and its tree must be exactly the old or exactly the new one. Each of those
/// starts is cut in the same ways, `options.depth` deep.
template <class Start, class Update, class Boot>
power_cut_report prove_power_safe(Start&& start, Update&& update, Boot&& boot,
                                  const power_cut_options& options = {}) {
  if constexpr (std::is_invocable_v<Start&>) {
    return detail::prover<std::remove_reference_t<Start>, std::remove_reference_t<Update>,
                          std::remove_reference_t<Boot>>(start, update, boot, options)
        .run();
  } else {
    const auto make = [&start] { return std::remove_cv_t<std::remove_reference_t<Start>>(start); };
    return prove_power_safe(make, update, boot, options);
  }
}

}  // namespace ota::testing
