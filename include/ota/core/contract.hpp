#pragma once

#include <type_traits>

namespace ota::detail {

/// Whether a call on a policy compiles and gives exactly `Result`. Not something like it: a clock
/// of 32 bits would wrap, a text in a temporary would dangle.
template <class Result, template <class> class Call, class Policy, class = void>
struct gives : std::false_type {};
template <class Result, template <class> class Call, class Policy>
struct gives<Result, Call, Policy, std::void_t<Call<Policy>>> : std::is_same<Result, Call<Policy>> {
};

}  // namespace ota::detail
