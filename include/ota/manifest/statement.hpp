#pragma once

#include <array>
#include <cstring>

#include "../core/hex.hpp"
#include "../hash/sha256.hpp"

namespace ota::detail {

/// What the holder of a key signs: a text with the SHA-256 of the document, so that the document
/// itself can be of any length, and is read once.
using signed_statement = std::array<char, 81>;

inline signed_statement statement_of(const sha256::digest_type& digest) {
  signed_statement text;
  std::memcpy(text.data(), "ota-signature 1\n", 16);
  to_hex({digest.data(), digest.size()}, text.data() + 16);
  text.back() = '\n';
  return text;
}

}  // namespace ota::detail
