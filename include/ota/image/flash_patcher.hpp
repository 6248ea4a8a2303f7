#pragma once

#include "../delta/patch_check.hpp"
#include "../delta/patch_decoder.hpp"
#include "../flash/flash_map.hpp"
#include "patch_keeper.hpp"

namespace ota {

/// What a device gives for patches of its image in flash.
struct flash_patch_limits : patch_limits {
  /// Bytes of the new image after which it is kept how far the patch is applied, once a sector
  /// ends: no more of it is written again after a power cut. Less of it wears out `patch_state`.
  static constexpr std::uint32_t block = 4096;
  /// In place: bytes of the slot that images leave free, at least `block`. Patches may lag by what
  /// the old image leaves free, less a block.
  static constexpr std::uint32_t spare = 12 * 1024;
};

/// For devices with little memory: a decoder of 2.6 KB. Patches for it are made with a map of 32
/// entries and without models for literals.
struct small_flash_patch_limits : flash_patch_limits {
  static constexpr std::size_t map_entries = 32;
  static constexpr unsigned literal_bits = 0;
  static constexpr std::size_t input_size = 96;
};

/// Applies a patch to flash, and goes on after a power cut where a block of the new image ended.
///
/// Steps of the boot journal count the sectors of it that are written, `steps_before` others before
/// them. `Swapper` has loaded its state and stored it since.
template <class Swapper, class Patch, class Limits>
class flash_patcher {
  using flash_type = typename Swapper::flash_type;
  using map = typename Swapper::map;
  using old_file = flash_source<flash_type>;
  using new_file = flash_output<flash_type>;
  using decoder_type = patch_decoder<old_file, Patch, new_file, Limits>;
  using keeper_type = patch_keeper<flash_type>;
  static constexpr flash_region kept_in = detail::patch_state_of<map>::value;
  static constexpr std::uint32_t bank_size = keeper_type::bank_size(sizeof(decoder_type));

  static constexpr bool sectors_take_whole_pieces() {
    for (const sector_run& run : flash_type::geometry.runs)
      if (run.size % Limits::output_size != 0) return false;
    return true;
  }
  // A step of the decoder makes no more, so that it passes over no end of a sector.
  static constexpr std::uint32_t most_in_step = 72;
  static_assert(sectors_take_whole_pieces() && Limits::output_size >= most_in_step &&
                    Limits::output_size % flash_type::geometry.program_size == 0,
                "a patch's output_size must be whole program units, and sectors a multiple of it");
  static_assert(detail::has_two_banks<flash_type>(kept_in),
                "the flash map needs: static constexpr ota::flash_region patch_state, two banks of "
                "equal size, each at least a sector");
  static_assert(
      kept_in.size == 0 || kept_in.size / 2 >= bank_size,
      "the flash map's patch_state is too short: its banks do not hold a decoder's state");

 public:
  flash_patcher(Swapper& swapper, flash_region old_place, Patch& patch, flash_region target,
                std::uint32_t steps_before)
      : swapper_(swapper),
        patch_(patch),
        target_(target),
        steps_before_(steps_before),
        old_(swapper.flash(), old_place),
        new_(swapper.flash(), target),
        decoder_(old_, patch, new_),
        keeper_(swapper.flash(), kept_in) {}

  /// Reads the patch's header, and refuses what this device cannot apply.
  result<void> open() {
    if (auto done = decoder_.open(); !done) return done;
    if (header().new_size > target_.size) return detail::no_room_in_flash;
    new_.go_to(0);
    kept_at_ = 0;
    return {};
  }

  const patch_header& header() const { return decoder_.header(); }

  /// After `open()`: goes on where the boot journal says. `patch_errors::bad_state`: it cannot.
  result<void> resume() {
    const std::uint32_t number = swapper_.state().step - steps_before_;
    if (number == 0) return {};
    const auto id = patch_id();
    if (!id) return id.error();
    // The decoder's own memory: there is none for another state beside it.
    const auto found = keeper_.load(number, *id, decoder_.state());
    if (!found) return found.error();
    if (!*found || sectors_before(decoder_.appended()) != number) return patch_errors::bad_state;
    kept_at_ = decoder_.appended();
    new_.go_to(kept_at_);
    return decoder_.resume();
  }

  /// Whether the new image is written to its end, as far as the boot journal says.
  bool is_written() const {
    return swapper_.state().step == steps_before_ + sectors_before(header().new_size);
  }

  /// Does a bounded piece of work; false: the new image is written to its end.
  result<bool> step() {
    const auto more = decoder_.step();
    if (!more) return more;
    const std::uint32_t at = decoder_.appended();
    if (!*more) {
      if (auto done = tell_journal(at); !done) return done.error();
      return false;
    }
    if (at - kept_at_ < Limits::block || !flash_type::geometry.is_boundary(target_.begin + at))
      return true;
    const auto id = patch_id();
    if (!id) return id.error();
    if (auto done = keeper_.store(sectors_before(at), *id, decoder_.state()); !done)
      return done.error();
    kept_at_ = at;
    if (auto done = tell_journal(at); !done) return done.error();
    return true;
  }

 private:
  std::uint32_t sectors_before(std::uint32_t offset) const {
    return detail::sectors_in<flash_type>(target_, offset);
  }

  result<void> tell_journal(std::uint32_t written) {
    auto next = swapper_.state();
    next.step = steps_before_ + sectors_before(written);
    return swapper_.change(next);
  }

  /// The sum at its end.
  result<std::uint32_t> patch_id() {
    std::uint8_t sum[patch_header::sum_size];
    const std::uint32_t at = patch_.size() - std::uint32_t{sizeof sum};
    if (auto done = patch_.read(at, sum); !done) return done.error();
    return detail::get_u32(sum);
  }

  Swapper& swapper_;
  Patch& patch_;
  flash_region target_;
  std::uint32_t steps_before_;
  std::uint32_t kept_at_ = 0;  // bytes of the new image, in the newest kept state
  old_file old_;
  new_file new_;
  decoder_type decoder_;
  keeper_type keeper_;
};

}  // namespace ota
