#pragma once

#include "flash_patcher.hpp"
#include "image_state.hpp"
#include "slot_units.hpp"

namespace ota {

namespace detail {

/// Has the bootloader make the new image out of the old one and a patch.
template <class Swapper>
class in_place_patching {
  using flash_type = typename Swapper::flash_type;
  using strategy = typename Swapper::strategy;
  using limits = typename strategy::limits;
  using source = flash_source<flash_type>;
  static constexpr flash_region slot{strategy::running(0).begin, strategy::capacity};

 public:
  explicit in_place_patching(Swapper& swapper) : swapper_(swapper) {}

  /// Whether the staged patch can be applied to the image that runs. The last time that there is a
  /// way back.
  result<void> check() {
    const auto place = patch_place();
    return place ? check_at(*place) : result<void>(place.error());
  }

  /// After the old image was moved up: makes the new one, or goes on with that.
  template <class Between>
  result<void> apply(Between& between) {
    const auto place = patch_place();
    return place ? apply_at(*place, between) : result<void>(place.error());
  }

 private:
  using work_type = flash_patcher<Swapper, source, limits>;

  static constexpr error lags_too_far{
      errc::unsupported, "image patch",
      "the patch cannot be applied in place here: make it with a smaller lag"};

  result<flash_region> patch_place() {
    const flash_region staged = swapper_.staging();
    const auto info = swapper_.image().check_patch(swapper_.flash(), staged);
    if (!info) return info.error();
    return flash_region{staged.begin + info->header_size, info->payload_size};
  }

  // Functions of their own: the decoder does not lie on the stack while signatures are verified.
  [[gnu::noinline]] result<void> check_at(flash_region place) {
    source patch(swapper_.flash(), place), running(swapper_.flash(), slot);
    if (auto done = check_patch_sum(patch); !done) return done;
    const std::uint32_t used = swapper_.state().used;
    const flash_region moved = strategy::moved(used);
    work_type work(swapper_, moved, patch, slot, 0);
    if (auto done = work.open(); !done) return done;
    const patch_header& header = work.header();
    if (header.lag > moved.begin - slot.begin - limits::block) return lags_too_far;
    // No more of the old image is moved than is known to be there.
    if (header.old_size > used) return patch_errors::wrong_base;
    return check_patch_base(header, running);
  }

  template <class Between>
  [[gnu::noinline]] result<void> apply_at(flash_region place, Between& between) {
    source patch(swapper_.flash(), place), made(swapper_.flash(), slot);
    const image_state& state = swapper_.state();
    work_type work(swapper_, strategy::moved(state.used), patch, slot,
                   strategy::copies(state.phase, state.used));
    if (auto done = work.open(); !done) return done;
    if (!work.is_written()) {
      if (auto done = work.resume(); !done) return done;
      for (;;) {
        between();
        const auto more = work.step();
        if (!more) return more.error();
        if (!*more) break;
      }
    }
    return check_patch_result(work.header(), made);
  }

  Swapper& swapper_;
};

}  // namespace detail

/// One slot: a patch arrives in a small region of its own, and the bootloader applies it to the
/// image in its place. It moves that image to the slot's end, then makes the new one from front to
/// back, in blocks after which it can go on. There is no way back to the old image.
///
/// Needs `primary` of even sectors, `patch`, `patch_state`, and `using patch_limits = …`
/// (`flash_patch_limits`); at least `limits::spare` bytes of the primary slot are free of images.
/// Patches are packed and signed as images are, with the flag "not bootable": they must not come
/// from anyone else, since they overwrite the only image.
///
/// Why the old image is read before it is overwritten: with d bytes free, its byte p lies at p + d.
/// When the byte q of the new one is made, at most the block that holds q was written before, in a
/// try that was cut; what is read lies at q - lag + d or above it, and d is at least lag + block.
template <class Map>
struct patch_in_place {
  static_assert(check_flash_map<Map>::ok);
  using limits = typename Map::patch_limits;
  using units =
      detail::slot_units<typename Map::flash, detail::primary_of<Map>, detail::primary_of<Map>>;
  static_assert(units::even != 0,
                "the flash map's primary slot needs sectors of one size, to be patched in place");
  static constexpr std::uint32_t sector = units::even == 0 ? 1 : units::even;
  static_assert(limits::block % sector == 0 && limits::spare % sector == 0,
                "the patch limits' block and spare must be whole sectors");
  static_assert(limits::block != 0 && limits::spare >= limits::block,
                "the patch limits' spare must be at least the block");
  static_assert(Map::primary.size > limits::spare,
                "the flash map's primary slot is too small: patching in place needs more than the "
                "spare");
  static_assert(detail::patch_of<Map>::value.size != 0,
                "the flash map needs: static constexpr ota::flash_region patch");

  static constexpr bool runs_in_place = false;
  static constexpr std::uint32_t capacity = Map::primary.size - limits::spare;
  static_assert(Map::patch.size <= capacity, "the flash map's patch is larger than an image");

  static constexpr flash_region running(std::uint8_t) { return Map::primary; }
  static constexpr flash_region staging(std::uint8_t) { return Map::patch; }
  static constexpr flash_region previous(std::uint8_t) { return {}; }

  static constexpr std::uint32_t copies(image_phase phase, std::uint32_t used) {
    return phase == image_phase::swapping ? units::count(used) : 0;
  }
  static constexpr flash_copy copy(image_phase, std::uint32_t used, std::uint32_t step) {
    const flash_region unit = units::unit(units::count(used) - 1 - step, used);
    return {Map::primary.begin + unit.begin, moved(used).begin + unit.begin, unit.size};
  }
  /// Where the old image lies while the new one is made.
  static constexpr flash_region moved(std::uint32_t used) {
    const std::uint32_t size = units::count(used) * units::even;
    return {Map::primary.end() - size, size};
  }

  template <class Swapper>
  using patching = detail::in_place_patching<Swapper>;
};

}  // namespace ota
