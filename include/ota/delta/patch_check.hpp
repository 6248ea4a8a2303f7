#pragma once

#include <cstdint>
#include <cstring>

#include "../hash/crc32.hpp"
#include "../hash/sha256.hpp"
#include "patch_header.hpp"

namespace ota {

namespace patch_errors {

inline constexpr error wrong_base{errc::mismatch, "delta",
                                  "the patch is for another file than the one that is there"};
inline constexpr error wrong_result{errc::mismatch, "delta",
                                    "what the patch made is not what it promised"};

}  // namespace patch_errors

/// Hashes a file in steps of 256 bytes.
template <class Hash>
class stepwise_hash {
 public:
  /// Takes the next bytes of the first `size`; false: that was all.
  template <class File>
  result<bool> step(File& file, std::uint32_t size) {
    std::uint8_t piece[256];
    const std::uint32_t left = size - done_;
    const std::uint32_t count = left < sizeof piece ? left : std::uint32_t{sizeof piece};
    if (count == 0) return false;
    if (const auto done = file.read(done_, {piece, count}); !done) return done.error();
    hash_.update({piece, count});
    done_ += count;
    return true;
  }

  template <class File>
  result<void> all(File& file, std::uint32_t size) {
    for (;;) {
      const auto more = step(file, size);
      if (!more) return more.error();
      if (!*more) return {};
    }
  }

  auto finish() { return hash_.finish(); }

 private:
  Hash hash_;
  std::uint32_t done_ = 0;
};

/// Whether the patch came whole: by the sum at its end, which finds accidents only.
template <class Patch>
result<void> check_patch_sum(Patch& patch) {
  const std::uint32_t size = patch.size();
  if (size < patch_header::sum_size) return patch_errors::truncated;
  const std::uint32_t coded = size - patch_header::sum_size;
  stepwise_hash<crc32> sum;
  if (const auto done = sum.all(patch, coded); !done) return done;
  std::uint8_t told[patch_header::sum_size];
  if (const auto done = patch.read(coded, told); !done) return done;
  const auto counted = sum.finish();
  if (std::memcmp(counted.data(), told, sizeof told) != 0) return patch_errors::damaged;
  return {};
}

namespace detail {

template <class Hash, class File>
result<bool> has_hash(File& file, std::uint32_t size, bytes promised) {
  stepwise_hash<Hash> hash;
  if (const auto done = hash.all(file, size); !done) return done.error();
  const auto digest = hash.finish();
  return std::memcmp(digest.data(), promised.data(), promised.size()) == 0;
}

}  // namespace detail

/// Whether the old file is the one that the patch was made for.
/// \tparam Hash  SHA-256
template <class Hash = sha256, class Old>
result<void> check_patch_base(const patch_header& header, Old& old_file) {
  if (old_file.size() < header.old_size) return patch_errors::wrong_base;
  const auto same = detail::has_hash<Hash>(old_file, header.old_size, header.old_hash);
  if (!same) return same.error();
  if (!*same) return patch_errors::wrong_base;
  return {};
}

/// Whether the new file is what was promised. The promise is the patch's own: it finds accidents,
/// and a wrong patch only where the patch itself can be trusted.
template <class Hash = sha256, class New>
result<void> check_patch_result(const patch_header& header, New& new_file) {
  const auto same = detail::has_hash<Hash>(new_file, header.new_size, header.new_hash);
  if (!same) return same.error();
  if (!*same) return patch_errors::wrong_result;
  return {};
}

}  // namespace ota
