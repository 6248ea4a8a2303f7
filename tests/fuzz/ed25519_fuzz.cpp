// Limbs of every kind answer the same about any key and signature; what a seed signs is accepted,
// and no longer once a byte is changed.
#include <algorithm>
#include <array>
#include <cstdlib>

#include <ota/host/ed25519_sign.hpp>

namespace {

using namespace ota::detail;
using ota::bytes;

template <class Limbs>
bool verify(const std::uint8_t* key, bytes message, const std::uint8_t* signature) {
  return ed25519_verifier<field25519<Limbs>>::verify(key, message, signature);
}

bool agreed(const std::uint8_t* key, bytes message, const std::uint8_t* signature) {
  const bool answer = verify<unsaturated25519>(key, message, signature);
  if (answer != verify<saturated25519<std::uint32_t, std::uint64_t>>(key, message, signature) ||
      answer != verify<saturated25519<std::uint16_t, std::uint32_t>>(key, message, signature))
    std::abort();
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 98) return 0;
  const bytes message{data + 98, size - 98};
  agreed(data, message, data + 32);

  std::array<std::uint8_t, 32> seed;
  std::copy(data, data + 32, seed.begin());
  const ota::host::ed25519_key key(seed);
  auto signature = key.sign(message);
  if (!agreed(key.public_key().data(), message, signature.data())) std::abort();
  signature[data[96] % 64] ^= data[97];
  if (agreed(key.public_key().data(), message, signature.data()) != (data[97] == 0)) std::abort();
  return 0;
}
