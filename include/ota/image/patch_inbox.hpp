#pragma once

#include "../hash/sha256.hpp"
#include "flash_digest.hpp"
#include "flash_source.hpp"

namespace ota {

/// Receives a patch into a region of flash, for `image_patcher`: a sink of `serial_receiver`. One
/// that a power cut interrupted is received anew: patches are small, and there is no journal.
template <class Flash>
class patch_inbox {
 public:
  patch_inbox(Flash& flash, flash_region region) : flash_(flash), region_(region) {}

  /// \return the offset from which bytes are wanted: `size`, where the region holds them already
  result<std::uint32_t> begin(std::uint32_t size, const sha256::digest_type& digest) {
    if (size == 0 || size > region_.size) return wrong_size;
    size_ = size;
    digest_ = digest;
    const auto there = is_whole();
    if (!there) return there.error();
    offset_ = *there ? size : 0;
    gathered_ = 0;
    return offset_;
  }

  /// The next bytes.
  result<void> write(bytes data) {
    if (data.size() > size_ - offset_) return other_bytes;
    while (!data.empty()) {
      const bytes part = data.first(sizeof buffer_ - gathered_);
      std::memcpy(buffer_ + gathered_, part.data(), part.size());
      gathered_ += static_cast<std::uint32_t>(part.size());
      offset_ += static_cast<std::uint32_t>(part.size());
      data = data.drop(part.size());
      if (gathered_ == sizeof buffer_)
        if (auto done = flush(); !done) return done;
    }
    return {};
  }

  /// There are no more: checks the patch from flash.
  result<void> finish() {
    if (auto done = flush(); !done) return done;
    const auto whole = offset_ == size_ ? is_whole() : result<bool>(false);
    if (!whole) return whole.error();
    return *whole ? result<void>{} : other_bytes;
  }

 private:
  static constexpr error wrong_size{errc::no_space, "patch inbox",
                                    "the patch is empty, or larger than its region of flash"};
  static constexpr error other_bytes{errc::mismatch, "patch inbox",
                                     "the patch is not the one that was announced"};

  result<void> flush() {
    const std::uint32_t at = region_.begin + offset_ - gathered_;
    const bytes whole{buffer_, gathered_};
    gathered_ = 0;
    return detail::write_on(flash_, at, whole);
  }

  result<bool> is_whole() {
    sha256::digest_type found;
    const auto done = detail::digest_of<sha256>(flash_, {region_.begin, size_}, found);
    return done ? result<bool>(found == digest_) : done.error();
  }

  Flash& flash_;
  flash_region region_;
  sha256::digest_type digest_{};
  std::uint32_t size_ = 0;
  std::uint32_t offset_ = 0;
  std::uint32_t gathered_ = 0;
  std::uint8_t buffer_[detail::copy_chunk<Flash>];
};

}  // namespace ota
