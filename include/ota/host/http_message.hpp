#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "../core/hex.hpp"

namespace ota::host {

/// ASCII letters in lower case.
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return lower;
}

/// A request as it arrived.
struct server_request {
  std::string method;
  std::string path;   ///< decoded, without the query
  std::string query;  ///< behind `?`, as it was sent
  std::string version;
  std::map<std::string, std::string> headers;  ///< names in lower case

  /// A header's value by its name in lower case; empty when it is not there.
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }

  /// A decoded value of the query; nothing when it has no such name.
  std::optional<std::string> parameter(const std::string& name) const;
};

/// Takes pieces of a body; false: nobody wants more.
using body_sink = std::function<bool(std::string_view)>;

/// Part of a body: from `first` on, `size` bytes.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t size = 0;  ///< 0: there is nothing of what was asked for
};

/// An answer; the server adds length, range, ETag checks and faults. Its body is `text`, or what
/// `read_part` gives of `length` bytes, or what `produce` gives, whose length nobody knows before.
/// Either may throw a std::exception, which ends the connection.
struct server_response {
  int status = 200;
  std::map<std::string, std::string> headers;
  std::string text;
  bool ranges = false;  ///< the body may be asked for in part
  std::uint64_t length = 0;
  std::function<void(byte_range, const body_sink&)> read_part;
  std::function<void(const body_sink&)> produce;

  std::uint64_t size() const { return read_part ? length : text.size(); }
};

/// What stands for `%XX`; a `%` without two digits stays.
inline std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool may_be = text[i] == '%' && i + 2 < text.size();
    const int high = may_be ? hex_digit(text[i + 1]) : -1;
    const int low = may_be ? hex_digit(text[i + 2]) : -1;
    const bool escaped = high >= 0 && low >= 0;
    decoded += escaped ? static_cast<char>(high * 16 + low) : text[i];
    if (escaped) i += 2;
  }
  return decoded;
}

/// A path for a URL: all but `/` and RFC 3986's unreserved characters as `%XX`.
inline std::string percent_encode(std::string_view path) {
  std::string encoded;
  for (char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) != 0 || std::string_view("/-._~").find(c) != path.npos))
      encoded += c;
    else
      encoded += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
  }
  return encoded;
}

inline std::optional<std::string> server_request::parameter(const std::string& name) const {
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string one = query.substr(at, end - at);
    const std::size_t equals = std::min(one.find('='), one.size());
    if (one.substr(0, equals) == name)
      return percent_decode(one.substr(std::min(equals + 1, one.size())));
    at = end + 1;
  }
  return std::nullopt;
}

/// Takes a target's scheme and authority off, as a request through a proxy has them; what follows
/// begins with `/` or `?` or is empty (RFC 9112, 3.2.2). The authority, or "" where there is none.
inline std::string_view take_authority(std::string_view& target) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (lower_case(target.substr(0, scheme.size())) != scheme) continue;
    const std::size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
    const std::string_view authority = target.substr(scheme.size(), end - scheme.size());
    if (!authority.empty()) target.remove_prefix(end);
    return authority;
  }
  return {};
}

/// Reads a request's head, all lines up to the empty one (RFC 9112); false when it is none.
inline bool parse_request(std::string_view head, server_request& request) {
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  const std::size_t first = line.find(' '), second = line.rfind(' ');
  if (line_end == head.npos || first == line.npos || first == second) return false;
  request.method = line.substr(0, first);
  request.version = line.substr(second + 1);
  std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view authority = take_authority(target);
  const std::size_t question = std::min(target.find('?'), target.size());
  const bool is_root = !authority.empty() && question == 0;
  if ((!is_root && target.substr(0, 1) != "/") || request.version.compare(0, 7, "HTTP/1.") != 0)
    return false;
  request.path = is_root ? "/" : percent_decode(target.substr(0, question));
  request.query = target.substr(std::min(question + 1, target.size()));
  for (std::size_t at = line_end + 2; at < head.size();) {
    const std::size_t end = std::min(head.find("\r\n", at), head.size());
    const std::size_t colon = head.find(':', at);
    if (colon == head.npos || colon > end) return false;
    const std::string name = lower_case(head.substr(at, colon - at));
    std::string_view value = head.substr(colon + 1, end - colon - 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    request.headers[name] = value;
    at = end + 2;
  }
  if (!authority.empty()) request.headers["host"] = authority;
  return true;
}

/// The phrase beside a status.
inline const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 206:
      return "Partial Content";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 416:
      return "Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

/// What a `Range` header asks for of `total` bytes (RFC 9110, 14.1.2); nothing when it is no single
/// range of bytes, and then the header counts for nothing.
inline std::optional<byte_range> parse_range(const std::string& header, std::uint64_t total) {
  const std::size_t dash = header.find('-');
  if (header.compare(0, 6, "bytes=") != 0 || dash == header.npos) return std::nullopt;
  const std::string from = header.substr(6, dash - 6), to = header.substr(dash + 1);
  if ((from + to).find_first_not_of("0123456789") != header.npos || (from + to).empty())
    return std::nullopt;
  const std::uint64_t last = std::strtoull(to.c_str(), nullptr, 10);  // the largest, if too large
  if (from.empty()) {
    const std::uint64_t size = std::min(last, total);
    return byte_range{total - size, size};
  }
  const std::uint64_t first = std::strtoull(from.c_str(), nullptr, 10);
  if (!to.empty() && last < first) return std::nullopt;
  if (first >= total) return byte_range{};
  return byte_range{first,
                    to.empty() ? total - first : std::min(last - first, total - first - 1) + 1};
}

/// Whether an ETag is among those of an `If-None-Match` header (RFC 9110, 13.1.2).
inline bool matches_any_etag(std::string_view header, std::string_view etag) {
  const auto strong = [](std::string_view tag) {
    return tag.substr(0, 2) == "W/" ? tag.substr(2) : tag;
  };
  if (header == "*") return true;
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    std::string_view one = header.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (!etag.empty() && strong(one) == strong(etag)) return true;
    header.remove_prefix(std::min(comma + 1, header.size()));
  }
  return false;
}

}  // namespace ota::host
