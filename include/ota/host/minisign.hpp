#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "../core/text.hpp"
#include "../sign/ed25519.hpp"
#include "base64.hpp"
#include "blake2b.hpp"
#include "signed_documents.hpp"

// The files of minisign (https://jedisct1.github.io/minisign/, "Signature format").

namespace ota::host {

namespace detail {

/// Exactly `Size` bytes in base64.
template <std::size_t Size>
std::array<std::uint8_t, Size> from_base64(std::string_view text) {
  const auto found = host::from_base64(text);
  std::array<std::uint8_t, Size> out{};
  if (!found || found->size() != out.size()) throw std::invalid_argument("not a file of minisign");
  std::copy(found->begin(), found->end(), out.begin());
  return out;
}

inline blake2b::digest_type blake2b_of(std::string_view text) {
  blake2b hash;
  hash.update(as_bytes(text));
  return hash.finish();
}

/// The lines of a file that has so many, with either line end.
inline std::vector<std::string> exact_lines(std::string_view text, std::size_t count) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = slice(text, 0, end);
    text = end == text.npos ? std::string_view() : slice(text, end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(line);
  }
  if (lines.size() != count) throw std::invalid_argument("not a file of minisign");
  return lines;
}

}  // namespace detail

/// A public key of minisign.
class minisign_key {
 public:
  /// \param text  the file, or the line of it that begins with RW
  explicit minisign_key(const std::string& text)
      : bytes_(detail::from_base64<42>(is_line(text) ? detail::exact_lines(text, 1)[0]
                                                     : detail::exact_lines(text, 2)[1])) {
    if (bytes_[0] != 'E' || bytes_[1] != 'd')
      throw std::invalid_argument("a key of minisign of a kind that is not known here");
  }

  /// Whether a text looks like one.
  static bool is_one(std::string_view text) {
    return is_line(text) || starts_with(text, "untrusted comment:"sv);
  }

  bytes id() const { return bytes(bytes_.data() + 2, 8); }
  bytes point() const { return bytes(bytes_.data() + 10, 32); }

 private:
  static bool is_line(std::string_view text) {
    return starts_with(text, "RW"sv) && slice(text, 0, text.find('\n')).size() >= 56;
  }

  std::array<std::uint8_t, 42> bytes_;
};

/// Checks a signature of minisign: of the file, by its content ("Ed") or its BLAKE2b digest ("ED"),
/// and of the trusted comment, which it returns. Throws std::invalid_argument where one does not
/// hold.
inline std::string check_minisign(const minisign_key& key, std::string_view file,
                                  std::string_view signature_file) {
  constexpr std::string_view begins_comment = "trusted comment: ";
  const auto lines = detail::exact_lines(signature_file, 4);
  const auto first = detail::from_base64<74>(lines[1]);
  const auto global = detail::from_base64<64>(lines[3]);
  if (first[0] != 'E' || (first[1] != 'd' && first[1] != 'D') ||
      !starts_with(lines[2], begins_comment))
    throw std::invalid_argument("a signature of minisign of a kind that is not known here");
  if (!equal(bytes(first.data() + 2, 8), key.id()))
    throw std::invalid_argument("the signature was made with another key");

  const bytes signature(first.data() + 10, 64);
  bytes message = as_bytes(file);
  blake2b::digest_type digest;
  if (first[1] == 'D') {
    digest = detail::blake2b_of(file);
    message = {digest.data(), digest.size()};
  }
  if (!ed25519::verify(key.point(), message, signature))
    throw std::invalid_argument("the signature is not that of this file");

  std::string comment = lines[2].substr(begins_comment.size());
  const std::string bound = std::string(as_text(signature)) + comment;
  if (!ed25519::verify(key.point(), as_bytes(bound), {global.data(), global.size()}))
    throw std::invalid_argument("the trusted comment is not the signer's");
  return comment;
}

namespace detail {

/// Two letters of the kind, an id, and a key or a signature, as minisign has them in a line.
inline std::string minisign_line(std::string_view kind, const std::string& key, bytes value) {
  const key_id id = id_of_key(key);
  std::string data(kind);
  data += as_text({id.data(), id.size()});
  data += as_text(value);
  return to_base64(as_bytes(data));
}

}  // namespace detail

/// The public key of a signer with an Ed25519 key, as `minisign -P` takes it. Its id is ours.
inline std::string minisign_key_text(const std::string& key) {
  std::array<std::uint8_t, 32> point{};
  if (!starts_with(key, "ed25519 "sv) || !from_hex(slice(key, 8), {point.data(), point.size()}))
    throw std::invalid_argument("minisign knows only keys of Ed25519");
  return detail::minisign_line("Ed", key, {point.data(), point.size()});
}

/// A signature file of minisign ("ED") with a trusted comment, which is one line.
inline std::string minisign_text(const signer& one, std::string_view file,
                                 const std::string& comment) {
  const auto digest = detail::blake2b_of(file);
  const auto signature = one.sign({digest.data(), digest.size()});
  std::string bound(as_text({signature.data(), signature.size()}));
  bound += comment;
  const auto global = one.sign(as_bytes(bound));
  std::string text = "untrusted comment: signature by the key " + key_id_text(one.key) + '\n';
  text += detail::minisign_line("ED", one.key, {signature.data(), signature.size()});
  text += "\ntrusted comment: " + comment + '\n';
  text += to_base64({global.data(), global.size()});
  return text + '\n';
}

}  // namespace ota::host
