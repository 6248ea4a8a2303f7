// expect: what a patch is applied to, and the patch, need: std::uint32_t size()
#include <ota/delta/delta_contract.hpp>

struct endless_file {
  ota::result<void> read(std::uint32_t, ota::mutable_bytes);
};

static_assert(ota::check_delta_source<endless_file>::ok);
