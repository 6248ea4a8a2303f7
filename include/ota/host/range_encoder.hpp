#pragma once

#include <cstdint>
#include <vector>

#include "../delta/bit_model.hpp"

namespace ota::host {

/// The other side of `detail::range_decoder`.
class range_encoder {
 public:
  static constexpr bool encodes = true;

  explicit range_encoder(unsigned rate) : rate_(rate) {}

  bool bit(ota::detail::bit_model& model, bool one) {
    const std::uint32_t bound = (range_ >> ota::detail::bit_model::precision) * model.zero();
    if (one) {
      low_ += bound;
      range_ -= bound;
    } else {
      range_ = bound;
    }
    model.learn(one, rate_);
    drain();
    return one;
  }

  std::uint32_t direct(std::uint32_t value, unsigned count) {
    while (count-- > 0) {
      range_ >>= 1;
      if ((value >> count & 1) != 0) low_ += range_;
      drain();
    }
    return value;
  }

  /// Ends the stream. The decoder reads zeros beyond it, so those at its end are left out: at most
  /// four, which is what the decoder takes ahead.
  std::vector<std::uint8_t> finish() {
    // Of the numbers that decode to what was coded, the one with the most zeros behind.
    low_ = (low_ + 0xff'ffff) & ~std::uint64_t{0xff'ffff};
    for (int i = 0; i < 5; ++i) shift_out();
    out_.erase(out_.begin());  // the first byte holds a carry that never comes
    for (int i = 0; i < 4 && !out_.empty() && out_.back() == 0; ++i) out_.pop_back();
    return std::move(out_);
  }

 private:
  void drain() {
    while (range_ < 1U << 24) {
      range_ <<= 8;
      shift_out();
    }
  }

  // A byte waits until no carry can reach it any more; so do those of 0xff behind it.
  void shift_out() {
    if (low_ < 0xff00'0000 || low_ > 0xffff'ffff) {
      const auto carry = static_cast<std::uint8_t>(low_ >> 32);
      out_.push_back(static_cast<std::uint8_t>(byte_ + carry));
      for (; waiting_ > 0; --waiting_) out_.push_back(static_cast<std::uint8_t>(0xff + carry));
      byte_ = static_cast<std::uint8_t>(low_ >> 24);
    } else {
      ++waiting_;
    }
    low_ = (low_ & 0xff'ffff) << 8;
  }

  std::uint64_t low_ = 0;
  std::uint32_t range_ = 0xffff'ffff;
  std::uint8_t byte_ = 0;
  std::uint64_t waiting_ = 0;
  unsigned rate_;
  std::vector<std::uint8_t> out_;
};

}  // namespace ota::host
