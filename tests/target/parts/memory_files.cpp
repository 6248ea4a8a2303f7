#include <ota/storage/memory_files.hpp>

#include "part.hpp"

extern "C" int program() {
  static ota::memory_files<16384> files;
  const std::string_view path = ota::as_text(unknown_input());
  static std::uint8_t piece[64];
  std::size_t sum = 0;
  (void)files.write(path, 0, unknown_input());
  (void)files.rename(path, "b");
  (void)files.sync();
  (void)files.list(
      path, [&](std::string_view name, ota::file_kind) { return (sum += name.size(), true); });
  sum += files.read(path, 4, piece).value_or(0) + static_cast<std::size_t>(files.stat(path)->size);
  (void)files.remove(path);
  return static_cast<int>(sum + *files.free_space());
}
