#pragma once

#include "../core/backoff.hpp"
#include "../core/text.hpp"
#include "../format/config.hpp"

namespace ota::detail {

/// Tries and waits as configured, adapted to the signal; a change is told to `log`.
template <class Hardware, class Log>
retry_limits adapted_limits(const config& settings, Hardware& hardware, Log& log) {
  const retry_limits asked{settings.http_retries, settings.backoff_sec};
  const retry_limits limits = adapt_to_signal(asked, hardware.signal_dbm());
  if (limits.tries != asked.tries) log.adapted("connect retries"sv, limits.tries);
  if (limits.first_wait != asked.first_wait) log.adapted("connect backoff"sv, limits.first_wait);
  return limits;
}

/// Whether `min_free_mem` is free. A policy that does not know its free memory says 0.
template <class Hardware>
bool has_memory(const config& settings, Hardware& hardware) {
  if (settings.min_free_mem == 0) return true;
  const std::size_t free = hardware.free_memory();
  return free == 0 || free >= settings.min_free_mem;
}

}  // namespace ota::detail
