#pragma once

#include "../format/config.hpp"
#include "../hardware/no_hardware.hpp"
#include "../manifest/release_target.hpp"
#include "../manifest/trust_file.hpp"
#include "../swapper/swap_state.hpp"

namespace ota::detail {

// What an updater does for a trust policy that takes nothing without a manifest; for the others,
// nothing of it is in the program.

/// What the policy has to know, for the version that is to be staged.
template <class Hardware>
void fill_context(trust_context& context, const release_target& target, const config& settings,
                  Hardware& hardware) {
  context = {};
  context.now = hardware.now();
  if (follows_release(settings)) context.name = target.ref;
  context.id = target.id;
  if constexpr (has_security_counter<Hardware>) context.least_counter = hardware.security_counter();
}

/// The source's word that nothing is new is not signed: it counts until the newest manifest
/// expires. Then a newer one is looked for, whatever was said of it before.
template <class Trust, class Storage, class Hardware>
result<void> check_source_word(Storage& storage, Hardware& hardware) {
  if constexpr (Trust::requires_manifest) return check_fresh(storage, hardware.now());
  return {};
}

/// Raises the hardware's counter to that of a version that is kept. At each start, since the one
/// that confirmed may have been cut short before this.
template <class Storage, class Hardware>
void raise_counter(Storage& storage, Hardware& hardware, const swap_state& state) {
  if constexpr (has_security_counter<Hardware>) {
    trust_record seen;
    if (state.phase == swap_phase::kept &&
        load_record(storage, layout::trust, seen).value_or(false) &&
        seen.counter > hardware.security_counter())
      hardware.raise_security_counter(seen.counter);
  }
}

}  // namespace ota::detail
