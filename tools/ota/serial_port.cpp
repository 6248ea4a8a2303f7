#include "serial_port.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "text.hpp"

namespace ota_tool {
namespace {

speed_t speed_of(unsigned baud) {
  switch (baud) {
    case 9600:
      return B9600;
    case 19200:
      return B19200;
    case 38400:
      return B38400;
    case 57600:
      return B57600;
    case 115200:
      return B115200;
    case 230400:
      return B230400;
    case 460800:
      return B460800;
    case 921600:
      return B921600;
    default:
      throw std::runtime_error("--baud is not a speed that serial lines have");
  }
}

int open_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return fd;
  const int number = errno;
  ::close(fd);
  errno = number;
  return -1;
}

// Bytes as they are, without echo, waiting for nothing.
int open_device(const std::string& path, unsigned baud) {
  const int fd = ::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  termios settings;
  if (fd < 0 || ::tcgetattr(fd, &settings) != 0) {
    const int number = errno;
    ::close(fd);
    errno = number;
    return -1;
  }
  ::cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  ::cfsetispeed(&settings, speed_of(baud));
  ::cfsetospeed(&settings, speed_of(baud));
  ::tcsetattr(fd, TCSANOW, &settings);
  return fd;
}

}  // namespace

serial_port::serial_port(std::string name, unsigned baud) : name_(std::move(name)), baud_(baud) {
  speed_of(baud);
  if (!open())
    throw std::runtime_error("cannot open the port " + shown(name_) + ": " + std::strerror(errno));
}

serial_port::~serial_port() { close(); }

bool serial_port::open() {
  if (fd_ >= 0) return true;
  fd_ =
      name_.compare(0, 5, "unix:") == 0 ? open_socket(name_.substr(5)) : open_device(name_, baud_);
  return fd_ >= 0;
}

void serial_port::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void serial_port::write(ota::bytes data) {
  if (!open()) return;
  while (!data.empty()) {
    const bool is_socket = name_.compare(0, 5, "unix:") == 0;
    const ssize_t size = is_socket ? ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL)
                                   : ::write(fd_, data.data(), data.size());
    if (size >= 0) {
      data = data.drop(static_cast<std::size_t>(size));
      continue;
    }
    pollfd one{fd_, POLLOUT, 0};
    if (errno == EINTR || (errno == EAGAIN && ::poll(&one, 1, 5000) == 1)) continue;
    return close();
  }
}

std::size_t serial_port::read(ota::mutable_bytes out, std::uint32_t timeout_ms) {
  pollfd one{fd_, POLLIN, 0};  // of no file: it only waits
  if (::poll(&one, 1, static_cast<int>(timeout_ms)) <= 0) return 0;
  const ssize_t size = ::read(fd_, out.data(), out.size());
  if (size > 0) return static_cast<std::size_t>(size);
  if (size == 0 || (errno != EINTR && errno != EAGAIN)) close();
  return 0;
}

}  // namespace ota_tool
