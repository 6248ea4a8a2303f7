#pragma once

#include <cstdint>
#include <utility>

#include "../core/bytes.hpp"
#include "../core/contract.hpp"
#include "../core/result.hpp"

namespace ota {

// What a patch is applied with.
//
//   source: the old file, or the patch; any place of it, again and again
//     std::uint32_t size()
//     result<void> read(std::uint32_t offset, mutable_bytes out)   all of `out`; within the size
//   output: the new file, from its begin to its end
//     result<void> append(bytes data)
//     result<void> read(std::uint32_t offset, mutable_bytes out)   what was appended
//
// Callers stay within the size, and within what was appended.

namespace detail {

template <class S>
using source_size_of = decltype(std::declval<S&>().size());
template <class S>
using source_read_of = decltype(std::declval<S&>().read(std::uint32_t{}, mutable_bytes{}));
template <class O>
using output_append_of = decltype(std::declval<O&>().append(bytes{}));

}  // namespace detail

/// Checks what is to be read of, one sentence for each missing member.
template <class Source>
struct check_delta_source {
  static_assert(detail::gives<std::uint32_t, detail::source_size_of, Source>::value,
                "what a patch is applied to, and the patch, need: std::uint32_t size()");
  static_assert(detail::gives<result<void>, detail::source_read_of, Source>::value,
                "what a patch is applied to, and the patch, need: ota::result<void> "
                "read(std::uint32_t offset, ota::mutable_bytes out)");
  static constexpr bool ok = true;
};

/// Checks what is to be written to.
template <class Output>
struct check_delta_output {
  static_assert(detail::gives<result<void>, detail::output_append_of, Output>::value,
                "what a patch makes needs: ota::result<void> append(ota::bytes data)");
  static_assert(detail::gives<result<void>, detail::source_read_of, Output>::value,
                "what a patch makes needs: ota::result<void> read(std::uint32_t offset, "
                "ota::mutable_bytes out)");
  static constexpr bool ok = true;
};

}  // namespace ota
