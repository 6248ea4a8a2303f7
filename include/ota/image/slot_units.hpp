#pragma once

#include "../flash/flash_map.hpp"
#include "flash_copy.hpp"

namespace ota::detail {

/// Bytes of a sector where all sectors of a region have the same; else 0.
template <class Flash>
constexpr std::uint32_t even_sector(flash_region region) {
  std::uint32_t begin = 0, even = 0;
  for (const sector_run& run : Flash::geometry.runs) {
    const flash_region sectors{begin, run.count * run.size};
    begin = sectors.end();
    if (!overlap(sectors, region)) continue;
    if (even != 0 && even != run.size) return 0;
    even = run.size;
  }
  return even;
}

/// The units in which two slots can be copied one to the other: the smallest pieces that begin and
/// end where sectors do, in both. `First` and `Second` have a region as `value`.
template <class Flash, class First, class Second>
struct slot_units {
  static constexpr flash_region first = First::value;
  static constexpr flash_region second = Second::value;
  static constexpr std::uint32_t capacity = first.size < second.size ? first.size : second.size;

  /// Bytes of every unit, where they are the same; else 0.
  static constexpr std::uint32_t even_size() {
    const std::uint32_t a = even_sector<Flash>(first), b = even_sector<Flash>(second);
    if (a == 0 || b == 0) return 0;
    const std::uint32_t large = a < b ? b : a;
    return large % a == 0 && large % b == 0 && capacity % large == 0 ? large : 0;
  }
  static constexpr std::uint32_t even = even_size();

  /// Where the unit ends that begins at `begin`, counted from the slot's own beginning.
  static constexpr std::uint32_t end_of(std::uint32_t begin) {
    if constexpr (even != 0) return begin + even;
    std::uint32_t end = begin;
    do {
      if (end >= capacity) return 0;  // the slots have no such boundary in common
      end += Flash::geometry.sector_size(first.begin + end);
    } while (!Flash::geometry.is_boundary(second.begin + end));
    return end;
  }

  /// Units of the first `used` bytes.
  static constexpr std::uint32_t count(std::uint32_t used) {
    if constexpr (even != 0) return (used + even - 1) / even;
    std::uint32_t units = 0;
    for (std::uint32_t at = 0; at < used && units < capacity; at = end_of(at)) ++units;
    return units;
  }

  /// The unit of number `index`, of which only the first `used` bytes of the slot count.
  static constexpr flash_region unit(std::uint32_t index, std::uint32_t used) {
    std::uint32_t begin = 0;
    if constexpr (even != 0) {
      begin = index * even;
    } else {
      for (; index != 0; --index) begin = end_of(begin);
    }
    const std::uint32_t whole = end_of(begin) - begin;
    const std::uint32_t length = used - begin < whole ? used - begin : whole;
    return {begin, (length + program_size - 1) / program_size * program_size};
  }

  /// Bytes of the largest unit; 0 where the slots cannot be cut into units.
  static constexpr std::uint32_t largest() {
    if constexpr (even != 0) return even;
    std::uint32_t most = 0;
    for (std::uint32_t at = 0; at < capacity;) {
      const std::uint32_t end = end_of(at);
      if (end <= at || end > capacity) return 0;
      if (end - at > most) most = end - at;
      at = end;
    }
    return most;
  }

 private:
  static constexpr std::uint32_t program_size = Flash::geometry.program_size;
};

template <class Map>
using primary_and_secondary = slot_units<typename Map::flash, primary_of<Map>, secondary_of<Map>>;

}  // namespace ota::detail
