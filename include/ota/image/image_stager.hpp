#pragma once

#include "flash_digest.hpp"
#include "image_swapper.hpp"

namespace ota {

/// Writes a new image beside the running one, sector by sector as its bytes arrive, and goes on
/// after a power cut where the last whole sector ended.
///
/// Whatever goes wrong, the running image is not touched. An image that was put back before is
/// refused, and none is taken while another is on trial: the one before it is then the only one
/// that is known to work.
template <class Swapper>
class image_stager {
 public:
  using strategy = typename Swapper::strategy;
  using flash_type = typename Swapper::flash_type;

  /// The swapper has loaded its state.
  explicit image_stager(Swapper& swapper) : swapper_(swapper) {}

  /// Begins with the image of `size` bytes whose SHA-256 is `digest` (over the whole file, as a
  /// manifest promises it), or goes on with it. Gives the offset from which bytes are wanted.
  result<std::uint32_t> begin(std::uint32_t size, const sha256::digest_type& digest) {
    const image_state& old = swapper_.state();
    const image_id id = id_of(digest);
    if (old.phase == image_phase::trial) return still_on_trial;
    if (swapper_.active()) return swap_waits;
    if (old.rejected == id) return was_rejected;
    if (size == 0) return empty_image;
    if (size > strategy::capacity || size > slot().size) return too_large;
    image_state next = old;
    const bool goes_on = (old.phase == image_phase::staging || old.phase == image_phase::staged) &&
                         old.id == id && old.size == size;
    if (goes_on && old.phase == image_phase::staged) {
      offset_ = size;
      return offset_;
    }
    if (!goes_on) {
      next.phase = image_phase::staging;
      next.id = id;
      next.size = size;
      next.step = 0;
    }
    // Also where it goes on: what the journal said may have been written by halves.
    if (auto done = swapper_.change(next); !done) return done.error();
    digest_ = digest;
    gathered_ = 0;
    offset_ = 0;
    for (std::uint32_t sector = 0; sector < next.step; ++sector)
      offset_ += flash_type::geometry.sector_size(slot().begin + offset_);
    if (offset_ > size) offset_ = size;
    return offset_;
  }

  /// The next bytes.
  result<void> write(bytes data) {
    if (swapper_.phase() != image_phase::staging) return not_begun;
    if (data.size() > swapper_.state().size - offset_) return too_many;
    while (!data.empty()) {
      const bytes part = data.first(sizeof buffer_ - gathered_);
      std::memcpy(buffer_ + gathered_, part.data(), part.size());
      gathered_ += static_cast<std::uint32_t>(part.size());
      offset_ += static_cast<std::uint32_t>(part.size());
      data = data.drop(part.size());
      if (gathered_ == sizeof buffer_)
        if (auto done = flush(); !done) return done;
    }
    return {};
  }

  /// Bytes that are in the slot or on their way there.
  std::uint32_t offset() const { return offset_; }

  /// All bytes were written: checks the image from flash, and that it may follow the running one.
  /// On success it is staged; `swap()` and a new start make it run.
  result<void> finish() {
    if (swapper_.phase() == image_phase::staged) return {};
    if (swapper_.phase() != image_phase::staging) return not_begun;
    if (offset_ != swapper_.state().size) return too_few;
    if (auto done = flush(); !done) return done;
    const auto whole = check_digest();
    const auto accepted = whole ? check_image() : whole;
    if (!accepted && accepted.error().code == errc::storage) return accepted;
    // What is wrong as a whole is not mended by going on: the next try begins anew, and none is
    // made with an image that is what it was promised to be and still must not run.
    image_state next = swapper_.state();
    next.phase = accepted ? image_phase::staged : image_phase::idle;
    if (whole && !accepted) next.rejected = next.id;
    if (auto done = swapper_.change(next); !done) return done;
    return accepted;
  }

 private:
  static constexpr std::uint32_t chunk = detail::copy_chunk<flash_type>;

  static constexpr error still_on_trial{
      errc::wrong_state, "image stager",
      "an image is on trial: confirm it or put it back before the next one"};
  static constexpr error swap_waits{errc::wrong_state, "image stager",
                                    "a swap is under way: start the device again to end it"};
  static constexpr error was_rejected{errc::rejected, "image stager",
                                      "this image was tried before and put back"};
  static constexpr error empty_image{errc::malformed, "image stager", "the image has no bytes"};
  static constexpr error too_large{errc::no_space, "image stager",
                                   "the image is larger than its slot allows"};
  static constexpr error not_begun{errc::wrong_state, "image stager",
                                   "no image was begun: call begin() first"};
  static constexpr error too_many{errc::mismatch, "image stager",
                                  "more bytes arrive than the image was said to have"};
  static constexpr error too_few{errc::mismatch, "image stager",
                                 "the image is truncated: fewer bytes arrived than it was said to "
                                 "have"};
  static constexpr error other_bytes{errc::mismatch, "image stager",
                                     "the image is corrupted: its SHA-256 is not the promised one"};

  flash_region slot() const { return swapper_.staging(); }

  // Programs what was gathered. A sector is erased just before its first bytes, and marked in the
  // journal after its last.
  result<void> flush() {
    if (gathered_ == 0) return {};
    constexpr std::uint32_t unit = flash_type::geometry.program_size;
    std::uint32_t size = gathered_;
    for (; size % unit != 0; ++size) buffer_[size] = flash_type::geometry.erased;
    std::uint32_t at = slot().begin + offset_ - gathered_;
    gathered_ = 0;
    for (mutable_bytes rest(buffer_, size); !rest.empty();) {
      if (flash_type::geometry.is_boundary(at))
        if (auto done = swapper_.flash().erase(at); !done) return done;
      const std::uint32_t sector_end =
          flash_type::geometry.sector_begin(at) + flash_type::geometry.sector_size(at);
      const auto part = rest.first(sector_end - at);
      if (auto done = detail::program_and_check(swapper_.flash(), at, part); !done) return done;
      at += static_cast<std::uint32_t>(part.size());
      rest = rest.drop(part.size());
      if (at == sector_end)
        if (auto done = swapper_.advance(); !done) return done;
    }
    return {};
  }

  result<void> check_digest() {
    sha256::digest_type found;
    const auto done =
        detail::digest_of<sha256>(swapper_.flash(), {slot().begin, swapper_.state().size}, found);
    if (!done) return done;
    return found == digest_ ? result<void>{} : other_bytes;
  }

  auto check_staged() {
    if constexpr (detail::takes_patches<strategy>)
      return swapper_.image().check_patch(swapper_.flash(), slot());
    else
      return swapper_.image().check(swapper_.flash(), slot());
  }

  result<void> check_image() {
    const auto next = check_staged();
    if (!next) return next.error();
    // The slot may hold the end of an earlier one, which would not be copied with it.
    if (next->size > swapper_.state().size) return too_few;
    const auto running = swapper_.image().check(swapper_.flash(), swapper_.running());
    if (!running) {
      // Where there is none, none is older; but one that cannot be read just now may be newer.
      const error& failure = running.error();
      return failure.code == errc::storage ? result<void>(failure) : result<void>{};
    }
    return swapper_.image().check_successor(*running, *next);
  }

  Swapper& swapper_;
  sha256::digest_type digest_{};
  std::uint32_t offset_ = 0;
  std::uint32_t gathered_ = 0;
  std::uint8_t buffer_[chunk];
};

}  // namespace ota
