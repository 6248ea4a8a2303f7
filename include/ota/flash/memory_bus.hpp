#pragma once

#include <cstdint>
#include <cstring>

#include "../core/bytes.hpp"
#include "../core/little_endian.hpp"

namespace ota {

/// How flash policies reach registers and memory of a microcontroller. A test puts a model of the
/// chip in its place.
struct memory_bus {
  static std::uint32_t load(std::uint32_t address) {
    return *at<const volatile std::uint32_t>(address);
  }
  static void store(std::uint32_t address, std::uint32_t value) {
    *at<volatile std::uint32_t>(address) = value;
  }
  static void copy(std::uint32_t address, mutable_bytes out) {
    std::memcpy(out.data(), at<const std::uint8_t>(address), out.size());
  }

 private:
  // Flash may begin at address 0: that this is no null pointer must be hidden from the compiler.
  template <class T>
  static T* at(std::uint32_t address) {
    std::uintptr_t hidden = address;
    asm("" : "+r"(hidden));
    return reinterpret_cast<T*>(hidden);  // NOLINT(performance-no-int-to-ptr)
  }
};
}  // namespace ota
