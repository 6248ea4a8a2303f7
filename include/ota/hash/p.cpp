#include <ota/hash/crc32.hpp>
#include "board.hpp"
static std::uint8_t input[1024];
extern "C" int program() {
  const std::uint8_t* d = input;
  unsigned n = 0;
  asm volatile("" : "+r"(d), "+r"(n) : : "memory");
  const unsigned s0 = board::stack_used();
  ota::crc32 hash;
  hash.update({d, n});
  volatile auto digest = hash.finish();
  board::print("stack ");
  board::print(board::stack_used() - s0);
  board::print("\n");
  return 0;
}
