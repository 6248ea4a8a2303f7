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
    if (end_ == capacity_ && base_ != 0 && is_absolute()) {
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
  /// are left to the server), whose parts are `from`. After an absolute location has taken its
  /// place there is no such address. False where there is no room.
  bool follow(const url_view& from) {
    char* const place = data_ + base_;
    const char* kept = data_;
    if (base_ != 0 && !is_absolute()) {
      const char* const path = from.authority.data() + from.authority.size();
      if (path == place && *place != '/') {
        // An address without a path is one with the path `/`.
        if (end_ == capacity_) return false;
        std::memmove(place + 1, place, end_++ - base_);
        *place = '/';
      }
      kept = path;
      if (has_form(location(), "//*")) {
        kept = from.authority.data() - 2;
      } else if (*place != '/') {
        kept = find_any(path, place, "?");
        if (*place != '?')
          while (kept[-1] != '/') --kept;
      }
    }
    const std::size_t size = end_ - base_;
    base_ = end_ = static_cast<std::size_t>(kept - data_) + size;
    std::memmove(data_ + base_ - size, place, size);
    return true;
  }

 private:
  // A scheme, and behind it what no other address begins with.
  bool is_absolute() const {
    const char* const place = data_ + base_;
    const char* const stop = find_any(place, data_ + end_, "/?");
    return stop != place && stop[-1] == ':' && has_form(text_between(stop, data_ + end_), "//*");
  }

  char* data_;
  std::size_t capacity_;
  std::size_t base_ = 0;
  std::size_t end_ = 0;
  bool overflowed_ = false;
};

/// How an answer says where its body ends.
enum class body : std::uint8_t { none, length, chunked, until_close };

/// Reads the head of an answer byte by byte (RFC 9112). Lines may be of any length; only the
/// values of known fields are kept.
class head_parser {
  // In the order of `header_names`; and the status line.
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
    rate_reset,
    status,
    name  // whose value is still to come
  };

  header header_ = header::status;
  bool chunked_ = false;
  bool bad_length_ = false;

 public:
  bool keep_alive = true;
  http_response response;

  /// Takes one byte; true when the head is complete.
  result<bool> take(char c, url_buffer& location) {
    // An honest head is a few KB; a never-ending one must end with an error.
    if (++size_ > 65536) return endless_head;
    if (c == '\0') return not_http;
    if (header_ == header::name) {
      if (c != ':') return take_name(c);
      header_ = static_cast<header>(find_word(text_, header_names));
      if (header_ == header::location) location.begin_location();
    } else {
      if (c != '\n') {
        take_value(c, location);
        return false;
      }
      if (!end_value()) return not_http;
      header_ = header::name;
    }
    text_.clear();
    return false;
  }

  /// Begins the body of a final answer to a request for the bytes from `range_from` on. `size` is
  /// its length, where it is told.
  result<body> begin_body(std::size_t range_from, std::size_t& size) {
    if (bad_length_) return bad_length;
    if (response.status == 206 && (!response.has_range || response.range_start != range_from))
      return wrong_range;
    const bool has_length = response.has_length;
    size = 0;
    response.has_length = false;
    if (response.status == 204 || response.status == 304) return body::none;
    // With neither, the connection ends the body. Both at once is how answers are smuggled: believe
    // the chunks, and never reuse.
    if (chunked_ == has_length) keep_alive = false;
    if (chunked_) return body::chunked;
    size = SIZE_MAX;
    if (!has_length) return body::until_close;
    size = response.content_length;
    response.has_length = true;
    return body::length;
  }

 private:
  static constexpr error endless_head{errc::too_long, "http",
                                      "the head of the answer does not end"};
  static constexpr error bad_length{errc::malformed, "http",
                                    "the length of the answer is not one number"};
  static constexpr error wrong_range{errc::mismatch, "http",
                                     "the server sent another range than was asked for"};
  static constexpr error not_http{errc::malformed, "http", "the server does not speak HTTP/1.1"};

  static constexpr const char* header_names =
      "content-length transfer-encoding connection location etag content-range retry-after date "
      "x-ratelimit-remaining x-ratelimit-reset ";

  result<bool> take_name(char c) {
    const bool at_begin = text_.empty();
    if (c == '\n') return at_begin ? finish() : not_http;
    // A folded line: obsolete, and a way to smuggle.
    if (at_begin && (c == ' ' || c == '\t')) return not_http;
    if (at_begin && c == '\r') return false;
    text_.append(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
    return false;
  }

  void take_value(char c, url_buffer& location) {
    if (c == '\r') return;
    if (text_.empty() && header_ != header::status && (c == ' ' || c == '\t')) return;
    if (header_ == header::location) location.add_location(c);
    text_.append(c);
  }

  // False when it is the status line of something else.
  bool end_value() {
    while (!text_.empty() && text_[text_.size() - 1u] == ' ') text_.resize(text_.size() - 1u);
    std::size_t number = 0;
    const bool is_number = is("#", &number);
    const std::uint32_t date = parse_http_date(text_);
    switch (header_) {
      case header::content_length:
        if (!is_number || (response.has_length && response.content_length != number))
          bad_length_ = true;
        response.has_length = true;
        response.content_length = number;
        break;
      case header::transfer_encoding:
        chunked_ = holds("chunked");  // as the last of its words
        if (!chunked_) bad_length_ = true;
        break;
      case header::connection:
        if (holds("close*"))
          keep_alive = false;
        else if (holds("keep-alive*"))
          keep_alive = true;
        break;
      case header::etag:
        if (!text_.overflowed()) etag = text_;
        break;
      case header::content_range:
        read_range();
        break;
      case header::retry_after:
        response.has_retry_after = is_number;
        response.retry_after = to_u32(number);
        retry_date_ = date;
        break;
      case header::date:
        response.date = date;
        break;
      case header::rate_remaining:
        response.has_rate_remaining = is_number;
        response.rate_remaining = to_u32(number);
        break;
      case header::rate_reset:
        response.rate_reset = is_number ? to_u32(number) : 0;
        break;
      case header::status:
        return read_status();
      default:
        break;
    }
    return true;
  }

  static std::uint32_t to_u32(std::size_t number) {
    return number < UINT32_MAX ? static_cast<std::uint32_t>(number) : UINT32_MAX;
  }

  bool is(const char* form, std::size_t* numbers) const { return has_form(text_, form, numbers); }

  // Whether the value, or what is left of it from some place on, has a form.
  bool holds(const char* form) const {
    for (std::size_t at = 0; at < text_.size(); ++at)
      if (has_form({text_.c_str() + at, text_.size() - at}, form)) return true;
    return false;
  }

  // "HTTP/1.1 200 OK"
  bool read_status() {
    std::size_t status = 0;
    if (!is("HTTP/1.? #*", &status) || status < 100) return false;
    response.status = static_cast<std::uint16_t>(status);
    if (text_[7] == '0') keep_alive = false;
    const char next = text_.c_str()[12];  // after three digits
    return next == ' ' || next == '\0';
  }

  // "bytes 100-199/200", the total also "*"
  void read_range() {
    std::size_t numbers[3];
    numbers[2] = 0;
    if (!is("bytes #-#/*", numbers)) return;
    is("bytes #-#/#", numbers);
    response.range_start = numbers[0];
    response.range_total = numbers[2];
    response.has_range = numbers[1] >= numbers[0];
  }

  result<bool> finish() {
    const std::uint32_t date = response.date;
    if (retry_date_ != 0 && date != 0) {
      response.has_retry_after = true;
      response.retry_after = retry_date_ > date ? retry_date_ - date : 0;
    }
    return true;
  }

  std::uint32_t retry_date_ = 0;
  std::uint32_t size_ = 0;
  fixed_string<128> text_;  // of the status line, a name or a value

 public:
  fixed_string<128> etag;
};

}  // namespace ota::detail
