#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ota/core/hex.hpp"

namespace ota_test {

/// A digest in hexadecimal digits.
template <class Digest>
std::string hex(const Digest& digest) {
  std::string text(2 * digest.size(), '0');
  ota::to_hex({digest.data(), digest.size()}, text.data());
  return text;
}

/// The bytes that hexadecimal digits stand for.
inline std::vector<std::uint8_t> from_digits(std::string_view digits) {
  std::vector<std::uint8_t> data(digits.size() / 2);
  if (!ota::from_hex(digits, {data.data(), data.size()}))
    throw std::invalid_argument("not hexadecimal digits: " + std::string(digits));
  return data;
}

/// The digest of a text, by a hash that has seen nothing yet.
template <class Hash>
std::string digest_of(std::string_view text, Hash hash = Hash()) {
  hash.update(ota::as_bytes(text));
  return hex(hash.finish());
}

/// Text that repeats nowhere soon, always the same.
inline std::string some_text(std::size_t size) {
  std::string text;
  std::uint32_t x = 1;
  while (text.size() < size) text += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return text;
}

}  // namespace ota_test
