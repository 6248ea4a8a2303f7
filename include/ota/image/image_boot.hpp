#pragma once

#include "flash_digest.hpp"
#include "image_swapper.hpp"
#include "slot_units.hpp"

namespace ota {

/// What a bootloader does: ends or undoes what was begun, counts the start of an image on trial,
/// and says what runs.
///
/// Where nothing that may run is left it tries, in this order: the image before, the golden image.
template <class Swapper>
class image_boot {
 public:
  using map = typename Swapper::map;
  using strategy = typename Swapper::strategy;

  explicit image_boot(Swapper& swapper) : swapper_(swapper) {}

  /// The slot whose image is to be started, once it is whole and allowed. `between` is called
  /// before each copy of a unit, to feed a watchdog. It is not while an image is checked: the
  /// watchdog must allow for that (docs/footprint.md has the instructions of hash and signature).
  template <class Between>
  result<flash_region> choose(Between&& between) {
    if (auto done = swapper_.load(); !done) return done.error();
    // A flash that is worn out keeps nothing that is whole from being started.
    result<void> ready = swapper_.settle();
    if (ready) ready = finish(between);
    if (ready) ready = count_start(between);
    auto sound = swapper_.image().check(swapper_.flash(), swapper_.running());
    const image_phase phase = swapper_.phase();
    if (!sound && (phase == image_phase::trial || phase == image_phase::kept)) {
      ready = put_back(between);
      sound = swapper_.image().check(swapper_.flash(), swapper_.running());
    }
    if (sound) {
      // A swap that a bad sector stops is given up, if the old image is still in its place: it
      // would be tried at each start for ever.
      if (!ready && swapper_.phase() == image_phase::swapping && !is_swapped_in())
        (void)forget_image();
      return swapper_.running();
    }
    return start_golden(ready ? sound.error() : ready.error(), between);
  }

  result<flash_region> choose() {
    return choose([] {});
  }

 private:
  static constexpr flash_region golden = detail::golden_of<map>::value;

  bool is_sound(flash_region slot) {
    return swapper_.image().check(swapper_.flash(), slot).has_value();
  }

  // Whether what will run, or the patch that makes it, is whole where it lies.
  bool can_begin(bool swaps) {
    if constexpr (detail::takes_patches<strategy>) {
      return swaps && typename strategy::template patching<Swapper>(swapper_).check().has_value();
    } else {
      return is_sound(swaps ? swapper_.staging() : swapper_.previous());
    }
  }

  // Whether what is in the running image's place is the one that was staged, to the byte.
  bool is_swapped_in() {
    const image_state& state = swapper_.state();
    sha256::digest_type digest;
    const auto done =
        detail::digest_of<sha256>(swapper_.flash(), {swapper_.running().begin, state.size}, digest);
    return !done || id_of(digest) == state.id;
  }

  // A swap or a put-back, from wherever it was cut to its end.
  template <class Between>
  result<void> finish(Between& between) {
    if (!swapper_.active()) return {};
    image_state next = swapper_.state();
    const bool swaps = next.phase == image_phase::swapping;
    // Until the first copy is done what will run is whole where it lies: it is not taken on trust.
    if (next.step == 0 && !can_begin(swaps)) {
      next.phase = image_phase::idle;
      if (swaps) next.rejected = next.id;
      return swapper_.change(next);
    }
    if constexpr (!strategy::runs_in_place)
      if (auto done = carry_out_copies(between); !done) return done;
    next.phase = swaps ? image_phase::trial : image_phase::idle;
    next.step = 0;
    next.boots = 1;  // this start, where it is a trial
    if constexpr (strategy::runs_in_place) next.slot ^= 1;
    if (!swaps) next.rejected = next.id;
    counted_ = true;
    return swapper_.change(next);
  }

  template <class Between>
  result<void> carry_out_copies(Between& between) {
    // What was read may have been written by halves: it is stored before anything rests on it.
    if (auto done = swapper_.change(swapper_.state()); !done) return done;
    const image_state& state = swapper_.state();
    const std::uint32_t copies = strategy::copies(state.phase, state.used);
    while (state.step < copies) {
      between();
      const flash_copy copy = strategy::copy(state.phase, state.used, state.step);
      if (auto done = detail::carry_out(swapper_.flash(), copy); !done) return done;
      if (auto done = swapper_.advance(); !done) return done;
    }
    if constexpr (detail::takes_patches<strategy>)
      return typename strategy::template patching<Swapper>(swapper_).apply(between);
    return {};
  }

  // One start more of an image on trial; one too many puts the old one back.
  template <class Between>
  result<void> count_start(Between& between) {
    if (counted_ || swapper_.phase() != image_phase::trial) return {};
    image_state next = swapper_.state();
    if (next.boots >= next.allowed) return put_back(between);
    ++next.boots;
    return swapper_.change(next);
  }

  template <class Between>
  result<void> put_back(Between& between) {
    if (auto done = swapper_.revert(); !done) return done;
    return finish(between);
  }

  // The golden image never changes: where images run in one place it is copied there, as often as
  // that is cut.
  template <class Between>
  result<flash_region> start_golden(const error& trouble, Between& between) {
    if constexpr (golden.size == 0) {
      return trouble;
    } else {
      if constexpr (strategy::runs_in_place)
        return is_sound(golden) ? result<flash_region>(golden) : trouble;
      using units =
          detail::slot_units<typename map::flash, detail::golden_of<map>, detail::primary_of<map>>;
      static_assert(units::largest() != 0,
                    "the flash map's golden image cannot be copied to the primary slot: their "
                    "sectors have no boundaries in common");
      const auto info = swapper_.image().check(swapper_.flash(), golden);
      if (!info || info->size > units::capacity) return trouble;
      if (auto done = forget_image(); !done) return done.error();
      const auto size = static_cast<std::uint32_t>(info->size);
      for (std::uint32_t i = 0; i < units::count(size); ++i) {
        between();
        const flash_region unit = units::unit(i, size);
        if (auto done = detail::carry_out(
                swapper_.flash(),
                {golden.begin + unit.begin, map::primary.begin + unit.begin, unit.size});
            !done)
          return done.error();
      }
      const auto copied = swapper_.image().check(swapper_.flash(), swapper_.running());
      if (!copied) return copied.error();
      return swapper_.running();
    }
  }

  // What did not run is not tried again, and nothing can be put back. An image that waits in its
  // slot is not to blame.
  result<void> forget_image() {
    image_state next = swapper_.state();
    if (next.phase <= image_phase::staged) return {};
    next.phase = image_phase::idle;
    next.rejected = next.id;
    return swapper_.change(next);
  }

  Swapper& swapper_;
  bool counted_ = false;  // this start is
};

}  // namespace ota
