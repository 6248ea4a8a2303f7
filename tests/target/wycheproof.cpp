// Judges all signatures of the Wycheproof files on the board: the code that a Cortex-M0+ runs, with
// unaligned accesses trapped. Ends with how many it judged wrong.
#include <ota/sign/ecdsa_p256.hpp>
#include <ota/sign/rsa.hpp>

#include "board.hpp"
#include "vectors.hpp"

namespace {

ota::bytes part(const signature_vector& vector, int i) {
  return {reinterpret_cast<const std::uint8_t*>(vector.parts[i]), vector.sizes[i]};
}

template <class Policy, std::size_t Count>
int wrong(const signature_vector (&vectors)[Count]) {
  int count = 0;
  for (const signature_vector& vector : vectors)
    if (Policy::verify(part(vector, 0), part(vector, 1), part(vector, 2)) != vector.valid) ++count;
  board::print("judged ");
  board::print(Count);
  board::print("\n");
  return count;
}

}  // namespace

extern "C" int program() {
  return wrong<ota::ecdsa_p256>(ecdsa_p256_vectors) +
         wrong<ota::ecdsa_p256_der>(ecdsa_p256_der_vectors) +
         wrong<ota::rsa_pkcs1_sha256<2048>>(rsa_pkcs1_2048_vectors) +
         wrong<ota::rsa_pss_sha256<2048>>(rsa_pss_2048_vectors);
}
