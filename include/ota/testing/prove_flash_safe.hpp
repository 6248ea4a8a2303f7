#pragma once

#include <random>
#include <unordered_map>

#include "prove_power_safe.hpp"
#include "simulated_nor.hpp"

namespace ota::testing {

/// How thorough a proof on flash is.
struct flash_cut_options {
  /// Cuts in a row: 1 cuts the work, 2 also each recovery, 3 also the recovery after that.
  int depth = 2;
  /// After the first recovery, do the work once more and expect it to succeed.
  bool finishes = false;
};

namespace detail {

/// A cut in one operation: how many words of it are done, and how the next one reads.
struct flash_cut {
  std::size_t words;
  weak_reading reading;
  std::string describe() const {
    static constexpr const char* names[] = {"as before", "as done", "at random",
                                            "ever differently"};
    return words == SIZE_MAX - 1
               ? std::string("before it")
               : "inside it, after " + std::to_string(words) + " words, the rest reading " +
                     names[static_cast<std::size_t>(reading)];
  }
};

template <class Flash>
std::vector<flash_cut> cuts_in(const flash_operation& one, bool every_word) {
  std::vector<flash_cut> cuts{{Flash::before, weak_reading::untouched}};
  if (!every_word) {
    const std::size_t words = one.data.size() / Flash::word;
    cuts.push_back({words / 2, weak_reading::random});
    if (words > 1) cuts.push_back({words - 1, weak_reading::changing});
    return cuts;
  }
  const auto all_readings = {weak_reading::untouched, weak_reading::finished, weak_reading::random,
                             weak_reading::changing};
  if (one.what == flash_operation::kind::erase) {
    for (const weak_reading reading : all_readings) cuts.push_back({0, reading});
    return cuts;
  }
  const std::size_t words = one.data.size() / Flash::word;
  for (std::size_t at = 0; at < words; ++at) {
    if (at == 0 || at == words - 1)
      for (const weak_reading reading : all_readings) cuts.push_back({at, reading});
    else
      cuts.push_back({at, weak_reading::changing});
  }
  return cuts;
}

template <class Flash, class Make, class Work, class Boot, class Judge>
class flash_prover {
 public:
  using operations = std::vector<flash_operation>;

  flash_prover(Make& make, Work& work, Boot& boot, Judge& judge, const flash_cut_options& options)
      : make_(make), work_(work), boot_(boot), judge_(judge), options_(options) {}

  power_cut_report run() {
    report_.depth = options_.depth;
    Flash flash = make_();
    flash.power_on();
    const Flash fresh = flash;
    if (const auto done = work_(flash); !done) {
      broken(std::string("the uncut work fails: ") + done.error().text);
      return report_;
    }
    look_for_violation(flash, "the uncut work");
    report_.operations = flash.operations().size();
    explore(fresh, flash.operations(), options_.depth, true, "work");
    report_.distinct_states = seen_.size();
    return report_;
  }

  /// Series of cuts at random places: the device starts, goes on with the work, and loses its power
  /// again.
  power_cut_report run_series(int series, int cuts, std::uint32_t seed) {
    report_.depth = cuts;
    std::mt19937 random(seed);
    const Flash fresh = make_();
    Flash whole = fresh;
    whole.power_on();
    (void)work_(whole);
    report_.operations = whole.operations().size();
    for (int i = 0; i < series; ++i) {
      Flash flash = fresh;
      std::string where = "series " + std::to_string(i) + ":";
      for (int j = 0; j < cuts; ++j) cut_once(flash, random, where);
      seen_[flash.fingerprint()] = 1;
      recover(std::move(flash), 1, where);
    }
    report_.distinct_states = seen_.size();
    return report_;
  }

 private:
  // Cuts `done`, which began with `flash`, inside each of its operations.
  void explore(Flash flash, const operations& done, int depth, bool every_word,
               const std::string& what) {
    for (std::size_t index = 0; index < done.size(); ++index) {
      // Recoveries run into each other: the same operation in the same state was cut before.
      const bool is_new =
          cut_.emplace(flash.fingerprint() ^ done[index].fingerprint(), depth).second;
      if (is_new)
        for (const flash_cut& one : cuts_in<Flash>(done[index], every_word))
          look(flash, done[index], one, depth, [&] {
            return what + " cut at operation " + std::to_string(index) + " (" +
                   done[index].describe() + "), " + one.describe();
          });
      flash.apply(done[index], Flash::all, weak_reading::finished);
    }
    look(flash, {}, {Flash::before, weak_reading::untouched}, depth,
         [&] { return what + " cut after its last operation"; });
  }

  template <class Where>
  void look(const Flash& flash, const flash_operation& one, const flash_cut& cut, int depth,
            const Where& where) {
    ++report_.cuts;
    Flash after = flash;
    if (cut.words != Flash::before) after.apply(one, cut.words, cut.reading);
    after.power_on();
    // A state that was looked at with as many cuts to come needs no second look.
    int& looked = seen_[after.fingerprint()];
    if (looked >= depth) return;
    looked = depth;
    recover(std::move(after), depth, where());
  }

  void recover(Flash flash, int depth, const std::string& where) {
    ++report_.recoveries;
    flash.power_on();
    const Flash before = flash;
    const auto booted = boot_(flash);
    if (!booted) return broken(where + ": recovery fails: " + booted.error().text);
    look_for_violation(flash, where);
    const operations recovery = flash.operations();
    if (const std::string wrong = judge_(flash); !wrong.empty())
      return broken(where + ": " + wrong);
    if (depth >= 2) explore(before, recovery, depth - 1, false, where + "; recovery");
    if (options_.finishes && depth == options_.depth) {
      flash.power_on();
      if (const auto again = work_(flash); !again)
        return broken(where + ": the work fails when it is done again: " + again.error().text);
      look_for_violation(flash, where + ": the work again");
    }
  }

  void cut_once(Flash& flash, std::mt19937& random, std::string& where) {
    ++report_.cuts;
    flash.power_on();
    const std::size_t at = random() % (report_.operations * 2 / 3 + 1);
    const std::size_t words = random() % 5 == 0 ? Flash::before : random() % 20;
    flash.cut_at(at, words, static_cast<weak_reading>(random() % 4));
    where += " " + std::to_string(at);
    const auto booted = boot_(flash);
    seen_[flash.fingerprint()] = 1;
    if (flash.is_cut()) return;
    if (!booted) return broken(where + ": the start fails: " + booted.error().text);
    if (const std::string wrong = judge_(flash); !wrong.empty()) broken(where + ": " + wrong);
    (void)work_(flash);
  }

  void look_for_violation(const Flash& flash, const std::string& where) {
    if (!flash.violation().empty()) broken(where + ": it " + flash.violation());
  }

  void broken(const std::string& what) {
    if (report_.broken++ == 0) report_.first_broken = what;
  }

  Make& make_;
  Work& work_;
  Boot& boot_;
  Judge& judge_;
  flash_cut_options options_;
  power_cut_report report_;
  std::set<std::pair<std::uint64_t, int>> cut_;  // operations in states, and how deep
  std::unordered_map<std::uint64_t, int>
      seen_;  // states, and how many cuts deep they were looked at
};

}  // namespace detail

/// Proves that work on flash survives every power cut: cuts it before, inside and after each
/// operation, with each word torn, and each recovery again.
///
/// - `make()` gives a `simulated_nor` as it is before the work;
/// - `work(flash)` is what is cut, `boot(flash)` what a start of the device does: both make their
///   objects anew and give a `result<void>`;
/// - `judge(flash)` says after a start what is wrong; an empty text: nothing.
template <class Make, class Work, class Boot, class Judge>
power_cut_report prove_flash_safe(Make make, Work work, Boot boot, Judge judge,
                                  const flash_cut_options& options = {}) {
  using flash = decltype(make());
  return detail::flash_prover<flash, Make, Work, Boot, Judge>(make, work, boot, judge, options)
      .run();
}

/// The same by chance: `series` times, `cuts` power cuts in a row.
template <class Make, class Work, class Boot, class Judge>
power_cut_report prove_flash_safe_at_random(Make make, Work work, Boot boot, Judge judge,
                                            int series, int cuts, std::uint32_t seed = 1) {
  using flash = decltype(make());
  return detail::flash_prover<flash, Make, Work, Boot, Judge>(make, work, boot, judge, {})
      .run_series(series, cuts, seed);
}

}  // namespace ota::testing
