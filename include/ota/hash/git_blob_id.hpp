#pragma once

#include "../core/fixed_string.hpp"
#include "sha1.hpp"

namespace ota {

/// The id that Git gives to a file's content: SHA-1 over "blob ", the size in decimal digits, NUL
/// and the content. The size must be known before the first byte.
template <class Sha1 = sha1>
class git_blob_id {
 public:
  static constexpr std::size_t digest_size = 20;
  using digest_type = typename Sha1::digest_type;

  explicit git_blob_id(std::size_t size) {
    fixed_string<32> head("blob ");
    head.append_number(size).append('\0');
    hash_.update(as_bytes(head.view()));
  }

  void update(const bytes& data) { hash_.update(data); }
  digest_type finish() { return hash_.finish(); }

 private:
  Sha1 hash_;
};

}  // namespace ota
