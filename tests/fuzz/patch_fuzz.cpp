// Native patches, whatever they hold: nothing is read or written out of bounds, every patch ends,
// and one that was interrupted anywhere makes the same as one that was not.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "../support/native_patch.hpp"

namespace {

constexpr std::uint32_t largest = 1u << 16;

struct small_device : ota::patch_limits {
  using codes = ota::all_codes;
  static constexpr std::size_t input_size = 64;
  static constexpr std::size_t output_size = 16;
};

// Goes on in a new decoder, from what was kept of the old one, every `period` steps.
ota_test::made apply_with_cuts(const ota_test::file_bytes& old_file,
                               const ota_test::file_bytes& patch, unsigned period) {
  ota_test::strict_source old_source{ota_test::view(old_file)}, patch_source{ota_test::view(patch)};
  ota_test::strict_result out;
  out.limit = largest;
  std::optional<ota_test::strict_decoder<small_device>> decoder;
  ota_test::file_bytes kept;
  ota_test::made done;
  for (unsigned steps = 0;; ++steps) {
    if (steps % period == 0) {
      decoder.emplace(old_source, patch_source, out);
      auto opened = decoder->open();
      if (opened && !kept.empty()) {
        std::copy(kept.begin(), kept.end(), decoder->state().begin());
        opened = decoder->resume();
      }
      if (!opened) {
        done.failure = &opened.error();
        break;
      }
    }
    const auto more = decoder->step();
    if (!more) done.failure = &more.error();
    if (!more || !*more) break;
    kept.assign(decoder->state().begin(), decoder->state().end());
  }
  done.content = std::move(out.content);
  return done;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t old_size = std::min<std::size_t>(data[0] * 16, size - 2);
  const ota_test::file_bytes old_file(data + 2, data + 2 + old_size);
  const ota_test::file_bytes patch(data + 2 + old_size, data + size);
  const auto header =
      ota::read_patch_header(ota_test::view(patch).first(ota::patch_header::max_size));
  if (!header || header->new_size > largest) return 0;
  const auto whole = ota_test::apply_blindly<small_device>(old_file, patch);
  const auto cut = apply_with_cuts(old_file, patch, 1u + data[1] % 32);
  if (whole.content != cut.content || whole.failure != cut.failure) std::abort();
  return 0;
}
