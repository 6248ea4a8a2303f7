#include <ota/sign/rsa.hpp>

#include "part.hpp"
#include "signatures.hpp"

extern "C" int program() {
  return ota::rsa_pkcs1_sha256<2048>::verify(unknown(rsa_pkcs1_2048_key),
                                             unknown(rsa_pkcs1_2048_message),
                                             unknown(rsa_pkcs1_2048_signature))
             ? 0
             : 1;
}
