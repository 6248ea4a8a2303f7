// Dates, as options give them and people read them.

#include "times.hpp"

#include <ctime>

#include "ota/manifest/document_lines.hpp"

namespace ota_tool {

std::uint64_t seconds_now() { return static_cast<std::uint64_t>(std::time(nullptr)); }

std::string date_of(std::uint64_t seconds) {
  if (seconds == ota::never_expires) return "never";
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  char text[48];
  // A year that no calendar has is told as the number that it is.
  if (seconds > INT64_MAX || ::gmtime_r(&time, &parts) == nullptr) return std::to_string(seconds);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::uint64_t expiry_of(const arguments& args, std::uint64_t from, std::uint64_t otherwise) {
  if (!args.has("expires")) return otherwise;
  if (args.text("expires") == "never") return ota::never_expires;
  return from + args.number("expires", 0, 1000000) * 86400;
}

}  // namespace ota_tool
