#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>

namespace ota::host {

/// What a development server does wrong on purpose, from a text like "drop=0.1,delay=50".
struct fault_plan {
  double drop = 0;           ///< part of the answers whose connection breaks inside the body
  double corrupt = 0;        ///< part of the answers with a wrong byte in the body
  int status = 0;            ///< this status …
  double status_part = 0;    ///< … for that part of the requests
  unsigned delay_ms = 0;     ///< before each answer
  std::uint64_t slow = 0;    ///< bytes a second; 0: as fast as it goes
  std::size_t truncate = 0;  ///< entries of a recursive tree, then `truncated`; 0: all
  bool norange = false;      ///< ranges are ignored
  bool chunked = false;      ///< bodies come in chunks, without a length
  bool redirect = false;     ///< raw files are redirected to a long, signed-looking address

  /// Takes settings from a text; throws std::invalid_argument on one it does not know.
  void parse(const std::string& text) {
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = std::min(text.find(',', at), text.size());
      const std::string word = text.substr(at, end - at);
      const std::size_t equals = word.find('=');
      set(word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1));
      at = end + 1;
    }
  }

  /// Whether something that happens with probability `part` happens now.
  bool happens(double part) {
    if (part <= 0) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::uniform_real_distribution<>()(random_) < part;
  }

  /// A number below `end`.
  std::size_t below(std::size_t end) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

 private:
  void set(const std::string& name, const std::string& value) {
    if (name == "drop")
      drop = std::stod(value);
    else if (name == "corrupt")
      corrupt = std::stod(value);
    else if (name == "delay")
      delay_ms = static_cast<unsigned>(std::stoul(value));
    else if (name == "slow")
      slow = std::stoull(value);
    else if (name == "truncate")
      truncate = std::stoull(value);
    else if (name == "norange")
      norange = true;
    else if (name == "chunked")
      chunked = true;
    else if (name == "redirect")
      redirect = true;
    else if (name == "seed")
      random_.seed(static_cast<unsigned>(std::stoul(value)));
    else if (name == "status") {
      const std::size_t colon = value.find(':');
      status = std::stoi(value.substr(0, colon));
      status_part = colon == std::string::npos ? 1 : std::stod(value.substr(colon + 1));
    } else {
      throw std::invalid_argument("unknown fault: " + name);
    }
  }

  std::mutex mutex_;
  std::mt19937 random_{1};
};

}  // namespace ota::host
