// Texts of others: shown to people, and compared.

#include "text.hpp"

#include <cstdint>

#include "ota/format/utf8.hpp"

namespace ota_tool {
namespace {

// The size of the character that `text` begins with; 0 where none does.
std::size_t character_size(std::string_view text) {
  std::uint32_t code = 0;
  const std::size_t size = ota::detail::decode_utf8(text, code);
  const bool is_character =
      code != ota::detail::replacement_character || text.substr(0, size) == "\xef\xbf\xbd";
  return is_character ? size : 0;
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string line;
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const auto c = static_cast<unsigned char>(text.front());
    const bool controls = c < 0x20 || c == 0x7f ||
                          (c == 0xc2 && size == 2 && static_cast<unsigned char>(text[1]) < 0xa0);
    if (size == 0 || controls)
      line += {'\\', 'x', digits[c >> 4], digits[c & 15]};
    else
      line += text.substr(0, size);
    text.remove_prefix(size == 0 || controls ? 1 : size);
  }
  return line;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string lower_case(std::string path) {
  for (char& c : path)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return path;
}

}  // namespace ota_tool
