#pragma once

#include <cstring>

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

  Stream& stream() { return stream_; }
  void set_timeouts(const http_timeouts& limits) { timeouts_ = limits; }

  /// Sends a request and reads the head of its answer, following at most five redirects. A status
  /// of 400 and more is an answer, not an error.
  result<void> open(const http_request& request) {
    if (auto fine = check(request); !fine) return fine;
    detail::url_buffer url(url_, MaxUrl);
    if (!url.assign(request.url)) return fail(address_too_long);
    bool with_token = !request.token.empty();
    for (int redirects = 0;; ++redirects) {
      const auto target = parse_url(url.url());
      if (!target) return fail(target.error());
      if (redirects != 0) with_token &= is_same_host(*target);
      const auto answer = exchange(request, *target, url, with_token);
      location_ = url.location();
      if (!answer) return fail(answer.error());
      const std::uint16_t status = head_.response.status;
      const bool redirected =
          status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
      if (!redirected || !request.follow_redirects) return answer;
      if (redirects == 5) return fail(endless_redirects);
      if (url.overflowed()) return fail(redirect_too_long);
      if (location_.empty()) return fail(redirect_nowhere);
      close();
      url.follow();
    }
  }

  /// Reads the next bytes of the body; 0 at its end. A body shorter than promised is an error.
  result<std::size_t> read(mutable_bytes out) {
    if (out.empty()) return std::size_t{0};
    if (body_ == body::chunked && left_ == 0) {
      if (auto done = begin_chunk(); !done) return fail(done.error());
      if (left_ == 0) return end_body();
    }
    if (body_ == body::none || (body_ == body::length && left_ == 0)) return end_body();
    const bool endless = body_ == body::until_close;
    if (!endless && left_ < out.size()) out = out.first(left_);
    auto size = take(out);
    if (!size) return fail(size.error());
    if (*size == 0) {
      if (endless) return end_body();
      return fail(ended_early);
    }
    if (!endless) left_ -= *size;
    return size;
  }

  /// The head of the last answer.
  const http_response& response() const { return head_.response; }

  /// The answer's ETag; empty when there is none, or it is longer than 128 bytes.
  std::string_view etag() const {
    return head_.etag.overflowed() ? std::string_view{} : head_.etag.view();
  }

  /// Where a redirect that was not followed leads.
  std::string_view location() const { return location_; }

  void close() {
    if (connected_) stream_.close();
    connected_ = false;
    begin_ = end_ = 0;
    body_ = body::none;
  }

 private:
  static constexpr error ended_early{errc::connection, "http",
                                     "the answer ended before its promised length"};
  static constexpr error bad_header_value{errc::invalid_argument, "http",
                                          "a header value holds a control character"};
  static constexpr error no_tls{
      errc::unsupported, "http",
      "https needs a TLS stream policy, which this program does not have"};
  static constexpr error host_too_long{errc::too_long, "http", "the host name is too long"};
  static constexpr error endless_interim{errc::malformed, "http",
                                         "the server sends interim answers without end"};
  static constexpr error no_answer{errc::connection, "http",
                                   "the server closed the connection without an answer"};
  static constexpr error bad_length{errc::malformed, "http",
                                    "the length of the answer is not one number"};
  static constexpr error wrong_range{errc::mismatch, "http",
                                     "the server sent another range than was asked for"};
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

  enum class body : std::uint8_t { none, length, chunked, until_close };

  const error& fail(const error& failure) {
    close();
    return failure;
  }

  // Nothing of the caller's may break out of its header line.
  static result<void> check(const http_request& request) {
    for (std::string_view text : {request.accept, request.user_agent, request.token,
                                  request.if_none_match, request.if_range})
      for (char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad_header_value;
    return {};
  }

  bool is_same_host(const url_view& url) const {
    return url.secure == secure_ && url.port == port_ && url.host == host_.view();
  }

  // One request and the head of its answer.
  result<void> exchange(const http_request& request, const url_view& target,
                        detail::url_buffer& url, bool with_token) {
    if (target.secure && !Stream::can_secure) return no_tls;
    finish_last_body();
    for (;;) {
      const bool reused = connected_ && is_same_host(target);
      if (!reused)
        if (auto done = connect(target); !done) return done;
      const auto answer = send_and_read(request, target, with_token, url);
      // A server may have closed an idle connection in the meantime: that is no failure.
      const bool was_stale = reused && !answer && !heard_;
      if (!was_stale || answer.error().code == errc::timeout) return answer;
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
    for (int pieces = 0; connected_ && body_ != body::none; ++pieces) {
      if (pieces == 16 || body_ == body::until_close) return close();
      if (!read(rest)) return;
    }
  }

  result<void> send_and_read(const http_request& request, const url_view& target, bool with_token,
                             detail::url_buffer& url) {
    heard_ = false;
    if (auto done = send(request, target, with_token); !done) return done;
    for (int interim = 0; interim < 8; ++interim) {
      if (auto done = read_head(url); !done) return done;
      if (head_.response.status >= 200) return begin_body(request);
      if (head_.response.status == 101) break;
    }
    return endless_interim;
  }

  result<void> send(const http_request& request, const url_view& target, bool with_token) {
    begin_ = end_ = 0;
    written_ = {};
    put("GET "sv);
    put(target.target);
    put(" HTTP/1.1"sv);
    put_header("Host: "sv, target.authority);
    put_header("User-Agent: "sv, request.user_agent.empty() ? "ota-updater"sv : request.user_agent);
    put_header("Accept: "sv, request.accept);
    if (with_token) put_header("Authorization: token "sv, request.token);
    put_header("If-None-Match: "sv, request.if_none_match);
    if (request.range_from != 0) {
      fixed_string<32> range("bytes="sv);
      range.append_number(request.range_from).append('-');
      put_header("Range: "sv, range);
      put_header("If-Range: "sv, request.if_range);
    }
    put("\r\n\r\n"sv);
    flush();
    return written_;
  }

  void put_header(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    put("\r\n"sv);
    put(name);
    put(value);
  }

  // The receive buffer is empty while a request is sent, and gathers it.
  void put(std::string_view text) {
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
    head_.begin();
    url.begin_location();
    for (;;) {
      if (begin_ == end_)
        if (auto done = fill(); !done) return done;
      if (begin_ == end_) return no_answer;
      heard_ = true;
      const auto complete = head_.take(static_cast<char>(buffer_[begin_++]), url);
      if (!complete) return complete.error();
      if (*complete) return {};
    }
  }

  result<void> begin_body(const http_request& request) {
    http_response& answer = head_.response;
    const std::uint16_t status = answer.status;
    if (head_.bad_length) return bad_length;
    left_ = 0;
    if (status == 204 || status == 304) {
      body_ = body::none;
      answer.has_length = false;
    } else if (head_.chunked) {
      body_ = body::chunked;
      // Both at once is how answers are smuggled: believe the chunks, and never reuse.
      if (answer.has_length) head_.keep_alive = false;
      answer.has_length = false;
      first_chunk_ = true;
    } else if (answer.has_length) {
      body_ = body::length;
      left_ = answer.content_length;
    } else {
      body_ = body::until_close;
      head_.keep_alive = false;
    }
    if (status == 206 && (!answer.has_range || answer.range_start != request.range_from))
      return wrong_range;
    return {};
  }

  result<std::size_t> end_body() {
    if (body_ != body::none || !head_.keep_alive) {
      body_ = body::none;
      if (!head_.keep_alive) close();
    }
    return std::size_t{0};
  }

  result<void> fill() {
    const auto size = stream_.read({buffer_, Buffer}, timeouts_.read_ms);
    if (!size) return size.error();
    begin_ = 0;
    end_ = *size;
    return {};
  }

  // Buffered bytes first; else straight from the stream.
  result<std::size_t> take(mutable_bytes out) {
    if (begin_ == end_) {
      if (out.size() >= Buffer) return stream_.read(out, timeouts_.read_ms);
      if (auto done = fill(); !done) return done.error();
    }
    const std::size_t size = end_ - begin_ < out.size() ? end_ - begin_ : out.size();
    std::memcpy(out.data(), buffer_ + begin_, size);
    begin_ += size;
    return size;
  }

  // Reads "\r\n" behind the last chunk, the size line, and behind the last chunk the trailer.
  result<void> begin_chunk() {
    std::size_t size = 0;
    if (!first_chunk_)
      if (auto line = chunk_line(nullptr, 2); !line) return line;
    first_chunk_ = false;
    if (auto line = chunk_line(&size, 4096); !line) return line;
    left_ = size;
    if (size != 0) return {};
    for (std::uint32_t lines = 0; lines < 64; ++lines) {
      if (auto line = chunk_line(nullptr, 8192); !line) return line;
      if (line_size_ == 0) {
        body_ = body::none;
        return {};
      }
    }
    return endless_trailer;
  }

  // One line of at most `limit` bytes, read for a hexadecimal size where one is wanted.
  result<void> chunk_line(std::size_t* size, std::uint32_t limit) {
    bool digits = true;
    int count = 0;
    line_size_ = 0;
    for (std::uint32_t at = 0; at <= limit; ++at) {
      std::uint8_t byte = 0;
      const auto got = take({&byte, 1});
      if (!got) return got.error();
      if (*got == 0) return ended_early;
      if (byte == '\n') {
        if (size != nullptr && count == 0) break;
        return {};
      }
      if (byte == '\r') continue;
      ++line_size_;
      if (size == nullptr) continue;
      const int digit = digits ? hex_digit(static_cast<char>(byte)) : -1;
      digits &= digit >= 0;
      if (digit >= 0) {
        if (++count >= static_cast<int>(2 * sizeof left_)) break;
        *size = *size << 4 | static_cast<unsigned>(digit);
      } else if (count == 0) {
        break;
      }
    }
    return bad_chunks;
  }

  result<void> written_;
  std::string_view location_;
  std::size_t left_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint32_t line_size_ = 0;
  std::uint16_t port_ = 0;
  bool secure_ = false;
  bool connected_ = false;
  bool heard_ = false;
  bool first_chunk_ = false;
  body body_ = body::none;
  http_timeouts timeouts_;
  detail::head_parser head_;
  Stream stream_;
  fixed_string<255> host_;
  std::uint8_t buffer_[Buffer];
  char url_[MaxUrl];
};

}  // namespace ota
