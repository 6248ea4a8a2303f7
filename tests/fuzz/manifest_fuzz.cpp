// Any bytes as a manifest: the canonical form does not depend on the buffer, is its own canonical
// form, and the reader ends; also when the document changes between two reads.
#include <cstdlib>
#include <cstring>
#include <string>

#include <ota/delta/delta_patches.hpp>
#include <ota/manifest/hmac_manifest.hpp>
#include <ota/manifest/manifest_reader.hpp>

namespace {

struct document {
  ota::bytes text;
  ota::bytes later{};
  std::size_t reads_before = ~std::size_t{0};

  ota::result<std::size_t> read(std::string_view, std::uint64_t offset, ota::mutable_bytes out) {
    const ota::bytes now = reads_before == 0 ? later : text;
    if (reads_before != 0) --reads_before;
    const ota::bytes rest =
        offset < now.size() ? now.drop(static_cast<std::size_t>(offset)) : ota::bytes{};
    const ota::bytes part = rest.first(out.size());
    if (!part.empty()) std::memcpy(out.data(), part.data(), part.size());
    return part.size();
  }
};

constexpr std::size_t step_limit = 1u << 22;

bool canonical(document source, std::size_t buffer, std::string& form) {
  std::uint8_t scratch[256];
  ota::canonical_json<document> canonical(source, "m");
  for (std::size_t steps = 0;; ++steps) {
    if (steps == step_limit) std::abort();
    const auto more = canonical.step({scratch, buffer},
                                     [&](ota::bytes part) { form.append(ota::as_text(part)); });
    if (!more) return false;
    if (!*more) return true;
  }
}

template <class Delta>
void read(document source) {
  ota::manifest_reader reader;
  reader.begin("m");
  ota::entry item;
  for (;;) {
    const auto more = reader.next<false, Delta>(source, item);
    if (!more || !*more) return;
    if (item.path.empty() && item.kind != ota::entry_kind::remove) std::abort();
  }
}

void read(document source) {
  read<ota::no_delta>(source);
  read<ota::delta_patches<>>(source);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 2000) return 0;
  const std::size_t buffer = 1u + data[0];
  const ota::bytes text(data + 2, size - 2);
  std::string form, other, again;
  const bool fine = canonical({text}, buffer, form);
  if (canonical({text}, 256, other) != fine || (fine && form != other)) std::abort();
  if (fine && (!canonical({ota::as_bytes(form)}, buffer, again) || again != form)) std::abort();
  read({text});
  // The second half takes the place of the whole after some reads.
  const ota::bytes later = text.drop(text.size() / 2);
  std::string ignored;
  (void)canonical({text, later, data[1]}, buffer, ignored);
  read({text, later, data[1]});
  return 0;
}
