#pragma once

#include <utility>

#include "image_policy.hpp"
#include "image_stager.hpp"
#include "image_swapper.hpp"

namespace ota {

/// The image policy of an updater on raw flash: slots, of which a bootloader with `image_boot`
/// runs one.
///
/// ```
/// struct station : ota::default_policies {
///   using trust = ota::signed_by<ota::ed25519>;
///   using image = ota::image_slots<my_map, ota::swap_with_scratch, my_image_check>;
///   …
/// };
/// ```
///
/// A device that takes the image of another name derives from it and says so:
/// `static constexpr std::string_view name = "radio.bin";`
template <class Map, template <class> class Strategy, class Image>
class image_slots {
 public:
  using flash_type = typename Map::flash;
  using swapper_type = image_swapper<Map, Strategy, Image>;

  static constexpr std::string_view name = "firmware";

  explicit image_slots(flash_type flash = {}, const Image& image = {})
      : flash_(std::move(flash)), swapper_(flash_, image), stager_(swapper_) {}

  /// Only the flash and image policies are taken over; `load` reads the rest.
  image_slots(image_slots&& other) noexcept
      : image_slots(std::move(other.flash_), other.swapper_.image()) {}

  /// A record that the last power cut left half written may read whole today and not tomorrow, so
  /// it is stored anew before anything rests on it.
  result<void> load() {
    if (auto done = swapper_.load(); !done) return done;
    return swapper_.settle();
  }

  result<image_standing> standing_of(const image_id& id) {
    const image_state& state = swapper_.state();
    if (state.rejected == id) return image_standing::put_back;
    return state.id == id ? standing_in(state.phase) : image_standing::unknown;
  }

  result<bool> runs(std::uint32_t size, const sha256::digest_type& digest) {
    const flash_region slot = swapper_.running();
    if (size > slot.size) return false;
    sha256::digest_type found;
    const auto done = detail::digest_of<sha256>(flash_, {slot.begin, size}, found);
    return done ? result<bool>(found == digest) : done.error();
  }

  /// A later version may hold an image again that was put back with the files of an earlier one.
  result<std::uint32_t> begin(std::uint32_t size, const sha256::digest_type& digest) {
    image_state next = swapper_.state();
    if (next.rejected == id_of(digest)) {
      next.rejected = {};
      if (auto done = swapper_.change(next); !done) return done.error();
    }
    return stager_.begin(size, digest);
  }
  result<void> write(bytes data) { return stager_.write(data); }
  result<void> finish() { return stager_.finish(); }

  result<void> swap(std::uint32_t allowed) { return swapper_.swap(allowed); }
  result<void> confirm() { return swapper_.confirm(); }

  result<bool> can_revert() {
    const auto before = swapper_.image().check(flash_, swapper_.previous());
    if (!before && before.error().code == errc::storage) return before.error();
    return before.has_value();
  }

  /// Also where the bootloader could not put the image before back, and it is whole all the same.
  result<void> revert() {
    if (swapper_.phase() == image_phase::idle) return swapper_.change_phase(image_phase::restoring);
    return swapper_.revert();
  }

  const image_state& state() const { return swapper_.state(); }
  flash_type& flash() { return flash_; }

 private:
  static image_standing standing_in(image_phase phase) {
    switch (phase) {
      case image_phase::staged:
        return image_standing::staged;
      case image_phase::swapping:
        return image_standing::swapping;
      case image_phase::trial:
        return image_standing::trial;
      case image_phase::kept:
        return image_standing::kept;
      case image_phase::restoring:
        return image_standing::restoring;
      case image_phase::idle:
        return image_standing::alone;
      case image_phase::staging:
        break;
    }
    return image_standing::unknown;
  }

  flash_type flash_;
  swapper_type swapper_;
  image_stager<swapper_type> stager_;
};

}  // namespace ota
