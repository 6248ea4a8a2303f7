#pragma once

#include <algorithm>
#include <cstring>
#include <utility>

#include "../flash/flash_policy.hpp"
#include "nor_cells.hpp"

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
