#pragma once

#include <cstring>
#include <ota/delta/patch_decoder.hpp>

#include "part.hpp"

// Files that a patch is measured with, beside the program, which is charged for none of them.
#define PATCH_PART_FILE(name, path)                                                           \
  asm(".section .canned." #name ",\"a\"\n.balign 4\n" #name ":\n.incbin \"" path "\"\n" #name \
      "_end:\n.previous\n");                                                                  \
  extern "C" const std::uint8_t name[], name##_end[]

namespace {

/// A file that the processor sees.
struct file_in_flash {
  std::uint32_t size() const { return content_size; }
  ota::result<void> read(std::uint32_t offset, ota::mutable_bytes out) const {
    std::memcpy(out.data(), content + offset, out.size());
    return {};
  }
  const std::uint8_t* content;
  std::uint32_t content_size;
};

/// Compares what is written with what should be, and keeps nothing.
struct compared_file {
  ota::result<void> append(ota::bytes data) {
    static constexpr ota::error differs{ota::errc::mismatch, "part", "not the right byte"};
    if (std::memcmp(expected.content + appended, data.data(), data.size()) != 0) return differs;
    appended += static_cast<std::uint32_t>(data.size());
    return {};
  }
  ota::result<void> read(std::uint32_t offset, ota::mutable_bytes out) const {
    return expected.read(offset, out);
  }
  file_in_flash expected;
  std::uint32_t appended = 0;
};

/// All memory of it is on the stack, where it is measured.
template <class Limits>
int apply_patch(file_in_flash old_file, file_in_flash patch, file_in_flash new_file) {
  compared_file out{new_file};
  ota::patch_decoder<file_in_flash, file_in_flash, compared_file, Limits> decoder(old_file, patch,
                                                                                  out);
  if (!decoder.open()) return 1;
  for (;;) {
    const auto more = decoder.step();
    if (!more) return 1;
    if (!*more) return out.appended == new_file.size() ? 0 : 1;
  }
}

inline std::uint32_t distance(const std::uint8_t* begin, const std::uint8_t* end) {
  return static_cast<std::uint32_t>(end - begin);
}

}  // namespace
