#pragma once

#include <cstddef>
#include <cstring>
#include <new>

#include "../core/bytes.hpp"
#include "../core/hex.hpp"
#include "../core/text.hpp"
#include "../format/url.hpp"
#include "byte_stream.hpp"
#include "head_parser.hpp"
#include "message.hpp"

namespace ota {

/// An HTTP/1.1 client (RFC 9110, RFC 9112) over any byte stream: GET, one request at a time, one
/// connection at a time, kept alive from one request to the next.
///
/// `Buffer` bytes hold what has arrived and was not read yet; `MaxUrl` is the longest address,
/// also of a redirect. Header lines may be of any length.
template <class Stream, std::size_t Buffer = 512, std::size_t MaxUrl = 1536>
class http_client : private check_byte_stream<Stream> {
 public:
  http_client() = default;
  explicit http_client(Stream stream) : stream_(static_cast<Stream&&>(stream)) {}
  /// For a client that has sent nothing yet: an answer, and a connection, stay behind.
  http_client(http_client&& other) noexcept
      : timeouts_(other.timeouts_), stream_(static_cast<Stream&&>(other.stream_)) {}

  Stream& stream() { return stream_; }
  void set_timeouts(const http_timeouts& limits) { timeouts_ = limits; }

  /// Sends a request and reads the head of its answer, following at most five redirects, but none
  /// from https to http. A status of 400 and more is an answer, not an error.
  result<void> open(const http_request& request) {
    for (const header& one : headers)
      if (!detail::is_printable(request.*one.value, ' ')) return bad_header_value;
    const auto answer = follow(request);
    if (!answer) close();
    return answer;
  }

  /// Reads the next bytes of the body; 0 at its end. A body shorter than promised is an error.
  result<std::size_t> read(const mutable_bytes& out) {
    std::size_t size = 0;
    if (out.empty()) return size;
    if (auto done = read_body(out, size); !done) {
      close();
      return done.error();
    }
    return size;
  }

  /// The head of the last answer.
  const http_response& response() const { return head_.response; }

  /// The answer's ETag; empty when there is none, or it is longer than 128 bytes.
  std::string_view etag() const { return head_.etag; }

  /// Where a redirect that was not followed leads.
  std::string_view location() const { return location_; }

  void close() {
    if (connected_) stream_.close();
    connected_ = false;
    begin_ = end_ = 0;
    left_ = 0;
    body_ = detail::body::none;
  }

 private:
  static constexpr error ended_early{errc::connection, "http",
                                     "the answer ended before its promised length"};
  static constexpr error bad_header_value{errc::invalid_argument, "http",
                                          "a header value holds a control character"};
  static constexpr error no_tls{errc::unsupported, "http",
                                "https needs TLS, which this program is built without: build it "
                                "with mbedtls, see docs/tls.md"};
  static constexpr error downgraded{errc::untrusted, "http",
                                    "a redirect leads from https to plain http"};
  static constexpr error host_too_long{errc::too_long, "http", "the host name is too long"};
  static constexpr error endless_interim{errc::malformed, "http",
                                         "the server sends interim answers without end"};
  static constexpr error tiny_pieces{
      errc::too_slow, "http",
      "the server sends the head of its answer, or of a chunk, in tiny pieces"};
  static constexpr error no_answer{errc::connection, "http",
                                   "the server closed the connection without an answer"};
  static constexpr error endless_trailer{errc::too_long, "http",
                                         "the trailer of the answer does not end"};
  static constexpr error bad_chunks{errc::malformed, "http",
                                    "the chunks of the answer are damaged"};
  static constexpr error address_too_long{errc::too_long, "http", "the address is too long"};
  static constexpr error endless_redirects{errc::http_status, "http",
                                           "the server redirects without end"};
  static constexpr error redirect_too_long{errc::too_long, "http",
                                           "the address of a redirect is too long"};
  static constexpr error redirect_nowhere{errc::malformed, "http", "a redirect without an address"};

  // What of a request is sent as it stands. Nothing in it may break out of its line.
  struct header {
    const char* name;
    std::string_view http_request::*value;
  };
  static constexpr header headers[] = {{"\r\nUser-Agent: ", &http_request::user_agent},
                                       {"\r\nAccept: ", &http_request::accept},
                                       {"\r\nAuthorization: token ", &http_request::token},
                                       {"\r\nIf-None-Match: ", &http_request::if_none_match},
                                       {"\r\nIf-Range: ", &http_request::if_range}};

  result<void> follow(const http_request& wanted) {
    http_request request = wanted;
    if (request.user_agent.empty()) request.user_agent = "ota-updater"sv;
    if (request.range_from == 0) request.if_range = {};
    detail::url_buffer url(url_, MaxUrl);
    if (!url.assign(request.url)) return address_too_long;
    for (int redirects = 0;; ++redirects) {
      url_view target;
      if (auto done = detail::split_url(url.url(), target); !done) return done;
      if (redirects != 0) {
        if (secure_ && !target.secure) return downgraded;
        if (!is_same_host(target)) request.token = {};
      }
      const auto answer = exchange(request, target, url);
      location_ = url.location();
      const std::uint16_t status = head_.response.status;
      const bool redirected =
          status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
      if (!answer || !redirected || !request.follow_redirects) return answer;
      if (redirects == 5) return endless_redirects;
      if (location_.empty()) return redirect_nowhere;
      close();
      if (url.overflowed() || !url.follow(target)) return redirect_too_long;
    }
  }

  bool is_same_host(const url_view& url) const {
    return url.secure == secure_ && url.port == port_ && url.host == host_.view();
  }

  // One request and the head of its answer.
  result<void> exchange(const http_request& request, const url_view& target,
                        detail::url_buffer& url) {
    if (target.secure && !Stream::can_secure) return no_tls;
    finish_last_body();
    for (;;) {
      const bool is_new = !connected_ || !is_same_host(target);
      if (is_new)
        if (auto done = connect(target); !done) return done;
      heard_ = is_new;
      const auto answer = send_and_read(request, target, url);
      // A server may have closed an idle connection in the meantime: that is no failure.
      if (answer || heard_ || answer.error().code == errc::timeout) return answer;
      close();
    }
  }

  result<void> connect(const url_view& target) {
    close();
    if (!host_.assign(target.host)) return host_too_long;
    port_ = target.port;
    secure_ = target.secure;
    auto done = stream_.connect(host_, port_, secure_, timeouts_.connect_ms);
    connected_ = done.has_value();
    return done;
  }

  // What is left of the last body would be taken for the next answer. A short rest is cheaper to
  // read than a new connection.
  void finish_last_body() {
    std::uint8_t rest[64];
    for (int pieces = 0; body_ != detail::body::none; ++pieces) {
      if (pieces == 16 || body_ == detail::body::until_close) return close();
      (void)read(rest);  // closes where it fails
    }
  }

  result<void> send_and_read(const http_request& request, const url_view& target,
                             detail::url_buffer& url) {
    if (auto done = send(request, target); !done) return done;
    for (int interim = 0; interim < 8; ++interim) {
      if (auto done = read_head(url); !done) return done;
      if (head_.response.status >= 200) return begin_body(request.range_from);
      if (head_.response.status == 101) break;
    }
    return endless_interim;
  }

  result<void> send(const http_request& request, const url_view& target) {
    begin_ = end_ = 0;
    written_ = {};
    put("GET ", target.target);
    put(" HTTP/1.1\r\nHost: ", target.authority);
    if (request.range_from != 0) {
      fixed_string<21> from;
      put("\r\nRange: bytes=", from.append_number(request.range_from).append('-'));
    }
    for (const header& one : headers) {
      const std::string_view& value = request.*one.value;
      if (!value.empty()) put(one.name, value);
    }
    put("\r\n\r\n", {});
    flush();
    return written_;
  }

  void put(const char* name, const std::string_view& value) {
    const char* end = name;
    while (*end != '\0') ++end;
    put(detail::text_between(name, end));
    put(value);
  }

  // The receive buffer is empty while a request is sent, and gathers it.
  void put(const std::string_view& text) {
    for (char c : text) {
      if (end_ == Buffer) flush();
      buffer_[end_++] = static_cast<std::uint8_t>(c);
    }
  }

  void flush() {
    if (written_) written_ = stream_.write({buffer_, end_}, timeouts_.read_ms);
    end_ = 0;
  }

  result<void> read_head(detail::url_buffer& url) {
    ::new (&head_) detail::head_parser;
    url.begin_location();
    pieces_ = 0;
    for (;;) {
      const auto c = get(no_answer);
      if (!c) return c.error();
      heard_ = true;
      const auto complete = head_.take(static_cast<char>(*c), url);
      if (!complete) return complete.error();
      if (*complete) return {};
    }
  }

  result<void> begin_body(std::size_t range_from) {
    const auto kind = head_.begin_body(range_from, left_);
    if (!kind) return kind.error();
    body_ = *kind;
    digits_ = 0;
    return {};
  }

  result<void> read_body(mutable_bytes out, std::size_t& size) {
    pieces_ = 0;
    if (body_ == detail::body::chunked && left_ == 0)
      if (auto done = begin_chunk(); !done) return done;
    if (left_ == 0) return end_body();
    const std::size_t room = out.size() < left_ ? out.size() : left_;
    // Buffered bytes first; else straight from the stream.
    if (begin_ == end_ && room >= Buffer) {
      const auto direct = stream_.read({out.data(), room}, timeouts_.read_ms);
      if (!direct) return direct.error();
      size = *direct;
    } else {
      if (auto done = fill(); !done) return done;
      size = end_ - begin_;
      if (size > room) size = room;
      std::memcpy(out.data(), buffer_ + begin_, size);
      begin_ += static_cast<std::uint32_t>(size);
    }
    if (body_ != detail::body::until_close) {
      left_ -= size;
      return size != 0 ? result<void>() : ended_early;
    }
    return size != 0 ? result<void>() : end_body();
  }

  result<void> end_body() {
    body_ = detail::body::none;
    if (!head_.keep_alive) close();
    return {};
  }

  // Sees to it that the buffer holds something, unless the other side has closed.
  result<void> fill() {
    if (begin_ != end_) return {};
    const auto size = stream_.read({buffer_, Buffer}, timeouts_.read_ms);
    if (!size) return size.error();
    begin_ = 0;
    end_ = static_cast<std::uint32_t>(*size);
    return {};
  }

  // The next byte, or `at_end`. Each piece may take as long as the time limit, and there are
  // thousands of bytes in a head, in what stands around a chunk, and in a trailer.
  result<std::byte> get(const error& at_end) {
    if (begin_ == end_ && ++pieces_ > 256) return tiny_pieces;
    if (auto done = fill(); !done) return done.error();
    if (begin_ == end_) return at_end;
    return std::byte{buffer_[begin_++]};
  }

  // Reads "\r\n" behind the last chunk, the size line, and behind the last one the trailer.
  result<void> begin_chunk() {
    if (digits_ != 0)
      if (auto line = read_line(2); !line) return line;
    if (auto line = read_line(4096); !line) return line;
    if (digits_ == 0 || digits_ >= 2 * sizeof left_) return bad_chunks;
    if (left_ != 0) return {};
    for (int lines = 0; lines < 64; ++lines) {
      if (auto line = read_line(8192); !line) return line;
      if (line_size_ == 0) {
        body_ = detail::body::none;
        return {};
      }
    }
    return endless_trailer;
  }

  // Reads a line of at most `limit` bytes, and the hexadecimal number that it may begin with.
  result<void> read_line(std::uint32_t limit) {
    line_size_ = digits_ = 0;
    left_ = 0;
    for (std::uint32_t at = 0; at <= limit; ++at) {
      const auto next = get(ended_early);
      if (!next) return next.error();
      const char c = static_cast<char>(*next);
      if (c == '\n') return {};
      if (c == '\r') continue;
      const int digit = hex_digit(c);
      if (digit >= 0 && digits_ == line_size_) {
        left_ = left_ << 4 | static_cast<unsigned>(digit);
        ++digits_;
      }
      ++line_size_;
    }
    return bad_chunks;
  }

  // The small ones first: a Cortex-M0+ reaches bytes that are near the beginning with less code.
  bool connected_ = false;
  bool secure_ = false;
  bool heard_ = false;  // the connection is new, or has answered
  detail::body body_ = detail::body::none;
  std::uint16_t port_ = 0;
  std::uint16_t line_size_ = 0;
  std::uint16_t digits_ = 0;  // of the last chunk's size; 0: the first chunk is to come
  std::uint16_t pieces_ = 0;  // in which the head at hand, or what stands around a chunk, came
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  std::size_t left_ = 0;
  result<void> written_;
  http_timeouts timeouts_;
  std::string_view location_;
  detail::head_parser head_;
  Stream stream_;
  fixed_string<255> host_;
  std::uint8_t buffer_[Buffer];
  char url_[MaxUrl];
};

}  // namespace ota
