#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "../image/mcuboot_image.hpp"
#include "image_key.hpp"

namespace ota::host {

/// A file as a device would have it in flash. What is behind its end cannot be read.
struct image_in_memory {
  static constexpr flash_geometry<1> geometry{{{0x8000, 0x10000}}};

  result<void> read(std::uint32_t address, mutable_bytes out) const {
    static constexpr error outside{errc::storage, "image", "read behind the end of the file"};
    if (out.size() > data.size() || address > data.size() - out.size()) return outside;
    std::memcpy(out.data(), data.data() + address, out.size());
    return {};
  }
  flash_region whole() const {
    return {0, static_cast<std::uint32_t>(std::min<std::size_t>(data.size(), 0x7fffffff))};
  }

  bytes data;
};

namespace detail {

template <class Signature>
struct image_file_rules : image_rules {
  using signature = Signature;
  static inline thread_local std::vector<bytes> keys;
};

/// An image of either sort: one that runs, or a patch packed as one.
template <class Rules>
result<image_info> check_image_file(image_in_memory file) {
  const auto info = mcuboot_image<Rules>::check(file, file.whole());
  if (info || info.error().code != errc::unsupported) return info;
  const auto patch = mcuboot_image<Rules>::check_patch(file, file.whole());
  return patch || patch.error().code != errc::unsupported ? patch : info;
}

template <class Signature>
result<image_info> check_image_file(image_in_memory file, bytes key) {
  image_file_rules<Signature>::keys = {key};
  return check_image_file<image_file_rules<Signature>>(file);
}

}  // namespace detail

/// Checks an image in a file as a device does that knows one key; without a key its hash alone.
inline result<image_info> check_image_file(bytes data, const image_key* key) {
  image_in_memory file{data};
  if (key == nullptr) return detail::check_image_file<image_rules>(file);
  const bytes point = detail::view_of(key->data);
  if (key->kind == image_tlv::rsa2048_pss)
    return detail::check_image_file<image_rsa<2048>>(file, point);
  if (key->kind == image_tlv::rsa3072_pss)
    return detail::check_image_file<image_rsa<3072>>(file, point);
  if (key->kind == image_tlv::ecdsa) return detail::check_image_file<image_ecdsa_p256>(file, point);
  return detail::check_image_file<image_ed25519>(file, point);
}

}  // namespace ota::host
