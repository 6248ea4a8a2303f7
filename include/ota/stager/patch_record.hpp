#pragma once

#include <cstring>

#include "../hash/crc32.hpp"
#include "../storage/atomic_file.hpp"
#include "../storage/layout.hpp"

namespace ota::detail {

/// How far a patch is applied, beside the state of whoever applies it.
struct patch_record {
  static constexpr std::uint32_t format = 1;

  std::uint32_t index = 0;    ///< of the plan
  std::uint32_t patch = 0;    ///< a sum over its hash
  std::uint32_t written = 0;  ///< bytes of the new file
};

/// Keeps a record with a state; what was written until then is durable, too.
template <class Storage>
result<void> store_patch_record(Storage& storage, const patch_record& record, bytes state) {
  std::uint8_t head[sizeof record];
  std::memcpy(head, &record, sizeof record);
  crc32 sum;
  sum.update(head);
  sum.update(state);
  const std::uint32_t seal = sum.value() ^ patch_record::format;
  std::uint8_t end[sizeof seal];
  std::memcpy(end, &seal, sizeof seal);
  atomic_file<Storage> out(storage, layout::temporary);
  for (const bytes part : {bytes(head), state, bytes(end)}) out(as_text(part));
  return out.replace(layout::patch_state);
}

/// Whether the file at `.ota/patch/state` is one of `size` bytes whose seal is right.
template <class Storage>
result<bool> is_sealed(Storage& storage, std::size_t size) {
  const auto there = storage.stat(layout::patch_state);
  if (!there) return there.error();
  if (there->kind != decltype(there->kind)::file || there->size != size) return false;
  crc32 sum;
  std::uint8_t piece[64];
  std::uint32_t seal = 0;
  for (std::size_t at = 0, end = size - sizeof seal; at < end;) {
    const auto count = storage.read(layout::patch_state, at, mutable_bytes(piece).first(end - at));
    if (!count) return count.error();
    if (*count == 0) return false;
    sum.update(bytes(piece).first(*count));
    at += *count;
  }
  const auto count = storage.read(layout::patch_state, size - sizeof seal,
                                  mutable_bytes(piece).first(sizeof seal));
  if (!count) return count.error();
  std::memcpy(&seal, piece, sizeof seal);
  return *count == sizeof seal && seal == (sum.value() ^ patch_record::format);
}

/// Fills in what was kept of the patch that `record` names; false, and nothing changed, where that
/// is not there, or not whole.
template <class Storage>
result<bool> load_patch_record(Storage& storage, patch_record& record, mutable_bytes state) {
  std::uint8_t head[sizeof record];
  const auto whole = is_sealed(storage, sizeof head + state.size() + 4);
  if (!whole || !*whole) return whole;
  if (const auto count = storage.read(layout::patch_state, 0, head); !count) return count.error();
  patch_record kept;
  std::memcpy(&kept, head, sizeof kept);
  if (kept.index != record.index || kept.patch != record.patch) return false;
  const auto count = storage.read(layout::patch_state, sizeof head, state);
  if (!count) return count.error();
  record = kept;
  return true;
}

}  // namespace ota::detail
