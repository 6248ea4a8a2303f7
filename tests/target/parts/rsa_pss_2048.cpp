#include <ota/sign/rsa.hpp>

#include "part.hpp"
#include "signatures.hpp"

extern "C" int program() {
  return ota::rsa_pss_sha256<2048>::verify(unknown(rsa_pss_2048_key), unknown(rsa_pss_2048_message),
                                           unknown(rsa_pss_2048_signature))
             ? 0
             : 1;
}
