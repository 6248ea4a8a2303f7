#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../core/bytes.hpp"
#include "../core/fixed_string.hpp"
#include "../core/result.hpp"

namespace ota {

/// A TCP connection of a POSIX system, IPv4 or IPv6, whichever of the host's addresses answers.
class posix_socket {
 public:
  static constexpr bool can_secure = false;

  posix_socket() = default;
  ~posix_socket() { close(); }
  posix_socket(posix_socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  posix_socket& operator=(posix_socket&& other) noexcept {
    close();
    fd_ = other.fd_;
    other.fd_ = -1;
    return *this;
  }

  result<void> connect(std::string_view host, std::uint16_t port, bool, std::uint32_t timeout_ms) {
    close();
    const fixed_string<255> name(host);
    // A numeric address needs no look-up, and so no memory from the heap.
    sockaddr_in four{};
    sockaddr_in6 six{};
    four.sin_family = AF_INET;
    six.sin6_family = AF_INET6;
    four.sin_port = six.sin6_port = htons(port);
    if (::inet_pton(AF_INET, name.c_str(), &four.sin_addr) == 1)
      try_address(reinterpret_cast<const sockaddr*>(&four), sizeof four, timeout_ms);
    else if (::inet_pton(AF_INET6, name.c_str(), &six.sin6_addr) == 1)
      try_address(reinterpret_cast<const sockaddr*>(&six), sizeof six, timeout_ms);
    else
      look_up(name, port, timeout_ms);
    if (fd_ < 0) return *failure_;
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {};
  }

  result<std::size_t> read(mutable_bytes out, std::uint32_t timeout_ms) {
    for (;;) {
      const ssize_t size = ::recv(fd_, out.data(), out.size(), 0);
      if (size >= 0) return static_cast<std::size_t>(size);
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return broken;
      acknowledge();
      if (auto ready = wait(POLLIN, timeout_ms); !ready) return ready.error();
    }
  }

  result<void> write(bytes data, std::uint32_t timeout_ms) {
    while (!data.empty()) {
      const ssize_t size = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (size >= 0) {
        data = data.drop(static_cast<std::size_t>(size));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return broken;
      if (auto ready = wait(POLLOUT, timeout_ms); !ready) return ready;
    }
    return {};
  }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  static constexpr error silent{errc::timeout, "socket", "the other side was silent for too long"};
  static constexpr error no_answer{errc::timeout, "socket", "the host does not answer"};

  static constexpr error broken{errc::connection, "socket", "the connection broke"};
  static constexpr error unknown_host{errc::connection, "socket",
                                      "the host name is not known; check it and the network"};
  static constexpr error no_socket{errc::connection, "socket",
                                   "the system gives no socket: too many open files?"};
  static constexpr error refused{errc::connection, "socket",
                                 "the host refuses the connection: is the server running?"};
  static constexpr error unreachable{errc::connection, "socket", "the host cannot be reached"};

  // Tries the addresses of a name until one answers.
  void look_up(const fixed_string<255>& name, std::uint16_t port, std::uint32_t timeout_ms) {
    failure_ = &unknown_host;
    fixed_string<5> service;
    service.append_number(port);
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(name.c_str(), service.c_str(), &wanted, &found) != 0) return;
    for (const addrinfo* one = found; one != nullptr && fd_ < 0; one = one->ai_next)
      try_address(one->ai_addr, one->ai_addrlen, timeout_ms);
    ::freeaddrinfo(found);
  }

  // Leaves the socket open where the address answers; else it is closed, and `failure_` says why.
  void try_address(const sockaddr* address, socklen_t size, std::uint32_t timeout_ms) {
    fd_ = ::socket(address->sa_family, SOCK_STREAM, 0);
    if (fd_ < 0) {
      failure_ = &no_socket;
      return;
    }
    ::fcntl(fd_, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
    if (::connect(fd_, address, size) == 0) return;
    int number = errno;
    if (number == EINPROGRESS) {
      if (auto ready = wait(POLLOUT, timeout_ms); !ready) {
        close();
        failure_ = &no_answer;
        return;
      }
      socklen_t length = sizeof number;
      ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &number, &length);
      if (number == 0) return;
    }
    close();
    failure_ = number == ECONNREFUSED ? &refused : &unreachable;
  }

  // A server that sends an answer's head and body apart waits for the head to be acknowledged, and
  // the system would let it wait for 40 ms, in hope of something to send along.
  void acknowledge() {
#ifdef TCP_QUICKACK
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
  }

  result<void> wait(short events, std::uint32_t timeout_ms) {
    pollfd one{fd_, events, 0};
    for (;;) {
      const int ready = ::poll(&one, 1, static_cast<int>(timeout_ms));
      if (ready > 0) return {};
      if (ready == 0) return silent;
      if (errno != EINTR) return broken;
    }
  }

  int fd_ = -1;
  const error* failure_ = nullptr;
};

}  // namespace ota
