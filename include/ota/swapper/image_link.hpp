#pragma once

#include <type_traits>
#include <utility>

#include "../image/image_policy.hpp"
#include "swap_record.hpp"

namespace ota::detail {

/// What a version's image lets its files do.
enum class image_word : std::uint8_t {
  go_on,     ///< what they were about to do
  keep,      ///< be kept, as it is
  restart,   ///< nothing before the next start of the device, which changes the image
  put_back,  ///< be put back: it does not run, or not any more
};

/// A swapper's image policy, and how the image of a version keeps step with its files
/// (docs/mixed-updates.md). A version without an image goes on.
template <class Image>
class image_link {
 public:
  using state_type = mixed_state;

  Image& image() { return image_; }

  /// Whether the device must start again before anything of a version may run.
  bool needs_restart() const { return waits_; }

 protected:
  explicit image_link(Image&& image) : image_(std::move(image)) {}

  void forget_restart() { waits_ = false; }
  void wait_for_restart() { waits_ = true; }

  /// The new files are in place: may they be tried?
  result<image_word> before_trial(const mixed_state& state) {
    if (state.image == image_id{}) return image_word::go_on;
    const auto standing = image_.standing_of(state.image);
    if (!standing) return standing.error();
    switch (*standing) {
      case image_standing::staged:
        if (auto done = image_.swap(state.allowed); !done) return done.error();
        return image_word::restart;
      case image_standing::swapping:
      case image_standing::restoring:
        return image_word::restart;
      case image_standing::trial:
      case image_standing::kept:
      case image_standing::alone:
        return image_word::go_on;
      case image_standing::unknown:
      case image_standing::put_back:
        break;
    }
    return image_word::put_back;
  }

  /// The old files are back in place: is the old image, too? Where they are because a request
  /// failed, it may have been noted all the same: so the record is read again.
  result<image_word> before_idle(const mixed_state& state) {
    if (state.image == image_id{}) return image_word::go_on;
    if (auto done = image_.load(); !done) return done.error();
    const auto standing = image_.standing_of(state.image);
    if (!standing) return standing.error();
    switch (*standing) {
      case image_standing::trial:
      case image_standing::kept:
      case image_standing::alone:
        return revert_image();
      case image_standing::swapping:
      case image_standing::restoring:
        return image_word::restart;
      default:
        return image_word::go_on;
    }
  }

  /// The new files are on trial, or kept. Does their image still run? One that was kept is given up
  /// only where it is known to have been put back: who writes another by other means keeps the
  /// files.
  result<image_word> while_running(const mixed_state& state) {
    if (state.image == image_id{}) return image_word::go_on;
    const auto standing = image_.standing_of(state.image);
    if (!standing) return standing.error();
    const bool is_trial = state.phase == swap_phase::trial;
    switch (*standing) {
      case image_standing::trial:
        return image_word::go_on;
      case image_standing::kept:
      case image_standing::alone:
        return is_trial ? image_word::keep : image_word::go_on;
      case image_standing::swapping:
      case image_standing::restoring:
        return image_word::restart;
      case image_standing::put_back:
        return image_word::put_back;
      default:
        return is_trial ? image_word::put_back : image_word::go_on;
    }
  }

  /// Keeps the image of a version on trial, or the one that is on trial by itself. One that is kept
  /// already was so before a cut.
  result<void> confirm_image(const mixed_state& state) {
    if (state.phase == swap_phase::trial) {
      if (state.image == image_id{}) return {};
      const auto standing = image_.standing_of(state.image);
      if (!standing) return standing.error();
      if (*standing == image_standing::kept || *standing == image_standing::alone) return {};
    }
    return image_.confirm();
  }

  /// Whether the version before the present one can be put back, as far as its image goes.
  result<bool> can_revert(const mixed_state& state) {
    return state.image == image_id{} ? result<bool>(true) : image_.can_revert();
  }

 private:
  // Where the image before is damaged by now, the present one is all there is.
  result<image_word> revert_image() {
    const auto can = image_.can_revert();
    if (!can) return can.error();
    if (!*can) return image_word::go_on;
    if (auto done = image_.revert(); !done) return done.error();
    return image_word::restart;
  }

  Image image_;
  bool waits_ = false;
};

/// A device that takes no images.
template <>
class image_link<no_image> {
 public:
  using state_type = swap_state;

 protected:
  explicit image_link(no_image&&) {}
};

}  // namespace ota::detail
