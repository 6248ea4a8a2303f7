#pragma once

#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>

namespace ota::host {

/// What a development server does wrong on purpose, from texts like "drop=0.1,delay=50".
struct fault_plan {
  double drop = 0;             ///< part of the answers whose connection breaks inside the body
  double corrupt = 0;          ///< part of the answers with a wrong byte in the body
  int status = 0;              ///< this status …
  double status_part = 0;      ///< … for that part of the requests
  unsigned delay_ms = 0;       ///< before each answer
  std::uint64_t slow = 0;      ///< bytes a second; 0: as fast as it goes
  std::uint64_t truncate = 0;  ///< entries of a recursive tree, then `truncated`; 0: all
  bool norange = false;        ///< ranges are ignored: 200 and the whole
  bool chunked = false;        ///< bodies come in chunks, without a length
  bool redirect = false;       ///< raw files are redirected to a long, signed-looking address
  bool expire = false;         ///< such an address is good for one request

  /// Takes settings from a text; throws std::invalid_argument on one that it does not know.
  void parse(const std::string& text) {
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(',', at), text.size());
      const std::string word = text.substr(at, end - at);
      const std::size_t equals = std::min(word.find('='), word.size());
      if (!set(word.substr(0, equals), word.substr(std::min(equals + 1, word.size()))))
        throw std::invalid_argument("not a fault: \"" + word +
                                    "\"; known are drop=P corrupt=P status=CODE:P delay=MS "
                                    "slow=BYTES truncate=N norange chunked redirect expire seed=N");
      at = end + 1;
    }
  }

  /// Whether something that happens with probability `part` happens now.
  bool happens(double part) {
    if (part <= 0) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::uniform_real_distribution<>()(random_) < part;
  }

  /// A number below `end`, which is not 0.
  std::uint64_t below(std::uint64_t end) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_);
  }

 private:
  bool set(const std::string& name, const std::string& value) {
    if (name == "drop") return probability(value, drop);
    if (name == "corrupt") return probability(value, corrupt);
    if (name == "slow") return number(value, slow);
    if (name == "truncate") return number(value, truncate);
    if (name == "status") return set_status(value);
    std::uint64_t given = 0;
    if (name == "delay" && number(value, given) && given < 3600000)
      return delay_ms = static_cast<unsigned>(given), true;
    if (name == "seed" && number(value, given))
      return random_.seed(static_cast<std::mt19937::result_type>(given)), true;
    if (!value.empty()) return false;
    bool* const flag = name == "norange"    ? &norange
                       : name == "chunked"  ? &chunked
                       : name == "redirect" ? &redirect
                       : name == "expire"   ? &expire
                                            : nullptr;
    if (flag != nullptr) *flag = true;
    return flag != nullptr;
  }

  // CODE:P, or CODE for each request.
  bool set_status(const std::string& value) {
    const std::size_t colon = std::min(value.find(':'), value.size());
    std::uint64_t code = 0;
    if (!number(value.substr(0, colon), code) || code < 200 || code > 599) return false;
    status = static_cast<int>(code);
    status_part = 1;
    return colon == value.size() || probability(value.substr(colon + 1), status_part);
  }

  static bool number(const std::string& text, std::uint64_t& value) {
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != text.npos)
      return false;
    value = std::strtoull(text.c_str(), nullptr, 10);
    return true;
  }

  static bool probability(const std::string& text, double& value) {
    char* end = nullptr;
    value = std::strtod(text.c_str(), &end);
    return !text.empty() && *end == '\0' && value >= 0 && value <= 1;
  }

  std::mutex mutex_;
  std::mt19937 random_{1};
};

}  // namespace ota::host
