#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../hash/sha256.hpp"
#include "../image/image_info.hpp"
#include "../image/mcuboot_trailer.hpp"
#include "image_key.hpp"

namespace ota::host {

/// Who signs an image with Ed25519: a public key of 32 bytes, and what signs a digest by it.
struct image_signer {
  std::vector<std::uint8_t> public_key;
  std::function<std::vector<std::uint8_t>(bytes digest)> sign;
};

/// What `packed_image` is told beside the program.
struct image_options {
  image_version version;
  std::uint32_t header_size = ota::detail::image_header_size;
  std::string hardware;   ///< empty: the image names none
  bool is_patch = false;  ///< what is packed is no program, but a patch for one
  std::optional<std::uint32_t> security_counter;
  std::optional<image_signer> signer;
};

namespace detail {

class image_builder {
 public:
  explicit image_builder(std::size_t size = 0) : out_(size) {}

  void put16(std::size_t at, std::size_t value) {
    if (value > 0xffff) throw std::invalid_argument("a part of the image is longer than 65535");
    ota::detail::put_u16(out_.data() + at, static_cast<std::uint16_t>(value));
  }
  void put32(std::size_t at, std::uint32_t value) { ota::detail::put_u32(out_.data() + at, value); }
  void add(bytes data) { out_.insert(out_.end(), data.begin(), data.end()); }
  void pad_to(std::size_t size) { out_.resize(size, 0xff); }

  /// Adds a list of hashes and signatures, unless it is empty.
  void add_list(std::uint16_t magic, bytes entries) {
    if (entries.empty()) return;
    add_head(magic, 4 + entries.size());
    add(entries);
  }
  /// Adds an entry of such a list.
  void add_entry(image_tlv type, bytes value) {
    add_head(static_cast<std::uint16_t>(type), value.size());
    add(value);
  }

  bytes view() const { return view_of(out_); }
  std::vector<std::uint8_t> take() { return std::move(out_); }

 private:
  void add_head(std::uint16_t type, std::size_t size) {
    const std::size_t at = out_.size();
    out_.resize(at + 4);
    put16(at, type);
    put16(at + 2, size);
  }

  std::vector<std::uint8_t> out_;
};

inline std::vector<std::uint8_t> sha256_of(std::initializer_list<bytes> parts) {
  sha256 hash;
  for (const bytes part : parts) hash.update(part);
  const auto digest = hash.finish();
  return {digest.begin(), digest.end()};
}

}  // namespace detail

/// An image of a program. Throws std::invalid_argument where it cannot be made.
inline std::vector<std::uint8_t> packed_image(bytes program, const image_options& options) {
  using ota::detail::image_header_size;
  if (program.empty() || program.size() > 0x7fffffff)
    throw std::invalid_argument("the program is empty, or too long for an image");
  if (options.header_size < image_header_size || options.hardware.size() > 64)
    throw std::invalid_argument(
        "the header has 32 bytes or more, the name of the hardware 64 or less");
  detail::image_builder protected_list;
  if (options.security_counter) {
    std::uint8_t counter[4];
    ota::detail::put_u32(counter, *options.security_counter);
    protected_list.add_entry(image_tlv::security_counter, counter);
  }
  if (!options.hardware.empty())
    protected_list.add_entry(image_tlv::hardware, as_bytes(options.hardware));

  detail::image_builder image(image_header_size);
  const image_version& version = options.version;
  const std::size_t list_size = protected_list.view().size();
  image.put32(0, ota::detail::image_magic);
  image.put16(8, options.header_size);
  image.put16(10, list_size == 0 ? 0 : list_size + 4);
  image.put32(12, static_cast<std::uint32_t>(program.size()));
  image.put32(16, options.is_patch ? ota::detail::image_is_patch : 0);
  image.put16(20, static_cast<std::size_t>(version.major | version.minor << 8));
  image.put16(22, version.revision);
  image.put32(24, version.build);
  image.pad_to(options.header_size);
  image.add(program);
  image.add_list(ota::detail::protected_image_list_magic, protected_list.view());

  const auto digest = detail::sha256_of({image.view()});
  detail::image_builder list;
  list.add_entry(image_tlv::sha256, detail::view_of(digest));
  if (options.signer) {
    const bytes key = detail::view_of(options.signer->public_key);
    const auto signature = options.signer->sign(detail::view_of(digest));
    list.add_entry(image_tlv::key_hash,
                   detail::view_of(detail::sha256_of({image_ed25519::key_prefix(), key})));
    list.add_entry(image_tlv::ed25519, detail::view_of(signature));
  }
  image.add_list(ota::detail::image_list_magic, list.view());
  return image.take();
}

/// What `padded_image` is told.
struct slot_options {
  std::uint32_t size = 0;           ///< bytes of the slot
  std::uint32_t align = 8;          ///< bytes that its flash programs at once: 1 to 32
  std::uint32_t max_sectors = 128;  ///< BOOT_MAX_IMG_SECTORS of MCUboot
  bool confirmed = false;           ///< for good; otherwise for a trial
};

/// Bytes at the end of a slot that MCUboot keeps for itself.
inline std::uint32_t trailer_size(const slot_options& slot) {
  const std::uint32_t unit = std::max<std::uint32_t>(slot.align, 8);
  return slot.max_sectors * 3 * slot.align + 4 * unit + std::max<std::uint32_t>(unit, 16);
}

/// Throws std::invalid_argument where an image leaves MCUboot too little of its slot.
inline void check_fits(std::size_t image_size, const slot_options& slot) {
  if (slot.align == 0 || slot.align > 32 || (slot.align & (slot.align - 1)) != 0 ||
      slot.max_sectors > 65536)
    throw std::invalid_argument("a flash is programmed in 1, 2, 4, 8, 16 or 32 bytes");
  if (image_size > slot.size || trailer_size(slot) > slot.size - image_size)
    throw std::invalid_argument(
        "the image has " + std::to_string(image_size) + " bytes and the trailer of MCUboot " +
        std::to_string(trailer_size(slot)) + ", the slot only " + std::to_string(slot.size));
}

/// An image as a debugger writes it into its slot: with the trailer by which MCUboot takes it.
inline std::vector<std::uint8_t> padded_image(std::vector<std::uint8_t> image,
                                              const slot_options& slot) {
  check_fits(image.size(), slot);
  image.resize(slot.size, 0xff);
  const std::uint32_t unit = std::max<std::uint32_t>(slot.align, 8);
  std::uint8_t* const end = image.data() + image.size();
  ota::detail::fill_mcuboot_magic(unit, end - ota::detail::mcuboot_magic_size);
  if (slot.confirmed) *(end - std::max<std::uint32_t>(unit, 16) - unit) = 1;
  return image;
}

}  // namespace ota::host
