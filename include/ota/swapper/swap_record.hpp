#pragma once

#include "../image/image_state.hpp"
#include "../storage/sealed_record.hpp"
#include "swap_state.hpp"

namespace ota {

/// What the swapper keeps where a version may hold a firmware image.
struct mixed_state : swap_state {
  static constexpr std::uint32_t format = 2;

  image_id image{};  ///< the version's, which runs or does not run together with its files
};

namespace detail {

template <class Storage>
result<bool> load_state(Storage& storage, swap_state& state) {
  return load_record(storage, layout::state, state);
}

template <class Storage>
result<void> store_state(Storage& storage, const swap_state& state) {
  return store_record(storage, layout::state, state);
}

// Without an image the record is that of a device that takes none: a program that learns of images
// goes on where the one before it stood, and the other way round.

template <class Storage>
result<bool> load_state(Storage& storage, mixed_state& state) {
  const auto found = load_record(storage, layout::state, state);
  if (!found || *found) return found;
  return load_record(storage, layout::state, static_cast<swap_state&>(state));
}

template <class Storage>
result<void> store_state(Storage& storage, const mixed_state& state) {
  if (state.image != image_id{}) return store_record(storage, layout::state, state);
  return store_record(storage, layout::state, static_cast<const swap_state&>(state));
}

}  // namespace detail
}  // namespace ota
