#pragma once

#include <cstdint>
#include <string_view>

#include "fixed_string.hpp"

namespace ota {

/// How much an event matters. `debug` events are told only where the
/// configuration asks for them (`debug`: true).
enum class log_level : std::uint8_t { error, warning, info, debug };

/// The longest line of the event log; longer ones are cut.
inline constexpr std::size_t max_log_line = 160;

/// A log policy that tells nothing and costs nothing.
///
/// A log policy is a struct with one member, `void write(log_level, std::string_view)`.
/// Give it `static constexpr bool enabled = false` and the compiler drops every event.
struct no_log {
  static constexpr bool enabled = false;
  void write(log_level, std::string_view) {}
};

}  // namespace ota
