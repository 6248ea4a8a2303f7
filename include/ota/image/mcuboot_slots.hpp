#pragma once

#include "../flash/flash_map.hpp"
#include "image_info.hpp"
#include "image_state.hpp"
#include "mcuboot_trailer.hpp"

namespace ota {

/// The two slots of a device whose bootloader is MCUboot, which swaps them: by scratch, by moving,
/// or by overwriting. Asks for the swap, and confirms what it led to, so that no power cut leaves
/// a state that MCUboot does not know (its issue 1966: a torn magic, a torn flag).
///
/// `Map` is a flash map with `primary` and `secondary` (flash_map.hpp), MCUboot's slots.
///
/// \tparam Align       MCUboot's BOOT_MAX_ALIGN
/// \tparam MaxSectors  MCUboot's BOOT_MAX_IMG_SECTORS, for which its status has room in each slot
template <class Map, std::uint32_t Align = 8, std::uint32_t MaxSectors = 128>
class mcuboot_slots {
  using flash_type = typename Map::flash;
  using trailer = mcuboot_trailer<flash_type, Align>;
  static constexpr const auto& geometry = flash_type::geometry;
  static constexpr std::uint32_t trailer_size =
      MaxSectors * 3 * geometry.program_size + trailer::swap_info_at + Align;

  static constexpr bool is_slot(flash_region slot) {
    return detail::is_sound<flash_type>(slot) && slot.size > trailer_size;
  }
  static_assert(is_slot(Map::primary) && is_slot(Map::secondary),
                "a slot must begin and end with a sector, and be larger than MCUboot's trailer");
  static_assert(!overlap(Map::primary, Map::secondary), "the slots overlap");

  static constexpr std::uint32_t room_in(flash_region slot) {
    const std::uint32_t whole = trailer::first_sector(slot) - slot.begin;
    return whole < slot.size - trailer_size ? whole : slot.size - trailer_size;
  }

 public:
  /// Bytes of the largest image that can be staged. It leaves alone the sectors which the magic and
  /// the flags lie in: these may have to be erased.
  static constexpr std::uint32_t room = room_in(Map::secondary);

  explicit mcuboot_slots(flash_type& flash) : flash_(flash) {}

  /// Reads both trailers; before all else.
  result<void> load() {
    if (const auto done = primary_.load(flash_, Map::primary); !done) return done;
    return secondary_.load(flash_, Map::secondary);
  }

  /// What MCUboot will do at the next start: the table of `boot_swap_type_multi`.
  mcuboot_swap next_swap() const {
    if (secondary_.magic == mcuboot_flag::set && secondary_.image_ok == mcuboot_flag::unset)
      return mcuboot_swap::test;
    if (secondary_.magic == mcuboot_flag::set && secondary_.image_ok == mcuboot_flag::set)
      return mcuboot_swap::permanent;
    if (primary_.magic == mcuboot_flag::set && primary_.image_ok == mcuboot_flag::unset &&
        primary_.copy_done == mcuboot_flag::set)
      return mcuboot_swap::revert;
    return mcuboot_swap::none;
  }

  image_phase phase() const {
    switch (next_swap()) {
      case mcuboot_swap::test:
      case mcuboot_swap::permanent:
        return image_phase::swapping;
      case mcuboot_swap::revert:
        return image_phase::trial;
      default:
        break;
    }
    if (primary_.magic != mcuboot_flag::set || primary_.copy_done != mcuboot_flag::set)
      return image_phase::idle;
    // MCUboot keeps an image whose flag is torn, as long as it reads so. It is confirmed once more.
    return primary_.image_ok == mcuboot_flag::set ? image_phase::kept : image_phase::trial;
  }

  /// Whether the last swap put an earlier image back.
  bool was_put_back() const {
    return phase() == image_phase::kept &&
           (primary_.swap_info & 15) == static_cast<std::uint8_t>(mcuboot_swap::revert);
  }

  /// Asks MCUboot for the image in the secondary slot: for a trial, or at once for good.
  result<void> begin(const image_info& image, bool permanent = false) {
    if (image.size > room) return reaches_into_trailer;
    if (phase() == image_phase::trial) return on_trial;
    const mcuboot_swap wanted = permanent ? mcuboot_swap::permanent : mcuboot_swap::test;
    if (next_swap() == wanted) return {};
    // What reads as erased may be a unit that a power cut left half written. So all is erased, and
    // the magic comes last: without it, MCUboot does not look at the rest.
    if (const auto done = trailer::erase(flash_, Map::secondary); !done) return done;
    if (const auto done =
            write(Map::secondary, trailer::swap_info_at, static_cast<std::uint8_t>(wanted));
        !done)
      return done;
    if (permanent)
      if (const auto done = write(Map::secondary, trailer::image_ok_at, 1); !done) return done;
    if (const auto done = trailer::write_magic(flash_, Map::secondary); !done) return done;
    return load();
  }

  /// Keeps the running image. Nothing is done where there is nothing to confirm.
  result<void> confirm() {
    if (primary_.magic != mcuboot_flag::set || primary_.image_ok == mcuboot_flag::set) return {};
    result<void> done;
    if (primary_.image_ok == mcuboot_flag::unset || geometry.reprograms)
      done = write(Map::primary, trailer::image_ok_at, 1);
    else
      done = rewrite();
    return done ? load() : done;
  }

 private:
  static constexpr error reaches_into_trailer{errc::no_space, "mcuboot",
                                              "the image reaches into the sectors of MCUboot's "
                                              "trailer: make it smaller or the slot larger"};
  static constexpr error on_trial{errc::wrong_state, "mcuboot",
                                  "the running image is on trial: confirm it first"};

  result<void> write(flash_region slot, std::uint32_t distance, std::uint8_t value) {
    return trailer::write_byte(flash_, slot, distance, value);
  }

  /// A torn flag cannot be programmed again. From the erase on MCUboot finds no magic, and does
  /// nothing but start the image that is there.
  result<void> rewrite() {
    const auto running = read_image(flash_, Map::primary);
    if (!running) return running.error();
    if (running->size > room_in(Map::primary)) return reaches_into_trailer;
    if (const auto done = trailer::erase(flash_, Map::primary); !done) return done;
    if (const auto done = write(Map::primary, trailer::copy_done_at, 1); !done) return done;
    if (const auto done = write(Map::primary, trailer::image_ok_at, 1); !done) return done;
    return trailer::write_magic(flash_, Map::primary);
  }

  flash_type& flash_;
  trailer primary_, secondary_;
};

}  // namespace ota
