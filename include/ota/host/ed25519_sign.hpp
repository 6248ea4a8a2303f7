#pragma once

#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <stdexcept>

#include "../sign/ed25519.hpp"

namespace ota::host {

/// A private key of Ed25519 (RFC 8032, 5.1.5) and what follows from it. Neither the time nor an
/// address that is used depends on the secret.
template <class Field>
class basic_ed25519_key {
 public:
  using seed_type = std::array<std::uint8_t, 32>;
  using public_key_type = std::array<std::uint8_t, 32>;
  using signature_type = std::array<std::uint8_t, 64>;

  /// \param seed  the private key of RFC 8032: 32 secret bytes
  explicit basic_ed25519_key(const seed_type& seed) : seed_(seed) {
    const auto digest = hash({{seed.data(), seed.size()}});
    std::memcpy(scalar_.data(), digest.data(), 32);
    std::memcpy(prefix_.data(), digest.data() + 32, 32);
    scalar_[0] &= 0xf8;
    scalar_[31] = static_cast<std::uint8_t>((scalar_[31] & 0x7f) | 0x40);
    public_key_ = times_base(scalar_);
  }

  /// A new key, from the randomness of the operating system; throws std::runtime_error without.
  static basic_ed25519_key generate() {
    seed_type seed;
    if (::getentropy(seed.data(), seed.size()) != 0)
      throw std::runtime_error("the operating system gives no randomness");
    return basic_ed25519_key(seed);
  }

  const seed_type& seed() const { return seed_; }
  const public_key_type& public_key() const { return public_key_; }

  /// Signs a message (RFC 8032, 5.1.6): the same signature every time.
  signature_type sign(bytes message) const {
    const scalar r = reduced(hash({{prefix_.data(), prefix_.size()}, message}));
    const public_key_type point = times_base(r);
    const scalar k = reduced(
        hash({{point.data(), point.size()}, {public_key_.data(), public_key_.size()}, message}));
    const scalar s = multiply_add(k, scalar_, r);
    signature_type signature;
    std::memcpy(signature.data(), point.data(), 32);
    std::memcpy(signature.data() + 32, s.data(), 32);
    return signature;
  }

 private:
  using scalar = std::array<std::uint8_t, 32>;

  static sha512::digest_type hash(std::initializer_list<bytes> parts) {
    sha512 hash;
    for (const bytes part : parts) hash.update(part);
    return hash.finish();
  }

  template <class Number>
  static scalar reduced(const Number& number) {
    scalar out;
    ota::detail::reduce_scalar({number.data(), number.size()}, out.data());
    return out;
  }

  /// a * b + c modulo the order of the base point.
  static scalar multiply_add(const scalar& a, const scalar& b, const scalar& c) {
    std::array<std::uint32_t, 64> sums{};
    for (std::size_t i = 0; i < 32; ++i) {
      sums[i] += c[i];
      for (std::size_t j = 0; j < 32; ++j) sums[i + j] += std::uint32_t{a[i]} * b[j];
    }
    std::array<std::uint8_t, 64> number;
    std::uint32_t carry = 0;
    for (std::size_t i = 0; i < 64; ++i) {
      carry += sums[i];
      number[i] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    return reduced(number);
  }

  /// A multiple of the base point, encoded. For every bit there is a doubling and an addition: of
  /// the base point or of the neutral one.
  static public_key_type times_base(const scalar& by) {
    using point = ota::detail::edwards25519<Field>;
    point sum;
    for (int bit = 255; bit-- != 0;) {
      // The compiler must not know that the mask has only two values, or it may branch.
      volatile unsigned set = by[static_cast<std::size_t>(bit / 8)] >> (bit % 8) & 1;
      const auto mask = static_cast<typename Field::limb_type>(0 - std::uint64_t{set});
      auto chosen = point::neutral;
      chosen.sum.choose(point::base[0].sum, mask);
      chosen.difference.choose(point::base[0].difference, mask);
      chosen.product.choose(point::base[0].product, mask);
      sum.twice(true);
      sum.add(chosen, nullptr, false, false);
    }
    public_key_type out;
    sum.store(out.data());
    return out;
  }

  seed_type seed_;
  scalar scalar_, prefix_;
  public_key_type public_key_;
};

using ed25519_key = basic_ed25519_key<ota::detail::native_field25519>;

}  // namespace ota::host
