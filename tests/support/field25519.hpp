#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "ota/sign/field25519.hpp"

namespace ota_test {

/// The field with every kind of limbs that this machine can compute with.
using fields25519 = ::testing::Types<
#if defined(__SIZEOF_INT128__)
    ota::detail::field25519<ota::detail::unsaturated25519>,
#endif
    ota::detail::field25519<ota::detail::saturated25519<std::uint32_t, std::uint64_t>>,
    ota::detail::field25519<ota::detail::saturated25519<std::uint16_t, std::uint32_t>>>;

#if defined(__SIZEOF_INT128__)
inline constexpr int field25519_count = 3;
#else
inline constexpr int field25519_count = 2;
#endif

struct field25519_names {
  template <class Field>
  static std::string GetName(int) {
    return "limbs_of_" + std::to_string(8 * sizeof(typename Field::limb_type));
  }
};

}  // namespace ota_test
