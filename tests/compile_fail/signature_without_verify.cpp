// expect: the signature policy needs: static bool verify(ota::bytes public_key, ota::bytes message,
// ota::bytes signature)
#include <ota/sign/signature_policy.hpp>

struct trusting {
  static constexpr std::string_view name = "any";
  static constexpr std::size_t public_key_size = 32;
  static constexpr std::size_t signature_size = 64;
  static int verify(ota::bytes key, ota::bytes message, ota::bytes signature);
};

static_assert(ota::check_signature<trusting>::ok);
