// The C library's functions on memory, small: newlib's are made for speed. What is aligned goes a
// word at a time. Compiled by itself, with -fno-tree-loop-distribute-patterns: else the compiler
// makes a loop a call of the function that it stands in.
#include <cstddef>
#include <cstdint>

namespace {

using word [[gnu::may_alias]] = std::uint32_t;

bool is_aligned(std::uintptr_t addresses) { return addresses % sizeof(word) == 0; }

}  // namespace

extern "C" {

void* memmove(void* to, const void* from, std::size_t size) {
  auto* out = static_cast<std::uint8_t*>(to);
  auto* in = static_cast<const std::uint8_t*>(from);
  const auto out_at = reinterpret_cast<std::uintptr_t>(to);
  const auto in_at = reinterpret_cast<std::uintptr_t>(from);
  if (out_at - in_at < size) {
    // What comes later would be written over: the last byte first.
    while (size-- != 0) out[size] = in[size];
    return to;
  }
  std::size_t at = 0;
  if (is_aligned(out_at | in_at))
    for (; size - at >= sizeof(word); at += sizeof(word))
      *reinterpret_cast<word*>(out + at) = *reinterpret_cast<const word*>(in + at);
  for (; at < size; ++at) out[at] = in[at];
  return to;
}

[[gnu::alias("memmove")]] void* memcpy(void* to, const void* from, std::size_t size);

void* memset(void* to, int value, std::size_t size) {
  auto* out = static_cast<std::uint8_t*>(to);
  std::uint8_t* const end = out + size;
  const word bytes = static_cast<std::uint8_t>(value) * 0x01010101u;
  if (is_aligned(reinterpret_cast<std::uintptr_t>(to)))
    for (; end - out >= 4; out += sizeof(word)) *reinterpret_cast<word*>(out) = bytes;
  while (out != end) *out++ = static_cast<std::uint8_t>(bytes);
  return to;
}

int memcmp(const void* one, const void* other, std::size_t size) {
  auto* a = static_cast<const std::uint8_t*>(one);
  auto* b = static_cast<const std::uint8_t*>(other);
  for (; size != 0; --size, ++a, ++b)
    if (*a != *b) return *a - *b;
  return 0;
}

void* memchr(const void* from, int value, std::size_t size) {
  auto* in = static_cast<const std::uint8_t*>(from);
  for (; size != 0; --size, ++in)
    if (*in == static_cast<std::uint8_t>(value)) return const_cast<std::uint8_t*>(in);
  return nullptr;
}

std::size_t strlen(const char* text) {
  std::size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}
}
