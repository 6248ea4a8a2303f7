// Whatever otadata and MCUboot's trailers hold: a request is taken or refused, is what is seen
// next, and nothing is programmed twice.
#include <cstdlib>

#include <ota/image/esp_otadata.hpp>
#include <ota/image/mcuboot_slots.hpp>
#include <ota/testing/simulated_nor.hpp>

namespace {

struct esp_chip {
  static constexpr ota::flash_geometry<1> geometry{{{2, 4096}}, 4};
};
struct esp_map {
  using flash = ota::testing::simulated_nor<esp_chip>;
  static constexpr ota::flash_region otadata{0, 8192};
  static constexpr std::uint32_t app_slots = 3;
};

struct chip {
  static constexpr ota::flash_geometry<1> geometry{{{4, 512}}, 4};
};
struct map {
  using flash = ota::testing::simulated_nor<chip>;
  static constexpr ota::flash_region primary{0, 1024}, secondary{1024, 1024};
};

void try_otadata(ota::bytes input) {
  esp_map::flash flash;
  flash.load(0, input.first(32));
  flash.load(4096, input.drop(32).first(32));
  ota::esp_otadata<esp_map> data(flash);
  if (!data.load()) std::abort();
  for (std::uint32_t slot = 0; slot < 3; ++slot)
    if (data.begin(slot) && data.next_slot() != static_cast<int>(slot)) std::abort();
  if (!data.confirm() || !data.load() || data.phase() == ota::image_phase::trial) std::abort();
  if (!flash.violation().empty()) std::abort();
}

// MCUboot and torn programs leave a unit as erased whose first byte is.
void load_trailer(map::flash& flash, std::uint32_t at, ota::bytes input) {
  for (; !input.empty(); input = input.drop(4), at += 4)
    if (input[0] != 0xff) flash.load(at, input.first(4));
}

void try_trailers(ota::bytes input) {
  map::flash flash;
  load_trailer(flash, 1024 - 40, input.first(40));
  load_trailer(flash, 2048 - 40, input.drop(40).first(40));
  ota::mcuboot_slots<map, 8, 4> slots(flash);
  if (!slots.load()) std::abort();
  if (slots.begin({}) && slots.next_swap() != ota::mcuboot_swap::test) std::abort();
  (void)slots.confirm();
  if (!slots.load()) std::abort();
  if (!flash.violation().empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_otadata({data, size});
  try_trailers({data, size});
  return 0;
}
