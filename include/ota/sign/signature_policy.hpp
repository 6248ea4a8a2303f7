#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "../core/bytes.hpp"
#include "../core/contract.hpp"

namespace ota {

// The contract of a signature policy. A device with a secure element hands the work to that.
//
//   static constexpr std::string_view name         as documents call this kind of key
//   static constexpr std::size_t public_key_size   bytes of the longest key
//   static constexpr std::size_t signature_size    bytes of the longest signature
//   static bool verify(bytes public_key, bytes message, bytes signature)
//                                                  false also for what is no key or signature

namespace detail {

template <class S>
using verify_of = decltype(S::verify(bytes{}, bytes{}, bytes{}));
template <class S>
using signature_name_of = decltype(std::string_view(S::name));

}  // namespace detail

/// Checks a signature policy against the contract, one sentence for each missing member.
template <class Signature>
struct check_signature {
  static_assert(detail::gives<bool, detail::verify_of, Signature>::value,
                "the signature policy needs: static bool verify(ota::bytes public_key, ota::bytes "
                "message, ota::bytes signature)");
  static_assert(detail::gives<std::string_view, detail::signature_name_of, Signature>::value,
                "the signature policy needs: static constexpr std::string_view name");
  static_assert(Signature::public_key_size != 0 && Signature::signature_size != 0,
                "the signature policy needs the sizes of its keys and signatures");
  static constexpr bool ok = true;
};

}  // namespace ota
