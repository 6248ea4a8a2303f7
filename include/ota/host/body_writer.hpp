#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>

#include "fault_plan.hpp"
#include "http_message.hpp"

namespace ota::host {

/// Ends the waits of a server that is to stop.
class stop_signal {
 public:
  void set() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  /// Waits; false when the server stops.
  bool wait(std::chrono::milliseconds time) {
    std::unique_lock<std::mutex> lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return stopped_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

/// Writes one answer's head and body to a connection, with the faults that a body can have.
class body_writer {
 public:
  /// \param size  of the body; `unknown_size` while it is being made
  body_writer(int connection, fault_plan& faults, stop_signal& stop, std::uint64_t size)
      : connection_(connection), faults_(faults), stop_(stop) {
    // Of a body whose size is not known the fault lies within a reasonable first part.
    const std::uint64_t within = size == unknown_size ? 1u << 20 : size;
    if (within == 0) return;
    if (faults_.happens(faults_.corrupt)) wrong_at_ = faults_.below(within);
    if (faults_.happens(faults_.drop)) drop_at_ = faults_.below(within);
  }

  static constexpr std::uint64_t unknown_size = ~std::uint64_t{0};

  /// \param chunked  the body goes in chunks, which end with a trailer
  void begin(std::string head, bool chunked) {
    pending_ = std::move(head);
    chunked_ = chunked;
  }

  /// Gives a piece of the body; false when the connection is gone, by itself or by a fault.
  bool write(std::string_view piece) {
    if (broken_) return false;
    if (drop_at_ != never && drop_at_ - at_ <= piece.size()) {
      append(piece.substr(0, static_cast<std::size_t>(drop_at_ - at_)));
      flush();
      broken_ = true;
      return false;
    }
    append(piece);
    return pending_.size() < 65536 || flush();
  }

  /// After the last piece; whether the answer went out whole.
  bool end() {
    // A drop that was to come later than a body's end comes right before it.
    if (drop_at_ != never) broken_ = true;
    if (chunked_ && !broken_) pending_ += "0\r\nX-Trailer: end\r\n\r\n";
    return flush() && !broken_;
  }

  /// The body cannot be completed; the connection must end.
  void abort() { broken_ = true; }

  std::uint64_t written() const { return at_; }

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  void append(std::string_view piece) {
    if (piece.empty()) return;
    std::string text(piece);
    if (wrong_at_ >= at_ && wrong_at_ - at_ < text.size())
      text[static_cast<std::size_t>(wrong_at_ - at_)] ^= 1;
    at_ += text.size();
    if (!chunked_) {
      pending_ += text;
      return;
    }
    // Small chunks, with an extension, so that clients meet all that there can be.
    for (std::size_t done = 0; done < text.size(); done += 4000) {
      const std::string chunk = text.substr(done, 4000);
      char line[40];
      std::snprintf(line, sizeof line, "%zx;part=1\r\n", chunk.size());
      pending_ += line + chunk + "\r\n";
    }
  }

  bool flush() {
    std::string_view rest = pending_;
    while (!rest.empty() && !lost_) {
      std::size_t size = rest.size();
      if (faults_.slow != 0) {
        size = std::min<std::size_t>(size, static_cast<std::size_t>(faults_.slow) / 20 + 1);
        lost_ = !stop_.wait(std::chrono::milliseconds(size * 1000 / faults_.slow));
      }
      const ssize_t sent = lost_ ? -1 : send(connection_, rest.data(), size, MSG_NOSIGNAL);
      if (sent <= 0)
        lost_ = true;
      else
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    pending_.clear();
    if (lost_) broken_ = true;
    return !lost_;
  }

  int connection_;
  fault_plan& faults_;
  stop_signal& stop_;
  std::uint64_t wrong_at_ = never;
  std::uint64_t drop_at_ = never;
  std::uint64_t at_ = 0;
  std::string pending_;
  bool chunked_ = false;
  bool broken_ = false;
  bool lost_ = false;
};

}  // namespace ota::host
