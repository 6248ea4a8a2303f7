// Hashing beside OpenSSL (which uses the processor's instructions) and mbedtls (which does not), in
// one run. `/portable` is ours without the instructions.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include <ota/hash/crc32.hpp>
#include <ota/hash/sha1.hpp>
#include <ota/hash/sha256.hpp>
#include <ota/hash/sha512.hpp>

#if __has_include(<openssl/evp.h>)
#include <openssl/evp.h>
#endif
#if __has_include(<mbedtls/sha256.h>)
#include <ota/hash/mbedtls.hpp>
#endif

namespace {

std::vector<std::uint8_t> random_bytes(std::size_t size) {
  std::mt19937 random(1);
  std::vector<std::uint8_t> data(size);
  for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(random());
  return data;
}

template <class Body>
void measure(benchmark::State& state, Body&& digest_of) {
  const auto data = random_bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(digest_of(ota::bytes{data.data(), data.size()}));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

template <class Hash>
void hash_with(benchmark::State& state) {
  measure(state, [](ota::bytes data) {
    Hash hash;
    hash.update(data);
    return hash.finish();
  });
}

/// As `hash_with`, with the processor's instructions forbidden.
template <class Hash>
void portable(benchmark::State& state) {
  const int before = ota::detail::sha_instructions;
  ota::detail::sha_instructions = 1;
  hash_with<Hash>(state);
  ota::detail::sha_instructions = before;
}

#if __has_include(<openssl/evp.h>)
void openssl(benchmark::State& state, const EVP_MD* kind) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  measure(state, [&](ota::bytes data) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
    EVP_DigestInit_ex(context, kind, nullptr);
    EVP_DigestUpdate(context, data.data(), data.size());
    EVP_DigestFinal_ex(context, digest.data(), nullptr);
    return digest;
  });
  EVP_MD_CTX_free(context);
}
#endif

void sizes(benchmark::internal::Benchmark* benchmark) { benchmark->Arg(1024)->Arg(1 << 20); }

BENCHMARK(hash_with<ota::sha1>)->Name("sha1/ours")->Apply(sizes);
BENCHMARK(portable<ota::sha1>)->Name("sha1/ours_portable")->Apply(sizes);
#if __has_include(<openssl/evp.h>)
BENCHMARK_CAPTURE(openssl, sha1, EVP_sha1())->Name("sha1/openssl")->Apply(sizes);
#endif
#if __has_include(<mbedtls/sha256.h>)
BENCHMARK(hash_with<ota::mbedtls_sha1>)->Name("sha1/mbedtls")->Apply(sizes);
#endif

BENCHMARK(hash_with<ota::sha256>)->Name("sha256/ours")->Apply(sizes);
BENCHMARK(portable<ota::sha256>)->Name("sha256/ours_portable")->Apply(sizes);
#if __has_include(<openssl/evp.h>)
BENCHMARK_CAPTURE(openssl, sha256, EVP_sha256())->Name("sha256/openssl")->Apply(sizes);
#endif
#if __has_include(<mbedtls/sha256.h>)
BENCHMARK(hash_with<ota::mbedtls_sha256>)->Name("sha256/mbedtls")->Apply(sizes);
#endif

BENCHMARK(hash_with<ota::sha512>)->Name("sha512/ours")->Apply(sizes);
#if __has_include(<openssl/evp.h>)
BENCHMARK_CAPTURE(openssl, sha512, EVP_sha512())->Name("sha512/openssl")->Apply(sizes);
#endif

BENCHMARK(hash_with<ota::crc32>)->Name("crc32/ours")->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
