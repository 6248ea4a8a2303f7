#pragma once

#include <string_view>
#include <type_traits>

#include "../hash/sha256.hpp"
#include "flash_digest.hpp"
#include "image_info.hpp"
#include "image_signature.hpp"

namespace ota {

/// What a device asks of an image; a device's own rules derive from it and replace what differs.
///
/// ```
/// struct rules : ota::image_rules {
///   using signature = ota::image_ed25519;
///   static constexpr std::uint8_t release_key[32] = {…};
///   static constexpr ota::bytes keys[] = {release_key};
///   static constexpr std::string_view hardware = "thermostat-2";
/// };
/// ```
struct image_rules {
  using signature = unsigned_image;
  using hash = sha256;                           ///< SHA-256, by any policy
  static constexpr std::string_view hardware{};  ///< of this device; empty: any image is for it
  static constexpr bool takes_unnamed = false;   ///< also images that name no hardware
};

/// Images in MCUboot's format (docs/images.md), as the rules of a device ask for them.
template <class Rules>
class mcuboot_image {
  using signature = typename Rules::signature;
  using hash = typename Rules::hash;
  static_assert(std::is_same_v<typename hash::digest_type, sha256::digest_type>,
                "images are hashed with SHA-256");
  static_assert(Rules::hardware.size() <= 64, "the name of the hardware has more than 64 bytes");

 public:
  /// Proves that the image in a slot may be run: whole, for this hardware, and signed by one of the
  /// device's keys. Everything is read back from flash.
  template <class Flash>
  static result<image_info> check(Flash& flash, flash_region slot) {
    return check_as(flash, slot, 0);
  }

  /// Proves the same of a patch (`patch_in_place`), which is packed and signed as an image is.
  template <class Flash>
  static result<image_info> check_patch(Flash& flash, flash_region slot) {
    return check_as(flash, slot, detail::image_is_patch);
  }

  /// Whether an image may take the running one's place: not older, and with no lower security
  /// counter. Not asked when an earlier one is put back.
  static result<void> check_successor(const image_info& running, const image_info& next) {
    if (next.version < running.version) return older;
    if (next.security_counter < running.security_counter) return lower_counter;
    return {};
  }

 private:
  static constexpr error corrupted{errc::mismatch, "image", "corrupted: its SHA-256 differs"};
  static constexpr error wrong_hardware{errc::mismatch, "image", "for other hardware"};
  static constexpr error unsigned_image_{errc::untrusted, "image",
                                         "not signed as this device asks"};
  static constexpr error unknown_key{errc::untrusted, "image",
                                     "signed by no key that is known here"};
  static constexpr error wrong_signature{errc::untrusted, "image", "wrong signature"};

  static constexpr error no_patch{errc::unsupported, "image",
                                  "a whole image, where a patch is asked for"};

  static constexpr error older{errc::rejected, "image", "older than the running one"};
  static constexpr error lower_counter{
      errc::rejected, "image", "its security counter is lower than that of the running one"};

  using digest_type = typename hash::digest_type;

  template <class Flash>
  static result<image_info> check_as(Flash& flash, flash_region slot, std::uint32_t kind) {
    result<image_info> found{image_info{}};
    image_info& info = *found;
    if (const auto done = detail::read_image(flash, slot, info); !done) return done.error();
    if ((info.flags & detail::image_is_patch) != kind)
      return kind == 0 ? detail::unsupported_image : no_patch;
    if (const auto done = check_hash(flash, slot.begin, info); !done) return done.error();
    if (!Rules::hardware.empty())
      if (const auto done = check_hardware(flash, info.hardware); !done) return done.error();
    if constexpr (!std::is_same_v<signature, unsigned_image>)
      if (const auto done = check_signature(flash, info); !done) return done.error();
    return found;
  }

  static bool same(const digest_type& a, const digest_type& b) {
    return equal({a.data(), a.size()}, {b.data(), b.size()});
  }

  template <class Flash>
  static result<void> check_hash(Flash& flash, std::uint32_t begin, const image_info& info) {
    digest_type digest;
    const auto done =
        detail::digest_of<hash>(flash, {begin, info.signatures.begin - begin}, digest);
    if (!done) return done;
    if (!same(digest, info.digest)) return corrupted;
    return {};
  }

  template <class Flash>
  static result<void> check_hardware(Flash& flash, flash_region name) {
    if (name.size == 0 && Rules::takes_unnamed) return {};
    std::uint8_t text[64];
    if (name.size != Rules::hardware.size()) return wrong_hardware;
    const mutable_bytes read = mutable_bytes(text).first(name.size);
    if (const auto done = flash.read(name.begin, read); !done) return done;
    if (!equal(read, as_bytes(Rules::hardware))) return wrong_hardware;
    return {};
  }

  // The first signature by a known key decides: a hostile list cannot ask for many to be computed.
  template <class Flash>
  static result<void> check_signature(Flash& flash, const image_info& info) {
    detail::image_tlvs<Flash> list(flash, info.signatures);
    if (const auto size = list.open(detail::image_list_magic); !size) return size.error();
    const bytes* key = nullptr;
    const error* refusal = &unsigned_image_;
    for (;;) {
      const result<bool> more = list.next();
      if (!more) return more.error();
      if (!*more) return *refusal;
      if (list.type == image_tlv::key_hash || list.type == image_tlv::public_key) {
        if (const auto done = find_key(flash, list, key); !done) return done;
      } else if (list.type == signature::tlv) {
        if (key != nullptr)
          return verify(flash, list.value, *key, {info.digest.data(), info.digest.size()});
        refusal = &unknown_key;
      }
    }
  }

  /// Which of the device's keys an entry names: by its hash, or as a whole.
  template <class Flash>
  static result<void> find_key(Flash& flash, const detail::image_tlvs<Flash>& named,
                               const bytes*& key) {
    key = nullptr;
    digest_type name;
    const mutable_bytes room(name.data(), name.size());
    result<void> done;
    if (named.type == image_tlv::public_key)
      done = detail::digest_of<hash>(flash, named.value, name);
    else if (named.value.size == room.size())
      done = flash.read(named.value.begin, room);
    else
      return {};
    if (!done) return done;
    for (const bytes& one : Rules::keys) {
      hash sum;
      sum.update(signature::key_prefix());
      sum.update(one);
      if (same(sum.finish(), name)) key = &one;
    }
    return {};
  }

  template <class Flash>
  static result<void> verify(Flash& flash, flash_region value, bytes key, bytes digest) {
    std::uint8_t room[signature::signature_size];
    if (value.size > sizeof room) return wrong_signature;
    const mutable_bytes read = mutable_bytes(room).first(value.size);
    if (const auto done = flash.read(value.begin, read); !done) return done;
    if (!signature::verify(key, digest, read)) return wrong_signature;
    return {};
  }
};

}  // namespace ota
