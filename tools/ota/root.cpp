#include "command.hpp"
namespace ota_tool {
int run_root_init(const arguments&) { return 1; }
int run_root_rotate(const arguments&) { return 1; }
int run_root_show(const arguments&) { return 1; }
}  // namespace ota_tool
