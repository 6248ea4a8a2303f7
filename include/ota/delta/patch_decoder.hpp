#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../core/bytes.hpp"
#include "../core/result.hpp"
#include "address_map.hpp"
#include "code_set.hpp"
#include "copy_model.hpp"
#include "delta_contract.hpp"
#include "patch_check.hpp"
#include "patch_header.hpp"
#include "patch_model.hpp"
#include "range_decoder.hpp"

namespace ota {

/// What a device gives for patches. Memory: `sizeof(patch_decoder<…>)`, all of it.
struct patch_limits {
  using codes = code_set<>;                        ///< kinds of code that it can run patches for
  static constexpr std::size_t map_entries = 128;  ///< 8 bytes each; 0: no map
  static constexpr unsigned literal_bits = 1;      ///< 512 bytes, doubled so often
  static constexpr std::size_t input_size = 128;   ///< read of the patch at a time
  static constexpr std::size_t output_size = 256;  ///< given to the new file at a time
};

/// Makes a new file from an old one and a patch, as it goes: the patch is read once from front to
/// end, the new file written so, the old one read anywhere: sources and an output as of
/// `delta_contract.hpp`.
///
/// Reads stay within the sizes that header and `size()` give. Whatever the patch holds, nothing
/// else is read, and never more written than its header tells. Whether the result is right, only
/// its hash can tell: compare it (`patch_check.hpp`) before anything rests on it.
///
/// Work comes in steps of at most 72 bytes, and a step that failed cannot be tried again: go back
/// to a kept state. Between steps, `state()` is all that has to be kept to go on after a power cut.
template <class Old, class Patch, class New, class Limits = patch_limits>
class patch_decoder {
  static_assert(check_delta_source<Old>::ok && check_delta_source<Patch>::ok &&
                check_delta_output<New>::ok);
  using map_type = detail::address_map<Limits::map_entries>;
  using model_type = detail::patch_model<Limits::literal_bits>;
  using codes = typename Limits::codes;

 public:
  patch_decoder(Old& old_file, Patch& patch, New& new_file)
      : old_(old_file), patch_(patch), new_(new_file) {}

  /// Reads the header, and refuses what this device cannot apply.
  result<void> open() {
    std::uint8_t head[patch_header::max_size] = {};
    const std::uint32_t size =
        patch_.size() < patch_header::max_size ? patch_.size() : patch_header::max_size;
    if (const auto done = patch_.read(0, mutable_bytes{head, size}); !done) return done;
    if (const auto done = detail::take_patch_header(head, size, header_); !done) return done;
    if (!codes::has(header_.code)) return patch_errors::unknown_code;
    if (header_.map_entries > Limits::map_entries || header_.literal_bits() > Limits::literal_bits)
      return patch_errors::too_much_memory;
    if (old_.size() < header_.old_size) return patch_errors::wrong_base;
    if (size < header_.size + patch_header::sum_size) return patch_errors::truncated;
    end_ = patch_.size() - patch_header::sum_size;
    s_ = {};
    s_.range.rate = header_.rate;
    s_.taken = header_.size;
    return forget_input();
  }

  const patch_header& header() const { return header_; }

  /// Bytes of the new file that were appended.
  std::uint32_t appended() const { return s_.appended; }

  /// Does a bounded piece of work. False: the new file is whole, and all of it appended.
  result<bool> step() {
    detail::range_decoder coder(s_.range, *this);
    if (s_.doing == work::start) {
      coder.start();
      s_.doing = work::map;
    }
    result<void> done;
    if (s_.doing == work::map) {
      read_map(coder);
    } else if (made() == header_.new_size) {
      if (done = flush(); !done) return done.error();
      return false;
    } else {
      done = s_.doing == work::op         ? read_op(coder)
             : s_.doing == work::old_copy ? copy_old(coder)
                                          : copy_new(coder);
    }
    if (!came_) return came_.error();
    if (!done) return done.error();
    if (s_.taken > end_ + most_beyond) return patch_errors::truncated;
    return true;
  }

  /// All that has to be kept to go on after a power cut, once the new file's first `appended()`
  /// bytes are durable. To go on: `open()`, put the bytes that were kept here, `resume()`. They are
  /// trusted, and mean something only to the same program: the caller checks that they are whole.
  mutable_bytes state() { return {reinterpret_cast<std::uint8_t*>(&s_), sizeof s_}; }

  result<void> resume() { return forget_input(); }

 private:
  friend class detail::range_decoder<patch_decoder>;

  enum class work : std::uint8_t { start, map, op, old_copy, new_copy };
  static constexpr std::uint32_t line_size = detail::copy_model::line_size;
  static constexpr std::uint32_t look_ahead = detail::copy_unit::max_length;
  // Zeros at the end of the coded part are left out, as many as a decoder takes ahead.
  static constexpr std::uint32_t most_beyond = 4;
  static_assert(Limits::input_size != 0 && Limits::output_size >= look_ahead);

  struct kept_state {
    detail::range_decoder_state range;
    std::uint32_t taken = 0;  ///< bytes of the patch
    std::uint32_t appended = 0;
    std::uint32_t output_size = 0;  ///< bytes made and not appended yet
    detail::copy_place old_place;
    detail::copy_place new_place;
    work doing = work::start;
    std::uint8_t before = 0;                              ///< the last byte made
    alignas(4) std::uint8_t output[Limits::output_size];  // copied by words
    map_type map{};
    model_type model{};
  };
  static_assert(std::is_trivially_copyable_v<kept_state>);

  std::uint32_t made() const { return s_.appended + s_.output_size; }

  result<void> forget_input() {
    input_size_ = 0;
    return came_ = {};
  }

  /// The next byte of the patch; zeros beyond the end, and once reading has failed.
  std::uint8_t next() {
    const std::uint32_t at = s_.taken++;
    if (came_ && at < end_ && at - input_from_ >= input_size_) {
      input_from_ = at;
      input_size_ = end_ - at < sizeof input_ ? end_ - at : std::uint32_t{sizeof input_};
      came_ = patch_.read(at, {input_, input_size_});
    }
    return at < end_ && came_ ? input_[at - input_from_] : std::uint8_t{0};
  }

  template <class Coder>
  void read_map(Coder& coder) {
    if (s_.map.size() < header_.map_entries) {
      s_.model.code_stretch(coder, s_.map, 0, 0);
    } else {
      s_.model.end_map();
      s_.doing = work::op;
    }
  }

  template <class Coder>
  result<void> read_op(Coder& coder) {
    const detail::patch_op op = s_.model.code(coder, header_, s_.old_place, made(), s_.before, {});
    switch (op.kind) {
      case detail::patch_op::kind_of::literal:
        return put(&op.byte, 1);
      case detail::patch_op::kind_of::from_old:
        if (op.length > header_.new_size - made() || op.from > header_.old_size ||
            op.length > header_.old_size - op.from || lags_too_far(op.from))
          return patch_errors::damaged;
        s_.old_place.start(op.from, made(), op.length);
        s_.doing = work::old_copy;
        return {};
      case detail::patch_op::kind_of::from_new:
        // A length may have wrapped to nothing.
        if (op.length == 0 || op.length > header_.new_size - made() || op.from >= made())
          return patch_errors::damaged;
        s_.new_place.start(op.from, made(), op.length);
        s_.doing = work::new_copy;
        return {};
    }
    return patch_errors::damaged;
  }

  bool lags_too_far(std::uint32_t from) const {
    return header_.lag != patch_header::no_lag && from < made() && made() - from > header_.lag;
  }

  /// Copies a line.
  template <class Coder>
  result<void> copy_old(Coder& coder) {
    detail::copy_place& at = s_.old_place;
    // What may be looked at behind the line is read as well.
    const std::uint32_t there = header_.old_size - at.from;
    const std::uint32_t count = there < sizeof line_ ? there : std::uint32_t{sizeof line_};
    std::memset(line_ + count, 0, sizeof line_ - count);
    if (const auto done = old_.read(at.from, {line_, count}); !done) return done;
    const bool differs = s_.model.copy.code_line(coder, false);
    return put_units(at, line_size, true, differs ? &coder : nullptr);
  }

  /// Puts the units of a line.
  /// \param count  bytes in which they begin
  /// \param coder  tells what is not as foretold, if anything is
  template <class Coder>
  result<void> put_units(detail::copy_place& at, std::uint32_t count, bool moved, Coder* coder) {
    if (count > at.left) count = at.left;
    const detail::address_space<codes, map_type> space(header_, s_.map);
    std::uint32_t done = 0;
    while (done < count) {
      std::uint8_t* const bytes = line_ + done;
      const detail::copy_unit unit =
          space.unit_at(at, bytes, moved, coder == nullptr ? count - done : 1);
      if (coder != nullptr) s_.model.copy.code_unit(*coder, space, at, unit, bytes, nullptr);
      const std::uint32_t length = unit.length == 1 ? unit.run : unit.length;
      space.pass(at, unit, bytes, length);
      done += length;
    }
    if (at.left == 0) s_.doing = work::op;
    return put(line_, done);
  }

  /// Copies a piece of what was already made.
  template <class Coder>
  result<void> copy_new(Coder& /*nothing of it is coded*/) {
    detail::copy_place& at = s_.new_place;
    const std::uint32_t distance = at.to - at.from;
    std::uint32_t there =
        distance < sizeof line_ ? distance : static_cast<std::uint32_t>(sizeof line_);
    if (const auto done = read_made(at.from, {line_, there}); !done) return done;
    // Places are looked for only where all that they may be made of is there.
    if (header_.code != code_kind::plain && distance >= look_ahead)
      return put_units<Coder>(at, there - look_ahead + 1, false, nullptr);
    if (there > at.left) there = at.left;
    at.from += there;
    at.to += there;
    at.left -= there;
    if (at.left == 0) s_.doing = work::op;
    return put(line_, there);
  }

  /// Reads of the new file, part of which may still wait here.
  result<void> read_made(std::uint32_t from, mutable_bytes out) {
    std::size_t durable = 0;
    if (from < s_.appended) {
      durable = s_.appended - from < out.size() ? s_.appended - from : out.size();
      if (const auto done = new_.read(from, out.first(durable)); !done) return done;
    }
    for (std::size_t i = durable; i < out.size(); ++i) out[i] = s_.output[from + i - s_.appended];
    return {};
  }

  result<void> put(const std::uint8_t* data, std::uint32_t count) {
    if (!came_) return came_;
    s_.before = data[count - 1];
    while (count != 0) {
      if (s_.output_size == sizeof s_.output)
        if (const auto done = flush(); !done) return done;
      const std::uint32_t room = static_cast<std::uint32_t>(sizeof s_.output) - s_.output_size;
      const std::uint32_t piece = count < room ? count : room;
      std::memcpy(s_.output + s_.output_size, data, piece);
      s_.output_size += piece;
      data += piece;
      count -= piece;
    }
    return {};
  }

  result<void> flush() {
    if (s_.output_size == 0) return {};
    if (const auto done = new_.append({s_.output, s_.output_size}); !done) return done;
    s_.appended += s_.output_size;
    s_.output_size = 0;
    return {};
  }

  Old& old_;
  Patch& patch_;
  New& new_;
  patch_header header_;
  std::uint32_t end_ = 0;  // of the coded part
  std::uint32_t input_from_ = 0;
  std::uint32_t input_size_ = 0;
  result<void> came_;  // what was read of the patch, so far
  std::uint8_t input_[Limits::input_size];
  std::uint8_t line_[line_size + look_ahead];
  kept_state s_;
};

}  // namespace ota
