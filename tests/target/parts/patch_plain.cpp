#include "patch_part.hpp"

PATCH_PART_FILE(old_text, "python-tree-300-400/old.bin");
PATCH_PART_FILE(new_text, "python-tree-300-400/new.bin");
PATCH_PART_FILE(text_patch, "python-tree-300-400/patch");

// The least that patches of files take: no code, no map, no contexts of literals.
struct small_device : ota::patch_limits {
  static constexpr std::size_t map_entries = 0;
  static constexpr unsigned literal_bits = 0;
  static constexpr std::size_t input_size = 96;
  static constexpr std::size_t output_size = 128;
};

extern "C" int program() {
  return apply_patch<small_device>({old_text, distance(old_text, old_text_end)},
                                   {text_patch, distance(text_patch, text_patch_end)},
                                   {new_text, distance(new_text, new_text_end)});
}
