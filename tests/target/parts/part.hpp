#pragma once

#include <ota/core/bytes.hpp>

#include "board.hpp"

/// Bytes that the compiler knows nothing about, so that it cannot work anything out beforehand.
inline ota::bytes unknown_input() {
  static std::uint8_t input[1024];
  const std::uint8_t* data = input;
  asm volatile("" : "+r"(data) : : "memory");
  return {data, sizeof input};
}

/// The same of constants.
inline ota::bytes unknown(ota::bytes known) {
  const std::uint8_t* data = known.data();
  asm volatile("" : "+r"(data) : : "memory");
  return {data, known.size()};
}

template <class Hash>
int digest_of_input() {
  Hash hash;
  hash.update(unknown_input());
  const auto digest = hash.finish();
  asm volatile("" : : "r"(digest.data()) : "memory");
  return 0;
}
