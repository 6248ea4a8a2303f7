#include "image_part.hpp"

struct rules : ota::image_rules {
  static constexpr std::string_view hardware = "thermostat-2";
};

extern "C" int program() { return checks_image<rules>(); }
