#pragma once

#include <cstring>

#include "../core/version_id.hpp"
#include "../hash/crc32.hpp"
#include "../manifest/entry.hpp"
#include "../storage/atomic_file.hpp"
#include "../storage/layout.hpp"

namespace ota {

/// How far the change from one version to the next is. Kept on storage; see docs/power-safety.md.
enum class swap_phase : std::uint8_t {
  idle,      ///< one version, nothing to put back
  swapping,  ///< the new version is complete beside the old one and is being moved in
  trial,     ///< the new version runs and is not confirmed yet
  kept,      ///< the new version is confirmed; the old one can still be put back
  removing,  ///< putting back: what the new version added is being removed
  restoring  ///< putting back: what it replaced is being moved in again
};

/// What the swapper keeps on storage.
struct swap_state {
  swap_phase phase = swap_phase::idle;
  std::uint8_t boots = 0;          ///< starts of the version on trial so far
  std::uint8_t allowed = 1;        ///< starts without being confirmed, before it is put back
  bool reject = false;             ///< the version being put back is not to be tried again
  std::uint32_t entries = 0;       ///< in the plan
  version_id version{};            ///< running, or being moved in
  version_id previous{};           ///< to be put back
  version_id rejected{};           ///< put back before
  std::uint32_t version_file = 0;  ///< CRC-32 of version.json as the last swap left it
};

namespace detail {

inline constexpr std::uint32_t state_magic = 0x3141544f;  // "OTA1"

// magic, phase, boots, reject, allowed, entries, version, previous, rejected, version_file, CRC-32
// of all before it
inline constexpr std::size_t state_size = 4 + 4 + 4 + 3 * 20 + 4 + 4;

inline std::uint32_t state_sum(const std::uint8_t* record) {
  crc32 sum;
  sum.update({record, state_size - 4});
  return sum.value();
}

template <class Storage>
result<void> store_state(Storage& storage, const swap_state& state) {
  std::uint8_t record[state_size];
  put_u32(record, state_magic);
  record[4] = static_cast<std::uint8_t>(state.phase);
  record[5] = state.boots;
  record[6] = state.reject ? 1 : 0;
  record[7] = state.allowed;
  put_u32(record + 8, state.entries);
  std::memcpy(record + 12, state.version.data(), 20);
  std::memcpy(record + 32, state.previous.data(), 20);
  std::memcpy(record + 52, state.rejected.data(), 20);
  put_u32(record + 72, state.version_file);
  put_u32(record + state_size - 4, state_sum(record));
  return write_atomically(storage, layout::state, layout::temporary, record);
}

/// A state that is not there, or not whole, is `idle`.
template <class Storage>
result<void> load_state(Storage& storage, swap_state& state) {
  std::uint8_t record[state_size];
  state = {};
  const auto size = storage.read(layout::state, 0, record);
  if (!size) return size.error().code == errc::not_found ? result<void>{} : size.error();
  if (*size != state_size || get_u32(record) != state_magic) return {};
  if (get_u32(record + state_size - 4) != state_sum(record)) return {};
  if (record[4] > static_cast<std::uint8_t>(swap_phase::restoring)) return {};
  state.phase = static_cast<swap_phase>(record[4]);
  state.boots = record[5];
  state.reject = record[6] != 0;
  state.allowed = record[7];
  state.entries = get_u32(record + 8);
  std::memcpy(state.version.data(), record + 12, 20);
  std::memcpy(state.previous.data(), record + 32, 20);
  std::memcpy(state.rejected.data(), record + 52, 20);
  state.version_file = get_u32(record + 72);
  return {};
}

}  // namespace detail
}  // namespace ota
