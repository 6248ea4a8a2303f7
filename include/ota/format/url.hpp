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

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alphanumeric(char c) {
  return is_digit(c) || (static_cast<char>(c | 0x20) >= 'a' && static_cast<char>(c | 0x20) <= 'z');
}

/// Whether nothing in `text` could end a request line or a header early.
constexpr bool is_url_text(std::string_view text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
  return true;
}

constexpr bool is_host(std::string_view host, bool in_brackets) {
  for (char c : host)
    if (!is_alphanumeric(c) && c != '.' && c != (in_brackets ? ':' : '-') &&
        (in_brackets || c != '_'))
      return false;
  return !host.empty();
}

constexpr bool parse_port(std::string_view text, std::uint16_t& port) {
  std::uint32_t value = 0;
  for (char c : text) {
    if (!is_digit(c) || value > 65535) return false;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (text.empty()) return true;  // "host:" means the scheme's own port
  port = static_cast<std::uint16_t>(value);
  return value != 0 && value <= 65535;
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

}  // namespace detail

/// Takes an absolute URL apart. Refused (`errc::invalid_argument`): schemes other than http and
/// https, user names in the URL, spaces and control characters, a bad host or port.
inline result<url_view> parse_url(std::string_view url) {
  namespace bad_url = detail::bad_url;
  if (!detail::is_url_text(url)) return bad_url::forbidden_character;
  url_view parts;
  parts.secure = detail::starts_with_any_case(url, "https://"sv);
  if (!parts.secure && !detail::starts_with_any_case(url, "http://"sv))
    return bad_url::unknown_scheme;
  parts.port = parts.secure ? 443 : 80;

  const char* at = url.data() + (parts.secure ? 8 : 7);
  const char* const last = url.data() + url.size();
  const char* end = at;
  while (end != last && *end != '/' && *end != '?' && *end != '#') ++end;
  parts.authority = {at, static_cast<std::size_t>(end - at)};
  const char* target_end = end;
  while (target_end != last && *target_end != '#') ++target_end;
  parts.target = {end, static_cast<std::size_t>(target_end - end)};
  if (parts.target.empty()) parts.target = "/"sv;
  if (parts.target.front() != '/') return bad_url::no_slash;

  const bool in_brackets = at != end && *at == '[';
  const char close = in_brackets ? ']' : ':';
  at += in_brackets ? 1 : 0;
  const char* host_end = at;
  for (; host_end != end && *host_end != close; ++host_end)
    if (*host_end == '@') return bad_url::has_user;
  parts.host = {at, static_cast<std::size_t>(host_end - at)};
  if (in_brackets && host_end++ == end) return bad_url::no_bracket;
  if (!detail::is_host(parts.host, in_brackets)) return bad_url::bad_host;
  if (host_end == end) return parts;
  const std::string_view port(host_end + 1, static_cast<std::size_t>(end - host_end - 1));
  if (port.find('@') != port.npos) return bad_url::has_user;
  if (*host_end != ':' || !detail::parse_port(port, parts.port)) return bad_url::bad_port;
  return parts;
}

/// Appends a path with everything but RFC 3986's unreserved characters and `/` percent-encoded.
inline void append_escaped(string_buffer& out, std::string_view path) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (char c : path) {
    if (detail::is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/') {
      out.append(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    const char escaped[] = {'%', digits[byte >> 4], digits[byte & 15]};
    out.append({escaped, sizeof escaped});
  }
}

}  // namespace ota
