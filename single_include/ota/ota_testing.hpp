// ota 0.1.0: updates a device over the air.
// Made by tools/single_header.py from the headers in include/ota; change those.
//
// MIT License
//
// Copyright (c) 2026 the ota authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>
#include "ota.hpp"

// ota/testing/flash_conformance.hpp

namespace ota::testing {

namespace detail {

/// Tries the contract rule by rule; the first one broken is kept. Runs on chips too: no heap.
template <class Flash>
class flash_conformance {
 public:
  flash_conformance(Flash& flash, flash_region where) : flash_(flash), where_(where) {}

  const char* run() {
    begin_erased();
    if (broken_ == nullptr) units();
    if (broken_ == nullptr) borders();
    if constexpr (geometry.reprograms)
      if (broken_ == nullptr) reprogramming();
    if (broken_ == nullptr) erasing();
    return broken_;
  }

 private:
  static constexpr auto geometry = Flash::geometry;
  static constexpr std::uint32_t unit = geometry.program_size;

  void rule(bool holds, const char* sentence) {
    if (!holds && broken_ == nullptr) broken_ = sentence;
  }

  // Every byte of the pattern differs from the erased one, and from its neighbours.
  static constexpr std::uint8_t pattern(std::uint32_t address) {
    const auto value = static_cast<std::uint8_t>(address * 37 + (address >> 8) * 11 + 1);
    return value == geometry.erased ? static_cast<std::uint8_t>(~value) : value;
  }

  bool erase_all() {
    for (std::uint32_t at = where_.begin; at < where_.end(); at += geometry.sector_size(at))
      if (!flash_.erase(at)) return false;
    return true;
  }

  // The data lies at an odd address, as it may.
  bool program(std::uint32_t address, std::uint32_t units) {
    for (std::uint32_t i = 0; i < units * unit; ++i) buffer_[1 + i] = pattern(address + i);
    return flash_.program(address, bytes(buffer_ + 1, units * unit)).has_value();
  }

  // Read in pieces of odd length, so at odd addresses.
  template <class Expected>
  bool holds(std::uint32_t from, std::uint32_t to, Expected expected) {
    std::uint8_t piece[61];
    while (from < to) {
      const auto part = mutable_bytes(piece).first(to - from);
      if (!flash_.read(from, part)) return false;
      for (std::uint8_t byte : part)
        if (byte != expected(from++)) return false;
    }
    return true;
  }
  bool is_erased(std::uint32_t from, std::uint32_t to) {
    return holds(from, to, [](std::uint32_t) { return geometry.erased; });
  }
  bool is_programmed(std::uint32_t from, std::uint32_t to) { return holds(from, to, pattern); }

  void begin_erased() {
    rule(geometry.is_boundary(where_.begin) && geometry.is_boundary(where_.end()) &&
             where_.size > geometry.sector_size(where_.begin),
         "the region to try must be two sectors or more, whole ones");
    if (broken_ != nullptr) return;
    rule(erase_all(), "erase of a sector succeeds");
    rule(is_erased(where_.begin, where_.end()), "an erased sector reads as erased");
  }

  void units() {
    const std::uint32_t at = where_.begin;
    rule(program(at, 1), "program of a unit succeeds");
    rule(is_programmed(at, at + unit), "read gives what was programmed");
    rule(is_erased(at + unit, where_.end()), "program changes nothing behind it");
    rule(program(at + 2 * unit, 2), "program of several units succeeds");
    rule(is_programmed(at + 2 * unit, at + 4 * unit), "read gives all units of a program");
    rule(is_erased(at + unit, at + 2 * unit), "program changes nothing before it");
  }

  void borders() {
    const std::uint32_t border = where_.begin + geometry.sector_size(where_.begin);
    rule(program(border - unit, 2), "program across two sectors succeeds");
    rule(is_programmed(border - unit, border + unit), "program goes on in the next sector");
    rule(program(where_.end() - unit, 1), "program of the last unit succeeds");
    rule(is_programmed(where_.end() - unit, where_.end()), "the last unit can be read");
  }

  void reprogramming() {
    const std::uint32_t at = where_.begin;
    constexpr auto other = static_cast<std::uint8_t>(0x5a);
    for (std::uint32_t i = 0; i < unit; ++i) buffer_[i] = other;
    rule(flash_.program(at, bytes(buffer_, unit)).has_value(), "program of a used unit succeeds");
    rule(holds(at, at + unit,
               [](std::uint32_t address) {
                 const std::uint8_t before = pattern(address);
                 return static_cast<std::uint8_t>(geometry.erased == 0 ? before | other
                                                                       : before & other);
               }),
         "program of a used unit changes only bits that are still erased");
  }

  void erasing() {
    const std::uint32_t border = where_.begin + geometry.sector_size(where_.begin);
    rule(flash_.erase(where_.begin).has_value(), "erase of a used sector succeeds");
    rule(is_erased(where_.begin, border), "erase takes the whole sector");
    rule(is_programmed(border, border + unit), "erase takes nothing of the next sector");
    rule(program(where_.begin, 1), "program after an erase succeeds");
    rule(is_programmed(where_.begin, where_.begin + unit), "an erased unit is programmed anew");
    rule(erase_all() && is_erased(where_.begin, where_.end()), "what was used is erased again");
  }

  Flash& flash_;
  flash_region where_;
  std::uint8_t buffer_[2 * unit + 1] = {};
  const char* broken_ = nullptr;
};

}  // namespace detail

/// Tries a flash policy of your own against the contract in `flash/flash_policy.hpp`, on a region
/// of whole sectors, at least two, whose content is lost. Gives the first rule that is broken, or
/// nullptr. Takes nothing from the heap, so that it runs on the device as well.
template <class Flash>
const char* check_flash_rules(Flash& flash, flash_region where) {
  static_assert(check_flash<Flash>::ok);
  return detail::flash_conformance<Flash>(flash, where).run();
}

}  // namespace ota::testing

// ota/testing/nor_cells.hpp

namespace ota::testing {

/// One operation that changes a flash.
struct flash_operation {
  enum class kind { erase, program };
  kind what = kind::erase;
  std::uint32_t address = 0;
  std::vector<std::uint8_t> data;  ///< of a program

  std::uint64_t fingerprint() const {
    std::uint64_t sum = (std::uint64_t{address} + 1) * 0x9e3779b97f4a7c15u;
    for (const std::uint8_t byte : data) sum = (sum ^ byte) * 0x100000001b3u;
    return sum;
  }

  /// For a message: "program 0x400, 16 bytes".
  std::string describe() const {
    char at[24];
    std::snprintf(at, sizeof at, " 0x%x", static_cast<unsigned>(address));
    return what == kind::erase
               ? std::string("erase") + at
               : std::string("program") + at + ", " + std::to_string(data.size()) + " bytes";
  }
};

/// How what was being changed when the power failed reads from then on. Cells that are neither
/// charged nor discharged may read differently at every start and at every read.
enum class weak_reading : std::uint8_t {
  untouched,  ///< as before, though it is not: to program it would be to program it twice
  finished,   ///< as if it were done
  random,     ///< each bit, at each read, one or the other
  changing    ///< as one of these three, another one after each start
};

/// The memory of a simulated flash, and what is wrong with it.
struct nor_cells {
  /// A part that is neither as before nor as after.
  struct weak_part {
    std::vector<std::uint8_t> before, after;
    weak_reading reading = weak_reading::random;
  };

  std::vector<std::uint8_t> values;
  std::vector<std::uint8_t> programmed;     ///< a unit each, since its last erase
  std::map<std::uint32_t, weak_part> weak;  ///< by address
  std::set<std::uint32_t> half_erased;      ///< sectors by address
};

}  // namespace ota::testing

// ota/testing/power_cut_storage.hpp

namespace ota::testing {

/// One operation that changes a storage.
struct storage_operation {
  enum class kind { write, rename, remove, set_executable, sync };

  kind what = kind::sync;
  std::string path;
  std::string to;            ///< of a rename
  std::uint64_t offset = 0;  ///< of a write
  std::string data;          ///< of a write
  bool executable = false;

  /// For a message: "write a.txt at 0, 12 bytes".
  std::string describe() const {
    switch (what) {
      case kind::write:
        return "write " + path + " at " + std::to_string(offset) + ", " +
               std::to_string(data.size()) + " bytes";
      case kind::rename:
        return "rename " + path + " to " + to;
      case kind::remove:
        return "remove " + path;
      case kind::set_executable:
        return "set_executable " + path;
      case kind::sync:
        return "sync";
    }
    return "";
  }
};

/// Does an operation on a storage, of a write only the first `part` bytes. What cannot be done
/// because an operation before it was lost is left out, as on a real storage; a write whose
/// earlier bytes were lost leaves zeros in their place.
template <class Storage>
void apply(Storage& storage, const storage_operation& one, std::size_t part = SIZE_MAX) {
  using kind = storage_operation::kind;
  const auto as_bytes_of = [](const std::string& text) {
    return bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  switch (one.what) {
    case kind::write: {
      const auto there = storage.stat(one.path);
      std::uint64_t size = there ? there->size : 0;
      if (one.offset != 0 && size < one.offset) {
        if (there && there->kind == file_kind::none) (void)storage.write(one.path, 0, {});
        const std::string zeros(static_cast<std::size_t>(one.offset - size), '\0');
        (void)storage.write(one.path, size, as_bytes_of(zeros));
        size = one.offset;
      }
      if (one.offset == 0 || size == one.offset)
        (void)storage.write(one.path, one.offset, as_bytes_of(one.data).first(part));
      break;
    }
    case kind::rename:
      (void)storage.rename(one.path, one.to);
      break;
    case kind::remove:
      (void)storage.remove(one.path);
      break;
    case kind::set_executable:
      if constexpr (keeps_modes<Storage>) (void)storage.set_executable(one.path, one.executable);
      break;
    case kind::sync:
      (void)storage.sync();
      break;
  }
}

/// A storage policy that does everything on another one, records and counts what changes it, and
/// can cut the power: from operation `cut_at(n)` on (counted from 0) nothing is done any more and
/// every call fails with `errc::power_cut`, until `reboot()`.
template <class Storage>
class power_cut_storage {
 public:
  explicit power_cut_storage(Storage& inner) : inner_(&inner) {}

  /// Cuts the power before operation `index`; of a write, the first `part` bytes are still done.
  void cut_at(std::size_t index, std::size_t part = 0) {
    cut_ = index;
    part_ = part;
  }
  void reboot() {
    cut_ = SIZE_MAX;
    is_cut_ = false;
  }
  bool is_cut() const { return is_cut_; }

  /// What was done, in order.
  const std::vector<storage_operation>& operations() const { return operations_; }

  Storage& inner() { return *inner_; }

  result<file_info> stat(std::string_view path) {
    if (is_cut_) return power_is_off;
    return inner_->stat(path);
  }
  result<std::size_t> read(std::string_view path, std::uint64_t offset, mutable_bytes out) {
    if (is_cut_) return power_is_off;
    return inner_->read(path, offset, out);
  }
  result<std::uint64_t> free_space() {
    if (is_cut_) return power_is_off;
    return inner_->free_space();
  }
  template <class Visit>
  result<void> list(std::string_view directory, Visit&& visit) {
    if (is_cut_) return power_is_off;
    return inner_->list(directory, std::forward<Visit>(visit));
  }

  result<void> write(std::string_view path, std::uint64_t offset, bytes data) {
    storage_operation one;
    one.what = storage_operation::kind::write;
    one.path = path;
    one.offset = offset;
    one.data.assign(reinterpret_cast<const char*>(data.data()), data.size());
    if (!record(std::move(one))) return power_is_off;
    return inner_->write(path, offset, data);
  }
  result<void> rename(std::string_view from, std::string_view to) {
    storage_operation one;
    one.what = storage_operation::kind::rename;
    one.path = from;
    one.to = to;
    if (!record(std::move(one))) return power_is_off;
    return inner_->rename(from, to);
  }
  result<void> remove(std::string_view path) {
    storage_operation one;
    one.what = storage_operation::kind::remove;
    one.path = path;
    if (!record(std::move(one))) return power_is_off;
    return inner_->remove(path);
  }
  result<void> sync() {
    if (!record({})) return power_is_off;
    return inner_->sync();
  }
  template <class S = Storage>
  auto set_executable(std::string_view path, bool executable)
      -> decltype(std::declval<S&>().set_executable(path, executable)) {
    storage_operation one;
    one.what = storage_operation::kind::set_executable;
    one.path = path;
    one.executable = executable;
    if (!record(std::move(one))) return power_is_off;
    return inner_->set_executable(path, executable);
  }

 private:
  static constexpr error power_is_off{errc::power_cut, "power cut", "the power is off"};

  bool record(storage_operation&& one) {
    if (is_cut_) return false;
    if (operations_.size() == cut_) {
      is_cut_ = true;
      if (part_ != 0) apply(*inner_, one, part_);
      return false;
    }
    operations_.push_back(std::move(one));
    return true;
  }

  Storage* inner_;
  std::vector<storage_operation> operations_;
  std::size_t cut_ = SIZE_MAX;
  std::size_t part_ = 0;
  bool is_cut_ = false;
};

}  // namespace ota::testing

// ota/testing/storage_tree.hpp

namespace ota::testing {

/// Content and mode of a file.
struct stored_file {
  std::string content;
  bool executable = false;

  bool operator==(const stored_file& other) const {
    return content == other.content && executable == other.executable;
  }
};

/// Every file of a storage, by path.
using storage_tree = std::map<std::string, stored_file>;

/// Reads a whole storage.
template <class Storage>
storage_tree read_storage(Storage& storage, const std::string& directory = "") {
  std::vector<std::pair<std::string, file_kind>> names;
  (void)storage.list(directory, [&](std::string_view name, file_kind kind) {
    names.emplace_back((directory.empty() ? "" : directory + "/") + std::string(name), kind);
    return true;
  });
  storage_tree tree;
  for (const auto& [path, kind] : names) {
    if (kind == file_kind::directory) {
      tree.merge(read_storage(storage, path));
      continue;
    }
    const auto info = storage.stat(path);
    if (!info) continue;
    stored_file& file = tree[path];
    file.executable = info->executable;
    file.content.resize(static_cast<std::size_t>(info->size));
    const auto size = storage.read(
        path, 0, {reinterpret_cast<std::uint8_t*>(file.content.data()), file.content.size()});
    file.content.resize(size.value_or(0));
  }
  return tree;
}

/// What a user sees of a tree: all but the library's own notes. version.json is seen.
inline storage_tree visible(storage_tree tree) {
  for (auto one = tree.begin(); one != tree.end();)
    if (one->first.compare(0, 4, ".ota") == 0 || one->first.compare(0, 4, "ota_") == 0)
      one = tree.erase(one);
    else
      ++one;
  return tree;
}

/// The first difference between two trees, as a sentence; empty when they are equal.
inline std::string difference(const storage_tree& is, const storage_tree& should) {
  for (const auto& [path, file] : should) {
    const auto found = is.find(path);
    if (found == is.end()) return path + " is missing";
    if (found->second.content != file.content) return path + " has another content";
    if (found->second.executable != file.executable) return path + " has another mode";
  }
  for (const auto& [path, file] : is)
    if (should.find(path) == should.end()) return path + " should not be there";
  return "";
}

/// A number for a whole tree (FNV-1a); equal trees have equal numbers.
inline std::uint64_t fingerprint(const storage_tree& tree) {
  std::uint64_t sum = 0xcbf29ce484222325u;
  const auto add = [&sum](const std::string& text) {
    for (const char c : text + '\0') sum = (sum ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  };
  for (const auto& [path, file] : tree) {
    add(path);
    add(std::to_string(file.content.size()) + (file.executable ? "x" : "-"));
    add(file.content);
  }
  return sum;
}

}  // namespace ota::testing

// ota/testing/prove_power_safe.hpp

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

// ota/testing/simulated_nor.hpp

namespace ota::testing {

/// NOR flash as `Chip::geometry` describes it, in memory. It refuses what real flash would take
/// badly (a unit programmed twice, a program in a sector whose erase was cut, wrong alignment),
/// counts erases, has bad sectors and flipped bits where told to, and can cut the power before,
/// inside or after any operation.
template <class Chip>
class simulated_nor {
 public:
  static constexpr auto geometry = Chip::geometry;
  static constexpr std::uint32_t word = std::min<std::uint32_t>(geometry.program_size, 4);

  simulated_nor() : erases_(count_sectors(), 0), sums_(count_sectors(), 0) {
    cells_.values.assign(geometry.size(), geometry.erased);
    cells_.programmed.assign(geometry.size() / geometry.program_size, 0);
  }

  // The policy.

  result<void> read(std::uint32_t address, mutable_bytes out) {
    if (is_cut_) return power_is_off;
    if (address + out.size() > geometry.size()) return violated("reads behind its end");
    std::copy_n(cells_.values.data() + address, out.size(), out.begin());
    if (cells_.weak.empty()) return {};
    auto part = cells_.weak.upper_bound(address);
    if (part != cells_.weak.begin()) --part;
    for (; part != cells_.weak.end() && part->first < address + out.size(); ++part)
      for (std::uint32_t i = 0; i < part->second.before.size(); ++i) {
        const std::uint32_t at = part->first + i;
        if (at >= address && at - address < out.size())
          out[at - address] = read_weak(part->second, i);
      }
    return {};
  }

  result<void> program(std::uint32_t address, bytes data) {
    if (is_cut_) return power_is_off;
    if (address % geometry.program_size != 0 || data.size() % geometry.program_size != 0)
      return violated("programs a part of a unit");
    if (address + data.size() > geometry.size()) return violated("programs behind its end");
    flash_operation one{flash_operation::kind::program, address,
                        std::vector<std::uint8_t>(data.begin(), data.end())};
    if (!may_program(address, data)) return violated("programs a unit twice without an erase");
    return carry_out(std::move(one));
  }

  result<void> erase(std::uint32_t address) {
    if (is_cut_) return power_is_off;
    if (address >= geometry.size() || !geometry.is_boundary(address))
      return violated("erases where no sector begins");
    return carry_out({flash_operation::kind::erase, address, {}});
  }

  // Power.

  /// Cuts the power at operation `index`, counted from the last `power_on()`: with `words` words
  /// of it done, or all (`SIZE_MAX`); the rest of their unit, or the next one, weak.
  void cut_at(std::size_t index, std::size_t words, weak_reading reading) {
    cut_ = {index, words, reading};
  }
  /// Cuts the power before operation `index`.
  void cut_before(std::size_t index) { cut_at(index, before, weak_reading::untouched); }

  /// The power is back: operations are counted anew, and weak cells may read differently.
  void power_on() {
    is_cut_ = false;
    cut_ = {};
    done_.clear();
    ++starts_;
  }
  bool is_cut() const { return is_cut_; }

  /// What was done since the last `power_on()`.
  const std::vector<flash_operation>& operations() const { return done_; }

  /// What was done that real flash would not have taken; empty: nothing.
  const std::string& violation() const { return violation_; }

  // What is wrong with it.

  /// A sector that can not be erased nor programmed any more.
  void make_bad(std::uint32_t address) { bad_.insert(geometry.sector_begin(address)); }
  /// A bit that was lost.
  void flip(std::uint32_t address, unsigned bit) {
    set(address, static_cast<std::uint8_t>(cells_.values[address] ^ 1u << bit));
  }
  /// Writes any bytes anywhere, as a debugger does.
  void load(std::uint32_t address, bytes data) {
    for (std::size_t i = 0; i < data.size(); ++i) {
      set(address + static_cast<std::uint32_t>(i), data[i]);
      cells_.programmed[(address + i) / geometry.program_size] = 1;
    }
  }

  const nor_cells& cells() const { return cells_; }
  /// Erases of the sector at `address` so far.
  std::uint32_t erases(std::uint32_t address) const { return erases_[sector_index(address)]; }

  /// Tells one state of the flash from another.
  std::uint64_t fingerprint() const {
    std::uint64_t sum = 0;
    for (std::size_t sector = 0; sector < sums_.size(); ++sector) sum += sum_of(sector);
    for (const auto& [address, part] : cells_.weak) {
      sum ^= mix(address, 0x100u + static_cast<unsigned>(part.reading));
      // How it reads depends on the number of the start.
      if (part.reading == weak_reading::changing) sum ^= mix(address, 0x200u + starts_ % 3);
      for (std::uint32_t i = 0; i < part.before.size(); ++i)
        sum ^= mix(address + i, 0x300u + part.before[i] * 256u + part.after[i]);
    }
    for (const std::uint32_t sector : cells_.half_erased) sum ^= mix(sector, 0x20000u);
    return sum;
  }

  static constexpr std::size_t before = SIZE_MAX - 1;  ///< as `words`: nothing was begun
  static constexpr std::size_t all = SIZE_MAX;         ///< as `words`: everything was done

 private:
  struct cut {
    std::size_t index = SIZE_MAX;
    std::size_t words = before;
    weak_reading reading = weak_reading::untouched;
  };

  static constexpr error power_is_off{errc::power_cut, "power cut", "the power is off"};
  static constexpr error refused{errc::storage, "simulated flash",
                                 "the flash was used in a way it does not allow"};
  static constexpr error worn_out{errc::storage, "simulated flash",
                                  "a sector is bad: it could not be erased or programmed"};

  static constexpr std::uint64_t mix(std::uint32_t address, unsigned value) {
    std::uint64_t x = (std::uint64_t{address} << 24 ^ value) + 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
  }

  static std::uint64_t fold(std::uint64_t sum, const std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i < size; i += 8) {
      std::uint64_t part = 0;
      std::memcpy(&part, data + i, std::min<std::size_t>(8, size - i));
      sum = (sum ^ part) * 0x9e3779b97f4a7c15u;
      sum ^= sum >> 29;
    }
    return sum;
  }

  // Of a sector's bytes, and which of them were programmed; made anew when they were changed.
  std::uint64_t sum_of(std::size_t sector) const {
    if (sums_[sector] != 0) return sums_[sector];
    std::uint32_t begin = 0;
    for (std::size_t i = 0; i < sector; ++i) begin += geometry.sector_size(begin);
    const std::uint32_t size = geometry.sector_size(begin);
    std::uint64_t sum = fold(begin + 1, cells_.values.data() + begin, size);
    sum = fold(sum, cells_.programmed.data() + begin / geometry.program_size,
               size / geometry.program_size);
    sums_[sector] = sum | 1;
    return sums_[sector];
  }

  static constexpr std::size_t sector_index(std::uint32_t address) {
    std::size_t index = 0;
    for (const sector_run& run : geometry.runs) {
      if (address < run.count * run.size) return index + address / run.size;
      address -= run.count * run.size;
      index += run.count;
    }
    return index;
  }
  static constexpr std::size_t count_sectors() { return sector_index(geometry.size()); }

  result<void> violated(const char* what) {
    if (violation_.empty()) violation_ = what;
    return refused;
  }

  void set(std::uint32_t address, std::uint8_t value) {
    sums_[sector_index(address)] = 0;
    cells_.values[address] = value;
  }

  bool may_program(std::uint32_t address, bytes data) const {
    if (cells_.half_erased.count(geometry.sector_begin(address)) != 0) return false;
    for (std::uint32_t at = 0; at < data.size(); at += geometry.program_size) {
      if (geometry.reprograms) continue;
      if (cells_.programmed[(address + at) / geometry.program_size] != 0) return false;
    }
    // Cells that a cut left weak must not be programmed, whatever they read as.
    for (const auto& [begin, part] : cells_.weak)
      for (std::uint32_t i = 0; i < part.before.size(); ++i)
        if (begin + i >= address && begin + i - address < data.size() &&
            data[begin + i - address] != geometry.erased)
          return false;
    return true;
  }

  result<void> carry_out(flash_operation&& one) {
    const bool is_bad = bad_.count(geometry.sector_begin(one.address)) != 0;
    if (done_.size() == cut_.index) {
      is_cut_ = true;
      if (cut_.words != before) apply(one, cut_.words, cut_.reading);
      return power_is_off;
    }
    if (is_bad) return worn_out;
    apply(one, all, weak_reading::finished);
    done_.push_back(std::move(one));
    return {};
  }

 public:
  /// Does an operation, or its first `words` words; an erase that is not done in all leaves the
  /// whole sector weak.
  void apply(const flash_operation& one, std::size_t words, weak_reading reading) {
    if (one.what == flash_operation::kind::erase)
      apply_erase(one.address, words == all, reading);
    else
      apply_program(one, words, reading);
  }

 private:
  void apply_erase(std::uint32_t address, bool whole, weak_reading reading) {
    const std::uint32_t size = geometry.sector_size(address);
    ++erases_[sector_index(address)];
    if (!cells_.weak.empty())
      cells_.weak.erase(cells_.weak.lower_bound(address), cells_.weak.lower_bound(address + size));
    if (!cells_.half_erased.empty()) cells_.half_erased.erase(address);
    if (!whole) {
      const auto* const begin = cells_.values.data() + address;
      cells_.weak[address] = {
          {begin, begin + size}, std::vector<std::uint8_t>(size, geometry.erased), reading};
      cells_.half_erased.insert(address);
    }
    sums_[sector_index(address)] = 0;
    std::memset(cells_.values.data() + address, geometry.erased, size);
    auto* const unit = cells_.programmed.data() + address / geometry.program_size;
    std::fill_n(unit, size / geometry.program_size, std::uint8_t{0});
  }

  void apply_program(const flash_operation& one, std::size_t words, weak_reading reading) {
    const std::size_t size = std::min(one.data.size(), words < all / word ? words * word : all);
    program_bytes(one.address, one.data.data(), size);
    if (size == one.data.size()) return;
    nor_cells::weak_part part;
    part.reading = reading;
    const auto address = static_cast<std::uint32_t>(one.address + size);
    const auto* const weak = cells_.values.data() + address;
    // All words of a unit are programmed at the same time.
    const std::size_t rest = geometry.program_size - size % geometry.program_size;
    part.before.assign(weak, weak + static_cast<std::ptrdiff_t>(rest));
    program_bytes(address, one.data.data() + size, rest);
    part.after.assign(weak, weak + static_cast<std::ptrdiff_t>(rest));
    if (part.before != part.after) cells_.weak[address] = std::move(part);
  }

  void program_bytes(std::uint32_t address, const std::uint8_t* data, std::size_t size) {
    if (size == 0) return;
    for (std::size_t sector = sector_index(address);
         sector <= sector_index(static_cast<std::uint32_t>(address + size - 1)); ++sector)
      sums_[sector] = 0;
    auto* const unit = cells_.programmed.data() + address / geometry.program_size;
    std::fill_n(unit, (size - 1) / geometry.program_size + 1, std::uint8_t{1});
    std::uint8_t* const to = cells_.values.data() + address;
    for (std::size_t i = 0; i < size; ++i)
      to[i] =
          static_cast<std::uint8_t>(geometry.erased == 0xff ? to[i] & data[i] : to[i] | data[i]);
  }

  std::uint8_t read_weak(const nor_cells::weak_part& part, std::uint32_t i) {
    weak_reading reading = part.reading;
    if (reading == weak_reading::changing) reading = static_cast<weak_reading>((starts_ + 1) % 3);
    if (reading == weak_reading::untouched) return part.before[i];
    if (reading == weak_reading::finished) return part.after[i];
    const std::uint64_t bits = mix(++reads_, i);
    return static_cast<std::uint8_t>((part.before[i] & bits) | (part.after[i] & ~bits));
  }

  nor_cells cells_;
  std::vector<std::uint32_t> erases_;
  mutable std::vector<std::uint64_t> sums_;  // of each sector; 0: to be made anew
  std::set<std::uint32_t> bad_;
  std::vector<flash_operation> done_;
  std::string violation_;
  cut cut_;
  std::uint32_t starts_ = 0;
  std::uint32_t reads_ = 0;
  bool is_cut_ = false;
};

}  // namespace ota::testing

// ota/testing/prove_flash_safe.hpp

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

// ota/testing/prove_mixed_safe.hpp

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

// ota/testing/storage_conformance.hpp

namespace ota::testing {

namespace detail {

/// Tries the contract rule by rule on a storage; the first one broken ends it.
template <class Storage>
class conformance {
 public:
  explicit conformance(Storage& storage) : storage_(storage) {}

  std::string run() {
    files();
    if (broken_.empty()) renames();
    if (broken_.empty()) directories();
    if (broken_.empty()) modes();
    return broken_;
  }

 private:
  bool rule(bool holds, const char* sentence) {
    if (!holds && broken_.empty()) broken_ = sentence;
    return holds;
  }

  bool write(const char* path, std::uint64_t offset, std::string_view text) {
    return storage_
        .write(path, offset, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})
        .has_value();
  }

  std::string read(const char* path, std::uint64_t offset, std::size_t most) {
    std::string text(most, '\0');
    const auto size =
        storage_.read(path, offset, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (!size) return "(an error)";
    text.resize(*size);
    return text;
  }

  file_kind kind(const char* path) {
    const auto there = storage_.stat(path);
    return there ? there->kind : file_kind::other;
  }

  void files() {
    rule(kind("ct/a") == file_kind::none, "stat of a path that is not there gives kind none");
    rule(storage_.remove("ct/a").has_value(), "remove of a path that is not there succeeds");
    rule(write("ct/a", 0, "hello"), "write at offset 0 creates the file and its directories");
    rule(kind("ct/a") == file_kind::file, "stat of a file gives kind file");
    rule(kind("ct/a/b") == file_kind::none, "stat of a path below a file gives kind none");
    rule(storage_.stat("ct/a").has_value() && storage_.stat("ct/a")->size == 5,
         "stat of a file gives its size");
    rule(read("ct/a", 0, 100) == "hello", "read gives what was written, and less at the end");
    rule(read("ct/a", 1, 3) == "ell", "read begins at its offset and fills what it is given");
    rule(read("ct/a", 5, 3).empty(), "read at the end of a file gives 0 bytes");
    rule(write("ct/a", 5, ", you"), "write at the size of a file appends");
    rule(read("ct/a", 0, 100) == "hello, you", "an append leaves what was there");
    rule(write("ct/a", 0, "x"), "write at offset 0 over a file succeeds");
    rule(read("ct/a", 0, 100) == "x", "write at offset 0 empties the file first");
    rule(write("ct/e", 0, ""), "write of no bytes at offset 0 succeeds");
    rule(kind("ct/e") == file_kind::file, "write of no bytes at offset 0 creates an empty file");
    rule(storage_.sync().has_value(), "sync succeeds");
    rule(storage_.free_space().has_value(), "free_space succeeds");
  }

  void renames() {
    rule(storage_.rename("ct/a", "ct/n/ew/b").has_value(),
         "rename makes the directories of its target");
    rule(kind("ct/a") == file_kind::none, "rename leaves nothing at the old path");
    rule(read("ct/n/ew/b", 0, 9) == "x", "rename keeps the content");
    rule(write("ct/c", 0, "other"), "write succeeds beside a directory");
    rule(storage_.rename("ct/c", "ct/n/ew/b").has_value(), "rename replaces a file");
    rule(read("ct/n/ew/b", 0, 9) == "other", "rename over a file gives the new content");
    rule(!storage_.rename("ct/gone", "ct/c").has_value(), "rename of nothing is an error");
    rule(write("ct/f", 0, "f") && !storage_.rename("ct/f", "ct/n").has_value(),
         "rename over a directory is an error");
    rule(!write("ct/f/below", 0, "x"), "write below a file is an error");
    rule(read("ct/f", 0, 9) == "f", "a refused operation changes nothing");
  }

  void directories() {
    rule(kind("ct/n") == file_kind::directory, "stat of a directory gives kind directory");
    std::vector<std::pair<std::string, file_kind>> seen;
    const auto listed = storage_.list("ct", [&](std::string_view name, file_kind what) {
      seen.emplace_back(std::string(name), what);
      return true;
    });
    rule(listed.has_value() && seen.size() == 3, "list gives each entry of a directory once");
    for (const auto& [name, what] : seen)
      rule((name == "n") == (what == file_kind::directory), "list tells files from directories");
    int visits = 0;
    (void)storage_.list("ct", [&](std::string_view, file_kind) { return ++visits < 1; });
    rule(visits == 1, "list ends when its visitor says so");
    rule(storage_.list("ct/nothing", [&](std::string_view, file_kind) { return true; }).has_value(),
         "list of a directory that is not there succeeds and gives nothing");
    const auto removed = storage_.remove("ct/n");
    rule(!removed && removed.error().code == errc::not_empty,
         "remove of a directory that holds something is errc::not_empty");
    for (const char* path : {"ct/n/ew/b", "ct/n/ew", "ct/n", "ct/e", "ct/f", "ct"})
      rule(storage_.remove(path).has_value(), "remove takes files and empty directories");
    rule(kind("ct") == file_kind::none, "nothing is left of what was removed");
  }

  void modes() {
    if constexpr (keeps_modes<Storage>) {
      rule(write("ct", 0, "x") && !storage_.stat("ct")->executable, "a new file is not executable");
      rule(storage_.set_executable("ct", true).has_value() && storage_.stat("ct")->executable,
           "set_executable makes a file executable");
      rule(storage_.rename("ct", "cu").has_value() && storage_.stat("cu")->executable,
           "rename keeps the mode");
      rule(storage_.set_executable("cu", false).has_value() && !storage_.stat("cu")->executable,
           "set_executable takes it back");
      rule(storage_.remove("cu").has_value(), "remove takes a file");
    }
  }

  Storage& storage_;
  std::string broken_;
};

}  // namespace detail

/// Tries a storage policy on its contract, in a directory `ct` that must not be there, and leaves
/// nothing behind when all is well. Returns the first rule that does not hold; empty: all hold.
template <class Storage>
std::string check_storage(Storage& storage) {
  static_assert(check_file_storage<Storage>::ok);
  return detail::conformance<Storage>(storage).run();
}

}  // namespace ota::testing
