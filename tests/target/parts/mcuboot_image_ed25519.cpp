#include "image_part.hpp"

struct rules : ota::image_rules {
  using signature = ota::image_ed25519;
  static constexpr std::uint8_t key[32] = {1};
  static constexpr ota::bytes keys[] = {key};
  static constexpr std::string_view hardware = "board";
};

extern "C" int program() { return checks_image<rules>(); }
