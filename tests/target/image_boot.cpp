// The logic of a bootloader and of the program beside it, on memory that plays flash: what
// image_boot.py cuts at any instruction. It does what its last argument says:
//
//   stage     takes the image that lies at `arrived`, behind its size
//   request   asks for it to be run
//   boot      what a bootloader does; prints where the image begins that it would start
//   confirm, revert
//
// Built with -DSTRATEGY=ota::…, one of the strategies.
#include <ota/core/text.hpp>
#include <ota/image/image_boot.hpp>
#include <ota/image/image_stager.hpp>
#include <ota/image/mcuboot_image.hpp>
#include <ota/image/overwrite_with_backup.hpp>
#include <ota/image/swap_by_moving.hpp>
#include <ota/image/swap_with_scratch.hpp>
#include <ota/image/two_slots.hpp>

#include "board.hpp"
#include "ram_flash.hpp"

namespace {

/// As an nRF51, but small.
struct chip {
  static constexpr ota::flash_geometry<1> geometry{{{23, 1024}}, 4, 0xff, false};
};

#if defined(FORGETS_STEPS)
/// A fault that image_boot.py must find: the journal's marks are lost, but for the seal.
struct flash_type : ram_flash<chip> {
  static ota::result<void> program(std::uint32_t address, ota::bytes data) {
    const bool is_mark = address < 3 * 1024 && data.size() == 4;
    if (is_mark && ota::detail::get_u32(data.data()) != 0xffff0000) return {};
    return ram_flash::program(address, data);
  }
};
#else
using flash_type = ram_flash<chip>;
#endif

struct map {
  using flash = flash_type;
  static constexpr ota::flash_region journal{0, 3 * 1024};
  static constexpr ota::flash_region primary{3 * 1024, 7 * 1024};
  static constexpr ota::flash_region secondary{10 * 1024, 6 * 1024};
  static constexpr ota::flash_region scratch{16 * 1024, 1024};
  static constexpr ota::flash_region backup{17 * 1024, 6 * 1024};
};
constexpr std::uint32_t arrived = map::flash::origin + 64 * 1024;

struct rules : ota::image_rules {
  static constexpr std::string_view hardware = "board";
};
using swapper = ota::image_swapper<map, STRATEGY, ota::mcuboot_image<rules>>;

ota::result<void> stage(swapper& images) {
  const auto size = *reinterpret_cast<const std::uint32_t*>(arrived);
  const ota::bytes image(reinterpret_cast<const std::uint8_t*>(arrived + 4), size);
  ota::sha256 hash;
  hash.update(image);
  ota::image_stager<swapper> stager(images);
  const auto offset = stager.begin(size, hash.finish());
  if (!offset) return offset.error();
  if (auto done = stager.write(image.drop(*offset)); !done) return done;
  return stager.finish();
}

ota::result<void> boot(swapper& images) {
  const auto slot = ota::image_boot<swapper>(images).choose();
  if (!slot) return slot.error();
  board::print("starts ");
  board::print(slot->begin);
  board::print("\n");
  return {};
}

ota::result<void> carry_out(swapper& images, std::string_view command) {
  if (command == "boot") return boot(images);
  if (auto done = images.load(); !done) return done;
  if (command == "stage") return stage(images);
  if (command == "request") return images.swap();
  if (command == "confirm") return images.confirm();
  return images.revert();
}

}  // namespace

extern "C" int program() {
  char line[64] = {};
  const struct {
    char* text;
    std::uint32_t size;
  } block{line, sizeof line};
  board::semihost(0x15, &block);  // SYS_GET_CMDLINE
  const std::string_view words(line);

  map::flash flash;
  swapper images(flash);
  const auto done = carry_out(images, ota::slice(words, words.rfind(' ') + 1));
  if (done) return 0;
  board::print(done.error().text);
  board::print("\n");
  return 1;
}
