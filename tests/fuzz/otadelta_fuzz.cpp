// OTADELTA: no patch reads or writes out of bounds or never ends, and one that was taken up again
// after any step makes the same file. What the maker makes of any two files makes the second one.
#include <cstdlib>

#include <ota/host/otadelta_summary.hpp>
#include <ota/host/otadelta_writer.hpp>

#include "../support/otadelta.hpp"

namespace {

using ota::bytes;

constexpr std::uint32_t limit = 100000;

// The applier against what sums a patch up, which reads it by itself.
void check_against_summary(bytes old_file, bytes patch, const ota_test::applied& done) {
  try {
    const auto summary = ota::host::summary_of_otadelta(patch);
    const bool applies = summary.old_size <= old_file.size() && summary.new_size <= limit;
    if (applies != (done.failure == nullptr)) std::abort();
    if (applies && done.text.size() != summary.new_size) std::abort();
  } catch (const std::runtime_error&) {
    if (done.failure == nullptr) std::abort();
  }
}

void try_patch(bytes old_file, bytes patch) {
  const auto done = ota_test::apply_otadelta<64>(old_file, patch, limit);
  check_against_summary(old_file, patch, done);
  const std::size_t middle = done.states.size() / 2;
  const ota::otadelta_state& state = done.states[middle];
  const auto rest = ota_test::apply_otadelta<64>(
      old_file, patch, limit, state, done.text.substr(0, static_cast<std::size_t>(state.written)));
  if (rest.text != done.text || rest.failure != done.failure) std::abort();
}

void try_maker(bytes old_file, bytes new_file) {
  const auto patch = ota::host::otadelta_of(old_file, new_file);
  const bytes view(patch.data(), patch.size());
  const auto done =
      ota_test::apply_otadelta(old_file, view, static_cast<std::uint32_t>(new_file.size()));
  if (done.failure != nullptr || done.text != ota::as_text(new_file)) std::abort();
  if (!ota::host::summary_of_otadelta(view).fits_original) std::abort();
  // Data alone would be no larger than this.
  if (patch.size() > 10 + new_file.size() + 3 * (new_file.size() / 2048 + 1)) std::abort();
}

}  // namespace

// The length of the old file in two bytes, it, then a patch or the new file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bytes input = bytes(data, size).drop(2);
  const auto length = static_cast<std::size_t>(data[0] | data[1] << 8);
  const bytes old_file = input.first(length), rest = input.drop(length);
  try_patch(old_file, rest);
  try_maker(old_file, rest);
  // The same behind the header, which chance finds late.
  std::string with_header(reinterpret_cast<const char*>(ota::otadelta_header::value),
                          ota::otadelta_header::size);
  with_header += ota::as_text(rest);
  try_patch(old_file, ota::as_bytes(with_header));
  return 0;
}
