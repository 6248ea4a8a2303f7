#include <ota/delta/thumb_code.hpp>

#include "patch_part.hpp"

PATCH_PART_FILE(old_program, "rp2-mpy-patch/old.bin");
PATCH_PART_FILE(new_program, "rp2-mpy-patch/new.bin");
PATCH_PART_FILE(program_patch, "rp2-mpy-patch/patch");

struct thumb_device : ota::patch_limits {
  using codes = ota::code_set<ota::thumb_code>;
};

extern "C" int program() {
  return apply_patch<thumb_device>({old_program, distance(old_program, old_program_end)},
                                   {program_patch, distance(program_patch, program_patch_end)},
                                   {new_program, distance(new_program, new_program_end)});
}
