// Nothing but the board: what the other programs cost is more than this.
#include "board.hpp"

extern "C" int program() {
  board::print("nothing\n");
  board::print(board::stack_used());
  return 0;
}
