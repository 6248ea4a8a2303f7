#pragma once

#include <array>
#include <cstdint>

#include "../hash/sha256.hpp"

namespace ota {

/// How far the change from one image to the next is. Kept in the boot journal; see docs/flash.md.
enum class image_phase : std::uint8_t {
  idle,      ///< one image, nothing to put back
  staging,   ///< the new image is being written beside the running one
  staged,    ///< it is complete and checked
  swapping,  ///< it is being made the running one
  trial,     ///< it runs and is not confirmed yet
  kept,      ///< it is confirmed; the old one can still be put back
  restoring  ///< the old one is being made the running one again
};

/// Names one image: the first bytes of its SHA-256. All zero: none.
using image_id = std::array<std::uint8_t, 8>;

inline image_id id_of(const sha256::digest_type& digest) {
  image_id id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = digest[i];
  return id;
}

/// What the boot journal keeps.
struct image_state {
  static constexpr std::uint32_t format = 1;

  image_phase phase = image_phase::idle;
  std::uint8_t boots = 0;    ///< starts of the image on trial so far
  std::uint8_t allowed = 1;  ///< starts without being confirmed, before it is put back
  std::uint8_t slot = 0;     ///< which of two slots runs, where images run where they lie
  std::uint32_t step = 0;    ///< sectors staged, or copies done
  std::uint32_t size = 0;    ///< of the image being staged, bytes
  std::uint32_t used = 0;    ///< of each slot, by the larger of the two images, bytes
  image_id id{};             ///< being staged, swapped in, on trial or kept
  image_id rejected{};       ///< put back before, or refused: not to be tried again
};

}  // namespace ota
