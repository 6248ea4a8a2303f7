#include <ota/sign/rsa.hpp>

#include "part.hpp"
#include "signatures.hpp"

extern "C" int program() {
  return ota::rsa_pkcs1_sha256<2048>::verify(unknown(rsa_signature_2048_sha256_key),
                                             unknown(rsa_signature_2048_sha256_message),
                                             unknown(rsa_signature_2048_sha256_signature))
             ? 0
             : 1;
}
