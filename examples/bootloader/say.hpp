#pragma once

#include <ota/core/error_text.hpp>

#include "device.hpp"

/// Tells a text over the serial line.
inline void say(const char* text) {
  while (*text != '\0') board::write(static_cast<std::uint8_t>(*text++));
}

/// Tells an error: its text or, in a program that keeps none, its number.
inline void say(const ota::error& failure) {
  if constexpr (ota::error::has_text) {
    say(failure.text);
  } else {
    ota::fixed_string<12> number;
    ota::append_text(number, failure);
    say(number.c_str());
  }
}
