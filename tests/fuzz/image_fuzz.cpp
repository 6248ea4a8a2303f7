// Images of MCUboot and ESP-IDF in a slot: nothing outside of the slot is read, and what an image
// says of its size is true. The hash is one that attackers can hit.
#include <cstdlib>
#include <cstring>

#include <ota/image/esp_image.hpp>
#include <ota/image/mcuboot_image.hpp>

namespace {

constexpr std::uint32_t before = 16;

struct slot_flash {
  ota::result<void> read(std::uint32_t address, ota::mutable_bytes out) const {
    if (address < before || address - before > data.size() ||
        out.size() > data.size() - (address - before))
      std::abort();
    std::memcpy(out.data(), data.data() + (address - before), out.size());
    return {};
  }

  ota::bytes data;
};

/// The sum of every 32nd byte, which the fuzzer can hit, so that what follows is reached.
class weak_hash {
 public:
  using digest_type = ota::sha256::digest_type;

  void update(ota::bytes data) {
    for (const std::uint8_t byte : data) digest_[at_++ % 32] ^= byte;
  }
  digest_type finish() const { return digest_; }

 private:
  digest_type digest_{};
  std::size_t at_ = 0;
};

struct signature_by_first_byte : ota::image_ed25519 {
  static bool verify(ota::bytes, ota::bytes digest, ota::bytes signature) {
    return !signature.empty() && signature[0] == digest[0];
  }
};

struct weak_rules : ota::image_rules {
  using hash = weak_hash;
};
struct signed_rules : weak_rules {
  using signature = signature_by_first_byte;
  static constexpr std::uint8_t key[32] = {1};
  static constexpr ota::bytes keys[] = {key};
  static constexpr std::string_view hardware = "board";
};
struct esp_rules : ota::esp_image_rules {
  using hash = weak_hash;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  slot_flash flash{{data, size}};
  const ota::flash_region slot{before, static_cast<std::uint32_t>(size)};
  if (const auto info = ota::read_image(flash, slot)) {
    if (info->size > size || info->header_size + info->payload_size > info->size) std::abort();
    if (info->hardware.size != 0 && info->hardware.end() > info->signatures.begin) std::abort();
  }
  const auto whole = ota::mcuboot_image<weak_rules>::check(flash, slot);
  if (whole && whole->size > size) std::abort();
  const auto by_key = ota::mcuboot_image<signed_rules>::check(flash, slot);
  if (by_key && !whole) std::abort();
  const auto app = ota::esp_image<esp_rules>::check(flash, slot);
  if (app && app->size > size) std::abort();
  return 0;
}
