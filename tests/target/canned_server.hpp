#pragma once

#include <cstring>
#include <ota/core/bytes.hpp>
#include <ota/core/result.hpp>

#include "board.hpp"

/// One answer of the scripted server: all bytes that follow a request for `path`.
struct canned_answer {
  const char* path;
  const std::uint8_t* data;
  std::uint32_t size;
};

/// A byte stream to a server that lies in flash: it reads the request line, looks the path up and
/// gives the recorded answer, as a socket would, in pieces.
class canned_stream {
 public:
  static constexpr bool can_secure = true;

  /// `answers` ends with an entry without a path, which is what all other paths get.
  explicit canned_stream(const canned_answer* answers = nullptr) : answers_(answers) {}

  ota::result<void> connect(std::string_view, std::uint16_t, bool, std::uint32_t) {
    line_size_ = 0;
    left_ = 0;
    return {};
  }

  BOARD_TEST_CODE("write") ota::result<void> write(ota::bytes data, std::uint32_t) {
    for (std::uint8_t byte : data) take(static_cast<char>(byte));
    return {};
  }

  BOARD_TEST_CODE("read") ota::result<std::size_t> read(ota::mutable_bytes out, std::uint32_t) {
    std::size_t size = left_ < out.size() ? left_ : out.size();
    if (size > most_at_a_time) size = most_at_a_time;
    if (size != 0) std::memcpy(out.data(), next_, size);
    next_ += size;
    left_ -= static_cast<std::uint32_t>(size);
    return size;
  }

  void close() {}

  std::uint32_t requests() const { return requests_; }

 private:
  static constexpr std::size_t most_at_a_time = 536;  // a small TCP segment

  // Keeps the request line; at the empty line that ends the head, the answer is ready.
  void take(char c) {
    if (c == '\r') return;
    if (c != '\n') {
      if (in_request_line_ && line_size_ < sizeof line_) line_[line_size_++] = c;
      line_is_empty_ = false;
      return;
    }
    if (line_is_empty_) answer();
    in_request_line_ = line_is_empty_;
    line_is_empty_ = true;
  }

  BOARD_TEST_CODE("answer") void answer() {
    ++requests_;
    const canned_answer* found = answers_;
    while (found->path != nullptr && !asks_for(found->path)) ++found;
    next_ = found->data;
    left_ = found->size;
    line_size_ = 0;
  }

  // "GET /path HTTP/1.1". Without the standard library, which would be counted.
  BOARD_TEST_CODE("asks") bool asks_for(const char* path) const {
    std::size_t at = 4;
    while (at < line_size_ && *path != '\0' && line_[at] == *path) ++at, ++path;
    return *path == '\0' && at < line_size_ && line_[at] == ' ';
  }

  const canned_answer* answers_;
  const std::uint8_t* next_ = nullptr;
  std::uint32_t left_ = 0;
  std::uint32_t requests_ = 0;
  std::size_t line_size_ = 0;
  char line_[160] = {};
  bool in_request_line_ = true;
  bool line_is_empty_ = true;
};
