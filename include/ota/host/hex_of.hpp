#pragma once

#include <string>

#include "../core/bytes.hpp"
#include "../core/hex.hpp"

namespace ota::host {

/// Bytes as hexadecimal digits.
inline std::string hex_of(bytes data) {
  std::string text(2 * data.size(), '0');
  to_hex(data, text.data());
  return text;
}

}  // namespace ota::host
