#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "body_writer.hpp"

namespace ota::host {

/// An HTTP/1.1 server for tests and development: a thread a connection, at most 128 of them. It
/// serves from its construction to its destruction. `handle` is called by several threads at once.
class http_server {
 public:
  using handler = std::function<server_response(const server_request&)>;
  /// Told of each answer: the request, its status and the bytes of body that went out.
  using observer = std::function<void(const server_request&, int, std::uint64_t)>;

  /// Listens on a numeric IPv4 or IPv6 address; port 0: any free one. Throws std::runtime_error.
  http_server(const std::string& address, std::uint16_t port, handler handle, fault_plan& faults,
              observer observe = {})
      : handle_(std::move(handle)), observe_(std::move(observe)), faults_(faults) {
    listen_on(address, port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~http_server() {
    stop_.set();
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    std::unique_lock<std::mutex> lock(mutex_);
    for (int connection : connections_) shutdown(connection, SHUT_RDWR);
    changed_.wait(lock, [this] { return connections_.empty(); });
  }
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  static constexpr std::size_t max_connections = 128;
  static constexpr std::size_t max_head = 65536;

  void listen_on(const std::string& address, std::uint16_t port) {
    const bool is_ipv6 = address.find(':') != std::string::npos;
    sockaddr_in6 six{};
    sockaddr_in four{};
    six.sin6_family = AF_INET6;
    four.sin_family = AF_INET;
    six.sin6_port = four.sin_port = htons(port);
    const bool known = is_ipv6 ? inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1
                               : inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1;
    if (!known) throw std::runtime_error("not a numeric address: " + address);
    listener_ = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto* const where =
        is_ipv6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
    socklen_t size = is_ipv6 ? sizeof six : sizeof four;
    if (bind(listener_, where, size) != 0 || listen(listener_, 64) != 0) {
      const std::string reason = std::strerror(errno);
      ::close(listener_);
      throw std::runtime_error("cannot listen on " + address + " port " + std::to_string(port) +
                               ": " + reason);
    }
    getsockname(listener_, where, &size);
    port_ = ntohs(is_ipv6 ? six.sin6_port : four.sin_port);
  }

  void accept_all() {
    for (;;) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) {
        // Out of file handles, say; or the end.
        if (!stop_.wait(std::chrono::milliseconds(errno == ECONNABORTED ? 0 : 20))) return;
        continue;
      }
      const int on = 1;
      setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const timeval idle{60, 0};
      setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
      add(connection);
    }
  }

  void add(int connection) {
    while (true) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (connections_.size() < max_connections) {
          connections_.insert(connection);
          break;
        }
      }
      if (!stop_.wait(std::chrono::milliseconds(10))) {
        ::close(connection);
        return;
      }
    }
    try {
      std::thread([this, connection] {
        serve(connection);
        remove(connection);
      }).detach();
    } catch (const std::system_error&) {
      remove(connection);
    }
  }

  void remove(int connection) {
    // Notified under the lock: the destructor may end everything as soon as it can have it.
    const std::lock_guard<std::mutex> lock(mutex_);
    connections_.erase(connection);
    ::close(connection);
    changed_.notify_all();
  }

  // Requests one after another, until one side has had enough.
  void serve(int connection) {
    try {
      std::string input;
      for (std::size_t end; read_head(connection, input, end);) {
        server_request request;
        if (!parse_request(std::string_view(input).substr(0, end + 2), request)) {
          refuse(connection, 400);
          return;
        }
        input.erase(0, end + 4);
        if (!answer(connection, request)) return;
      }
      if (input.size() > max_head) refuse(connection, 431);
    } catch (const std::exception&) {
      // Out of memory: this connection ends, the server goes on.
    }
  }

  static bool read_head(int connection, std::string& input, std::size_t& end) {
    while ((end = input.find("\r\n\r\n")) == std::string::npos) {
      if (input.size() > max_head) return false;
      char piece[8192];
      const ssize_t size = recv(connection, piece, sizeof piece, 0);
      if (size <= 0) return false;
      input.append(piece, static_cast<std::size_t>(size));
    }
    return true;
  }

  void refuse(int connection, int status) {
    server_response response;
    response.status = status;
    send_response(connection, {}, response, byte_range{}, false);
  }

  // Whether the connection can go on.
  bool answer(int connection, const server_request& request) {
    if (faults_.delay_ms != 0 && !stop_.wait(std::chrono::milliseconds(faults_.delay_ms)))
      return false;
    const std::string wish = request.header("connection");
    bool goes_on = request.version == "HTTP/1.1" ? wish != "close" : wish == "keep-alive";
    server_response response;
    if (request.method != "GET" && request.method != "HEAD") {
      // Its body is not read, hence the end of the connection.
      response.status = 405;
      response.headers["Allow"] = "GET, HEAD";
      goes_on = false;
    } else if (faults_.happens(faults_.status_part)) {
      response.status = faults_.status;
    } else {
      try {
        response = handle_(request);
      } catch (const std::exception& failure) {
        response.status = 500;
        response.text = failure.what();
      }
    }
    const byte_range part = apply_conditions(request, response);
    return send_response(connection, request, response, part, goes_on) && goes_on;
  }

  // Answers with 304, 206 or 416 where the request asks for it; the part of the body to be sent.
  byte_range apply_conditions(const server_request& request, server_response& response) {
    const byte_range all{0, response.size()};
    if (response.status != 200) return all;
    const auto found = response.headers.find("ETag");
    const std::string etag = found == response.headers.end() ? "" : found->second;
    if (matches_any_etag(request.header("if-none-match"), etag)) {
      response.status = 304;
      return {};
    }
    const std::string condition = request.header("if-range");
    const bool is_weak = condition.compare(0, 2, "W/") == 0;
    if (!response.ranges || faults_.norange || request.method != "GET") return all;
    if (!condition.empty() && (is_weak || condition != etag)) return all;
    const auto part = parse_range(request.header("range"), all.size);
    if (!part) return all;
    const std::string total = "/" + std::to_string(all.size);
    response.status = part->size == 0 ? 416 : 206;
    response.headers["Content-Range"] =
        part->size == 0 ? "bytes *" + total
                        : "bytes " + std::to_string(part->first) + "-" +
                              std::to_string(part->first + part->size - 1) + total;
    return *part;
  }

  bool send_response(int connection, const server_request& request, const server_response& response,
                     byte_range part, bool goes_on) {
    const bool has_body = response.status != 304 && response.status != 204;
    const bool sends_body = has_body && request.method != "HEAD";
    // To a client of 1.0 a body of unknown length ends with the connection.
    const bool is_old = request.version == "HTTP/1.0";
    const bool no_length = response.produce && response.status == 200;
    const bool chunked = (no_length || faults_.chunked) && has_body && !is_old;
    std::string head =
        "HTTP/1.1 " + std::to_string(response.status) + " " + reason_of(response.status) + "\r\n";
    for (const auto& [name, value] : response.headers)
      head.append(name).append(": ").append(value).append("\r\n");
    if (chunked) head += "Transfer-Encoding: chunked\r\n";
    if (has_body && !chunked && !no_length)
      head += "Content-Length: " + std::to_string(part.size) + "\r\n";
    const bool ends = !goes_on || (no_length && is_old);
    if (ends)
      head += "Connection: close\r\n";
    else if (is_old)
      head += "Connection: keep-alive\r\n";
    body_writer writer(connection, faults_, stop_,
                       !sends_body ? 0
                       : no_length ? body_writer::unknown_size
                                   : part.size);
    writer.begin(head + "\r\n", chunked && sends_body);
    if (sends_body) send_body(writer, response, part, no_length);
    const bool whole = writer.end();
    if (observe_) observe_(request, response.status, writer.written());
    return whole && !ends;
  }

  static void send_body(body_writer& writer, const server_response& response, byte_range part,
                        bool no_length) {
    const auto sink = [&writer](std::string_view piece) { return writer.write(piece); };
    try {
      if (no_length)
        response.produce(sink);
      else if (response.read_part)
        response.read_part(part, sink);
      else
        sink(
            std::string_view(response.text)
                .substr(static_cast<std::size_t>(part.first), static_cast<std::size_t>(part.size)));
    } catch (const std::exception&) {
      // The answer stays short, and the connection ends.
      writer.abort();
    }
  }

  handler handle_;
  observer observe_;
  fault_plan& faults_;
  stop_signal stop_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<int> connections_;
};

}  // namespace ota::host
