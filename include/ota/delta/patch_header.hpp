#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "../core/bytes.hpp"
#include "../core/little_endian.hpp"
#include "../core/result.hpp"
#include "code_site.hpp"

namespace ota {

/// What stands before the coded part of a patch. Bytes: docs/delta-format.md.
struct patch_header {
  static constexpr std::uint8_t version = 1;
  static constexpr std::uint32_t max_size = 72;
  static constexpr std::size_t old_hash_size = 8;   ///< tells a wrong base, no more
  static constexpr std::size_t new_hash_size = 16;  ///< the first half of a SHA-256
  static constexpr std::uint32_t sum_size = 4;      ///< a CRC-32 of all before, at the patch's end
  static constexpr std::uint32_t max_file_size = 0x7fff'fffe;
  static constexpr unsigned max_literal_bits = 4;
  static constexpr unsigned max_map_entries = 128;
  static constexpr std::uint32_t no_lag = 0xffff'ffff;

  code_kind code = code_kind::plain;
  std::uint8_t rate = 4;           ///< how slowly models learn: 4 or 5
  std::uint8_t previous_bits = 0;  ///< bits of the byte before that choose a literal's models
  std::uint8_t position_bits = 0;  ///< bits of its position that do
  std::uint8_t map_entries = 0;    ///< of the address map
  std::uint32_t old_size = 0;
  std::uint32_t new_size = 0;
  /// What is read of the old file lies at most so many bytes before what is being written:
  /// then the patch may be applied in place. `no_lag`: read anywhere.
  std::uint32_t lag = no_lag;
  std::uint32_t base = 0;           ///< address of the first byte, of old and new
  std::uint32_t around_before = 0;  ///< bytes before and behind the program that it calls as well
  std::uint32_t around_behind = 0;
  std::uint32_t data_begin = 0;  ///< other addresses that are pointed to: RAM
  std::uint32_t data_size = 0;
  std::uint8_t old_hash[old_hash_size] = {};
  std::uint8_t new_hash[new_hash_size] = {};
  std::uint8_t size = 0;  ///< of the header itself

  /// Models by which literals are chosen, as a power of two.
  constexpr unsigned literal_bits() const { return previous_bits + position_bits; }
  /// Bytes of models and map that applying it takes, as the format counts them.
  constexpr std::uint32_t memory() const {
    return 1408U + (512U << literal_bits()) + 8U * map_entries;
  }
  /// The same in units of 64 bytes, as the header tells it.
  constexpr std::uint32_t memory_units() const { return (memory() + 63) / 64; }
  /// Addresses of code, of which the first 256 do not count: they are mostly numbers.
  constexpr std::uint32_t code_begin() const { return base - around_before + 256; }
  constexpr std::uint32_t code_size() const {
    const std::uint32_t whole = larger_size() + around_before + around_behind;
    return whole < 256 ? 0 : whole - 256;
  }
  constexpr std::uint32_t larger_size() const { return old_size > new_size ? old_size : new_size; }
};

namespace patch_errors {

inline constexpr error not_a_patch{errc::malformed, "delta", "this is not a patch of this library"};
inline constexpr error other_version{errc::unsupported, "delta",
                                     "the patch is of a later format: update this program first"};
inline constexpr error bad_header{errc::malformed, "delta", "the patch's header is damaged"};
inline constexpr error truncated{errc::malformed, "delta", "the patch ends too early"};
inline constexpr error damaged{errc::malformed, "delta", "the patch is damaged"};
inline constexpr error bad_state{errc::damaged, "delta",
                                 "what was kept of a half-applied patch is not whole: start over"};
inline constexpr error too_much_memory{
    errc::unsupported, "delta",
    "the patch needs more memory than this device gives: make it with a smaller map"};
inline constexpr error unknown_code{errc::unsupported, "delta",
                                    "the patch is for a kind of code that is not built in here"};

}  // namespace patch_errors

namespace detail {

inline constexpr std::uint8_t patch_magic[4] = {'O', 'D', 'P', patch_header::version};

/// LEB128 of at most 32 bits and five bytes; further bits are left out.
inline std::uint32_t take_number(const std::uint8_t*& at) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    value |= static_cast<std::uint32_t>(*at & 0x7f) << shift;
    if (*at++ < 0x80) break;
  }
  return value;
}

/// Reads a header, in place and for less code than `read_patch_header`.
/// \param head    the begin of a patch, and zeros: no header is longer, whatever its numbers
/// \param size    bytes of it that are there
/// \param header  becomes what is told
inline result<void> take_patch_header(const std::uint8_t (&head)[patch_header::max_size],
                                      std::size_t size, patch_header& header) {
  if (std::memcmp(head, patch_magic, 3) != 0) return patch_errors::not_a_patch;
  if (head[3] != patch_magic[3]) return patch_errors::other_version;

  header.code = static_cast<code_kind>(head[4] & 0x0f);
  header.rate = static_cast<std::uint8_t>(4 + (head[4] >> 4));
  header.previous_bits = head[5] & 0x0f;
  header.position_bits = head[5] >> 4;
  header.map_entries = head[6];
  const std::uint8_t* at = head + 8;
  header.old_size = take_number(at);
  header.new_size = take_number(at);
  header.lag = take_number(at) - 1;
  for (std::uint32_t* number : {&header.base, &header.around_before, &header.around_behind,
                                &header.data_begin, &header.data_size})
    *number = header.code != code_kind::plain ? take_number(at) : 0;
  std::memcpy(header.old_hash, at, sizeof header.old_hash);
  std::memcpy(header.new_hash, at + sizeof header.old_hash, sizeof header.new_hash);
  at += sizeof header.old_hash + sizeof header.new_hash;
  header.size = static_cast<std::uint8_t>(at - head);
  const bool sound = header.size <= size && header.rate <= 5 &&
                     header.literal_bits() <= patch_header::max_literal_bits &&
                     header.map_entries <= patch_header::max_map_entries &&
                     head[7] == header.memory_units() &&
                     header.old_size <= patch_header::max_file_size &&
                     header.new_size <= patch_header::max_file_size;
  if (!sound) return patch_errors::bad_header;
  return {};
}

}  // namespace detail

/// Reads a header from the first bytes of a patch; `max_size` of them, or all there are.
inline result<patch_header> read_patch_header(bytes in) {
  std::uint8_t head[patch_header::max_size] = {};
  in = in.first(sizeof head);
  if (!in.empty()) std::memcpy(head, in.data(), in.size());
  patch_header header;
  if (const auto done = detail::take_patch_header(head, in.size(), header); !done)
    return done.error();
  return header;
}

}  // namespace ota
