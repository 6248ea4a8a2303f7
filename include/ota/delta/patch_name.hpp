#pragma once

#include "../core/fixed_string.hpp"
#include "../core/hex.hpp"
#include "../core/text.hpp"

namespace ota {

/// Where the patches of a version lie among its files, as 0x687931/ota has it.
inline constexpr std::string_view patch_directory = ".deltas";

/// Whether a patch saves enough to be made, or used: its coming and its work are not for nothing.
constexpr bool is_worth_it(std::size_t patch_size, std::size_t file_size) {
  const std::size_t most = file_size - file_size / 8;
  return patch_size < most && most - patch_size >= 128;
}

/// Begins the name of a patch for the file at `path`: `.deltas/`, and the path with `/` replaced
/// by `_`.
inline void begin_patch_name(string_buffer& name, std::string_view path) {
  name.assign(patch_directory);
  name.append('/');
  for (const char c : path) name.append(c == '/' ? '_' : c);
}

/// Ends the name of one that applies to any content, if it can: `.delta`.
inline void end_patch_name(string_buffer& name) { name.append(".delta"); }

/// Ends the name of one for an old content: `.`, the first 16 digits of its hash, `.delta`.
inline void end_patch_name(string_buffer& name, bytes old_hash) {
  char digits[16];
  to_hex(old_hash.first(sizeof digits / 2), digits);
  name.append('.').append({digits, sizeof digits});
  end_patch_name(name);
}

}  // namespace ota
