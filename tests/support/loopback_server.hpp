#pragma once

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ota_test {

/// A socket of this computer's own network, closed with the object.
class loopback_socket {
 public:
  explicit loopback_socket(int fd) : fd_(fd) {}
  ~loopback_socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  loopback_socket(const loopback_socket&) = delete;
  loopback_socket& operator=(const loopback_socket&) = delete;

  /// Listens on a free port; `is_open()` is false where the computer has no such address.
  static loopback_socket listening(const char* host) { return loopback_socket(host, "0", true); }
  static loopback_socket connected(const char* host, const std::string& port) {
    return loopback_socket(host, port.c_str(), false);
  }

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  std::string port() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    char text[8] = "";
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::getsockname(fd_, any, &size) == 0)
      ::getnameinfo(any, size, nullptr, 0, text, sizeof text, NI_NUMERICSERV);
    return text;
  }

 private:
  loopback_socket(const char* host, const char* port, bool listens) : fd_(-1) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host, port, &wanted, &found) != 0) return;
    fd_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool done =
        listens ? ::bind(fd_, found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd_, 16) == 0
                : ::connect(fd_, found->ai_addr, found->ai_addrlen) == 0;
    ::freeaddrinfo(found);
    if (done || fd_ < 0) return;
    ::close(fd_);
    fd_ = -1;
  }

  int fd_;
};

/// A request as it came.
struct asked {
  std::string target;
  std::string head;
  std::chrono::steady_clock::time_point when;

  /// A header's value; empty when it was not sent. `name` as the client writes it.
  std::string header(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  /// Where the bytes that it wants begin.
  std::size_t range_from() const {
    const std::string range = header("Range");
    return range.empty() ? 0 : std::stoul(range.substr(range.find('=') + 1));
  }
};

/// The connection on which a request came. Whatever is sent goes out as it is.
class wire {
 public:
  explicit wire(int fd) : fd_(fd) {}

  /// False once the other side is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  /// Sends the same bytes until the other side is gone, or `most` of them.
  void repeat(const std::string& bytes, std::size_t most = std::string::npos) {
    for (std::size_t sent = 0; sent < most && send(bytes); sent += bytes.size()) {
    }
    hang_up();
  }

  void answer(const std::string& status, const std::string& body, const std::string& headers = {}) {
    send("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body);
  }

  /// No further request is read from this connection.
  void hang_up() { open_ = false; }
  bool is_open() const { return open_; }

 private:
  int fd_;
  bool open_ = true;
};

/// A server whose every byte a test decides: `answer` is called for each request, on one
/// connection at a time, until the object goes.
class loopback_server {
 public:
  using handler = std::function<void(const asked&, wire&)>;

  explicit loopback_server(handler answer, const char* host = "127.0.0.1")
      : host_(host), listener_(loopback_socket::listening(host)), answer_(std::move(answer)) {
    if (listener_.is_open()) thread_ = std::thread([this] { serve(); });
  }
  ~loopback_server() {
    ending_ = true;
    // Wakes `accept`, and whatever waits on the connection.
    ::shutdown(listener_.fd(), SHUT_RDWR);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (connection_ >= 0) ::shutdown(connection_, SHUT_RDWR);
    }
    if (thread_.joinable()) thread_.join();
  }
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  bool is_running() const { return listener_.is_open(); }
  std::string url() const {
    const bool is_ipv6 = host_.find(':') != std::string::npos;
    return "http://" + (is_ipv6 ? "[" + host_ + "]" : host_) + ":" + listener_.port();
  }

  /// All requests so far, or those whose target holds `part`.
  std::vector<asked> requests(const std::string& part = {}) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<asked> some;
    for (const asked& one : requests_)
      if (one.target.find(part) != std::string::npos) some.push_back(one);
    return some;
  }

 private:
  void serve() {
    while (!ending_) {
      const loopback_socket connection(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection.is_open()) continue;
      hold(connection.fd());
      wire out(connection.fd());
      for (asked one; out.is_open() && read_request(connection.fd(), one);) {
        note(one);
        answer_(one, out);
      }
      hold(-1);
    }
  }

  void hold(int connection) {
    const std::lock_guard<std::mutex> lock(mutex_);
    connection_ = connection;
    if (ending_ && connection >= 0) ::shutdown(connection, SHUT_RDWR);
  }

  void note(const asked& one) {
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(one);
  }

  static bool read_request(int fd, asked& one) {
    one.head.clear();
    // A client of one request at a time sends nothing behind the head.
    while (one.head.find("\r\n\r\n") == std::string::npos) {
      char piece[4096];
      const ssize_t size = ::recv(fd, piece, sizeof piece, 0);
      if (size <= 0) return false;
      one.head.append(piece, static_cast<std::size_t>(size));
    }
    const std::size_t begin = one.head.find(' ') + 1;
    one.target = one.head.substr(begin, one.head.find(' ', begin) - begin);
    one.when = std::chrono::steady_clock::now();
    return true;
  }

  std::string host_;
  loopback_socket listener_;
  handler answer_;
  mutable std::mutex mutex_;
  std::vector<asked> requests_;
  std::atomic<bool> ending_{false};
  int connection_ = -1;
  std::thread thread_;
};

}  // namespace ota_test
