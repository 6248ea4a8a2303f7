#pragma once

#include "../core/bytes.hpp"
#include "../core/little_endian.hpp"
#include "../hash/crc32.hpp"

namespace ota {

/// What travels over a serial line (docs/serial.md).
enum class serial_kind : std::uint8_t {
  begin = 1,  ///< size, SHA-256: this image follows
  data = 2,   ///< offset, bytes
  end = 3,    ///< there are no more bytes
  answer = 0x80
};

/// Bytes of a frame that are not its fields: kind, number, CRC-32.
inline constexpr std::size_t serial_overhead = 1 + 2 + 4;

/// Makes a frame: fields, the lowest byte first, a CRC-32 behind them, encoded by COBS (Cheshire
/// and Baker, "Consistent Overhead Byte Stuffing", 1999), between two bytes of zero. `Fields` is
/// the most bytes that the fields take.
template <std::size_t Fields>
class serial_frame_writer {
 public:
  void begin(std::uint8_t kind, std::uint16_t number) {
    sum_ = {};
    buffer_[0] = 0;  // ends whatever noise came before
    code_ = 1;
    size_ = 2;
    u8(kind);
    u16(number);
  }

  void u8(std::uint8_t value) { put({&value, 1}); }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value));
    u8(static_cast<std::uint8_t>(value >> 8));
  }
  void u32(std::uint32_t value) {
    u16(static_cast<std::uint16_t>(value));
    u16(static_cast<std::uint16_t>(value >> 16));
  }
  void put(bytes data) {
    sum_.update(data);
    for (std::uint8_t byte : data) encode(byte);
  }

  /// The whole frame, to be sent as it is.
  bytes finish() {
    u32(sum_.value());
    close_block();
    buffer_[size_++] = 0;
    return {buffer_, size_};
  }

 private:
  static constexpr std::size_t decoded = Fields + serial_overhead;

  // A block is a code, its length, and bytes that are not zero; a zero, or nothing, follows it.
  void close_block() { buffer_[code_] = static_cast<std::uint8_t>(size_ - code_); }
  void next_block() {
    close_block();
    code_ = size_++;
  }
  void encode(std::uint8_t byte) {
    if (size_ - code_ == 255) next_block();  // as long as a code can say
    if (byte == 0)
      next_block();
    else
      buffer_[size_++] = byte;
  }

  crc32 sum_;
  std::size_t size_ = 0;
  std::size_t code_ = 0;  // where the code of the open block goes
  std::uint8_t buffer_[decoded + decoded / 254 + 4];
};

/// Finds frames in the bytes of a line. Noise, and frames that are damaged or too long, are
/// skipped.
template <std::size_t Fields>
class serial_frame_reader {
 public:
  /// True: a whole frame ended with this byte, and is there until the next call.
  bool feed(std::uint8_t byte) {
    if (byte == 0) {
      const bool whole = left_ == 0 && fits_ && size_ >= serial_overhead && has_right_sum();
      end_ = size_;
      start();
      return whole;
    }
    if (left_ != 0) {
      append(byte);
      --left_;
      return false;
    }
    if (zero_follows_) append(0);
    zero_follows_ = byte != 255;
    left_ = static_cast<std::uint8_t>(byte - 1);
    return false;
  }

  std::uint8_t kind() const { return buffer_[0]; }
  std::uint16_t number() const { return detail::get_u16(buffer_ + 1); }
  /// Tells frames from each other.
  std::uint32_t sum() const { return detail::get_u32(buffer_ + end_ - 4); }
  bytes fields() const { return {buffer_ + 3, end_ - serial_overhead}; }
  std::uint32_t field(std::size_t at) const { return detail::get_u32(buffer_ + 3 + at); }

 private:
  void start() {
    size_ = 0;
    left_ = 0;
    zero_follows_ = false;
    fits_ = true;
  }
  void append(std::uint8_t byte) {
    fits_ = fits_ && size_ < sizeof buffer_;
    if (fits_) buffer_[size_++] = byte;
  }
  bool has_right_sum() const {
    crc32 sum;
    sum.update({buffer_, size_ - 4});
    return sum.value() == detail::get_u32(buffer_ + size_ - 4);
  }

  std::size_t size_ = 0;
  std::size_t end_ = 0;
  std::uint8_t left_ = 0;      // bytes of the block that are still to come
  bool zero_follows_ = false;  // the block stands for a zero too, where it is not the last one
  bool fits_ = true;
  std::uint8_t buffer_[Fields + serial_overhead] = {};
};

}  // namespace ota
