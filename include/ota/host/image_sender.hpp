#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>

#include "../core/error.hpp"
#include "../hash/sha256.hpp"
#include "../image/serial_frame.hpp"

namespace ota::host {

/// What a device answered (docs/serial.md).
struct serial_answer {
  errc code = errc::none;
  std::uint16_t largest = 0;  ///< bytes of an image that one frame may have
  std::uint32_t offset = 0;   ///< from which it wants more
  std::string text;           ///< what is wrong
};

/// Sends an image to a `serial_receiver` over a `Line`, which may lose and damage bytes:
///
///     void write(bytes)
///     std::size_t read(mutable_bytes out, std::uint32_t timeout_ms)   0: nothing came in time
///
/// Starts where the device wants it; a device that starts again meanwhile is begun with again.
template <class Line>
class image_sender {
 public:
  struct patience {
    std::uint32_t answer_ms = 1000;  ///< then the frame is sent again
    int tries = 30;                  ///< as often; also for a device that makes no progress
  };

  explicit image_sender(Line& line, patience how = {}) : line_(line), patience_(how) {}

  /// `progress(offset)` is called as the device gets on. Throws std::runtime_error with the words
  /// of the device, or where it does not answer.
  template <class Progress>
  void send(bytes image, Progress&& progress) {
    sha256 hash;
    hash.update(image);
    const auto digest = hash.finish();
    for (int starts = 0; starts <= patience_.tries; ++starts) {
      const serial_answer begun = ask(serial_kind::begin, [&](auto& frame) {
        frame.u32(static_cast<std::uint32_t>(image.size()));
        frame.put({digest.data(), digest.size()});
      });
      if (begun.code != errc::none) throw std::runtime_error(begun.text);
      if (!send_data(image, begun, progress)) continue;
      const serial_answer ended = ask(serial_kind::end, [](auto&) {});
      if (ended.code == errc::none) return;
      if (ended.code != errc::wrong_state) throw std::runtime_error(ended.text);
    }
    throw std::runtime_error("the device starts again and again without taking the image");
  }

 private:
  static constexpr std::size_t largest = 4096;

  // False: the device has started again, and knows nothing of the image.
  template <class Progress>
  bool send_data(bytes image, const serial_answer& begun, Progress&& progress) {
    std::uint32_t offset = begun.offset;
    const std::size_t most = std::min<std::size_t>(begun.largest, largest);
    for (int stuck = 0; offset < image.size();) {
      const serial_answer got = ask(serial_kind::data, [&](auto& frame) {
        frame.u32(offset);
        frame.put(image.drop(offset).first(most));
      });
      if (got.code == errc::wrong_state) return false;
      if (got.code != errc::none) throw std::runtime_error(got.text);
      stuck = got.offset > offset ? 0 : stuck + 1;
      if (stuck > patience_.tries || most == 0)
        throw std::runtime_error("the device takes no more bytes of the image");
      offset = got.offset;
      progress(offset);
    }
    if (offset == image.size()) return true;
    throw std::runtime_error("the device wants bytes that the image does not have");
  }

  // Sends a frame until it is answered. Answers that have another number belong to earlier ones.
  template <class Fields>
  serial_answer ask(serial_kind kind, Fields&& fields) {
    writer_.begin(static_cast<std::uint8_t>(kind), ++number_);
    fields(writer_);
    const bytes frame = writer_.finish();
    const int answer_kind = static_cast<int>(kind) | static_cast<int>(serial_kind::answer);
    for (int i = 0; i < patience_.tries; ++i) {
      line_.write(frame);
      if (wait_for(answer_kind)) return taken();
    }
    throw std::runtime_error("the device does not answer: is it connected, and receiving?");
  }

  bool wait_for(int kind) {
    using clock = std::chrono::steady_clock;
    const auto deadline = clock::now() + std::chrono::milliseconds(patience_.answer_ms);
    for (;;) {
      while (at_ < got_)
        if (reader_.feed(piece_[at_++]) && is_answer(kind)) return true;
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
      if (left < 0) return false;
      at_ = 0;
      got_ = line_.read(piece_, static_cast<std::uint32_t>(left));
      if (got_ == 0) return false;
    }
  }

  bool is_answer(int kind) const {
    return reader_.kind() == kind && reader_.number() == number_ && reader_.fields().size() >= 7;
  }

  serial_answer taken() const {
    const bytes fields = reader_.fields();
    return {static_cast<errc>(fields[0]), ota::detail::get_u16(fields.data() + 1), reader_.field(3),
            std::string(as_text(fields.drop(7)))};
  }

  Line& line_;
  patience patience_;
  // Begun at random: a device must not take a new transfer's first frame for one that it knows.
  std::uint16_t number_ = static_cast<std::uint16_t>(std::random_device()());
  serial_frame_writer<4 + largest> writer_;
  serial_frame_reader<512> reader_;
  std::size_t at_ = 0, got_ = 0;
  std::uint8_t piece_[512];
};

}  // namespace ota::host
