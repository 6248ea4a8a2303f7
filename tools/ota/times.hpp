#pragma once

#include <cstdint>
#include <string>

#include "command.hpp"

namespace ota_tool {

/// Seconds since 1970.
std::uint64_t seconds_now();

/// A second since 1970 as a date, in UTC; `never` for the end of time.
std::string date_of(std::uint64_t seconds);

/// The end that `--expires` gives: so many days after `from`, or `never`; otherwise `otherwise`.
std::uint64_t expiry_of(const arguments& args, std::uint64_t from, std::uint64_t otherwise);

}  // namespace ota_tool
