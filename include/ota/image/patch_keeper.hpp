#pragma once

#include "../hash/crc32.hpp"
#include "flash_source.hpp"

namespace ota {

/// Keeps how far a patch is applied, in two banks of flash that take turns.
///
/// Whether what a bank holds was written to its end, no bank can tell: cells that a power cut left
/// half programmed read whole today and not tomorrow. The boot journal tells: it names a state by
/// its number, after the state was stored. So the state that it names is whole, and the bank that
/// it does not name may be written.
template <class Flash>
class patch_keeper {
 public:
  static constexpr std::uint32_t banks = 2;

  patch_keeper(Flash& flash, flash_region region)
      : flash_(flash), begin_(region.begin), bank_size_(region.size / banks) {}

  /// \param patch  tells one patch from another
  result<void> store(std::uint32_t number, std::uint32_t patch, bytes state) {
    current_ ^= 1;
    const head one{number, patch, sum_of(state)};
    const bytes about{reinterpret_cast<const std::uint8_t*>(&one), sizeof one};
    if (auto done = detail::write_on(flash_, begin_of(current_), about); !done) return done;
    return detail::write_on(flash_, begin_of(current_) + head_size, state);
  }

  /// Reads the state of that number; false, and anything in `state`, where there is none.
  result<bool> load(std::uint32_t number, std::uint32_t patch, mutable_bytes state) {
    for (current_ = 0; current_ < banks; ++current_) {
      head one;
      const mutable_bytes about{reinterpret_cast<std::uint8_t*>(&one), sizeof one};
      if (auto done = flash_.read(begin_of(current_), about); !done) return done.error();
      if (one.number != number || one.patch != patch) continue;
      if (auto done = flash_.read(begin_of(current_) + head_size, state); !done)
        return done.error();
      if (one.sum == sum_of(state)) return true;
    }
    current_ = 0;
    return false;
  }

  /// Bytes of a bank that a state of that size needs.
  static constexpr std::uint32_t bank_size(std::size_t state_size) {
    return head_size + static_cast<std::uint32_t>(state_size);
  }

 private:
  struct head {
    std::uint32_t number;
    std::uint32_t patch;
    std::uint32_t sum;
  };
  static constexpr std::uint32_t unit = Flash::geometry.program_size;
  static constexpr std::uint32_t head_size = (sizeof(head) + unit - 1) / unit * unit;

  static std::uint32_t sum_of(bytes state) {
    crc32 sum;
    sum.update(state);
    return sum.value();
  }

  std::uint32_t begin_of(std::uint32_t bank) const { return begin_ + bank * bank_size_; }

  Flash& flash_;
  std::uint32_t begin_;
  std::uint32_t bank_size_;
  std::uint32_t current_ = 0;  // of the newest state
};

}  // namespace ota
