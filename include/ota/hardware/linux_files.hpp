#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>

#include "../core/fixed_string.hpp"
#include "../core/text.hpp"

// What Linux tells in files, taken apart.

namespace ota::detail {

/// As much of a file of the kernel as fits; empty when there is none.
template <std::size_t N>
std::string_view read_text(const char* path, char (&into)[N]) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::size_t size = 0;
  for (ssize_t got; size < N && (got = ::read(file, into + size, N - size)) > 0;)
    size += static_cast<std::size_t>(got);
  ::close(file);
  return {into, size};
}

/// Takes the next field of a line, fields being divided by spaces.
inline std::string_view take_field(std::string_view& line) {
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(field.size());
  return field;
}

/// The decimal number that a text begins with, sign included; 0 when there is none.
inline int leading_number(std::string_view text) {
  const bool is_negative = !text.empty() && text.front() == '-';
  int number = 0;
  for (char c : text.substr(is_negative ? 1 : 0)) {
    if (c < '0' || c > '9' || number > 100000) break;
    number = number * 10 + (c - '0');
  }
  return is_negative ? -number : number;
}

/// The first signal level of `/proc/net/wireless` in dBm, 0 when there is none. Below two lines of
/// headings each interface has a line "wlan0: 0000   61.  -49.  -256 …": status, link quality,
/// level. A driver that does not know dBm gives a positive level, one without a link -256.
inline int wireless_dbm(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    line.remove_prefix(colon + 1);
    take_field(line);
    take_field(line);
    const int level = leading_number(take_field(line));
    if (level < 0 && level > -150) return level;
  }
  return 0;
}

/// The charge of the fullest battery below `folder` (`/sys/class/power_supply`) in percent, -1 when
/// there is none. Batteries with the scope `Device` are those of mice and the like.
inline int power_supply_charge(const char* folder) {
  DIR* const entries = ::opendir(folder);
  if (entries == nullptr) return -1;
  int fullest = -1;
  while (const dirent* entry = ::readdir(entries)) {
    fixed_string<400> path;
    const auto read = [&](const char* name, char(&into)[16]) {
      path.assign(folder);
      path.append('/').append(entry->d_name).append('/').append(name);
      return path.overflowed() ? std::string_view{} : read_text(path.c_str(), into);
    };
    char text[16];
    if (read("type", text) != "Battery\n"sv || read("scope", text) == "Device\n"sv) continue;
    const std::string_view charge = read("capacity", text);
    if (charge.empty() || charge.front() < '0' || charge.front() > '9') continue;
    const int percent = leading_number(charge);
    if (percent > fullest) fullest = percent < 100 ? percent : 100;
  }
  ::closedir(entries);
  return fullest;
}

}  // namespace ota::detail
