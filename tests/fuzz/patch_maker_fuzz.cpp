// A patch between any two files makes the second of the first, whatever it may ask of the device.
#include <cstdlib>

#include "../support/native_patch.hpp"
#include "ota/host/patch_maker.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  ota::host::patch_options options;
  options.map_entries = data[0] % 129;
  options.literal_bits = data[1] % 5;
  if ((data[1] & 0x80) != 0) options.lag = data[1] & 0x7fu;
  const std::size_t middle = 3 + (size - 3) * data[2] / 255;
  const ota_test::file_bytes old_file(data + 3, data + middle),
      new_file(data + middle, data + size);
  const auto patch =
      ota::host::patch_maker(ota_test::view(old_file), ota_test::view(new_file), options).make();
  const auto done = ota_test::apply_blindly(old_file, patch);
  if (done.failure != nullptr || done.content != new_file) std::abort();
  return 0;
}
