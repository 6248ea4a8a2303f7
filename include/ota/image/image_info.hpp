#pragma once

#include "../hash/sha256.hpp"
#include "image_tlvs.hpp"

namespace ota {

/// major.minor.revision+build, as MCUboot writes versions.
struct image_version {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t revision = 0;
  std::uint32_t build = 0;

  constexpr std::uint64_t order() const {
    return std::uint64_t{(std::uint32_t{major} << 24) | (std::uint32_t{minor} << 16) | revision}
               << 32 |
           build;
  }
};

constexpr bool operator<(const image_version& a, const image_version& b) {
  return a.order() < b.order();
}
constexpr bool operator==(const image_version& a, const image_version& b) {
  return a.order() == b.order();
}

/// What an image says of itself. Regions are addresses of the flash that it was read from.
struct image_info {
  std::uint32_t header_size = 0;   ///< bytes before the program
  std::uint32_t payload_size = 0;  ///< bytes of the program
  std::uint32_t size = 0;          ///< bytes of everything
  std::uint32_t flags = 0;
  std::uint32_t security_counter = 0;  ///< 0 where the image has none
  image_version version;
  sha256::digest_type digest{};  ///< SHA-256 that it claims for all but `signatures`
  flash_region hardware;         ///< the name of the hardware that it is for; empty: none
  flash_region signatures;       ///< the list of hash and signatures, and how far the slot goes
};

namespace detail {

inline constexpr std::uint32_t image_magic = 0x96f3b83d;
inline constexpr std::uint32_t image_header_size = 32;

// Flags (image.h of MCUboot). One tells for which address a program was linked, which changes
// nothing; with the others it could not be run where it lies.
inline constexpr std::uint32_t image_is_encrypted = 0x4 | 0x8;
inline constexpr std::uint32_t image_has_fixed_address = 0x100;
// "Not bootable": here, what lies where a program would is a patch.
inline constexpr std::uint32_t image_is_patch = 0x10;

inline constexpr error no_image{errc::not_found, "image", "no image there"};
inline constexpr error damaged_image_header{errc::malformed, "image", "damaged header"};
inline constexpr error image_too_large{errc::no_space, "image", "too large for the slot"};
inline constexpr error encrypted_image{errc::unsupported, "image",
                                       "encrypted, which is not supported"};
inline constexpr error unsupported_image{errc::unsupported, "image",
                                         "compressed, made for RAM or not bootable"};
inline constexpr error image_without_hash{errc::unsupported, "image", "made without SHA-256"};

/// Reads what stands in one of the two lists, and takes it from `room`. Only what is protected can
/// be believed once the hash is checked, and the hash itself cannot be among it.
template <class Flash>
[[gnu::noinline]] result<void> read_image_list(Flash& flash, flash_region& room, bool is_protected,
                                               image_info& info) {
  image_tlvs<Flash> list(flash, room);
  const auto size = list.open(is_protected ? protected_image_list_magic : image_list_magic);
  if (!size) return size.error();
  room = {room.begin + *size, room.size - *size};
  bool has_hash = is_protected;
  for (;;) {
    const result<bool> more = list.next();
    if (!more) return more.error();
    if (!*more) break;
    result<void> done;
    if (is_protected && list.type == image_tlv::hardware) {
      info.hardware = list.value;
    } else if (is_protected && list.type == image_tlv::security_counter) {
      std::uint8_t number[4] = {};
      if (list.value.size != sizeof number) return damaged_image_header;
      done = flash.read(list.value.begin, number);
      info.security_counter = get_u32(number);
    } else if (!is_protected && list.type == image_tlv::sha256 &&
               list.value.size == info.digest.size()) {
      done = flash.read(list.value.begin, {info.digest.data(), info.digest.size()});
      has_hash = true;
    }
    if (!done) return done;
  }
  if (!has_hash) return image_without_hash;
  return {};
}

template <class Flash>
result<void> read_image(Flash& flash, flash_region slot, image_info& info) {
  std::uint8_t header[image_header_size] = {};
  if (slot.size < sizeof header) return no_image;
  if (const auto done = flash.read(slot.begin, header); !done) return done.error();
  if (get_u32(header) != image_magic) return no_image;
  info.header_size = get_u16(header + 8);
  const std::uint32_t protected_size = get_u16(header + 10);
  info.payload_size = get_u32(header + 12);
  info.flags = get_u32(header + 16);
  info.version = {header[20], header[21], get_u16(header + 22), get_u32(header + 24)};
  if (info.header_size < image_header_size || info.payload_size == 0) return damaged_image_header;
  if ((info.flags & image_is_encrypted) != 0) return encrypted_image;
  if ((info.flags & ~(image_has_fixed_address | image_is_patch)) != 0) return unsupported_image;

  flash_region room = slot;
  const auto skip = [&room](std::uint32_t size) {
    if (size > room.size) return false;
    room = {room.begin + size, room.size - size};
    return true;
  };
  if (!skip(info.header_size) || !skip(info.payload_size)) return image_too_large;
  info.signatures = room;
  if (protected_size != 0) {
    if (const auto done = read_image_list(flash, room, true, info); !done) return done;
    if (room.begin - info.signatures.begin != protected_size) return damaged_image_header;
    info.signatures = room;
  }
  const auto done = read_image_list(flash, room, false, info);
  info.size = room.begin - slot.begin;
  return done;
}

}  // namespace detail

/// Reads the header and the lists of an image in MCUboot's format (docs/images.md), whose lengths
/// are checked, and nothing else: `mcuboot_image` says whether it may be run.
template <class Flash>
result<image_info> read_image(Flash& flash, flash_region slot) {
  result<image_info> info{image_info{}};
  if (const auto done = detail::read_image(flash, slot, *info); !done) return done.error();
  return info;
}

}  // namespace ota
