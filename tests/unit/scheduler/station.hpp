#pragma once

#include <cstdint>
#include <ota/hardware/no_hardware.hpp>
#include <ota/storage/memory_files.hpp>
#include <string>

namespace ota_test {

/// Hardware whose answers a test sets.
struct station : ota::no_hardware {
  std::uint64_t time = 1700000000;
  int hour_now = 12;
  int raw = -1;
  std::string id = "e6614103e7123456";

  std::uint64_t now() { return time; }
  int hour() { return hour_now; }
  int battery_raw() { return raw; }
  std::string_view unique_id() { return id; }
};

using files = ota::memory_files<65536>;

inline void put(files& storage, const char* path, std::string_view text) {
  (void)storage.write(path, 0, ota::as_bytes(text));
}

inline std::string get(files& storage, const char* path) {
  const auto info = storage.stat(path);
  std::string text(static_cast<std::size_t>(info->size), '\0');
  if (info->kind != ota::file_kind::file) return "absent";
  (void)storage.read(path, 0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return text;
}

}  // namespace ota_test
