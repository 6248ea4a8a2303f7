// expect: the signature policy needs: static constexpr std::size_t public_key_size
#include <ota/sign/signature_policy.hpp>

struct any_key {
  static constexpr std::string_view name = "any";
  static constexpr std::size_t signature_size = 64;
  static bool verify(ota::bytes key, ota::bytes message, ota::bytes signature);
};

static_assert(ota::check_signature<any_key>::ok);
