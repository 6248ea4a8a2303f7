#include <ota/sign/ecdsa_p256.hpp>

#include "part.hpp"
#include "signatures.hpp"

extern "C" int program() {
  return ota::ecdsa_p256::verify(unknown(ecdsa_p256_key), unknown(ecdsa_p256_message),
                                 unknown(ecdsa_p256_signature))
             ? 0
             : 1;
}
