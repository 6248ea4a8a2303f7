// TLS over a line on which somebody changes or cuts what the server sends, at one byte after the
// other: whatever happens, a client ends with an error, or has the very content.

#include <gtest/gtest.h>

#ifdef OTA_HAS_MBEDTLS
#include <netinet/tcp.h>
#include <poll.h>

#include "ota/http/client.hpp"
#include "ota/http/mbedtls_tls.hpp"
#include "support/certificates.hpp"
#include "support/nginx.hpp"

namespace {

using namespace ota_test;

/// Hands one connection after the other on to a server. Of what it sends on each, the byte at `at`
/// is changed, or is where the line breaks.
class bad_line {
 public:
  enum class harm { flip, cut };

  bad_line(std::string port, harm what) : port_(std::move(port)), harm_(what) {}
  ~bad_line() {
    ::shutdown(listener_.fd(), SHUT_RDWR);
    thread_.join();
  }
  bad_line(const bad_line&) = delete;
  bad_line& operator=(const bad_line&) = delete;

  std::string port() const { return listener_.port(); }
  std::atomic<std::size_t> at{0};
  std::atomic<std::size_t> sent{0};  ///< by the server, on the last connection

 private:
  void serve() {
    for (;;) {
      const loopback_socket client(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.is_open()) return;
      const auto upstream = loopback_socket::connected("127.0.0.1", port_);
      const int on = 1;
      for (int fd : {client.fd(), upstream.fd()})
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      sent = 0;
      pollfd ends[] = {{client.fd(), POLLIN, 0}, {upstream.fd(), POLLIN, 0}};
      while (::poll(ends, 2, -1) > 0)
        if ((ends[0].revents != 0 && !hand_on(client.fd(), upstream.fd(), false)) ||
            (ends[1].revents != 0 && !hand_on(upstream.fd(), client.fd(), true)))
          break;
    }
  }

  bool hand_on(int from, int to, bool from_server) {
    char piece[4096];
    const ssize_t size = ::recv(from, piece, sizeof piece, 0);
    if (size <= 0) return false;
    auto count = static_cast<std::size_t>(size);
    const std::size_t place = at - sent;
    const bool here = from_server && at >= sent && place < count;
    if (here && harm_ == harm::cut) count = place;
    if (here && harm_ == harm::flip) piece[place] = static_cast<char>(piece[place] ^ 0x01);
    if (from_server) sent += count;
    return wire(to).send({piece, count}) && !(here && harm_ == harm::cut);
  }

  std::string port_;
  harm harm_;
  loopback_socket listener_ = loopback_socket::listening("127.0.0.1");
  std::thread thread_{[this] { serve(); }};
};

struct tls_line : ::testing::TestWithParam<bad_line::harm> {};

TEST_P(tls_line, never_gives_other_content) {
  const certificates made;
  const std::string content(2000, 'x');
  write_file(made.path("file"), content);
  const nginx peer(made.folder(),
                   "ssl_certificate " + made.path("good.chain") + ";\nssl_certificate_key " +
                       made.path("good.key") + ";",
                   " ssl");
  bad_line line(peer.port(), GetParam());
  ota::tls_settings settings;
  const std::string root = made.root();
  settings.ca_file = root;
  const std::string url = "https://localhost:" + line.port() + "/file";

  // What is changed may be a length, and then the rest is waited for.
  const auto get = [&](std::uint32_t patience_ms, std::string& body) {
    ota::http_client<ota::mbedtls_tls<>> http{ota::mbedtls_tls<>(settings)};
    http.set_timeouts({patience_ms, patience_ms});
    ota::http_request request;
    request.url = url;
    if (!http.open(request)) return false;
    std::uint8_t piece[512];
    for (;;) {
      const auto size = http.read(piece);
      if (!size) return false;
      if (*size == 0) return http.response().status == 200;
      body += ota::as_text({piece, *size});
    }
  };

  std::string whole;
  line.at = SIZE_MAX;
  ASSERT_TRUE(get(10000, whole));
  ASSERT_EQ(whole, content);
  const std::size_t all = line.sent;
  ASSERT_GT(all, content.size());
  std::size_t refused = 0;
  for (std::size_t at = 0; at + 100 < all; at += 11) {
    line.at = at;
    std::string body;
    if (get(100, body))
      EXPECT_EQ(body, content) << at;
    else
      ++refused;
    EXPECT_EQ(content.compare(0, body.size(), body), 0) << at;
  }
  EXPECT_GT(refused, all / 11 / 2);
}

INSTANTIATE_TEST_SUITE_P(harms, tls_line,
                         ::testing::Values(bad_line::harm::flip, bad_line::harm::cut));

}  // namespace
#endif
