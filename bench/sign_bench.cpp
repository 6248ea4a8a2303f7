// Verifications of signatures a second beside OpenSSL and mbedtls, in one run: a message of 100
// bytes. Ours and the adapters for mbedtls read the key each time; OpenSSL has read it before.
#include <benchmark/benchmark.h>

#if __has_include(<openssl/evp.h>)  // which makes the signatures
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include <ota/sign/ecdsa_p256.hpp>
#include <ota/sign/rsa.hpp>
#if __has_include(<mbedtls/ecdsa.h>)
#include <ota/sign/mbedtls.hpp>
#endif

namespace {

using buffer = std::vector<std::uint8_t>;

ota::bytes view(const buffer& data) { return {data.data(), data.size()}; }

/// A key of OpenSSL's and what it has signed. Lives as long as the program.
struct signed_message {
  EVP_PKEY* pair = nullptr;
  buffer key, message = buffer(100, 'm'), signature;
  bool pss = false;

  EVP_MD_CTX* context(bool to_sign) const {
    EVP_MD_CTX* const made = EVP_MD_CTX_new();
    EVP_PKEY_CTX* settings = nullptr;
    (to_sign ? EVP_DigestSignInit : EVP_DigestVerifyInit)(made, &settings, EVP_sha256(), nullptr,
                                                          pair);
    if (pss) {
      EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, 32);
    }
    return made;
  }

  signed_message(EVP_PKEY* with, bool by_pss) : pair(with), pss(by_pss) {
    std::uint8_t* point = nullptr;
    if (EVP_PKEY_get_base_id(pair) == EVP_PKEY_EC) {
      const std::size_t size = EVP_PKEY_get1_encoded_public_key(pair, &point);
      key.assign(point, point + size);
    } else {
      const int size = i2d_PublicKey(pair, &point);
      key.assign(point, point + size);
    }
    OPENSSL_free(point);
    EVP_MD_CTX* const signing = context(true);
    std::size_t size = 0;
    EVP_DigestSign(signing, nullptr, &size, message.data(), message.size());
    signature.resize(size);
    EVP_DigestSign(signing, signature.data(), &size, message.data(), message.size());
    signature.resize(size);
    EVP_MD_CTX_free(signing);
  }
};

/// Verifies what `given` holds, again and again.
template <class Verify>
void add(const char* name, const signed_message& given, Verify verify) {
  benchmark::RegisterBenchmark(name, [&given, verify](benchmark::State& state) {
    for (auto _ : state)
      if (!verify(given)) std::abort();
    state.SetItemsProcessed(state.iterations());
  });
}

template <class Policy>
bool by_policy(const signed_message& given) {
  return Policy::verify(view(given.key), view(given.message), view(given.signature));
}

bool by_openssl(const signed_message& given) {
  EVP_MD_CTX* const verifying = given.context(false);
  const int status = EVP_DigestVerify(verifying, given.signature.data(), given.signature.size(),
                                      given.message.data(), given.message.size());
  EVP_MD_CTX_free(verifying);
  return status == 1;
}

void add_all() {
  static EVP_PKEY* const rsa2048 = EVP_RSA_gen(2048);
  static EVP_PKEY* const rsa4096 = EVP_RSA_gen(4096);
  static const signed_message ecdsa(EVP_EC_gen("P-256"), false), pkcs1(rsa2048, false),
      pss(rsa2048, true), pss4096(rsa4096, true);
  add("ecdsa_p256/ours", ecdsa, by_policy<ota::ecdsa_p256_der>);
  add("ecdsa_p256/openssl", ecdsa, by_openssl);
  add("rsa_pkcs1_2048/ours", pkcs1, by_policy<ota::rsa_pkcs1_sha256<2048>>);
  add("rsa_pkcs1_2048/openssl", pkcs1, by_openssl);
  add("rsa_pss_2048/ours", pss, by_policy<ota::rsa_pss_sha256<2048>>);
  add("rsa_pss_2048/openssl", pss, by_openssl);
  add("rsa_pss_4096/ours", pss4096, by_policy<ota::rsa_pss_sha256<4096>>);
  add("rsa_pss_4096/openssl", pss4096, by_openssl);
#if __has_include(<mbedtls/ecdsa.h>)
  add("ecdsa_p256/mbedtls", ecdsa, by_policy<ota::mbedtls_ecdsa_p256_der>);
  add("rsa_pkcs1_2048/mbedtls", pkcs1, by_policy<ota::mbedtls_rsa_pkcs1_sha256<2048>>);
  add("rsa_pss_2048/mbedtls", pss, by_policy<ota::mbedtls_rsa_pss_sha256<2048>>);
  add("rsa_pss_4096/mbedtls", pss4096, by_policy<ota::mbedtls_rsa_pss_sha256<4096>>);
#endif
}

}  // namespace
#else
namespace {
void add_all() {}
}  // namespace
#endif

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  add_all();
  benchmark::RunSpecifiedBenchmarks();
}
