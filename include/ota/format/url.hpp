#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../core/fixed_string.hpp"
#include "../core/result.hpp"
#include "../core/text.hpp"

namespace ota {

/// An absolute http or https URL taken apart (RFC 3986). The members view the URL's own text.
struct url_view {
  bool secure = false;         ///< https
  std::uint16_t port = 0;      ///< as given, or 80 or 443
  std::string_view authority;  ///< host and port as written, for a `Host` header
  std::string_view host;       ///< without the brackets of an IPv6 address
  std::string_view target;     ///< path and query, beginning with `/`; without a fragment
};

namespace detail {

constexpr bool is_alphanumeric(char c) {
  return is_digit(c) || (static_cast<char>(c | 0x20) >= 'a' && static_cast<char>(c | 0x20) <= 'z');
}

/// Whether `text` holds ASCII from `lowest` on and what is beyond ASCII, but no control character.
constexpr bool is_printable(std::string_view text, unsigned char lowest) {
  for (char c : text)
    if (static_cast<unsigned char>(c) < lowest || c == 0x7f) return false;
  return true;
}

/// Whether nothing in `text` could end a request line or a header early.
constexpr bool is_url_text(std::string_view text) { return is_printable(text, '!'); }

constexpr bool is_host(std::string_view host, bool in_brackets) {
  for (char c : host)
    if (!is_alphanumeric(c) && c != '.' && c != (in_brackets ? ':' : '-') &&
        (in_brackets || c != '_'))
      return false;
  return !host.empty();
}

constexpr std::string_view text_between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

namespace bad_url {

inline constexpr error forbidden_character{errc::invalid_argument, "url",
                                           "a space or control character in the URL"};
inline constexpr error unknown_scheme{errc::invalid_argument, "url",
                                      "the URL must begin with http:// or https://"};
inline constexpr error no_slash{errc::invalid_argument, "url", "the URL lacks a / after its host"};
inline constexpr error has_user{errc::invalid_argument, "url",
                                "a user name or password in the URL: use `token` instead"};
inline constexpr error no_bracket{errc::invalid_argument, "url",
                                  "the URL lacks the ] of an IPv6 address"};
inline constexpr error bad_host{errc::invalid_argument, "url", "the URL has no valid host"};
inline constexpr error bad_port{errc::invalid_argument, "url", "the URL has no valid port"};

}  // namespace bad_url

/// As `parse_url`, into `parts`.
constexpr result<void> split_url(std::string_view url, url_view& parts) {
  if (!is_url_text(url)) return bad_url::forbidden_character;
  parts.secure = has_form(url, "https://*");
  if (!parts.secure && !has_form(url, "http://*")) return bad_url::unknown_scheme;
  parts.port = parts.secure ? 443 : 80;

  const char* at = url.data() + (parts.secure ? 8 : 7);
  const char* const last = url.data() + url.size();
  const char* const end = find_any(at, last, "/?#");
  parts.authority = text_between(at, end);
  parts.target = text_between(end, find_any(end, last, "#"));
  if (parts.target.empty()) parts.target = "/"sv;
  if (parts.target.front() != '/') return bad_url::no_slash;
  if (find_any(at, end, "@") != end) return bad_url::has_user;

  const bool in_brackets = at != end && *at == '[';
  if (in_brackets) ++at;
  const char* host_end = find_any(at, end, in_brackets ? "]" : ":");
  parts.host = text_between(at, host_end);
  if (in_brackets && host_end++ == end) return bad_url::no_bracket;
  if (!is_host(parts.host, in_brackets)) return bad_url::bad_host;
  const std::string_view rest = text_between(host_end, end);
  if (rest.empty() || has_form(rest, ":")) return {};  // "host:" means the scheme's own port
  std::size_t port = 0;
  if (!has_form(rest, ":#", &port) || port == 0 || port > 65535) return bad_url::bad_port;
  parts.port = static_cast<std::uint16_t>(port);
  return {};
}

}  // namespace detail

/// Takes an absolute URL apart. Refused (`errc::invalid_argument`): schemes other than http and
/// https, user names in the URL, spaces and control characters, a bad host or port.
constexpr result<url_view> parse_url(std::string_view url) {
  url_view parts;
  if (auto done = detail::split_url(url, parts); !done) return done.error();
  return parts;
}

/// Appends a path with everything but RFC 3986's unreserved characters and `/` percent-encoded.
inline void append_escaped(string_buffer& out, std::string_view path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (char c : path) {
    if (detail::is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/') {
      out.append(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append('%').append(digits[byte >> 4]).append(digits[byte & 15]);
  }
}

}  // namespace ota
