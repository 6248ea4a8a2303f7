// ota image uf2: a program as UF2, and back.

#include <cstdio>
#include <stdexcept>

#include "command.hpp"
#include "files.hpp"
#include "ota/host/uf2.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

// https://github.com/microsoft/uf2/blob/master/utils/uf2families.json
struct family {
  const char* name;
  std::uint32_t number;
  std::uint32_t base;  ///< where programs for it begin
};
constexpr family families[] = {{"rp2040", 0xe48bff56, 0x10000000},
                               {"rp2350-arm-s", 0xe48bff59, 0x10000000},
                               {"rp2350-riscv", 0xe48bff5a, 0x10000000},
                               {"rp2350-arm-ns", 0xe48bff5b, 0x10000000}};

std::uint32_t number_of(const std::string& option, const std::string& text) {
  std::size_t end = 0;
  std::uint64_t value = 0;
  try {
    value = std::stoull(text, &end, 0);
  } catch (const std::exception&) {
    end = 0;
  }
  if (end == 0 || end != text.size() || value > 0xffffffff)
    throw usage_error("--" + option + " must be a number like 0x10000000, not " + shown(text));
  return static_cast<std::uint32_t>(value);
}

}  // namespace

int run_image_uf2(const arguments& args) {
  const std::string in = content_of(args.text("IN")), out = args.text("OUT");
  std::optional<std::uint32_t> number, base;
  for (const family& one : families)
    if (args.text("family") == one.name) {
      number = one.number;
      base = one.base;
    }
  if (args.has("family") && !number) number = number_of("family", args.text("family"));
  if (args.has("base")) base = number_of("base", args.text("base"));

  std::vector<std::uint8_t> result;
  if (ota::host::is_uf2(ota::as_bytes(in))) {
    auto content = ota::host::content_of_uf2(ota::as_bytes(in), number);
    base = content.base;
    result = std::move(content.data);
  } else {
    if (!base) throw usage_error("image uf2 needs --base, or a --family whose base is known");
    result = ota::host::uf2_of(ota::as_bytes(in), *base, number);
  }
  replace_file(place_of(out), std::string(result.begin(), result.end()));
  std::printf("%s: %zu bytes, at 0x%08x\n", shown(out).c_str(), result.size(),
              static_cast<unsigned>(*base));
  return 0;
}

}  // namespace ota_tool
