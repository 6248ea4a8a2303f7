#pragma once

#include "flash_patcher.hpp"
#include "image_stager.hpp"

namespace ota {

/// Makes the next image beside the running one by a patch, as `image_stager` does from its bytes:
/// what comes of it is staged as if it had been received.
///
/// Needs `patch_state` in the flash map. After a power cut it goes on where the last block ended
/// (`Limits::block`); and where a patch turns out to be of no use, `image_stager` goes on with the
/// image itself behind what is already written.
///
/// ```
/// ota::image_patcher<device::swapper, patch_source, device::limits> patcher(images, patch);
/// if (auto begun = patcher.begin(promised_digest); !begun) return begun;
/// for (;;) {
///   const auto more = patcher.step();
///   if (!more) return more.error();
///   if (!*more) return images.swap();
/// }
/// ```
/// \tparam Patch  a source as of delta/delta_contract.hpp: a `flash_source`, or any other
template <class Swapper, class Patch, class Limits = flash_patch_limits>
class image_patcher {
  using flash_type = typename Swapper::flash_type;

 public:
  /// The swapper has loaded its state.
  image_patcher(Swapper& swapper, Patch& patch)
      : swapper_(swapper),
        patch_(patch),
        stager_(swapper),
        work_(swapper, swapper.running(), patch, slot(swapper), 0) {}

  /// Checks that the patch makes the image whose SHA-256 is `digest` of the one that runs, and
  /// begins with it, or goes on.
  result<void> begin(const sha256::digest_type& digest) {
    if (auto done = check_patch_sum(patch_); !done) return done;
    if (auto done = work_.open(); !done) return done;
    const patch_header& header = work_.header();
    if (std::memcmp(header.new_hash, digest.data(), sizeof header.new_hash) != 0)
      return for_another;
    flash_source<flash_type> running(swapper_.flash(), swapper_.running());
    if (auto done = check_patch_base(header, running); !done) return done;
    digest_ = digest;
    const auto offset = stager_.begin(header.new_size, digest);
    if (!offset) return offset.error();
    is_written_ = *offset == header.new_size;
    if (is_written_) return {};
    const auto resumed = work_.resume();
    if (resumed || resumed.error().code != errc::damaged) return resumed;
    // What is there was written without this patch.
    image_state next = swapper_.state();
    next.step = 0;
    if (auto done = swapper_.change(next); !done) return done;
    return work_.open();
  }

  /// Does a bounded piece of work, the last one apart, which reads the whole image back. False: the
  /// new image is staged; `swap()` and a new start make it run.
  result<bool> step() {
    if (!is_written_) {
      const auto more = work_.step();
      if (!more) return more;
      is_written_ = !*more;
      return true;
    }
    if (const auto offset = stager_.begin(work_.header().new_size, digest_); !offset)
      return offset.error();
    if (auto done = stager_.finish(); !done) return done.error();
    return false;
  }

 private:
  static constexpr error for_another{errc::mismatch, "image patcher",
                                     "the patch makes another image than the one that is wanted"};

  static flash_region slot(Swapper& swapper) {
    return {swapper.staging().begin, Swapper::strategy::capacity};
  }

  Swapper& swapper_;
  Patch& patch_;
  image_stager<Swapper> stager_;
  flash_patcher<Swapper, Patch, Limits> work_;
  sha256::digest_type digest_{};
  bool is_written_ = false;
};

}  // namespace ota
