#pragma once

#include <cstring>

#include "../core/fixed_string.hpp"
#include "../core/result.hpp"
#include "../core/text.hpp"
#include "http_date.hpp"
#include "message.hpp"

namespace ota::detail {

/// The address of a request, and behind it the one that a redirect gives, in the same memory.
class url_buffer {
 public:
  url_buffer(char* data, std::size_t capacity) : data_(data), capacity_(capacity) {}

  bool assign(std::string_view url) {
    if (url.size() > capacity_) return false;
    std::memmove(data_, url.data(), url.size());
    base_ = end_ = url.size();
    overflowed_ = false;
    return true;
  }

  std::string_view url() const { return {data_, base_}; }
  std::string_view location() const { return {data_ + base_, end_ - base_}; }
  bool overflowed() const { return overflowed_; }

  void begin_location() {
    end_ = base_;
    overflowed_ = false;
  }

  void add_location(char c) {
    if (end_ == capacity_ && base_ != 0 && starts_with(location(), "http"sv)) {
      // An absolute address does not need the one before it.
      std::memmove(data_, data_ + base_, end_ - base_);
      end_ -= base_;
      base_ = 0;
    }
    if (end_ == capacity_)
      overflowed_ = true;
    else
      data_[end_++] = c;
  }

  /// Makes the location the address, resolved against the address before it (RFC 3986, 5.2; dots
  /// are left to the server).
  void follow() {
    const std::string_view place = location();
    std::size_t kept = 0;
    const std::size_t colon = place.find("://"sv);
    if (colon == std::string_view::npos || colon > place.find_first_of("/?"sv)) {
      const std::size_t scheme = url().find(':') + 1;
      const std::size_t authority = url().find('/', scheme + 2);
      const std::size_t path_end = url().find('?');
      if (starts_with(place, "//"sv))
        kept = scheme;
      else if (place.front() == '/')
        kept = authority;
      else if (place.front() == '?')
        kept = path_end;
      else
        kept = slice(url(), 0, path_end).rfind('/') + 1;
      if (kept > base_) kept = base_;
    }
    std::memmove(data_ + kept, data_ + base_, place.size());
    base_ = end_ = kept + place.size();
  }

 private:
  char* data_;
  std::size_t capacity_;
  std::size_t base_ = 0;
  std::size_t end_ = 0;
  bool overflowed_ = false;
};

/// Reads the head of an answer byte by byte (RFC 9112). Lines may be of any length; only the
/// values of known fields are kept.
class head_parser {
 public:
  http_response response;
  bool chunked = false;
  bool keep_alive = true;
  bool bad_length = false;

  void begin() {
    response = {};
    etag.clear();
    chunked = bad_length = has_retry_date_ = false;
    keep_alive = true;
    place_ = place::status_line;
    name_.clear();
    value_.clear();
    size_ = 0;
  }

  /// Takes one byte; true when the head is complete.
  result<bool> take(char c, url_buffer& location) {
    // An honest head is a few KB; a never-ending one must end with an error.
    if (++size_ > 65536) return endless_head;
    if (c == '\0') return not_http;
    switch (place_) {
      case place::status_line:
        if (c != '\n') {
          value_.append(c);
          return false;
        }
        if (!read_status()) return not_http;
        break;
      case place::line_begin:
        if (c == '\r') return false;
        if (c == '\n') return finish();
        if (c == ' ' || c == '\t')
          return not_http;  // a folded line: obsolete, and a way to smuggle
        place_ = place::name;
        [[fallthrough]];
      case place::name:
        if (c == '\n') return not_http;
        if (c != ':') {
          name_.append(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
          return false;
        }
        begin_value(location);
        return false;
      case place::value:
        if (c != '\n') {
          take_value(c, location);
          return false;
        }
        end_value();
        break;
    }
    place_ = place::line_begin;
    name_.clear();
    value_.clear();
    return false;
  }

 private:
  static constexpr error endless_head{errc::too_long, "http",
                                      "the head of the answer does not end"};
  static constexpr error not_http{errc::malformed, "http", "the server does not speak HTTP/1.1"};

  enum class place : std::uint8_t { status_line, line_begin, name, value };
  enum class header : std::uint8_t {
    other,
    content_length,
    transfer_encoding,
    connection,
    location,
    etag,
    content_range,
    retry_after,
    date,
    rate_remaining,
    rate_reset
  };

  // "HTTP/1.1 200 OK"
  bool read_status() {
    const std::string_view line = value_;
    if (line.size() < 12 || !starts_with(line, "HTTP/1."sv) || line[8] != ' ') return false;
    std::string_view digits = slice(line, 9, 3);
    std::size_t status = 0;
    if (!take_number(digits, status) || !digits.empty() || status < 100) return false;
    if (line.size() > 12 && line[12] != ' ' && line[12] != '\r') return false;
    response.status = static_cast<std::uint16_t>(status);
    keep_alive = line[7] != '0';
    return true;
  }

  void begin_value(url_buffer& location) {
    static constexpr std::string_view names[] = {"content-length",
                                                 "transfer-encoding",
                                                 "connection",
                                                 "location",
                                                 "etag",
                                                 "content-range",
                                                 "retry-after",
                                                 "date",
                                                 "x-ratelimit-remaining",
                                                 "x-ratelimit-reset"};
    place_ = place::value;
    header_ = header::other;
    if (name_.overflowed()) return;
    for (std::size_t i = 0; i < sizeof names / sizeof *names; ++i)
      if (name_.view() == names[i]) header_ = static_cast<header>(i + 1);
    if (header_ == header::location) location.begin_location();
    if (header_ == header::etag) etag.clear();
  }

  void take_value(char c, url_buffer& location) {
    if (c == '\r' || header_ == header::other) return;
    if (header_ == header::location) {
      if (!location.location().empty() || (c != ' ' && c != '\t')) location.add_location(c);
      return;
    }
    if (header_ == header::etag) {
      if (!etag.empty() || c != ' ') etag.append(c);
      return;
    }
    if (value_.empty() && (c == ' ' || c == '\t')) return;
    value_.append(c >= 'A' && c <= 'Z' && header_ != header::date && header_ != header::retry_after
                      ? static_cast<char>(c - 'A' + 'a')
                      : c);
  }

  void end_value() {
    std::string_view text = value_;
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    std::string_view rest = text;
    std::size_t number = 0;
    const bool is_number = take_number(rest, number) && rest.empty();
    switch (header_) {
      case header::content_length:
        bad_length |= !is_number || (response.has_length && response.content_length != number);
        response.has_length = true;
        response.content_length = number;
        break;
      case header::transfer_encoding:
        chunked = text.size() >= 7 && slice(text, text.size() - 7) == "chunked"sv;
        bad_length |= !chunked;
        break;
      case header::connection:
        if (text.find("close"sv) != std::string_view::npos)
          keep_alive = false;
        else if (text.find("keep-alive"sv) != std::string_view::npos)
          keep_alive = true;
        break;
      case header::content_range:
        read_range(text);
        break;
      case header::retry_after:
        response.has_retry_after = is_number;
        response.retry_after = static_cast<std::uint32_t>(number < 86400 ? number : 86400);
        if (!is_number) retry_date_ = parse_http_date(text), has_retry_date_ = retry_date_ != 0;
        break;
      case header::date:
        response.date = parse_http_date(text);
        break;
      case header::rate_remaining:
        response.has_rate_remaining = is_number;
        response.rate_remaining = to_u32(number);
        break;
      case header::rate_reset:
        response.rate_reset = is_number ? to_u32(number) : 0;
        break;
      default:
        break;
    }
  }

  static std::uint32_t to_u32(std::size_t number) {
    return number < UINT32_MAX ? static_cast<std::uint32_t>(number) : UINT32_MAX;
  }

  // "bytes 100-199/200", the total also "*"
  void read_range(std::string_view text) {
    std::size_t last = 0;
    if (!starts_with(text, "bytes "sv)) return;
    text.remove_prefix(6);
    if (!take_number(text, response.range_start) || !starts_with(text, "-"sv)) return;
    text.remove_prefix(1);
    if (!take_number(text, last) || !starts_with(text, "/"sv)) return;
    text.remove_prefix(1);
    take_number(text, response.range_total);
    response.has_range = last >= response.range_start;
  }

  result<bool> finish() {
    if (has_retry_date_ && response.date != 0) {
      const std::size_t wait = retry_date_ > response.date ? retry_date_ - response.date : 0;
      response.has_retry_after = true;
      response.retry_after = static_cast<std::uint32_t>(wait < 86400 ? wait : 86400);
    }
    return true;
  }

  std::size_t retry_date_ = 0;
  std::uint32_t size_ = 0;
  place place_ = place::status_line;
  header header_ = header::other;
  bool has_retry_date_ = false;
  fixed_string<24> name_;
  fixed_string<64> value_;

 public:
  fixed_string<128> etag;
};

}  // namespace ota::detail
