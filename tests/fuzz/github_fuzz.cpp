// Whatever GitHub answers, its documents must be read within the memory there is, and every path
// that comes out must be one that the next step can judge.

#include <cstdint>
#include <cstdlib>

#include <ota/source/github_document.hpp>

namespace {

struct body {
  ota::bytes rest;
  std::size_t piece;
  ota::result<std::size_t> read(ota::mutable_bytes out) {
    const ota::bytes part = rest.first(out.size() < piece ? out.size() : piece);
    for (std::size_t i = 0; i < part.size(); ++i) out[i] = part[i];
    rest = rest.drop(part.size());
    return part.size();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  ota::github_document document;
  document.begin(static_cast<ota::document_kind>(data[0] % 3));
  document.set_prefix((data[0] & 4) != 0 ? "dir" : "");
  body answer{{data + 1, size - 1}, 1u + data[0] / 8};
  std::uint8_t chunk[256];
  for (;;) {
    if (!document.receive(answer, chunk)) return 0;
    for (;;) {
      const auto event = document.next();
      if (!event || *event == ota::document_event::end) return 0;
      if (*event == ota::document_event::need_input) break;
      if (document.item().path.empty() || document.item().path.overflowed()) std::abort();
    }
  }
}
