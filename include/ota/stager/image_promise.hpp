#pragma once

#include <cstring>

#include "../hash/sha256.hpp"
#include "../image/image_state.hpp"
#include "../manifest/entry.hpp"

namespace ota {

/// The image that a version holds: what its manifest promises.
struct image_promise {
  bool is_there = false;
  std::uint32_t size = 0;
  sha256::digest_type digest{};

  /// What names it; all zero: there is none.
  image_id id() const { return is_there ? id_of(digest) : image_id{}; }
};

namespace detail {

/// A size that does not fit is larger than any slot: the policy refuses it.
inline image_promise promise_of(const entry& item) {
  image_promise image;
  image.is_there = true;
  image.size = item.size < UINT32_MAX ? static_cast<std::uint32_t>(item.size) : UINT32_MAX;
  std::memcpy(image.digest.data(), item.hash.value, image.digest.size());
  return image;
}

/// A stager's promise, where the device takes images.
template <bool TakesImages>
struct promised_image {
  image_promise image_;
};
template <>
struct promised_image<false> {};

}  // namespace detail
}  // namespace ota
