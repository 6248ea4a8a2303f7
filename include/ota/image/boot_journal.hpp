#pragma once

#include <cstring>
#include <type_traits>

#include "../hash/crc32.hpp"
#include "flash_copy.hpp"

namespace ota {

/// Keeps one record, and how many steps were done since, in a region of flash, whatever a power cut
/// does to the cells that were being changed.
///
/// The region is three banks. A bank is erased, takes the record, then a seal, then a mark for each
/// step. What makes it safe:
/// - Only a bank that was erased since the last start is written to, so that no unit is programmed
///   twice, though it may read as if it were erased.
/// - A record whose programming was cut can read whole today and not tomorrow. Its seal, which is
///   programmed after it, tells that it was finished. The newest bank and the newest sealed bank
///   are never erased.
/// - Whoever acts on what was read stores it first. That leaves no bank behind whose record was not
///   finished: it could be read as the newest one day.
///
/// `Record` is plain data with a `format` number and a `step`.
template <class Flash, class Record>
class boot_journal {
  static_assert(std::is_trivially_copyable_v<Record> &&
                    std::has_unique_object_representations_v<Record>,
                "a record must be plain data without gaps");

 public:
  static constexpr std::uint32_t banks = 3;

  boot_journal(Flash& flash, flash_region region)
      : flash_(flash), begin_(region.begin), bank_size_(region.size / banks) {}

  /// Reads the newest record; false where there is none.
  result<bool> load(Record& value) {
    newest_ = sealed_ = none;
    settled_ = 0;
    sequence_ = 0;
    is_open_ = false;
    std::uint32_t sealed_sequence = 0;
    for (std::uint8_t bank = 0; bank < banks; ++bank) {
      entry one;
      if (auto done = read(begin_of(bank), one); !done) return done.error();
      if (one.seal != seal_of(one)) continue;
      std::uint32_t seal = 0;
      if (auto done = read(begin_of(bank) + entry_size, seal); !done) return done.error();
      if (newest_ == none || one.sequence > sequence_) {
        newest_ = bank;
        sequence_ = one.sequence;
        value = one.record;
      }
      if (seal == erased_word) continue;
      settled_ |= 1u << bank;
      if (sealed_ == none || one.sequence > sealed_sequence) {
        sealed_ = bank;
        sealed_sequence = one.sequence;
      }
    }
    if (newest_ == none) return false;
    return count_steps(value);
  }

  /// Whether what was read was written to its end: so that it reads the same from now on.
  bool is_sealed() const { return newest_ == sealed_; }

  /// Keeps a record from now on, in the place of what was there.
  result<void> store(const Record& value) {
    std::uint8_t bank = after(newest_);
    if (bank == sealed_) bank = after(bank);
    is_open_ = false;
    if (auto done = erase(bank); !done) return done;
    entry one{};
    one.sequence = sequence_ + 1;
    one.record = value;
    one.seal = seal_of(one);
    if (auto done = program(begin_of(bank), &one, sizeof one); !done) return done;
    entry kept;
    if (auto done = read(begin_of(bank), kept); !done) return done;
    if (std::memcmp(&one, &kept, sizeof one) != 0) return not_kept;
    ++sequence_;
    newest_ = bank;
    marks_ = 0;
    if (auto done = mark(); !done) return done;
    sealed_ = bank;
    settled_ |= 1u << bank;
    if (auto done = settle(); !done) return done;
    is_open_ = true;
    return {};
  }

  /// Keeps that a record which was stored since the start is a step further.
  result<void> advance(Record& value) {
    ++value.step;
    if (!is_open_ || marks_ == marks_in(bank_size_)) return store(value);
    return mark();
  }

  /// Marks, the seal among them, for which a bank of `size` bytes has room; two are the least.
  static constexpr std::uint32_t marks_in(std::uint32_t size) {
    return size < entry_size ? 0 : (size - entry_size) / mark_size;
  }

 private:
  struct entry {
    std::uint32_t sequence;
    Record record;
    std::uint32_t seal;
  };
  static_assert(sizeof(entry) == sizeof(Record) + 8);

  static constexpr auto& geometry = Flash::geometry;
  static constexpr std::uint8_t none = 0xff;
  static constexpr std::uint32_t erased_word = geometry.erased * 0x01010101u;

  // What is programmed at a time; a flash whose units may be programmed again takes less than one.
  static constexpr std::uint32_t piece =
      geometry.reprograms || geometry.program_size < 4 ? 4 : geometry.program_size;
  static constexpr std::uint32_t mark_size = piece;
  static constexpr std::uint32_t entry_size = (sizeof(entry) + piece - 1) / piece * piece;

  static constexpr error not_kept{errc::storage, "boot journal",
                                  "the flash does not keep what is written to the boot journal"};

  std::uint32_t begin_of(std::uint8_t bank) const { return begin_ + bank * bank_size_; }

  static std::uint32_t seal_of(const entry& one) {
    crc32 sum;
    sum.update({reinterpret_cast<const std::uint8_t*>(&one), sizeof one - sizeof one.seal});
    return sum.value() ^ Record::format;
  }

  template <class T>
  result<void> read(std::uint32_t address, T& out) {
    return flash_.read(address, {reinterpret_cast<std::uint8_t*>(&out), sizeof out});
  }

  // A mark and its complement: whatever bits of it are missing, it is not one.
  static constexpr std::uint32_t mark_word(std::uint32_t index) {
    return (index & 0xffff) | (~index & 0xffff) << 16;
  }

  result<bool> count_steps(Record& value) {
    for (marks_ = 0; marks_ < marks_in(bank_size_); ++marks_) {
      std::uint32_t word = 0;
      const std::uint32_t at = begin_of(newest_) + entry_size + marks_ * mark_size;
      if (auto done = read(at, word); !done) return done.error();
      if (word != mark_word(marks_)) break;
    }
    if (marks_ > 1) value.step += marks_ - 1;  // the first is the seal
    return true;
  }

  result<void> mark() {
    const std::uint32_t word = mark_word(marks_);
    const std::uint32_t at = begin_of(newest_) + entry_size + marks_ * mark_size;
    ++marks_;
    return program(at, &word, sizeof word);
  }

  // The bytes with erased ones around them, in whole units; what is smaller than one lies in one.
  result<void> program(std::uint32_t address, const void* data, std::size_t size) {
    constexpr std::uint32_t unit = geometry.program_size;
    constexpr std::uint32_t most = (entry_size + unit - 1) / unit * unit;
    std::uint8_t buffer[most];
    const std::size_t skipped = address % unit;
    const std::size_t whole = (skipped + size + unit - 1) / unit * unit;
    std::memset(buffer, geometry.erased, whole);
    std::memcpy(buffer + skipped, data, size);
    return flash_.program(address - static_cast<std::uint32_t>(skipped), {buffer, whole});
  }

  static constexpr std::uint8_t after(std::uint8_t bank) {
    return bank >= banks - 1 ? 0 : static_cast<std::uint8_t>(bank + 1);
  }

  // Erases the banks whose record may not have been finished.
  result<void> settle() {
    for (std::uint8_t bank = 0; bank < banks; ++bank) {
      if ((settled_ >> bank & 1) != 0) continue;
      if (auto done = erase(bank); !done) return done;
      settled_ |= 1u << bank;
    }
    return {};
  }

  result<void> erase(std::uint8_t bank) {
    return detail::erase_sectors(flash_, begin_of(bank), bank_size_);
  }

  Flash& flash_;
  std::uint32_t begin_;
  std::uint32_t bank_size_;  // kept: a Cortex-M0+ divides by calling a function
  std::uint32_t sequence_ = 0;
  std::uint32_t marks_ = 0;
  std::uint8_t newest_ = none;
  std::uint8_t sealed_ = none;
  unsigned settled_ = 0;  // a bit for each bank: its record was finished, or it has none
  bool is_open_ = false;
};

}  // namespace ota
