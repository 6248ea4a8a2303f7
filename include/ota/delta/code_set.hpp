#pragma once

#include <cstdint>

#include "code_site.hpp"

namespace ota {

/// The kinds of code that a program can apply patches for. What is not named costs nothing.
template <class... Codes>
struct code_set {
  static bool has([[maybe_unused]] code_kind kind) {
    return kind == code_kind::plain || ((kind == Codes::kind) || ...);
  }

  /// Instructions begin at multiples of it.
  static unsigned step([[maybe_unused]] code_kind kind) {
    unsigned step = 1;
    ((is(Codes::kind, kind) ? void(step = Codes::step) : void()), ...);
    return step;
  }

  static code_site find([[maybe_unused]] code_kind kind, [[maybe_unused]] const std::uint8_t* code,
                        [[maybe_unused]] std::uint32_t address) {
    code_site found = code_site::none(1);
    ((is(Codes::kind, kind) ? void(found = Codes::find(code, address)) : void()), ...);
    return found;
  }

  static void aim([[maybe_unused]] code_kind kind, [[maybe_unused]] std::uint8_t* code,
                  [[maybe_unused]] std::uint32_t address, [[maybe_unused]] std::uint32_t target) {
    ((is(Codes::kind, kind) ? Codes::aim(code, address, target) : void()), ...);
  }

 private:
  // One alone is not asked for others, `has` being what comes first: no code to tell them apart.
  static constexpr bool is(code_kind one, code_kind asked) {
    return sizeof...(Codes) == 1 || one == asked;
  }
};

}  // namespace ota
