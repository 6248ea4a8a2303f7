#include <cstring>

#include <ota/delta/otadelta.hpp>

#include "part.hpp"

namespace {

/// Bytes that the processor sees as memory.
struct memory_file {
  std::uint64_t size() const { return cells.size(); }
  ota::result<std::size_t> read(std::uint64_t offset, ota::mutable_bytes out) const {
    const ota::bytes piece = cells.drop(static_cast<std::size_t>(offset)).first(out.size());
    std::memcpy(out.data(), piece.data(), piece.size());
    return piece.size();
  }

  ota::bytes cells;
};

struct output {
  ota::result<void> append(ota::bytes data) {
    asm volatile("" : : "r"(data.data()) : "memory");
    return {};
  }
};

// 1 KB of the old file, 24 bytes of data, 1 KB of the old file again.
const std::uint8_t patch[] = {'O', 'T', 'A', 'D', 'E', 'L', 'T', 'A', 1,  1,  0,  0x80, 8,  2,   24,
                              1,   2,   3,   4,   5,   6,   7,   8,   9,  10, 11, 12,   13, 14,  15,
                              16,  17,  18,  19,  20,  21,  22,  23,  24, 1,  0,  0x80, 8,  0xff};

}  // namespace

extern "C" int program() {
  memory_file old_file{unknown_input()}, delta{unknown(patch)};
  output out;
  ota::otadelta_applier<memory_file, memory_file, output> applier(old_file, delta, out, 4096);
  for (;;) {
    const auto more = applier.step();
    if (!more) return 1;
    if (!*more) return applier.state().written == 2072 ? 0 : 1;
  }
}
