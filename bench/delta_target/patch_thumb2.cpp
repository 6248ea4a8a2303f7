#include <ota/delta/thumb2_code.hpp>
#include <ota/delta/thumb_code.hpp>

#include "patch_part.hpp"

PATCH_PART_FILE(old_program, "rp2-mpy-minor/old.bin");
PATCH_PART_FILE(new_program, "rp2-mpy-minor/new.bin");
PATCH_PART_FILE(program_patch, "rp2-mpy-minor/patch");

// A kind more than tests/target/parts/patch_thumb.cpp: the maker takes the one that pays.
struct thumb2_device : ota::patch_limits {
  using codes = ota::code_set<ota::thumb_code, ota::thumb2_code>;
};

extern "C" int program() {
  return apply_patch<thumb2_device>({old_program, distance(old_program, old_program_end)},
                                    {program_patch, distance(program_patch, program_patch_end)},
                                    {new_program, distance(new_program, new_program_end)});
}
