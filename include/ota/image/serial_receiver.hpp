#pragma once

#include <string_view>

#include "../core/error_text.hpp"
#include "../core/result.hpp"
#include "../hash/sha256.hpp"
#include "serial_frame.hpp"

namespace ota {

/// Receives an image over a serial line that may lose, double or damage bytes, and hands it to a
/// `Sink`, which an `image_stager` is:
///
///     result<std::uint32_t> begin(std::uint32_t size, const sha256::digest_type& digest)
///                                  the offset from which bytes are wanted
///     result<void> write(bytes)    the next ones
///     result<void> finish()        there are no more; may be called again
///
/// ```
/// ota::serial_receiver<sink> receiver{stager};
/// if (receiver.feed(uart_read())) uart_write(receiver.answer());
/// if (receiver.finished()) restart();
/// ```
///
/// The other side waits for an answer before it sends more, so that nothing arrives while the
/// processor stands still for its flash. `Largest` is how many bytes of an image one frame may
/// have. docs/serial.md describes the protocol; `ota image send` is the other side.
template <class Sink, std::size_t Largest = 256>
class serial_receiver {
 public:
  static_assert(Largest >= sizeof(std::uint32_t) + sha256::digest_size && Largest <= 0xffff);

  explicit serial_receiver(Sink& sink) : sink_(sink) {}

  /// Takes a byte of the line. True: `answer()` is to be sent.
  bool feed(std::uint8_t byte) {
    if (!reader_.feed(byte)) return false;
    if (is_answer(reader_.kind())) return false;  // an echo
    // One that comes again has been carried out: its answer got lost.
    if (!answered_ || reader_.sum() != last_) {
      outcome_ = carry_out();
      last_ = reader_.sum();
      answered_ = true;
    }
    return true;
  }

  /// What to send, until the next byte is fed.
  bytes answer() {
    const error& failure = outcome_.error();
    writer_.begin(reader_.kind() | static_cast<std::uint8_t>(serial_kind::answer),
                  reader_.number());
    writer_.u8(static_cast<std::uint8_t>(failure.code));
    writer_.u16(Largest);
    writer_.u32(wanted_);
    fixed_string<longest_text> text;
    append_text(text, failure);
    writer_.put(as_bytes(text));
    return writer_.finish();
  }

  /// The sink has taken the whole image.
  bool finished() const { return state_ == state::finished; }

 private:
  enum class state : std::uint8_t { idle, receiving, finished };

  static constexpr std::size_t longest_text = 120;

  static constexpr error not_begun{errc::wrong_state, "serial receiver",
                                   "no image was begun since the device has started"};
  static constexpr error malformed{errc::malformed, "serial receiver",
                                   "a frame has not the fields of its kind"};
  static constexpr error unknown{errc::unsupported, "serial receiver",
                                 "a frame is of a kind that is not known here"};
  static constexpr error too_many{errc::mismatch, "serial receiver",
                                  "more bytes arrive than the image was said to have"};

  // Numbers that travel stay as they are, whatever is added to `errc`.
  static_assert(static_cast<int>(errc::malformed) == 4 && static_cast<int>(errc::unsupported) == 6);
  static_assert(static_cast<int>(errc::mismatch) == 18 &&
                static_cast<int>(errc::wrong_state) == 21);

  static bool is_answer(std::uint8_t kind) {
    return (kind & static_cast<std::uint8_t>(serial_kind::answer)) != 0;
  }

  result<void> carry_out() {
    switch (static_cast<serial_kind>(reader_.kind())) {
      case serial_kind::begin:
        return begin();
      case serial_kind::data:
        return data();
      case serial_kind::end:
        return end();
      default:
        return unknown;
    }
  }

  result<void> begin() {
    sha256::digest_type digest;
    const bytes fields = reader_.fields();
    if (fields.size() != 4 + digest.size()) return malformed;
    std::copy(fields.begin() + 4, fields.end(), digest.begin());
    state_ = state::idle;
    size_ = reader_.field(0);
    const auto offset = sink_.begin(size_, digest);
    if (!offset) return offset.error();
    wanted_ = *offset;
    state_ = state::receiving;
    return {};
  }

  // What is not wanted now is answered with what is.
  result<void> data() {
    if (reader_.fields().size() < 4) return malformed;
    if (state_ == state::idle) return not_begun;
    if (reader_.field(0) != wanted_) return {};
    const bytes content = reader_.fields().drop(4);
    if (content.size() > size_ - wanted_) return too_many;
    if (auto done = sink_.write(content); !done) {
      state_ = state::idle;
      return done;
    }
    wanted_ += static_cast<std::uint32_t>(content.size());
    return {};
  }

  result<void> end() {
    if (!reader_.fields().empty()) return malformed;
    if (state_ == state::idle) return not_begun;
    const auto done = sink_.finish();
    state_ = done ? state::finished : state::idle;
    return done;
  }

  Sink& sink_;
  state state_ = state::idle;
  bool answered_ = false;
  result<void> outcome_;
  std::uint32_t last_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t wanted_ = 0;
  serial_frame_reader<4 + Largest> reader_;
  serial_frame_writer<1 + 2 + 4 + longest_text> writer_;
};

}  // namespace ota
