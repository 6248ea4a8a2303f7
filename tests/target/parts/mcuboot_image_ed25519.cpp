#include "image_part.hpp"

struct rules : ota::image_rules {
  using signature = ota::image_ed25519;
  static constexpr ota::bytes keys[] = {image_key};
  static constexpr std::string_view hardware = "thermostat-2";
};

extern "C" int program() { return checks_image<rules>(); }
