// UF2: what is taken can be written and read again; nothing makes its reader use much memory.
#include <cstdlib>
#include <ota/host/uf2.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ota::bytes input(data, size);
  for (const std::optional<std::uint32_t> family :
       {std::optional<std::uint32_t>(), std::optional<std::uint32_t>(0xe48bff56)}) {
    ota::host::uf2_content first;
    try {
      first = ota::host::content_of_uf2(input, family);
    } catch (const std::invalid_argument&) {
      continue;
    }
    if (first.data.size() > 1u << 20 || first.base > 0xff000000) continue;
    const auto file =
        ota::host::uf2_of({first.data.data(), first.data.size()}, first.base, first.family);
    auto again = ota::host::content_of_uf2({file.data(), file.size()}, family);
    again.data.resize(first.data.size());  // the last block is filled
    if (again.data != first.data || again.base != first.base) std::abort();
  }
  return 0;
}
