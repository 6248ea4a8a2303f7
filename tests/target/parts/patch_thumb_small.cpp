#include <ota/delta/thumb_code.hpp>

#include "patch_part.hpp"

PATCH_PART_FILE(old_program, "rp2-mpy-tiny/old.bin");
PATCH_PART_FILE(new_program, "rp2-mpy-tiny/new.bin");
PATCH_PART_FILE(program_patch, "rp2-mpy-tiny/patch");

// Code with a whole map, in as little memory as that can be: no contexts of literals.
struct thumb_device : ota::patch_limits {
  using codes = ota::code_set<ota::thumb_code>;
  static constexpr unsigned literal_bits = 0;
  static constexpr std::size_t input_size = 96;
  static constexpr std::size_t output_size = 128;
};

extern "C" int program() {
  return apply_patch<thumb_device>({old_program, distance(old_program, old_program_end)},
                                   {program_patch, distance(program_patch, program_patch_end)},
                                   {new_program, distance(new_program, new_program_end)});
}
