#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "ota/image/image_boot.hpp"
#include "ota/image/image_stager.hpp"
#include "ota/image/overwrite_with_backup.hpp"
#include "ota/image/swap_by_moving.hpp"
#include "ota/image/swap_with_scratch.hpp"
#include "ota/image/two_slots.hpp"
#include "ota/testing/simulated_nor.hpp"

namespace ota::testing {

// Real chips, with as many of their sectors as a test needs.

struct nrf51 {
  static constexpr flash_geometry<1> geometry{{{20, 1024}}, 4, 0xff, false, 20'000};
};
struct rp2040_flash {
  static constexpr flash_geometry<1> geometry{{{14, 4096}}, 256, 0xff, true, 100'000};
};
// The sectors of an STM32F407, a 64th of their size.
struct stm32f4 {
  static constexpr flash_geometry<3> geometry{{{4, 256}, {1, 1024}, {7, 2048}}, 4, 0xff, false};
};
struct samd21 {
  static constexpr flash_geometry<1> geometry{{{50, 256}}, 64, 0xff, false, 25'000};
};
struct esp32 {
  static constexpr flash_geometry<1> geometry{{{11, 4096}}, 4, 0xff, true, 100'000};
};
// Erased bytes are 0, and a unit is 8 bytes, as STM32L0 and STM32L4 have.
struct stm32l {
  static constexpr flash_geometry<1> geometry{{{20, 512}}, 8, 0x00, false, 10'000};
};

// 16 KiB of an nRF51, then 16 KiB of a NOR flash on SPI, as `joined_flash` shows them.
struct nrf51_with_spi {
  static constexpr flash_geometry<2> geometry{{{16, 1024}, {4, 4096}}, 256, 0xff, false, 20'000};
};

/// An image of tests: a size, a version, a sum, content.
struct test_image {
  struct info {
    std::uint32_t size = 0;
    std::uint32_t version = 0;
  };
  static constexpr error none_there{errc::not_found, "test image", "there is no image"};
  static constexpr error damaged{errc::mismatch, "test image", "the image is damaged"};
  static constexpr error older{errc::rejected, "test image", "the image is older"};

  static constexpr std::uint32_t magic = 0x0a7a1a6e;

  template <class Flash>
  result<info> check(Flash& flash, flash_region slot, std::uint32_t wanted = magic) {
    std::uint32_t head[4];
    if (auto done = flash.read(slot.begin, {reinterpret_cast<std::uint8_t*>(head), sizeof head});
        !done)
      return done.error();
    if (head[0] != wanted || head[1] < sizeof head || head[1] > slot.size) return none_there;
    std::uint32_t sum = head[2];
    std::uint8_t piece[1024];
    for (std::uint32_t at = sizeof head; at < head[1]; at += sizeof piece) {
      const auto part = mutable_bytes(piece).first(head[1] - at);
      if (auto done = flash.read(slot.begin + at, part); !done) return done.error();
      sum = add(sum, part);
    }
    return sum == head[3] ? result<info>(info{head[1], head[2]}) : damaged;
  }
  // Quick rather than strong: proofs check images a million times.
  static std::uint32_t add(std::uint32_t sum, bytes data) {
    std::size_t i = 0;
    for (; i + 4 <= data.size(); i += 4) {
      std::uint32_t word;
      std::memcpy(&word, data.data() + i, 4);
      sum = (sum ^ word) * 0x9e3779b1u;
      sum ^= sum >> 15;
    }
    for (; i < data.size(); ++i) sum = (sum ^ data[i]) * 0x01000193u;
    return sum;
  }
  result<void> check_successor(const info& running, const info& next) {
    return next.version >= running.version ? result<void>{} : older;
  }
};

/// Makes the sum of an image right whose content was changed.
inline void seal_test_image(std::vector<std::uint8_t>& image) {
  std::uint32_t sum;
  std::memcpy(&sum, image.data() + 8, sizeof sum);
  for (bytes rest = bytes(image.data(), image.size()).drop(16); !rest.empty();
       rest = rest.drop(1024))
    sum = test_image::add(sum, rest.first(1024));
  std::memcpy(image.data() + 12, &sum, sizeof sum);
}

/// An image with `content` bytes of content.
inline std::vector<std::uint8_t> make_test_image(std::uint32_t seed, std::uint32_t content,
                                                 std::uint32_t version = 1) {
  std::vector<std::uint8_t> image(16 + std::size_t{content});
  for (std::uint32_t i = 0; i < content; ++i)
    image[16 + i] = static_cast<std::uint8_t>((i * 7 + i / 256 * 13) ^ (seed * 0x55));
  const std::uint32_t head[] = {0x0a7a1a6e, 16 + content, version};
  std::memcpy(image.data(), head, sizeof head);
  seal_test_image(image);
  return image;
}

inline sha256::digest_type digest_of(const std::vector<std::uint8_t>& image) {
  sha256 hash;
  hash.update({image.data(), image.size()});
  return hash.finish();
}

/// Does to a flash what a device with that strategy does.
template <class Map, template <class> class Strategy, class Image = test_image>
struct flash_device {
  using flash = typename Map::flash;
  using swapper = image_swapper<Map, Strategy, Image>;
  static constexpr std::uint32_t capacity = swapper::strategy::capacity;

  static result<flash_region> boot(flash& chip) {
    swapper images(chip);
    return image_boot<swapper>(images).choose();
  }

  static result<void> stage(flash& chip, const std::vector<std::uint8_t>& image) {
    swapper images(chip);
    if (auto done = images.load(); !done) return done;
    image_stager<swapper> stager(images);
    const auto offset = stager.begin(static_cast<std::uint32_t>(image.size()), digest_of(image));
    if (!offset) return offset.error();
    // In pieces that divide nothing.
    for (std::size_t at = *offset; at < image.size();) {
      const bytes piece = bytes(image.data(), image.size()).drop(at).first(301);
      if (auto done = stager.write(piece); !done) return done;
      at += piece.size();
    }
    return stager.finish();
  }

  static result<void> request(flash& chip, std::uint32_t allowed = 1) {
    swapper images(chip);
    if (auto done = images.load(); !done) return done;
    return images.swap(allowed);
  }

  static result<void> confirm(flash& chip) {
    swapper images(chip);
    if (auto done = images.load(); !done) return done;
    return images.confirm();
  }

  static result<void> roll_back(flash& chip) {
    swapper images(chip);
    if (auto done = images.load(); !done) return done;
    return images.revert();
  }

  static image_state state(flash& chip) {
    swapper images(chip);
    (void)images.load();
    return images.state();
  }

  /// Whether the slot that the boot chose holds exactly that image.
  static bool holds(flash& chip, flash_region slot, const std::vector<std::uint8_t>& image) {
    std::vector<std::uint8_t> there(image.size());
    return chip.read(slot.begin, {there.data(), there.size()}) && there == image;
  }
};

}  // namespace ota::testing
