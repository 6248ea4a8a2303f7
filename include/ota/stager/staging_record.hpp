#pragma once

#include "../core/version_id.hpp"

namespace ota {

/// What a plan comes to.
struct plan_summary {
  std::uint32_t entries = 0;   ///< lines of the plan
  std::uint32_t files = 0;     ///< files to bring
  std::uint32_t removals = 0;  ///< files to remove
  std::uint32_t sum = 0;       ///< CRC-32 of the plan
  std::size_t size = 0;        ///< bytes to bring
};

namespace detail {

/// What is being staged, so that a later start can go on with it.
struct staging_record {
  static constexpr std::uint32_t format = 1;

  version_id version{};
  std::uint32_t settings = 0;  ///< a sum over what the plan was made from: settings, manifest
  plan_summary plan;
};

}  // namespace detail
}  // namespace ota
