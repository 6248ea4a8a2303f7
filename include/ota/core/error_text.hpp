#pragma once

#include "error.hpp"
#include "fixed_string.hpp"
#include "hex.hpp"
#include "text.hpp"

namespace ota {

/// Appends what an error says: its text or, where the program keeps none, its number, which
/// `ota explain` looks up: `error 05d3f1`.
inline void append_text(string_buffer& out, const error& failure) {
  if constexpr (error::has_text) {
    out.append(failure.text);
  } else {
    const std::uint32_t number = failure.number();
    const std::uint8_t big_endian[] = {static_cast<std::uint8_t>(number >> 16),
                                       static_cast<std::uint8_t>(number >> 8),
                                       static_cast<std::uint8_t>(number)};
    char digits[2 * sizeof big_endian];
    to_hex(big_endian, digits);
    out.append("error "sv).append({digits, sizeof digits});
  }
}

}  // namespace ota
