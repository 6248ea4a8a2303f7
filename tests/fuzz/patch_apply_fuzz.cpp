// Patches as an updater applies them: whatever the patch, its work ends, the installed file stays
// as it is, and what is staged is the promised file or nothing; also where it was cut short and
// gone on with.
#include <cstdlib>
#include <memory>

#include <ota/delta/all_codes.hpp>
#include <ota/delta/delta_patches.hpp>
#include <ota/hash/sha256.hpp>
#include <ota/stager/patch_applier.hpp>
#include <ota/storage/memory_files.hpp>

namespace {

using ota::bytes;
using files = ota::memory_files<65536>;

struct every_patch : ota::patch_limits {
  using codes = ota::all_codes;
};
struct small_blocks : ota::delta_patches<every_patch> {
  static constexpr std::uint32_t block_size = 300;
};
using applier = ota::patch_applier<files, ota::sha256, small_blocks>;

void expect(bool fine) {
  if (!fine) std::abort();
}

bool holds(files& storage, std::string_view path, bytes content) {
  return ota::same_content(storage, path, content).value_or(false);
}

void put_list(files& storage, std::string_view path, const ota::entry& item) {
  ota::entry_writer list;
  list.begin(path);
  expect(list.add(storage, item) && list.flush(storage));
}

// Whether it has come to its end; it does within so many steps.
bool run(files& storage, std::size_t steps) {
  ota::patch_figures figures;
  const auto work = std::make_unique<applier>(storage, figures);
  work->begin();
  std::uint8_t chunk[256];
  for (std::size_t i = 0; i < steps; ++i) {
    const auto more = work->step(chunk);
    // Nothing fails but patches: of a storage in memory, only that it is full.
    expect(more.has_value());
    if (!*more) return true;
  }
  return false;
}

void check(bytes old_file, bytes new_file, bytes patch, std::size_t cut) {
  static files storage;
  storage = {};
  ota::entry item, patch_item;
  item.path.assign("lib/file");
  item.size = new_file.size();
  item.hash.kind = ota::digest_kind::sha256;
  ota::sha256 hash;
  hash.update(new_file);
  const auto digest = hash.finish();
  std::memcpy(item.hash.value, digest.data(), digest.size());
  patch_item.path.assign(".deltas/lib_file.delta");
  patch_item.size = patch.size();
  put_list(storage, ota::layout::plan, item);
  put_list(storage, ota::layout::chosen, patch_item);
  expect(storage.write(item.path, 0, old_file).has_value());
  expect(storage.write(ota::detail::patch_path(0), 0, patch).has_value());
  if (!run(storage, cut)) expect(run(storage, 100000));
  expect(holds(storage, item.path, old_file));
  const auto staged = ota::detail::staged_path(0);
  expect(storage.stat(staged)->kind == ota::file_kind::none || holds(storage, staged, new_file));
  for (const std::string_view gone : {ota::layout::patched, ota::layout::patch_state})
    expect(storage.stat(gone)->kind == ota::file_kind::none);
}

}  // namespace

// Steps until the cut; the lengths of the old and the new file in two bytes each; they; the patch.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5 || size > 8192) return 0;
  const auto old_size = static_cast<std::size_t>(data[1] | data[2] << 8),
             new_size = static_cast<std::size_t>(data[3] | data[4] << 8);
  const bytes files = bytes(data, size).drop(5);
  const bytes old_file = files.first(old_size), rest = files.drop(old_size);
  check(old_file, rest.first(new_size), rest.drop(new_size), data[0]);
  return 0;
}
