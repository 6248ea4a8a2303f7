#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../core/bytes.hpp"
#include "../core/contract.hpp"

namespace ota {

// The contract of a signature policy. It has no state; whatever it is given may be hostile. A
// device with a secure element hands the work to that.
//
//   static constexpr std::string_view name        as documents call this kind of key
//   static constexpr std::size_t public_key_size   bytes of a public key
//   static constexpr std::size_t signature_size    bytes of a signature
//   static bool verify(ota::bytes public_key, ota::bytes message, ota::bytes signature)
//                                                  false also for keys and signatures of other
//                                                  sizes

namespace detail {

template <class S>
using public_key_size_of = std::integral_constant<std::size_t, S::public_key_size>;
template <class S>
using signature_size_of = std::integral_constant<std::size_t, S::signature_size>;
template <class S>
using signature_name_of = decltype(std::string_view(S::name));
template <class S>
using verify_of = decltype(S::verify(bytes{}, bytes{}, bytes{}));

template <template <class> class Size, class Policy, class = void>
struct has_size : std::false_type {};
template <template <class> class Size, class Policy>
struct has_size<Size, Policy, std::void_t<Size<Policy>>> : std::true_type {};

}  // namespace detail

/// Checks a signature policy against the contract, one sentence for each missing member.
template <class Signature>
struct check_signature {
  static_assert(detail::has_size<detail::public_key_size_of, Signature>::value,
                "the signature policy needs: static constexpr std::size_t public_key_size");
  static_assert(detail::has_size<detail::signature_size_of, Signature>::value,
                "the signature policy needs: static constexpr std::size_t signature_size");
  static_assert(detail::gives<bool, detail::verify_of, Signature>::value,
                "the signature policy needs: static bool verify(ota::bytes public_key, "
                "ota::bytes message, ota::bytes signature)");
  static_assert(detail::gives<std::string_view, detail::signature_name_of, Signature>::value,
                "the signature policy needs: static constexpr std::string_view name");
  static constexpr bool ok = true;
};

}  // namespace ota
