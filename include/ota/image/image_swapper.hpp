#pragma once

#include <type_traits>

#include "boot_journal.hpp"
#include "flash_copy.hpp"
#include "image_state.hpp"

namespace ota {

// The contract of an image policy: what a slot must hold to be run. `mcuboot_image` fills it.
//
//   template <class Flash> result<info> check(Flash&, flash_region slot)
//         reads all of the image from flash; info has a `size`, bytes from the slot's beginning,
//         and a `digest`, the image's SHA-256
//   template <class Flash> result<info> check_patch(Flash&, flash_region slot)
//         the same of a patch, where the strategy takes patches; info also has `header_size` and
//         `payload_size`, which tell where in the slot the patch lies
//   result<void> check_successor(const info& running, const info& next)
//         whether one may take the other's place: not when it is older

namespace detail {

/// Whether what is staged is a patch for the running image, which the bootloader applies.
template <class Strategy, class = void>
inline constexpr bool takes_patches = false;
template <class Strategy>
inline constexpr bool takes_patches<Strategy, std::void_t<typename Strategy::limits>> = true;

}  // namespace detail

/// Makes a staged image the running one, and puts the old one back: what `swapper` does for files,
/// on raw flash.
///
/// A program stages (`image_stager`), asks for the swap, and starts again; `image_boot` in the
/// bootloader, or first thing in a program whose images run where they lie, carries it out. Both
/// share the boot journal. `Strategy` is one of `two_slots`, `swap_with_scratch`, `swap_by_moving`,
/// `overwrite_with_backup`, `patch_in_place`, or the user's own.
template <class Map, template <class> class Strategy, class Image>
class image_swapper {
 public:
  using map = Map;
  using flash_type = typename Map::flash;
  using strategy = Strategy<Map>;
  using image_type = Image;

  explicit image_swapper(flash_type& flash, const Image& image = {})
      : flash_(flash), journal_(flash, Map::journal), image_(image) {}

  /// Reads the state from the boot journal; one that is not there is `idle`.
  result<void> load() {
    state_ = {};
    const auto found = journal_.load(state_);
    return found ? result<void>{} : found.error();
  }

  const image_state& state() const { return state_; }
  image_phase phase() const { return state_.phase; }
  flash_region running() const { return strategy::running(state_.slot); }
  flash_region staging() const { return strategy::staging(state_.slot); }
  flash_region previous() const { return strategy::previous(state_.slot); }

  /// Whether a swap or a put-back is under way: the device must start again to carry it out.
  bool active() const {
    return state_.phase == image_phase::swapping || state_.phase == image_phase::restoring;
  }

  /// Asks for the staged image to be run. It may start `allowed` times, at least once, without
  /// being confirmed.
  result<void> swap(std::uint32_t allowed = 1) {
    if (state_.phase != image_phase::staged) return nothing_staged;
    image_state next = state_;
    // Where the running image cannot be read, as one that a debugger has written, all of it counts.
    const auto runs = image_.check(flash_, running());
    next.used = runs ? static_cast<std::uint32_t>(runs->size) : strategy::capacity;
    if (!strategy::runs_in_place && next.used > strategy::capacity) return too_large_to_keep;
    if (next.used < next.size) next.used = next.size;
    next.allowed = static_cast<std::uint8_t>(allowed == 0 ? 1 : allowed > 255 ? 255 : allowed);
    next.step = 0;
    next.phase = image_phase::swapping;
    return change(next);
  }

  /// Keeps the image on trial.
  result<void> confirm() {
    if (state_.phase != image_phase::trial) return nothing_on_trial;
    return change_phase(image_phase::kept);
  }

  /// Asks for the old image to be put back; the present one will not be tried again.
  result<void> revert() {
    if (state_.phase != image_phase::trial && state_.phase != image_phase::kept)
      return nothing_to_put_back;
    return change_phase(image_phase::restoring);
  }

  // For the parts that work on the same journal.

  result<void> change(const image_state& next) {
    if (auto done = journal_.store(next); !done) return done;
    state_ = next;
    return {};
  }
  result<void> change_phase(image_phase phase) {
    image_state next = state_;
    next.phase = phase;
    next.step = 0;
    return change(next);
  }
  /// Stores what was read once more, where a power cut might have it read otherwise at the next
  /// start.
  result<void> settle() { return journal_.is_sealed() ? result<void>{} : change(state_); }
  result<void> advance() { return journal_.advance(state_); }

  flash_type& flash() { return flash_; }
  Image& image() { return image_; }

 private:
  static_assert(boot_journal<flash_type, image_state>::marks_in(Map::journal.size / 3) >= 2,
                "the flash map's journal is too short: its banks do not hold a record");

  static constexpr error nothing_staged{errc::wrong_state, "image swapper",
                                        "no image is staged: there is nothing to swap"};
  static constexpr error too_large_to_keep{
      errc::no_space, "image swapper",
      "the running image is larger than those that can change places in these slots"};
  static constexpr error nothing_on_trial{errc::wrong_state, "image swapper",
                                          "no image is on trial: there is nothing to confirm"};
  static constexpr error nothing_to_put_back{errc::wrong_state, "image swapper",
                                             "there is no earlier image to put back"};

  flash_type& flash_;
  boot_journal<flash_type, image_state> journal_;
  Image image_;
  image_state state_;
};

}  // namespace ota
