#include <ota/delta/memory_source.hpp>
#include <ota/delta/otadelta.hpp>

#include "part.hpp"

namespace {

struct output {
  ota::result<void> append(ota::bytes data) {
    asm volatile("" : : "r"(data.data()) : "memory");
    return {};
  }
  ota::result<void> read(std::uint32_t, ota::mutable_bytes) { return {}; }
};

// 1 KB of the old file, 24 bytes of data, 1 KB of the old file again.
const std::uint8_t patch[] = {'O', 'T', 'A', 'D', 'E', 'L', 'T', 'A', 1,  1,  0,  0x80, 8,  2,   24,
                              1,   2,   3,   4,   5,   6,   7,   8,   9,  10, 11, 12,   13, 14,  15,
                              16,  17,  18,  19,  20,  21,  22,  23,  24, 1,  0,  0x80, 8,  0xff};

}  // namespace

extern "C" int program() {
  ota::memory_source old_file(unknown_input()), delta(unknown(patch));
  output out;
  ota::otadelta_applier<ota::memory_source, ota::memory_source, output> applier(old_file, delta,
                                                                                out, 4096);
  for (;;) {
    const auto more = applier.step();
    if (!more) return 1;
    if (!*more) return applier.state().written == 2072 ? 0 : 1;
  }
}
