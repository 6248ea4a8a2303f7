#pragma once

#include <cstddef>
#include <utility>

#include "../core/bytes.hpp"
#include "../core/contract.hpp"

namespace ota {

// The contract of a hash policy. An object is ready when it is made, and a copy goes on from where
// the original stood.
//
//   static constexpr std::size_t digest_size   bytes of a digest
//   using digest_type = std::array<std::uint8_t, digest_size>
//   void update(ota::bytes data)               any number of times, of any size
//   digest_type finish()                       once; the object is used up

namespace detail {

template <class H>
using hash_update_of = decltype(std::declval<H&>().update(bytes{}));
template <class H>
using hash_finish_of = decltype(std::declval<H&>().finish());

}  // namespace detail

/// Checks a hash policy against the contract, one sentence for each missing member.
template <class Hash>
struct check_hash {
  static_assert(detail::gives<void, detail::hash_update_of, Hash>::value,
                "the hash policy needs: void update(ota::bytes data)");
  static_assert(detail::gives<typename Hash::digest_type, detail::hash_finish_of, Hash>::value,
                "the hash policy needs: digest_type finish()");
  static constexpr bool ok = true;
};

}  // namespace ota
