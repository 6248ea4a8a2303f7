// Makes a patch from one image to another as a small device takes it in place, packed and signed as
// an image: make_patch OLD NEW OUT LAG HARDWARE [KEY]. For a computer.
#include <fstream>
#include <iostream>
#include <iterator>
#include <ota/delta/address_map.hpp>
#include <ota/host/image_pack.hpp>
#include <ota/host/key_file.hpp>
#include <ota/host/patch_maker.hpp>
#include <ota/image/flash_patcher.hpp>

namespace {

using content = std::vector<std::uint8_t>;

content read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ota::bytes view(const content& data) { return {data.data(), data.size()}; }

}  // namespace

int main(int count, char** arguments) {
  if (count < 6) return 2;
  const content old_image = read(arguments[1]), new_image = read(arguments[2]);
  ota::host::patch_options options;
  options.map_entries = ota::small_flash_patch_limits::map_entries;
  options.literal_bits = ota::small_flash_patch_limits::literal_bits;
  options.lag = static_cast<std::uint32_t>(std::stoul(arguments[4]));
  const content patch = ota::host::patch_maker(view(old_image), view(new_image), options).make();

  ota::host::image_options packing;
  packing.is_patch = true;
  packing.hardware = arguments[5];
  packing.version = {new_image[20], new_image[21], 0, 0};
  if (count > 6) {
    const content text = read(arguments[6]);
    const auto key = ota::host::secret_key_of({text.begin(), text.end()}, "");
    packing.signer = ota::host::image_signer{{key.public_key().begin(), key.public_key().end()},
                                             [key](ota::bytes digest) {
                                               const auto signature = key.sign(digest);
                                               return content(signature.begin(), signature.end());
                                             }};
  }
  const content packed = ota::host::packed_image(view(patch), packing);
  std::ofstream(arguments[3], std::ios::binary)
      .write(reinterpret_cast<const char*>(packed.data()),
             static_cast<std::streamsize>(packed.size()));
  std::cout << "patch " << patch.size() << ", packed " << packed.size() << '\n';
}
