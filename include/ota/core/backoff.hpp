#pragma once

#include <cstdint>

namespace ota {

/// How often a thing is tried, and how long to wait the first time.
struct retry_limits {
  std::uint32_t tries = 3;
  std::uint32_t first_wait = 3;  ///< seconds
};

/// More patience on a weak WiFi signal, as 0x687931/ota has it: below -75 dBm at least 8 tries and
/// 5 s, below -70 dBm at least 6 tries. 0 dBm: not known.
constexpr retry_limits adapt_to_signal(retry_limits limits, int dbm) {
  const std::uint32_t tries = dbm < -75 ? 8 : dbm < -70 ? 6 : 0;
  if (limits.tries < tries) limits.tries = tries;
  if (dbm < -75 && limits.first_wait < 5) limits.first_wait = 5;
  return limits;
}

/// Seconds to wait after failure number `failures`, counted from 1: `first`, doubled each time up
/// to `most`. What a server asks for (`Retry-After`) wins over it, and is for the caller to know.
constexpr std::uint32_t backoff_seconds(std::uint32_t failures, std::uint32_t first,
                                        std::uint32_t most) {
  std::uint32_t wait = first < most ? first : most;
  for (std::uint32_t i = 1; i < failures && wait != 0 && wait != most; ++i)
    wait += wait < most - wait ? wait : most - wait;
  return wait;
}

/// A wait made longer or shorter by chance, so that a fleet that failed together does not come
/// back together: by up to a quarter, rounded up to whole seconds. `random` is any number. Not for
/// a wait that a server asked for, which may not get shorter.
constexpr std::uint32_t with_jitter(std::uint32_t seconds, std::uint32_t random) {
  const std::uint32_t spread = seconds / 4 + (seconds % 4 != 0 ? 1 : 0);
  const std::uint32_t least = seconds - spread;
  const std::uint32_t more = random % (2 * spread + 1);
  return more < UINT32_MAX - least ? least + more : UINT32_MAX;
}

}  // namespace ota
