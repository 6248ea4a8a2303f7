#pragma once

#include <random>

#include "flash_proof.hpp"
#include "ota/delta/address_map.hpp"
#include "ota/delta/thumb_code.hpp"
#include "ota/host/patch_maker.hpp"
#include "ota/image/image_patcher.hpp"
#include "ota/image/patch_in_place.hpp"

namespace ota::testing {

// Chips as of flash_device.hpp, with as many sectors as patches need.
struct nrf51_for_patches {
  static constexpr flash_geometry<1> geometry{{{26, 1024}}, 4, 0xff, false, 20'000};
};
struct rp2040_for_patches {
  static constexpr flash_geometry<1> geometry{{{14, 4096}}, 256, 0xff, true, 100'000};
};
struct samd21_for_patches {
  static constexpr flash_geometry<1> geometry{{{64, 256}}, 64, 0xff, false, 25'000};
};
struct stm32f4_for_patches {
  static constexpr flash_geometry<3> geometry{{{4, 256}, {1, 1024}, {10, 2048}}, 4, 0xff, false};
};

template <std::uint32_t Block, std::uint32_t Spare>
struct test_limits : flash_patch_limits {
  using codes = code_set<thumb_code>;
  static constexpr std::size_t map_entries = 0;
  static constexpr unsigned literal_bits = 0;
  static constexpr std::uint32_t block = Block;
  static constexpr std::uint32_t spare = Spare;
};

/// Regions one behind the other, in sectors.
template <class Chip, std::uint32_t Sector, class Limits, std::uint32_t Bank, std::uint32_t State,
          std::uint32_t Patch, std::uint32_t Slot>
struct single_slot_map {
  using flash = simulated_nor<Chip>;
  using patch_limits = Limits;
  static constexpr flash_region journal{0, 3 * Bank* Sector};
  static constexpr flash_region patch_state{journal.end(), 2 * State* Sector};
  static constexpr flash_region patch{patch_state.end(), Patch* Sector};
  static constexpr flash_region primary{patch.end(), Slot* Sector};
};
template <class Chip, std::uint32_t Sector, class Limits, std::uint32_t Bank, std::uint32_t State,
          std::uint32_t Slot>
struct two_slots_map {
  using flash = simulated_nor<Chip>;
  using patch_limits = Limits;
  static constexpr flash_region journal{0, 3 * Bank* Sector};
  static constexpr flash_region patch_state{journal.end(), 2 * State* Sector};
  static constexpr flash_region primary{patch_state.end(), Slot* Sector};
  static constexpr flash_region secondary{primary.end(), Slot* Sector};
};

/// An image of tests, of which a patch has another first word.
struct patched_test_image : test_image {
  struct info : test_image::info {
    std::uint32_t header_size = 16;
    std::uint32_t payload_size = 0;
  };
  static constexpr std::uint32_t patch_magic = 0x0a7a1a6f;

  template <class Flash>
  result<info> check_patch(Flash& flash, flash_region slot) {
    const auto found = test_image::check(flash, slot, patch_magic);
    if (!found) return found.error();
    info one;
    one.size = found->size;
    one.version = found->version;
    one.payload_size = found->size - one.header_size;
    return one;
  }

  static std::vector<std::uint8_t> pack(const std::vector<std::uint8_t>& patch) {
    std::vector<std::uint8_t> out(16 + patch.size());
    std::copy(patch.begin(), patch.end(), out.begin() + 16);
    const std::uint32_t head[] = {patch_magic, static_cast<std::uint32_t>(out.size()), 1};
    std::memcpy(out.data(), head, sizeof head);
    seal_test_image(out);
    return out;
  }
};

/// Two versions of a program of `content` bytes: functions of which the new one has one more and
/// one less, in which some lie elsewhere and some are changed, and of which each calls others.
class two_programs {
 public:
  /// \param content  at least 700
  /// \param reach    bytes by which a function has moved to the end, if there are as many
  explicit two_programs(std::uint32_t content, std::uint32_t reach = 0) : random_(content) {
    std::vector<std::vector<std::uint8_t>> bodies;
    for (std::uint32_t size = 0; size + function < content; size += function)
      bodies.push_back(body(function));
    old_image = link(bodies);
    const std::uint32_t moved = reach / function;
    if (moved != 0 && moved + 1 < bodies.size())
      std::rotate(bodies.begin(), bodies.begin() + 1,
                  bodies.begin() + static_cast<std::ptrdiff_t>(moved + 1));
    bodies.insert(bodies.begin() + 1, body(72));
    bodies.erase(bodies.begin() + static_cast<std::ptrdiff_t>(bodies.size() / 2));
    std::swap(bodies[bodies.size() - 2], bodies[bodies.size() - 4]);
    for (std::size_t i = 0; i < bodies.size(); i += 5) bodies[i][20] ^= 0x11;
    new_image = link(bodies);
  }

  std::vector<std::uint8_t> old_image, new_image;

 private:
  static constexpr std::uint32_t function = 160;

  std::vector<std::uint8_t> body(std::uint32_t size) {
    std::vector<std::uint8_t> code(size);
    for (std::uint32_t at = 0; at < size; at += 2)
      ota::detail::put_u16(code.data() + at, static_cast<std::uint16_t>(random_() % 0x8000));
    return code;
  }

  // Each function calls the third and the seventh behind it.
  static std::vector<std::uint8_t> link(const std::vector<std::vector<std::uint8_t>>& bodies) {
    std::vector<std::uint8_t> image(16);
    std::vector<std::uint32_t> begins;
    for (const auto& code : bodies) {
      begins.push_back(static_cast<std::uint32_t>(image.size()));
      image.insert(image.end(), code.begin(), code.end());
    }
    for (std::size_t i = 0; i < begins.size(); ++i)
      for (const std::size_t ahead : {3U, 7U}) {
        const std::uint32_t at = begins[i] + 8 * static_cast<std::uint32_t>(ahead);
        ota::detail::put_thumb_bl(image.data() + at,
                                  begins[(i + ahead) % begins.size()] - (at + 4));
      }
    const std::uint32_t head[] = {0x0a7a1a6e, static_cast<std::uint32_t>(image.size()), 1};
    std::memcpy(image.data(), head, sizeof head);
    seal_test_image(image);
    return image;
  }

  std::mt19937 random_;
};

template <class Limits>
std::vector<std::uint8_t> make_patch(const two_programs& programs,
                                     std::uint32_t lag = patch_header::no_lag) {
  host::patch_options options;
  options.map_entries = Limits::map_entries;
  options.literal_bits = Limits::literal_bits;
  options.lag = lag;
  return host::patch_maker({programs.old_image.data(), programs.old_image.size()},
                           {programs.new_image.data(), programs.new_image.size()}, options)
      .make();
}

/// A patch in memory.
class patch_in_memory {
 public:
  explicit patch_in_memory(const std::vector<std::uint8_t>& patch) : patch_(patch) {}
  std::uint32_t size() const { return static_cast<std::uint32_t>(patch_.size()); }
  result<void> read(std::uint32_t offset, mutable_bytes out) const {
    std::copy_n(patch_.data() + offset, out.size(), out.begin());
    return {};
  }

 private:
  const std::vector<std::uint8_t>& patch_;
};

/// A device that stages by a patch.
template <class Map, template <class> class Strategy>
struct patching_device : flash_device<Map, Strategy> {
  using base = flash_device<Map, Strategy>;
  static inline std::vector<std::uint8_t> patch;

  static result<void> stage(typename base::flash& chip, const std::vector<std::uint8_t>& image) {
    typename base::swapper images(chip);
    if (auto done = images.load(); !done) return done;
    patch_in_memory source(patch);
    image_patcher<typename base::swapper, patch_in_memory, typename Map::patch_limits> patcher(
        images, source);
    if (auto done = patcher.begin(digest_of(image)); !done) return done;
    for (;;) {
      const auto more = patcher.step();
      if (!more) return more.error();
      if (!*more) return {};
    }
  }
};

}  // namespace ota::testing
