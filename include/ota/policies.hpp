#pragma once

#include "core/log.hpp"
#include "delta/no_delta.hpp"
#include "hardware/no_hardware.hpp"
#include "hash/sha256.hpp"
#include "image/image_policy.hpp"
#include "manifest/trust.hpp"
#include "scheduler.hpp"
#include "source/github.hpp"

namespace ota {

/// What a device uses where it names nothing else. Derive from it and name the rest: at least
/// `http` and `storage`, which only the device can know.
///
/// A device whose settings are known when it is compiled may name them as well, as
/// `static constexpr ota::config settings`. Its updater is made without any then, and what they
/// switch off is not in the program.
struct default_policies {
  using source = github;         ///< where new versions come from
  using hash = sha256;           ///< how bytes are checked; `sha1` leaves manifests out
  using trust = shared_secret;   ///< whose word counts
  using hardware = no_hardware;  ///< clock, watchdog, LED, battery, reset
  using image = no_image;        ///< firmware images: `image_slots<…>`
  using delta = no_delta;        ///< patches instead of whole files: `delta_patches<>`
  using log = no_log;            ///< where events are told

  /// Whether now is the time. `no_scheduler` leaves the rules out of the program.
  template <class Storage, class Hardware>
  using scheduler = ota::scheduler<Storage, Hardware>;

  /// Puts right what an interrupted swap of 0x687931/ota left, on a device that changes over.
  static constexpr bool takes_over = true;

  /// Bytes moved at a time: the buffer that a file passes through.
  static constexpr std::size_t chunk_size = 1024;
};

}  // namespace ota
