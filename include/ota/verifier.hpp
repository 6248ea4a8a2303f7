#pragma once

#include <cstring>
#include <new>
#include <type_traits>

#include "core/result.hpp"
#include "hash/crc32.hpp"
#include "hash/digest.hpp"
#include "hash/git_blob_id.hpp"
#include "hash/sha1.hpp"

namespace ota {

/// Proves that bytes are what was promised, as they pass.
///
/// `Hash` is the device's hash policy. With `sha1` only Git's blob ids are checked and nothing
/// else is linked; with a 32-byte hash also the SHA-256 and CRC-32 of manifests.
template <class Hash>
class verifier {
 public:
  /// Whether promises other than Git's blob ids can be checked.
  static constexpr bool checks_manifests = Hash::digest_size == 32;

  verifier() : none_() {}
  ~verifier() { end(); }
  verifier(const verifier&) = delete;
  verifier& operator=(const verifier&) = delete;

  /// Begins a content of `size` bytes; the kind of promise decides the hash.
  void begin(digest_kind kind, std::size_t size) {
    end();
    kind_ = kind;
    if (kind == digest_kind::git_id) ::new (&git_) git_blob_id<sha1>(size);
    if constexpr (checks_manifests) {
      if (kind == digest_kind::sha256) ::new (&strong_) Hash();
      // Where nothing is promised, a sum still tells whether storage keeps what it is given.
      if (kind == digest_kind::crc32 || kind == digest_kind::none) ::new (&check_) crc32();
    }
  }

  void update(bytes data) {
    if (kind_ == digest_kind::git_id) git_.update(data);
    if constexpr (checks_manifests) {
      if (kind_ == digest_kind::sha256) strong_.update(data);
      if (kind_ == digest_kind::crc32 || kind_ == digest_kind::none) check_.update(data);
    }
  }

  /// Ends the content and compares it with what was promised.
  result<void> finish(const digest& promised) {
    if (promised.kind == digest_kind::none) return {};
    if (kind_ == promised.kind) {
      if (kind_ == digest_kind::git_id) return compare(git_, promised);
      if constexpr (checks_manifests) {
        if (kind_ == digest_kind::sha256) return compare(strong_, promised);
        if (kind_ == digest_kind::crc32) return compare(check_, promised);
      }
    }
    return unknown_hash;
  }

  /// Ends the content and gives its hash.
  digest finish() {
    digest value;
    value.kind = kind_;
    const auto keep = [&value](const auto& hash) {
      std::memcpy(value.value, hash.data(), hash.size());
    };
    if (kind_ == digest_kind::git_id) keep(git_.finish());
    if constexpr (checks_manifests)
      if (kind_ == digest_kind::sha256) keep(strong_.finish());
    return value;
  }

  /// Of a content of which nothing is promised: a sum over the bytes so far.
  std::uint32_t sum() const {
    if constexpr (checks_manifests) return check_.value();
    return 0;
  }

 private:
  static constexpr error unknown_hash{errc::unsupported, "verifier",
                                      "this device cannot check that kind of hash"};
  static constexpr error other_content{errc::mismatch, "verifier",
                                       "the content is not what was promised: its hash differs"};

  template <class H>
  static result<void> compare(H& hash, const digest& promised) {
    const auto value = hash.finish();
    if (equal({value.data(), value.size()}, promised.view())) return {};
    return other_content;
  }

  // A hash may hold hardware, which it has to give back.
  void end() {
    if constexpr (!std::is_trivially_destructible_v<strong_hash>)
      if (kind_ == digest_kind::sha256) strong_.~strong_hash();
    kind_ = digest_kind::none;
  }

  using strong_hash = std::conditional_t<checks_manifests, Hash, crc32>;

  digest_kind kind_ = digest_kind::none;
  union {
    char none_;
    git_blob_id<sha1> git_;
    strong_hash strong_;
    crc32 check_;
  };
};

}  // namespace ota
