#pragma once

#include <utility>

#include "../core/bytes.hpp"
#include "../core/contract.hpp"
#include "../core/result.hpp"
#include "geometry.hpp"

namespace ota {

// The contract of a flash policy: NOR flash, in which an erase sets a whole sector to one value and
// a program clears bits of it.
//
//   static constexpr flash_geometry<N> geometry
//   result<void> read(std::uint32_t address, mutable_bytes out)
//   result<void> program(std::uint32_t address, bytes data)
//                         whole units of `program_size`, each once between two erases, unless the
//                         geometry says that it `reprograms`; done when it returns
//   result<void> erase(std::uint32_t address)
//                         the sector that begins there; done when it returns
//
// Callers stay inside the geometry and its alignment; a policy need not check that. Nothing is
// assumed of what a power cut leaves: a unit that was being programmed may read as before, as
// after, or differently each time; so may a sector that was being erased, until it is erased again.
// It must read as something: a chip that tells such cells by an error of its own, as flash with ECC
// does, has a policy that gives any bytes for them.

namespace detail {

template <class F>
using flash_read_of = decltype(std::declval<F&>().read(std::uint32_t{}, mutable_bytes{}));
template <class F>
using flash_program_of = decltype(std::declval<F&>().program(std::uint32_t{}, bytes{}));
template <class F>
using flash_erase_of = decltype(std::declval<F&>().erase(std::uint32_t{}));
template <class F>
using flash_size_of = decltype(F::geometry.size());

template <class F>
constexpr bool has_sound_geometry() {
  if (F::geometry.program_size == 0) return false;
  for (const sector_run& run : F::geometry.runs)
    if (run.count == 0 || run.size == 0 || run.size % F::geometry.program_size != 0) return false;
  return true;
}

}  // namespace detail

/// Checks a flash policy against the contract, one sentence for each missing member.
template <class Flash>
struct check_flash {
  static_assert(detail::gives<std::uint32_t, detail::flash_size_of, Flash>::value,
                "the flash policy needs: static constexpr ota::flash_geometry<N> geometry");
  static_assert(detail::has_sound_geometry<Flash>(),
                "the flash policy's geometry has a run without sectors, or sectors that are not "
                "whole program units");
  static_assert(detail::gives<result<void>, detail::flash_read_of, Flash>::value,
                "the flash policy needs: ota::result<void> read(std::uint32_t address, "
                "ota::mutable_bytes out)");
  static_assert(detail::gives<result<void>, detail::flash_program_of, Flash>::value,
                "the flash policy needs: ota::result<void> program(std::uint32_t address, "
                "ota::bytes data)");
  static_assert(detail::gives<result<void>, detail::flash_erase_of, Flash>::value,
                "the flash policy needs: ota::result<void> erase(std::uint32_t address)");
  static constexpr bool ok = true;
};

}  // namespace ota
