// expect: what a patch makes needs: ota::result<void> read(std::uint32_t offset,
#include <ota/delta/delta_contract.hpp>

struct write_only {
  ota::result<void> append(ota::bytes);
};

static_assert(ota::check_delta_output<write_only>::ok);
