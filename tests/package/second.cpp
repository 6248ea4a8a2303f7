#include <ota/ota.hpp>

std::size_t hexadecimal_digest(std::string_view text, char* out);

std::size_t hexadecimal_digest(std::string_view text, char* out) {
  ota::sha256 hash;
  hash.update(ota::as_bytes(text));
  const ota::sha256::digest_type digest = hash.finish();
  ota::to_hex({digest.data(), digest.size()}, out);
  return 2 * digest.size();
}
