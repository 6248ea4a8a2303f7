// Ed25519 beside OpenSSL, in one run: a second's verifications and signatures of a short message.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include <ota/host/ed25519_sign.hpp>

#if __has_include(<openssl/evp.h>)
#include <openssl/evp.h>
#endif

namespace {

using ota::host::basic_ed25519_key;
using limbs_of_32 =
    ota::detail::field25519<ota::detail::saturated25519<std::uint32_t, std::uint64_t>>;

const std::array<std::uint8_t, 32> seed = {1, 2, 3};
const ota::bytes message = ota::as_bytes("the digest of a manifest, or so");

template <class Field>
void verify(benchmark::State& state) {
  const basic_ed25519_key<Field> key(seed);
  const auto signature = key.sign(message);
  for (auto _ : state)
    if (!ota::detail::ed25519_verifier<Field>::verify(key.public_key().data(), message,
                                                      signature.data()))
      state.SkipWithError("refused");
  state.SetItemsProcessed(state.iterations());
}

template <class Field>
void sign(benchmark::State& state) {
  const basic_ed25519_key<Field> key(seed);
  for (auto _ : state) benchmark::DoNotOptimize(key.sign(message));
  state.SetItemsProcessed(state.iterations());
}

#if __has_include(<openssl/evp.h>)
void openssl(benchmark::State& state, bool signing) {
  EVP_PKEY* const key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size());
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  std::array<std::uint8_t, 64> signature;
  std::size_t size = signature.size();
  const auto sign_it = [&] {
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key);
    return EVP_DigestSign(context, signature.data(), &size, message.data(), message.size());
  };
  const auto verify_it = [&] {
    EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key);
    return EVP_DigestVerify(context, signature.data(), size, message.data(), message.size());
  };
  sign_it();
  for (auto _ : state)
    if ((signing ? sign_it() : verify_it()) != 1) state.SkipWithError("refused");
  state.SetItemsProcessed(state.iterations());
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
}
#endif

BENCHMARK(verify<ota::detail::native_field25519>)->Name("ed25519_verify/ours");
BENCHMARK(verify<limbs_of_32>)->Name("ed25519_verify/ours_limbs_of_32");
#if __has_include(<openssl/evp.h>)
BENCHMARK_CAPTURE(openssl, verify, false)->Name("ed25519_verify/openssl");
#endif
BENCHMARK(sign<ota::detail::native_field25519>)->Name("ed25519_sign/ours");
#if __has_include(<openssl/evp.h>)
BENCHMARK_CAPTURE(openssl, sign, true)->Name("ed25519_sign/openssl");
#endif

}  // namespace

BENCHMARK_MAIN();
