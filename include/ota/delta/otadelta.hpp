#pragma once

#include "delta_contract.hpp"
#include "otadelta_format.hpp"

namespace ota {

/// How far a patch of the format OTADELTA is applied. Whoever keeps it together with the bytes
/// written so far can go on from there later; it holds no padding.
struct otadelta_state {
  std::uint32_t patch_at = 0;   ///< bytes of the patch that are done; 0: nothing is
  std::uint32_t written = 0;    ///< bytes of the new file
  std::uint32_t copy_from = 0;  ///< where in the old file the copy at hand goes on
  std::uint32_t left = 0;       ///< bytes of the instruction at hand that are still to be written
  otadelta_kind kind = otadelta_kind::end;
};

/// Makes a new file of an old one and a patch of the format OTADELTA, which the client
/// 0x687931/ota uses (docs/otadelta.md): sources and an output as of `delta_contract.hpp`.
///
/// ```
/// ota::otadelta_applier<old_file, patch_file, new_file> applier(old, patch, out, 100'000);
/// for (;;) {
///   const auto more = applier.step();
///   if (!more) return more.error();
///   if (!*more) break;
/// }
/// ```
///
/// A step reads one instruction, or moves `Piece` bytes at most. After an error the state is as it
/// was before the step. The format holds no sum: the caller checks what came out.
template <class Old, class Patch, class Output, std::size_t Piece = 256>
class otadelta_applier {
  static_assert(check_delta_source<Old>::ok && check_delta_source<Patch>::ok &&
                check_delta_output<Output>::ok);

 public:
  /// `limit`: most bytes that the new file may have. To go on, `state` is one that was kept, and
  /// the output has `state.written` bytes.
  otadelta_applier(Old& old_file, Patch& patch, Output& out, std::uint32_t limit,
                   const otadelta_state& state = {})
      : old_(old_file), patch_(patch), out_(out), limit_(limit), state_(state) {}

  const otadelta_state& state() const { return state_; }

  /// Does a bounded piece of work; false: the new file is complete.
  result<bool> step() {
    if (state_.patch_at == 0) return more_after(check_header());
    if (state_.left == 0) return next_instruction();
    return more_after(move_piece());
  }

 private:
  result<void> check_header() {
    std::uint8_t room[otadelta_header::size];
    const auto begin = read_patch(room);
    if (!begin) return begin.error();
    const auto fine = otadelta_header::check(*begin);
    if (fine) state_.patch_at = sizeof room;
    return fine;
  }

  // The end mark is not passed: a step after the last one says the same again.
  result<bool> next_instruction() {
    std::uint8_t room[otadelta_instruction::longest];
    const auto rest = read_patch(room);
    if (!rest) return rest.error();
    const auto next = otadelta_instruction::read(*rest);
    if (!next) return next.error();
    if (next->kind == otadelta_kind::end) return false;
    state_.patch_at += next->size;
    state_.copy_from = next->from;
    state_.left = next->length;
    state_.kind = next->kind;
    return true;
  }

  // What comes next of the patch: as much as `room` holds, or as there is.
  result<bytes> read_patch(mutable_bytes room) {
    const std::uint32_t size = patch_.size();
    room = room.first(state_.patch_at < size ? size - state_.patch_at : 0);
    if (const auto done = patch_.read(state_.patch_at, room); !done) return done.error();
    return bytes(room);
  }

  // All of what is left is checked before each piece, so that a state which was kept is as well.
  result<void> move_piece() {
    const bool copies = state_.kind == otadelta_kind::copy;
    if (!is_within(state_.written, limit_)) return otadelta_error::too_large;
    if (copies && !is_within(state_.copy_from, old_.size())) return otadelta_error::outside;
    if (!copies && !is_within(state_.patch_at, patch_.size())) return otadelta_error::cut_off;
    std::uint8_t room[Piece];
    const mutable_bytes piece = mutable_bytes(room).first(state_.left);
    const auto read =
        copies ? old_.read(state_.copy_from, piece) : patch_.read(state_.patch_at, piece);
    if (!read) return read;
    if (const auto done = out_.append(piece); !done) return done;
    const auto size = static_cast<std::uint32_t>(piece.size());
    (copies ? state_.copy_from : state_.patch_at) += size;
    state_.written += size;
    state_.left -= size;
    return {};
  }

  bool is_within(std::uint32_t at, std::uint32_t size) const {
    return at <= size && state_.left <= size - at;
  }

  Old& old_;
  Patch& patch_;
  Output& out_;
  std::uint32_t limit_;
  otadelta_state state_;
};

}  // namespace ota
