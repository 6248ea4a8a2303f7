// Whatever a manifest holds, reading it and writing its canonical form must come to an end.

#include <cstdint>

#include <ota/manifest/canonical_json.hpp>
#include <ota/manifest/manifest_reader.hpp>
#include <ota/storage/layout.hpp>
#include <ota/storage/memory_files.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ota::memory_files<16384> storage;
  if (size > 8000) return 0;
  if (!storage.write(ota::layout::manifest, 0, {data, size})) return 0;
  ota::manifest_reader reader;
  reader.begin(ota::layout::manifest);
  ota::entry item;
  for (;;) {
    const auto more = reader.next(storage, item);
    if (!more) return 0;  // only what the reader takes is looked at further
    if (!*more) break;
  }
  std::uint8_t buffer[50];
  auto sink = [](ota::bytes) {};
  ota::detail::canonical_json<ota::memory_files<16384>, decltype(sink)> form(
      storage, ota::layout::manifest, buffer, sink);
  (void)form.write();
  return 0;
}
