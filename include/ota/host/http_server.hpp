#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include "fault_plan.hpp"

namespace ota::host {

/// A request as it arrived; header names are in lower case.
struct server_request {
  std::string method;
  std::string path;   ///< decoded, without the query
  std::string query;  ///< behind `?`, as it was sent
  std::map<std::string, std::string> headers;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// An answer; the server adds length, range, ETag checks and faults.
struct server_response {
  int status = 200;
  std::map<std::string, std::string> headers;
  std::string body;
  bool ranges = false;  ///< the body may be asked for in part
};

/// An HTTP/1.1 server for tests and development: a thread a connection, on loopback unless told
/// otherwise. `handle` is called from several threads at once.
class http_server {
 public:
  using handler = std::function<server_response(const server_request&)>;

  http_server(const std::string& address, std::uint16_t port, handler handle, fault_plan& faults)
      : handle_(std::move(handle)), faults_(faults) {
    const bool is_ipv6 = address.find(':') != std::string::npos;
    listener_ = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in6 six{};
    sockaddr_in four{};
    sockaddr* const where =
        is_ipv6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
    socklen_t size = is_ipv6 ? sizeof six : sizeof four;
    six.sin6_family = AF_INET6;
    four.sin_family = AF_INET;
    six.sin6_port = four.sin_port = htons(port);
    const bool known = is_ipv6 ? inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1
                               : inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1;
    if (!known) throw std::runtime_error("not an address: " + address);
    if (bind(listener_, where, size) != 0 || listen(listener_, 64) != 0)
      throw std::runtime_error("cannot listen on " + address + " port " + std::to_string(port));
    getsockname(listener_, where, &size);
    port_ = ntohs(is_ipv6 ? six.sin6_port : four.sin_port);
  }

  ~http_server() { ::close(listener_); }
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  std::uint16_t port() const { return port_; }

  /// Serves until `stop` is set.
  void run(const std::atomic<bool>& stop) {
    while (!stop) {
      pollfd one{listener_, POLLIN, 0};
      if (poll(&one, 1, 100) <= 0) continue;
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      const int on = 1;
      setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      std::thread([this, connection] {
        serve(connection);
        ::close(connection);
      }).detach();
    }
  }

 private:
  static std::string decode(const std::string& text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%' && i + 2 < text.size()) {
        decoded += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        decoded += text[i];
      }
    }
    return decoded;
  }

  static bool parse(const std::string& head, server_request& request) {
    const std::size_t line_end = head.find("\r\n");
    const std::size_t first = head.find(' '), second = head.find(' ', first + 1);
    if (second == std::string::npos || second > line_end) return false;
    request.method = head.substr(0, first);
    const std::string target = head.substr(first + 1, second - first - 1);
    const std::size_t question = target.find('?');
    request.path = decode(target.substr(0, question));
    if (question != std::string::npos) request.query = target.substr(question + 1);
    for (std::size_t at = line_end + 2; at < head.size();) {
      const std::size_t end = head.find("\r\n", at), colon = head.find(':', at);
      if (colon == std::string::npos || colon > end) return false;
      std::string name = head.substr(at, colon - at);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      const std::size_t value = head.find_first_not_of(' ', colon + 1);
      request.headers[name] = head.substr(value, end - value);
      at = end + 2;
    }
    return true;
  }

  void serve(int connection) {
    std::string input;
    for (;;) {
      std::size_t end;
      while ((end = input.find("\r\n\r\n")) == std::string::npos) {
        char piece[8192];
        const ssize_t size = recv(connection, piece, sizeof piece, 0);
        if (size <= 0 || input.size() > 65536) return;
        input.append(piece, static_cast<std::size_t>(size));
      }
      server_request request;
      if (!parse(input.substr(0, end + 2), request)) return;
      input.erase(0, end + 4);
      if (!answer(connection, request)) return;
      if (request.header("connection") == "close") return;
    }
  }

  bool answer(int connection, const server_request& request) {
    if (faults_.delay_ms != 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(faults_.delay_ms));
    server_response response;
    if (faults_.happens(faults_.status_part))
      response.status = faults_.status;
    else
      response = handle_(request);
    apply_conditions(request, response);
    return send_response(connection, request, response);
  }

  void apply_conditions(const server_request& request, server_response& response) {
    const auto etag = response.headers.find("ETag");
    if (response.status != 200) return;
    if (etag != response.headers.end() && request.header("if-none-match") == etag->second) {
      response.status = 304;
      response.body.clear();
      return;
    }
    const std::string range = request.header("range"), condition = request.header("if-range");
    if (!response.ranges || faults_.norange || range.compare(0, 6, "bytes=") != 0) return;
    if (!condition.empty() && (etag == response.headers.end() || condition != etag->second)) return;
    const std::size_t total = response.body.size();
    const std::size_t dash = range.find('-');
    std::size_t first = 0, last = total;
    try {
      if (dash == 6) {
        const std::size_t count = std::stoull(range.substr(7));
        first = count < total ? total - count : 0;
      } else {
        first = std::stoull(range.substr(6, dash - 6));
        if (dash + 1 < range.size())
          last = std::min<std::size_t>(total, std::stoull(range.substr(dash + 1)) + 1);
      }
    } catch (const std::exception&) {
      return;
    }
    if (first >= total || first >= last) {
      response.status = 416;
      response.headers["Content-Range"] = "bytes */" + std::to_string(total);
      response.body.clear();
      return;
    }
    response.status = 206;
    response.headers["Content-Range"] = "bytes " + std::to_string(first) + "-" +
                                        std::to_string(last - 1) + "/" + std::to_string(total);
    response.body = response.body.substr(first, last - first);
  }

  bool send_response(int connection, const server_request& request, server_response& response) {
    const bool has_body = response.status != 304 && response.status != 204;
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + " -\r\n";
    for (const auto& [name, value] : response.headers)
      head.append(name).append(": ").append(value).append("\r\n");
    if (has_body)
      head += faults_.chunked ? "Transfer-Encoding: chunked\r\n"
                              : "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    head += "\r\n";
    if (!has_body || request.method == "HEAD") return send_all(connection, head);
    std::string& body = response.body;
    if (!body.empty() && faults_.happens(faults_.corrupt)) body[faults_.below(body.size())] ^= 1;
    const bool drops = !body.empty() && faults_.happens(faults_.drop);
    if (drops) body.resize(faults_.below(body.size()));
    const bool sent = faults_.chunked ? send_chunks(connection, head, body, drops)
                                      : send_all(connection, head + body);
    return sent && !drops;
  }

  bool send_chunks(int connection, const std::string& head, const std::string& body, bool drops) {
    std::string text = head;
    for (std::size_t at = 0; at < body.size(); at += 1000) {
      const std::size_t size = std::min<std::size_t>(1000, body.size() - at);
      char line[32];
      std::snprintf(line, sizeof line, "%zx;ext=1\r\n", size);
      text += line + body.substr(at, size) + "\r\n";
    }
    if (!drops) text += "0\r\nX-Trailer: yes\r\n\r\n";
    return send_all(connection, text);
  }

  bool send_all(int connection, const std::string& text) {
    std::size_t at = 0;
    while (at < text.size()) {
      std::size_t size = text.size() - at;
      if (faults_.slow != 0) {
        size = std::min<std::size_t>(size, faults_.slow / 20 + 1);
        std::this_thread::sleep_for(std::chrono::milliseconds(size * 1000 / faults_.slow));
      }
      const ssize_t sent = send(connection, text.data() + at, size, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += static_cast<std::size_t>(sent);
    }
    return true;
  }

  handler handle_;
  fault_plan& faults_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace ota::host
