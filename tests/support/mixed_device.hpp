#pragma once

#include "flash_device.hpp"
#include "ota/image/image_slots.hpp"
#include "signed_github.hpp"

namespace ota_test {

/// A flash policy that works on somebody else's flash, so that it outlives the device.
template <class Flash>
class borrowed_flash {
 public:
  static constexpr auto geometry = Flash::geometry;

  explicit borrowed_flash(Flash& flash) : flash_(&flash) {}

  ota::result<void> read(std::uint32_t address, ota::mutable_bytes out) {
    return flash_->read(address, out);
  }
  ota::result<void> program(std::uint32_t address, ota::bytes data) {
    return flash_->program(address, data);
  }
  ota::result<void> erase(std::uint32_t address) { return flash_->erase(address); }

 private:
  Flash* flash_;
};

/// 24 sectors of 1 KiB, cut into what every strategy needs.
template <class Flash>
struct small_map {
  using flash = Flash;
  static constexpr ota::flash_region journal{0, 3 * 1024};
  static constexpr ota::flash_region primary{3 * 1024, 5 * 1024};
  static constexpr ota::flash_region secondary{8 * 1024, 4 * 1024};
  static constexpr ota::flash_region scratch{12 * 1024, 1024};
  static constexpr ota::flash_region backup{13 * 1024, 4 * 1024};
};

/// A device with files and a firmware image, by signed manifests alone.
template <class Storage, class Flash, template <class> class Strategy = ota::swap_with_scratch,
          class Check = ota::testing::test_image,
          template <class, template <class> class, class> class Slots = ota::image_slots>
struct mixed_device {
  using map = small_map<borrowed_flash<Flash>>;
  using slots = Slots<map, Strategy, Check>;
  using swapper = ota::image_swapper<map, Strategy, Check>;

  struct policies : ota::default_policies {
    using storage = borrowed_storage<Storage>;
    using http = fake_github;
    using hardware = test_clock;
    using trust = ota::signed_by<ota::ed25519>;
    using image = slots;
  };

  mixed_device(signed_maker& maker, Storage& storage, Flash& flash)
      : updater(maker.settings, borrowed_storage<Storage>(storage), fake_github(maker.github), {},
                {}, slots(borrowed_flash<Flash>(flash))) {}

  /// What the device's bootloader does; gives the slot whose image it starts.
  static ota::result<ota::flash_region> boot_image(Flash& flash) {
    borrowed_flash<Flash> chip(flash);
    swapper images(chip);
    return ota::image_boot<swapper>(images).choose();
  }

  ota::updater<policies> updater;
};

inline std::string image_text(std::uint32_t version, std::uint32_t content) {
  const auto image = ota::testing::make_test_image(version, content);
  return {image.begin(), image.end()};
}

}  // namespace ota_test
