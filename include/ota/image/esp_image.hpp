#pragma once

#include <string_view>

#include "../core/little_endian.hpp"
#include "../core/result.hpp"
#include "../flash/geometry.hpp"
#include "../hash/sha256.hpp"

namespace ota {

/// The processors that an application of ESP-IDF is made for (`esp_app_format.h`).
enum class esp_chip : std::uint16_t {
  esp32 = 0,
  esp32s2 = 2,
  esp32c3 = 5,
  esp32s3 = 9,
  esp32c2 = 12,
  esp32c6 = 13,
  esp32h2 = 16,
  esp32p4 = 18,
  esp32c61 = 20,
  esp32c5 = 23
};

/// What an application of ESP-IDF says of itself.
struct esp_image_info {
  std::uint32_t size = 0;  ///< bytes of everything but a signature of secure boot behind it
  esp_chip chip{};
  std::uint32_t secure_version = 0;  ///< never to be followed by a lower one
  char version[33] = {};
  char project[33] = {};
  sha256::digest_type digest{};
};

/// What a device asks of an application; its own rules derive from it.
struct esp_image_rules {
  using hash = sha256;  ///< SHA-256, by any policy
  static constexpr esp_chip chip = esp_chip::esp32;
  static constexpr std::string_view project{};  ///< its name in ESP-IDF; empty: any
};

/// Applications of ESP-IDF: whole, and for this chip and project. Who made them is proved by secure
/// boot, or by the manifest that names their hash.
template <class Rules>
class esp_image {
 public:
  /// Reads all of the application from flash.
  template <class Flash>
  static result<esp_image_info> check(Flash& flash, flash_region slot) {
    result<esp_image_info> found{esp_image_info{}};
    reader<Flash> in{flash, slot};
    if (const auto done = in.run(*found); !done) return done.error();
    return found;
  }

  static result<void> check_successor(const esp_image_info& running, const esp_image_info& next) {
    if (next.secure_version < running.secure_version) return lower_version;
    return {};
  }

 private:
  static constexpr error no_image{errc::not_found, "esp image", "no application there"};
  static constexpr error damaged{errc::malformed, "esp image", "damaged header"};
  static constexpr error too_large{errc::no_space, "esp image",
                                   "too large for the slot, or cut off"};
  static constexpr error without_hash{errc::unsupported, "esp image", "made without SHA-256"};
  static constexpr error corrupted{errc::mismatch, "esp image",
                                   "corrupted: its checksum or SHA-256 differs"};
  static constexpr error wrong_chip{errc::mismatch, "esp image", "for another chip"};
  static constexpr error wrong_project{errc::mismatch, "esp image", "of another project"};
  static constexpr error lower_version{errc::rejected, "esp image",
                                       "its secure version is lower than the running one's"};

  static constexpr std::uint32_t header_size = 24, segment_head_size = 8, piece_size = 128;
  static constexpr std::uint32_t app_desc_size = 256, app_desc_magic = 0xabcd5432;

  /// Reads on and on, and hashes all of it.
  template <class Flash>
  struct reader {
    Flash& flash;
    flash_region left;
    typename Rules::hash sum{};
    std::uint8_t checksum = 0xef;

    result<void> take(mutable_bytes out) {
      if (out.size() > left.size) return too_large;
      if (const auto done = flash.read(left.begin, out); !done) return done;
      const auto size = static_cast<std::uint32_t>(out.size());
      left = {left.begin + size, left.size - size};
      sum.update(out);
      return {};
    }

    result<void> run(esp_image_info& info) {
      const std::uint32_t begin = left.begin;
      std::uint8_t head[header_size] = {};
      if (left.size < header_size) return no_image;
      if (const auto done = take(head); !done) return done;
      if (head[0] != 0xe9) return no_image;
      info.chip = static_cast<esp_chip>(detail::get_u16(head + 12));
      if (info.chip != Rules::chip) return wrong_chip;
      if (head[1] == 0 || head[1] > 16) return damaged;
      if (head[23] != 1) return without_hash;
      for (std::uint8_t i = 0; i < head[1]; ++i)
        if (const auto done = take_segment(i == 0 ? &info : nullptr); !done) return done;
      if (!Rules::project.empty() && std::string_view(info.project) != Rules::project)
        return wrong_project;
      // The checksum is the last byte of 16.
      std::uint8_t rest[16];
      const std::uint32_t filled = (left.begin - begin) % sizeof rest;
      if (const auto done = take(mutable_bytes(rest).first(sizeof rest - filled)); !done)
        return done;
      info.digest = sum.finish();
      sha256::digest_type expected;
      if (rest[sizeof rest - filled - 1] != checksum) return corrupted;
      if (const auto done = take({expected.data(), expected.size()}); !done) return done;
      if (!equal({expected.data(), expected.size()}, {info.digest.data(), info.digest.size()}))
        return corrupted;
      info.size = left.begin - begin;
      return {};
    }

    /// The first segment begins with the description of the application.
    result<void> take_segment(esp_image_info* info) {
      std::uint8_t piece[piece_size];
      if (const auto done = take(mutable_bytes(piece).first(segment_head_size)); !done) return done;
      std::uint32_t size = detail::get_u32(piece + 4);
      if (size > left.size) return too_large;
      if (info != nullptr && size < app_desc_size) return damaged;
      while (size != 0) {
        const mutable_bytes part = mutable_bytes(piece).first(size);
        if (const auto done = take(part); !done) return done;
        for (const std::uint8_t byte : part) checksum = static_cast<std::uint8_t>(checksum ^ byte);
        if (info != nullptr && !read_description(part, *info)) return damaged;
        info = nullptr;
        size -= static_cast<std::uint32_t>(part.size());
      }
      return {};
    }

    static bool read_description(bytes part, esp_image_info& info) {
      if (detail::get_u32(part.data()) != app_desc_magic) return false;
      info.secure_version = detail::get_u32(part.data() + 4);
      std::memcpy(info.version, part.data() + 16, 32);
      std::memcpy(info.project, part.data() + 48, 32);
      return true;
    }
  };
};

}  // namespace ota
