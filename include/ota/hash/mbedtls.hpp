#pragma once

#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <mbedtls/version.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "../core/bytes.hpp"

namespace ota {
namespace detail {

// mbedtls 2.28 has the functions that tell of errors under names with `_ret`; 3.x has only them,
// and without it.
struct mbedtls_sha1_calls {
  using context = mbedtls_sha1_context;
  static constexpr std::size_t digest_size = 20;
  static constexpr std::size_t block_size = 64;
  static void init(context* c) { mbedtls_sha1_init(c); }
  static void free(context* c) { mbedtls_sha1_free(c); }
  static void clone(context* to, const context* from) { mbedtls_sha1_clone(to, from); }
#if MBEDTLS_VERSION_MAJOR >= 3
  static int starts(context* c) { return mbedtls_sha1_starts(c); }
  static int update(context* c, bytes data) {
    return mbedtls_sha1_update(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha1_finish(c, out); }
#else
  static int starts(context* c) { return mbedtls_sha1_starts_ret(c); }
  static int update(context* c, bytes data) {
    return mbedtls_sha1_update_ret(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha1_finish_ret(c, out); }
#endif
};

struct mbedtls_sha256_calls {
  using context = mbedtls_sha256_context;
  static constexpr std::size_t digest_size = 32;
  static constexpr std::size_t block_size = 64;
  static void init(context* c) { mbedtls_sha256_init(c); }
  static void free(context* c) { mbedtls_sha256_free(c); }
  static void clone(context* to, const context* from) { mbedtls_sha256_clone(to, from); }
#if MBEDTLS_VERSION_MAJOR >= 3
  static int starts(context* c) { return mbedtls_sha256_starts(c, 0); }
  static int update(context* c, bytes data) {
    return mbedtls_sha256_update(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha256_finish(c, out); }
#else
  static int starts(context* c) { return mbedtls_sha256_starts_ret(c, 0); }
  static int update(context* c, bytes data) {
    return mbedtls_sha256_update_ret(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha256_finish_ret(c, out); }
#endif
};

struct mbedtls_sha512_calls {
  using context = mbedtls_sha512_context;
  static constexpr std::size_t digest_size = 64;
  static constexpr std::size_t block_size = 128;
  static void init(context* c) { mbedtls_sha512_init(c); }
  static void free(context* c) { mbedtls_sha512_free(c); }
  static void clone(context* to, const context* from) { mbedtls_sha512_clone(to, from); }
#if MBEDTLS_VERSION_MAJOR >= 3
  static int starts(context* c) { return mbedtls_sha512_starts(c, 0); }
  static int update(context* c, bytes data) {
    return mbedtls_sha512_update(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha512_finish(c, out); }
#else
  static int starts(context* c) { return mbedtls_sha512_starts_ret(c, 0); }
  static int update(context* c, bytes data) {
    return mbedtls_sha512_update_ret(c, data.data(), data.size());
  }
  static int finish(context* c, std::uint8_t* out) { return mbedtls_sha512_finish_ret(c, out); }
#endif
};

/// A hash policy over the calls of mbedtls.
template <class Calls>
class mbedtls_hash {
 public:
  static constexpr std::size_t digest_size = Calls::digest_size;
  static constexpr std::size_t block_size = Calls::block_size;
  using digest_type = std::array<std::uint8_t, digest_size>;

  mbedtls_hash() {
    Calls::init(&context_);
    note(Calls::starts(&context_));
  }
  mbedtls_hash(const mbedtls_hash& other) : failed_(other.failed_) {
    Calls::init(&context_);
    Calls::clone(&context_, &other.context_);
  }
  mbedtls_hash& operator=(const mbedtls_hash& other) {
    if (this == &other) return *this;
    Calls::free(&context_);
    Calls::init(&context_);
    Calls::clone(&context_, &other.context_);
    failed_ = other.failed_;
    return *this;
  }
  ~mbedtls_hash() { Calls::free(&context_); }

  /// Adds bytes to what is hashed.
  void update(bytes data) {
    if (!data.empty()) note(Calls::update(&context_, data));
  }

  /// The digest of all that was added; zeros when mbedtls failed, see `failed()`.
  digest_type finish() {
    digest_type digest;
    note(Calls::finish(&context_, digest.data()));
    if (failed_) digest.fill(0);
    return digest;
  }

  /// Whether mbedtls refused a call. Its own code never does; a driver of hash hardware may.
  bool failed() const { return failed_; }

 private:
  void note(int status) { failed_ = failed_ || status != 0; }

  typename Calls::context context_;
  bool failed_ = false;
};

}  // namespace detail

/// SHA-1, SHA-256 and SHA-512 by mbedtls 2.28 or 3.x, for devices whose mbedtls drives hash
/// hardware or is linked anyway. The program links mbedcrypto.
class mbedtls_sha1 : public detail::mbedtls_hash<detail::mbedtls_sha1_calls> {};
class mbedtls_sha256 : public detail::mbedtls_hash<detail::mbedtls_sha256_calls> {};
class mbedtls_sha512 : public detail::mbedtls_hash<detail::mbedtls_sha512_calls> {};

}  // namespace ota
