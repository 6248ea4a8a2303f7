// expect: the image policy needs: ota::result<void> revert()
#include "device.hpp"

struct forward_only {
  static constexpr std::string_view name = "firmware";
  ota::result<void> load();
  ota::result<ota::image_standing> standing_of(const ota::image_id&);
  ota::result<bool> runs(std::uint32_t, const ota::sha256::digest_type&);
  ota::result<std::uint32_t> begin(std::uint32_t, const ota::sha256::digest_type&);
  ota::result<void> write(ota::bytes);
  ota::result<void> finish();
  ota::result<void> swap(std::uint32_t);
  ota::result<void> confirm();
  ota::result<bool> can_revert();
};

struct device : good_device {
  using trust = ota::signed_by<ota::ed25519>;
  using image = forward_only;
};

std::size_t size = sizeof(ota::updater<device>);
