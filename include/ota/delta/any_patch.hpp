#pragma once

#include <new>
#include <type_traits>

#include "otadelta.hpp"
#include "patch_decoder.hpp"

namespace ota {

/// Applies a patch of either format, which it knows by its first bytes: sources and an output as
/// of `delta_contract.hpp`.
///
/// Between steps, `state()` is all that has to be kept to go on after a power cut, once what was
/// appended until then is durable. To go on: `open`, fill `state()` with what was kept, `resume`.
template <class Old, class Patch, class New, class Limits>
class any_patch {
 public:
  any_patch(Old& old_file, Patch& patch, New& new_file)
      : old_(old_file), patch_(patch), new_(new_file), none_() {}
  any_patch(const any_patch&) = delete;
  any_patch& operator=(const any_patch&) = delete;

  /// Reads the patch's header, and refuses one that does not make `new_size` bytes.
  result<void> open(std::uint32_t new_size) {
    std::uint8_t head[otadelta_header::size - 1];
    const std::uint32_t size = patch_.size();
    const mutable_bytes begin = mutable_bytes(head).first(size);
    if (const auto done = patch_.read(0, begin); !done) return done;
    new_size_ = new_size;
    is_otadelta_ = equal(begin, bytes(otadelta_header::value).first(sizeof head));
    if (is_otadelta_) return open_otadelta({});
    ::new (&native_) native_type(old_, patch_, new_);
    if (const auto done = native_.open(); !done) return done;
    if (native_.header().new_size != new_size) return patch_errors::wrong_result;
    return {};
  }

  /// Does a bounded piece of work; false: the new file is complete.
  result<bool> step() {
    const auto more = is_otadelta_ ? otadelta_.step() : native_.step();
    if (is_otadelta_) state_ = otadelta_.state();
    return more;
  }

  mutable_bytes state() {
    if (is_otadelta_) return {reinterpret_cast<std::uint8_t*>(&state_), sizeof state_};
    return native_.state();
  }

  result<void> resume() { return is_otadelta_ ? open_otadelta(state_) : native_.resume(); }

 private:
  using native_type = patch_decoder<Old, Patch, New, Limits>;
  using otadelta_type = otadelta_applier<Old, Patch, New>;
  static_assert(std::is_trivially_destructible_v<native_type> &&
                std::is_trivially_destructible_v<otadelta_type>);

  result<void> open_otadelta(const otadelta_state& from) {
    state_ = from;
    ::new (&otadelta_) otadelta_type(old_, patch_, new_, new_size_, from);
    return {};
  }

  Old& old_;
  Patch& patch_;
  New& new_;
  std::uint32_t new_size_ = 0;
  bool is_otadelta_ = false;
  otadelta_state state_;
  union {
    char none_;
    native_type native_;
    otadelta_type otadelta_;
  };
};

}  // namespace ota
