#pragma once

#include "../hardware/no_hardware.hpp"
#include "../storage/file_storage.hpp"

namespace ota {

/// Checks that a device's policies keep their contracts: one sentence for whatever is missing.
template <class Policies>
struct check_policies {
  static_assert(check_file_storage<typename Policies::storage>::ok);
  static_assert(Policies::chunk_size >= 256 && Policies::chunk_size <= 65536,
                "chunk_size must lie between 256 and 65536 bytes");
};

}  // namespace ota
