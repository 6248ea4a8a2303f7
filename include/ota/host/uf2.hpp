#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../core/bytes.hpp"
#include "../core/little_endian.hpp"

// UF2, the files that are copied onto a board's drive (https://github.com/microsoft/uf2).

namespace ota::host {

/// The content of a UF2 file.
struct uf2_content {
  std::uint32_t base = 0;               ///< address of the first byte
  std::optional<std::uint32_t> family;  ///< the kind of processor that it is for
  std::vector<std::uint8_t> data;       ///< what nothing is said of is 0xff
};

namespace detail {

inline constexpr std::size_t uf2_block_size = 512;
inline constexpr std::uint32_t uf2_page_size = 256;
inline constexpr std::uint32_t uf2_magic = 0x0a324655, uf2_second_magic = 0x9e5d5157,
                               uf2_end_magic = 0x0ab16f30;
// Flags: what is not for the main flash, a file in a container, the family, and a checksum, which
// takes the last 24 bytes of the data. Tags behind the data need none of what is done here.
inline constexpr std::uint32_t uf2_other_place = 0x1001, uf2_has_family = 0x2000,
                               uf2_has_md5 = 0x4000;
inline constexpr std::uint32_t uf2_greatest = 32u << 20;

struct uf2_block {
  std::uint32_t flags, address, number, count;
  std::optional<std::uint32_t> family;
  bytes data;
};

inline uf2_block uf2_block_of(bytes block) {
  const auto word = [&](std::size_t at) { return ota::detail::get_u32(block.data() + at); };
  if (word(0) != uf2_magic || word(4) != uf2_second_magic || word(508) != uf2_end_magic)
    throw std::invalid_argument("not a UF2 file, or a damaged one");
  uf2_block out{word(8), word(12), word(20), word(24), std::nullopt, {}};
  if ((out.flags & uf2_has_family) != 0) out.family = word(28);
  const std::size_t room = (out.flags & uf2_has_md5) != 0 ? 452 : 476;
  if (word(16) > room || out.number >= out.count)
    throw std::invalid_argument("a block of the UF2 file says what cannot be");
  out.data = block.drop(32).first(word(16));
  return out;
}

}  // namespace detail

/// Whether a file begins as UF2 does.
inline bool is_uf2(bytes file) {
  return file.size() >= detail::uf2_block_size &&
         ota::detail::get_u32(file.data()) == detail::uf2_magic &&
         ota::detail::get_u32(file.data() + 4) == detail::uf2_second_magic;
}

/// A program as a UF2 file: 256 bytes a block, the last one filled with zeros.
inline std::vector<std::uint8_t> uf2_of(bytes program, std::uint32_t base,
                                        std::optional<std::uint32_t> family) {
  if (program.empty() || program.size() > detail::uf2_greatest ||
      program.size() > 0xffffffff - base)
    throw std::invalid_argument("the program is empty, or does not fit at its address");
  const std::size_t count = (program.size() + 255) / 256;
  std::vector<std::uint8_t> file(count * detail::uf2_block_size);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t* const block = file.data() + i * detail::uf2_block_size;
    const std::uint32_t words[] = {detail::uf2_magic,
                                   detail::uf2_second_magic,
                                   family ? detail::uf2_has_family : 0,
                                   base + static_cast<std::uint32_t>(i) * detail::uf2_page_size,
                                   detail::uf2_page_size,
                                   static_cast<std::uint32_t>(i),
                                   static_cast<std::uint32_t>(count),
                                   family.value_or(0)};
    std::uint8_t* out = block;
    for (const std::uint32_t word : words) ota::detail::put_u32(std::exchange(out, out + 4), word);
    const bytes piece = program.drop(i * detail::uf2_page_size).first(detail::uf2_page_size);
    std::copy(piece.begin(), piece.end(), out);
    ota::detail::put_u32(block + detail::uf2_block_size - 4, detail::uf2_end_magic);
  }
  return file;
}

/// What a UF2 file holds for a family, or for the only one that it has blocks for. Blocks may come
/// in any order and more than once. Throws std::invalid_argument where one is missing or damaged.
inline uf2_content content_of_uf2(bytes file, std::optional<std::uint32_t> family = std::nullopt) {
  if (file.empty() || file.size() % detail::uf2_block_size != 0)
    throw std::invalid_argument("not a UF2 file, or a part of one");
  std::map<std::uint32_t, bytes> pieces;  // by address
  std::set<std::uint32_t> numbers;
  std::uint32_t count = 0;
  std::optional<std::uint32_t> chosen = family;
  for (bytes rest = file; !rest.empty(); rest = rest.drop(detail::uf2_block_size)) {
    const auto block = detail::uf2_block_of(rest.first(detail::uf2_block_size));
    if ((block.flags & detail::uf2_other_place) != 0 || block.data.empty()) continue;
    if (family && block.family && block.family != family) continue;
    if (numbers.empty() && !family) chosen = block.family;
    if (!family && block.family != chosen)
      throw std::invalid_argument("the UF2 file is for several families: give one of them");
    if (!numbers.empty() && block.count != count)
      throw std::invalid_argument("blocks of the UF2 file say different things");
    count = block.count;
    numbers.insert(block.number);
    const auto [piece, is_new] = pieces.emplace(block.address, block.data);
    if (!is_new && !equal(piece->second, block.data))
      throw std::invalid_argument("blocks of the UF2 file say different things");
  }
  if (pieces.empty()) throw std::invalid_argument("the UF2 file holds nothing for that family");
  if (numbers.size() != count) throw std::invalid_argument("a block of the UF2 file is missing");

  uf2_content content{pieces.begin()->first, chosen, {}};
  for (const auto& [address, data] : pieces) {
    const std::uint64_t at = address - content.base;
    if (at < content.data.size() || at + data.size() > detail::uf2_greatest)
      throw std::invalid_argument("blocks of the UF2 file overlap, or lie too far apart");
    content.data.resize(static_cast<std::size_t>(at), 0xff);
    content.data.insert(content.data.end(), data.begin(), data.end());
  }
  return content;
}

}  // namespace ota::host
