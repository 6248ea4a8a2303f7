#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ota::testing {

/// One operation that changes a flash.
struct flash_operation {
  enum class kind { erase, program };
  kind what = kind::erase;
  std::uint32_t address = 0;
  std::vector<std::uint8_t> data;  ///< of a program

  std::uint64_t fingerprint() const {
    std::uint64_t sum = (std::uint64_t{address} + 1) * 0x9e3779b97f4a7c15u;
    for (const std::uint8_t byte : data) sum = (sum ^ byte) * 0x100000001b3u;
    return sum;
  }

  /// For a message: "program 0x400, 16 bytes".
  std::string describe() const {
    char at[24];
    std::snprintf(at, sizeof at, " 0x%x", static_cast<unsigned>(address));
    return what == kind::erase
               ? std::string("erase") + at
               : std::string("program") + at + ", " + std::to_string(data.size()) + " bytes";
  }
};

/// How what was being changed when the power failed reads from then on. Cells that are neither
/// charged nor discharged may read differently at every start and at every read.
enum class weak_reading : std::uint8_t {
  untouched,  ///< as before, though it is not: to program it would be to program it twice
  finished,   ///< as if it were done
  random,     ///< each bit, at each read, one or the other
  changing    ///< as one of these three, another one after each start
};

/// The memory of a simulated flash, and what is wrong with it.
struct nor_cells {
  /// A part that is neither as before nor as after.
  struct weak_part {
    std::vector<std::uint8_t> before, after;
    weak_reading reading = weak_reading::random;
  };

  std::vector<std::uint8_t> values;
  std::vector<std::uint8_t> programmed;     ///< a unit each, since its last erase
  std::map<std::uint32_t, weak_part> weak;  ///< by address
  std::set<std::uint32_t> half_erased;      ///< sectors by address
};

}  // namespace ota::testing
