#pragma once

#include <cstring>

#include "../core/little_endian.hpp"
#include "../core/result.hpp"
#include "../flash/flash_policy.hpp"
#include "../hash/crc32.hpp"
#include "image_state.hpp"

namespace ota {

/// What is known of an application that ESP-IDF's bootloader starts (`esp_flash_partitions.h`).
enum class esp_app_state : std::uint32_t {
  fresh = 0,           ///< to be tried at the next start
  pending_verify = 1,  ///< on trial: put back at the next start, unless it is valid by then
  valid = 2,
  invalid = 3,  ///< it said so itself
  aborted = 4,  ///< it was tried and not confirmed
  undefined = 0xffffffff
};

/// The partition by which ESP-IDF's bootloader chooses the application that it starts: two sectors,
/// each with an entry of its own, of which the valid one with the higher number counts.
///
/// Whatever the moment of a power cut, one of the two entries stays as it is: what is asked for is
/// written into the sector that does not count, and a confirmation into the one of the application
/// on trial, without which the earlier one is started.
///
/// `Map` has `using flash`, `static constexpr flash_region otadata` (0x2000 bytes) and
/// `static constexpr std::uint32_t app_slots`, how many `ota_` partitions there are.
///
/// \tparam PutsBack  whether the bootloader is built with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
template <class Map, bool PutsBack = true>
class esp_otadata {
  using flash_type = typename Map::flash;
  static constexpr std::uint32_t sector_size = 4096, entry_size = 32;
  static_assert(check_flash<flash_type>::ok);
  static_assert(entry_size % flash_type::geometry.program_size == 0,
                "an entry of otadata must be whole program units");
  static_assert(Map::otadata.size == 2 * sector_size &&
                    flash_type::geometry.is_boundary(Map::otadata.begin) &&
                    flash_type::geometry.sector_size(Map::otadata.begin) == sector_size,
                "otadata is two sectors of 4096 bytes");
  static_assert(Map::app_slots >= 1 && Map::app_slots <= 16, "there are 1 to 16 ota_ partitions");

 public:
  static constexpr int none = -1;  ///< the factory application, or ota_0 where there is none

  explicit esp_otadata(flash_type& flash) : flash_(flash) {}

  /// Reads both entries; before all else.
  result<void> load() {
    for (int i = 0; i < 2; ++i) {
      std::uint8_t bytes[entry_size];
      if (const auto done = flash_.read(address(i), bytes); !done) return done;
      entry& one = entries_[i];
      one.number = detail::get_u32(bytes);
      one.state = static_cast<esp_app_state>(detail::get_u32(bytes + 24));
      one.is_whole = one.number != 0xffffffff && sum_of(bytes) == detail::get_u32(bytes + 28);
    }
    return {};
  }

  /// The `ota_` partition that is started next, or `none`.
  int next_slot() const { return active() < 0 ? none : slot_of(entries_[active()]); }

  image_phase phase() const {
    if (active() < 0) return image_phase::idle;
    switch (entries_[active()].state) {
      case esp_app_state::fresh:
        return image_phase::swapping;
      case esp_app_state::pending_verify:
        return image_phase::trial;
      default:
        return image_phase::kept;
    }
  }

  /// Whether the application that was asked for last has been put back.
  bool was_put_back() const {
    for (const entry& one : entries_)
      if (one.is_whole && !one.counts() && (active() < 0 || one.number > entries_[active()].number))
        return true;
    return false;
  }

  /// Asks for an application to be started next.
  result<void> begin(std::uint32_t slot) {
    if (slot >= Map::app_slots) return no_such_slot;
    if (phase() == image_phase::trial) return on_trial;
    if (next_slot() == static_cast<int>(slot)) return {};
    const std::uint32_t last = active() < 0 ? 0 : entries_[active()].number;
    std::uint32_t number = slot + 1;
    if (last != 0)
      number = last + (slot + Map::app_slots - (last - 1) % Map::app_slots) % Map::app_slots;
    if (number < last || number == 0xffffffff) return used_up;
    const auto state = PutsBack ? esp_app_state::fresh : esp_app_state::undefined;
    return write(active() == 0 ? 1 : 0, number, state);
  }

  /// Keeps the running application. Nothing is done where none is on trial.
  result<void> confirm() { return end_trial(esp_app_state::valid); }

  /// Gives the application on trial up: the earlier one is started next.
  result<void> reject() { return end_trial(esp_app_state::invalid); }

 private:
  static constexpr error no_such_slot{errc::invalid_argument, "otadata",
                                      "there is no ota_ partition with that number"};
  static constexpr error on_trial{errc::wrong_state, "otadata",
                                  "the running application is on trial: confirm it first"};
  static constexpr error used_up{errc::damaged, "otadata",
                                 "its numbers are used up: erase otadata"};

  struct entry {
    std::uint32_t number = 0xffffffff;
    esp_app_state state = esp_app_state::undefined;
    bool is_whole = false;

    bool counts() const {
      return is_whole && state != esp_app_state::invalid && state != esp_app_state::aborted;
    }
  };

  static int slot_of(const entry& one) {
    return static_cast<int>((one.number - 1) % Map::app_slots);
  }

  static constexpr std::uint32_t address(int index) {
    return Map::otadata.begin + static_cast<std::uint32_t>(index) * sector_size;
  }

  // ESP-IDF begins the sum with zero, which is what four bytes 0xff make of zlib's beginning.
  static std::uint32_t sum_of(const std::uint8_t* number) {
    static constexpr std::uint8_t beginning[] = {0xff, 0xff, 0xff, 0xff};
    crc32 sum;
    sum.update(beginning);
    sum.update({number, 4});
    return sum.value();
  }

  int active() const {
    const bool first = entries_[0].counts(), second = entries_[1].counts();
    if (first && second) return entries_[0].number >= entries_[1].number ? 0 : 1;
    return first ? 0 : second ? 1 : -1;
  }

  result<void> end_trial(esp_app_state state) {
    if (phase() != image_phase::trial) return {};
    return write(active(), entries_[active()].number, state);
  }

  result<void> write(int index, std::uint32_t number, esp_app_state state) {
    std::uint8_t bytes[entry_size];
    std::memset(bytes, 0xff, sizeof bytes);
    detail::put_u32(bytes, number);
    detail::put_u32(bytes + 24, static_cast<std::uint32_t>(state));
    detail::put_u32(bytes + 28, sum_of(bytes));
    if (const auto done = flash_.erase(address(index)); !done) return done;
    if (const auto done = flash_.program(address(index), bytes); !done) return done;
    return load();
  }

  flash_type& flash_;
  entry entries_[2];
};

}  // namespace ota
