// The whole update of update.cpp, which takes signed versions only.
#include <new>
#include <ota/ota.hpp>

#include "../canned_server.hpp"
#include "part.hpp"

namespace {

struct device : ota::default_policies {
  using http = ota::http_client<canned_stream>;
  using storage = ota::memory_files<16384>;
  using trust = ota::signed_by<ota::ed25519>;
  template <class Storage, class Hardware>
  using scheduler = ota::no_scheduler<Storage, Hardware>;
  static constexpr bool takes_over = false;
};

constexpr ota::config settings = [] {
  ota::config known;
  known.owner = "acme";
  known.repo = "station";
  known.product = "station";
  known.trusted_root = "ota-root 1\n";
  known.reset = ota::reset_mode::none;
  return known;
}();

using device_updater = ota::updater<device>;
alignas(device_updater) unsigned char memory[sizeof(device_updater)];

}  // namespace

extern "C" int program() {
  auto& updater = *::new (memory) device_updater(settings);
  const auto outcome = updater.boot() ? updater.run() : ota::update_outcome::failed;
  return outcome && updater.confirm() ? 0 : 1;
}
