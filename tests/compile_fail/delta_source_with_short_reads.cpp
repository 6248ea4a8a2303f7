// expect: what a patch is applied to, and the patch, need: ota::result<void> read(
// errors: 2
#include <ota/delta/memory_source.hpp>
#include <ota/delta/otadelta.hpp>

struct short_reader {
  std::uint32_t size();
  ota::result<std::size_t> read(std::uint32_t, ota::mutable_bytes);
};
struct output {
  ota::result<void> append(ota::bytes);
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
};

template class ota::otadelta_applier<short_reader, ota::memory_source, output>;
