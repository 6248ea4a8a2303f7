#pragma once

#include "../flash/flash_policy.hpp"

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
