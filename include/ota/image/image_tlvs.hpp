#pragma once

#include "../core/little_endian.hpp"
#include "../core/result.hpp"
#include "../flash/geometry.hpp"

namespace ota {

/// What stands behind the payload of an image: types of MCUboot (`boot/bootutil/include/bootutil/
/// image.h`), and one of ours from the range that it leaves to vendors.
enum class image_tlv : std::uint16_t {
  key_hash = 0x01,    ///< SHA-256 of the public key, as DER; the signature by it follows
  public_key = 0x02,  ///< or that key itself
  sha256 = 0x10,      ///< of header, payload and protected list
  rsa2048_pss = 0x20,
  ecdsa = 0x22,
  rsa3072_pss = 0x23,
  ed25519 = 0x24,
  security_counter = 0x50,  ///< protected: 32 bits
  hardware = 0xa0           ///< protected: the name of the hardware that the image is for, a text
};

namespace detail {

inline constexpr std::uint32_t image_tlv_head_size = 4;  // type or magic, and a size
inline constexpr std::uint16_t image_list_magic = 0x6907;
inline constexpr std::uint16_t protected_image_list_magic = 0x6908;

inline constexpr error image_truncated{errc::malformed, "image",
                                       "cut off: its hash and signatures are not all there"};

/// Reads a list of types, lengths and values. What is outside of the list or of the slot is never
/// read, whatever the lengths say.
template <class Flash>
class image_tlvs {
 public:
  image_tlv type{};
  flash_region value;  ///< where it lies

  /// \param room  where the list begins, and how much of the slot is left there
  image_tlvs(Flash& flash, flash_region room) : flash_(flash), at_(room.begin), left_(room.size) {}

  /// Reads how long the list is; gives the size of all of it.
  result<std::uint32_t> open(std::uint16_t magic) {
    std::uint8_t head[image_tlv_head_size];
    if (left_ < image_tlv_head_size) return image_truncated;
    if (const auto done = flash_.read(at_, head); !done) return done.error();
    const std::uint32_t size = get_u16(head + 2);
    if (get_u16(head) != magic || size < image_tlv_head_size || size > left_)
      return image_truncated;
    at_ += image_tlv_head_size;
    left_ = size - image_tlv_head_size;
    return size;
  }

  /// Goes to the next entry; false behind the last.
  result<bool> next() {
    if (left_ == 0) return false;
    std::uint8_t head[image_tlv_head_size];
    if (left_ < image_tlv_head_size) return image_truncated;
    if (const auto done = flash_.read(at_, head); !done) return done.error();
    left_ -= image_tlv_head_size;
    type = static_cast<image_tlv>(get_u16(head));
    value = {at_ + image_tlv_head_size, get_u16(head + 2)};
    if (value.size > left_) return image_truncated;
    at_ = value.end();
    left_ -= value.size;
    return true;
  }

 private:
  Flash& flash_;
  std::uint32_t at_;
  std::uint32_t left_;
};

}  // namespace detail
}  // namespace ota
