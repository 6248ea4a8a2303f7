// TLS by mbedtls, where it is installed, against nginx, openssl and python over loopback.

#include <gtest/gtest.h>

#ifdef OTA_HAS_MBEDTLS
#include "ota/http/client.hpp"
#include "ota/http/mbedtls_tls.hpp"
#include "support/certificates.hpp"
#include "support/nginx.hpp"
#include "support/process.hpp"

namespace {

using namespace ota_test;

/// Finds every host on this computer, whatever its name.
struct here_transport : ota::posix_socket {
  ota::result<void> connect(std::string_view, std::uint16_t port, bool, std::uint32_t timeout_ms) {
    return posix_socket::connect("127.0.0.1", port, false, timeout_ms);
  }
};

using client = ota::http_client<ota::mbedtls_tls<here_transport>>;

/// The body of an answer, or `!` and what went wrong.
std::string get(client& http, const std::string& url, std::size_t piece = 4096) {
  ota::http_request request;
  request.url = url;
  if (const auto done = http.open(request); !done) return std::string("!") + done.error().text;
  std::string body;
  std::vector<std::uint8_t> room(piece);
  for (;;) {
    const auto size = http.read({room.data(), room.size()});
    if (!size) return body + "!" + size.error().text;
    if (*size == 0) return body;
    body += ota::as_text({room.data(), *size});
  }
}

#ifdef MBEDTLS_SSL_PROTO_TLS1_3
constexpr bool speaks_tls13 = true;
#else
constexpr bool speaks_tls13 = false;
#endif

struct tls : ::testing::Test {
  static void SetUpTestSuite() { made = new certificates; }
  static void TearDownTestSuite() { delete made; }

  static std::string directives(const std::string& name, const std::string& more = {}) {
    return "ssl_certificate " + made->path(name + ".chain") + ";\nssl_certificate_key " +
           made->path(name + ".key") +
           ";\nlocation = /tls { default_type text/plain; return 200 \"$ssl_protocol "
           "$ssl_session_reused $ssl_server_name\"; }\n" +
           more;
  }

  static ota::tls_settings trusting(const std::string& file) {
    ota::tls_settings settings;
    settings.ca_file = file;
    return settings;
  }

  /// What a new client gets from an nginx with a certificate.
  std::string get_from(const std::string& name, const ota::tls_settings& settings,
                       const std::string& host = "localhost") const {
    const nginx peer(made->folder(), directives(name), " ssl");
    client http{client_stream(settings)};
    return get(http, "https://" + host + ":" + peer.port() + "/tls");
  }
  std::string get_from(const std::string& name) const { return get_from(name, trusting(root)); }

  static ota::mbedtls_tls<here_transport> client_stream(const ota::tls_settings& settings) {
    return ota::mbedtls_tls<here_transport>(settings);
  }

  static void expect_text(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }

  static certificates* made;
  std::string root = made->root();
};

certificates* tls::made = nullptr;

// ---- certificates -------------------------------------------------------------------------------

TEST_F(tls, reads_a_file_from_nginx_with_a_chain) {
  std::string content(300000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * i >> 7);
  scratch_folder www;
  write_file(www / "big", content);
  const nginx peer(www.path(), directives("good"), " ssl");
  client http{client_stream(trusting(root))};
  for (const std::size_t piece : {100u, 4096u, 100000u})
    EXPECT_EQ(get(http, "https://localhost:" + peer.port() + "/big", piece), content) << piece;
}

TEST_F(tls, reads_from_a_server_with_an_rsa_key) {
  certificates::kind what;
  what.key = "rsa:2048";
  made->make("rsa", what);
  // TLS 1.3 where both can: with TLS 1.2, mbedtls 3.6.6 refuses signatures that it has offered.
  const nginx peer(made->folder(), directives("rsa", "ssl_protocols TLSv1.2 TLSv1.3;"), " ssl");
  client http{client_stream(trusting(root))};
  expect_text(get(http, "https://localhost:" + peer.port() + "/tls"),
              speaks_tls13 ? "TLSv1.3 " : "TLSv1.2 ");
}

TEST_F(tls, is_plain_where_the_address_is_http) {
  scratch_folder www;
  write_file(www / "file", "plain");
  const nginx peer(www.path());
  client http{client_stream(trusting("/nonexistent"))};
  EXPECT_EQ(get(http, "http://localhost:" + peer.port() + "/file"), "plain");
}

TEST_F(tls, names_the_day_a_certificate_expired) {
  certificates::kind what;
  what.to = "20210102000000Z";
  made->make("expired", what);
  EXPECT_EQ(
      get_from("expired"),
      "!the certificate expired on 2021-01-02 (mbedtls: The certificate validity has expired)");
}

TEST_F(tls, names_the_authority_whose_certificate_expired) {
  certificates::kind what;
  what.name = "Old Intermediate";
  what.issuer = "root";
  what.to = "20210304000000Z";
  what.is_authority = true;
  made->make("old_intermediate", what);
  certificates::kind server;
  server.issuer = "old_intermediate";
  made->make("below_expired", server);
  expect_text(get_from("below_expired"),
              "!the certificate of Old Intermediate expired on 2021-03-04 (");
}

TEST_F(tls, names_the_day_a_certificate_begins) {
  certificates::kind what;
  what.from = "20980203000000Z";
  made->make("future", what);
  EXPECT_EQ(get_from("future"),
            "!the certificate is not valid before 2098-02-03: is this device's clock right? "
            "(mbedtls: The certificate validity starts in the future)");
}

TEST_F(tls, names_the_host_that_a_certificate_is_for) {
  certificates::kind what;
  what.name = "other.example";
  made->make("other", what);
  expect_text(get_from("other"), "!the certificate is for other.example, not for localhost (mbed");
  expect_text(get_from("other", trusting(root), "other.example"), "other.example");
  expect_text(get_from("good", trusting(root), "localhost.example"),
              "!the certificate is for localhost, not for localhost.example (");
}

TEST_F(tls, names_the_host_of_an_address_without_a_name) {
  expect_text(get_from("good", trusting(root), "127.0.0.1"),
              "!the certificate is for localhost, not for 127.0.0.1 (");
}

TEST_F(tls, refuses_a_self_signed_certificate_unless_it_is_the_trusted_one) {
  certificates::kind what;
  what.issuer = "self";
  made->make("self", what);
  expect_text(get_from("self"),
              "!the certificate is self-signed and not among the trusted ones (mbedtls: The");
  expect_text(get_from("self", trusting(made->path("self.crt"))), "TLSv1.");
}

TEST_F(tls, names_the_authority_that_it_does_not_know) {
  certificates::kind what;
  what.issuer = "stranger";
  made->make("strange", what);
  const std::string stranger = made->path("stranger.crt");
  expect_text(get_from("good", trusting(stranger)),
              "!the certificate of Test Intermediate is issued by Test Root, which is not trusted");
  expect_text(get_from("strange"), "!the certificate of Stranger is self-signed and not among");
  expect_text(get_from("strange", trusting(stranger)), "TLSv1.");
}

TEST_F(tls, tells_all_that_is_wrong) {
  certificates::kind what;
  what.name = "other.example";
  what.issuer = "self2";
  what.to = "20210102000000Z";
  made->make("self2", what);
  expect_text(get_from("self2"),
              "!the certificate expired on 2021-01-02; the certificate is for other.example, not "
              "for localhost; the certificate is self-signed");
}

TEST_F(tls, refuses_a_key_that_is_too_short) {
  certificates::kind what;
  what.key = "rsa:1024";
  made->make("short", what);
  const nginx peer(made->folder(), directives("short", "ssl_ciphers DEFAULT@SECLEVEL=0;"), " ssl");
  client http{client_stream(trusting(root))};
  expect_text(get(http, "https://localhost:" + peer.port() + "/tls"),
              "!the server's certificate is not acceptable (mbedtls: ");
}

TEST_F(tls, shows_a_name_without_what_would_steer_a_terminal) {
  certificates::kind what;
  what.name = "Evil \x1b[31m " + std::string(20, 'x') + "behind the fortieth";
  what.issuer = "evil";
  what.is_authority = true;
  made->make("evil", what);
  what = {};
  what.issuer = "evil";
  made->make("below_evil", what);
  expect_text(get_from("below_evil"), "!the certificate of Evil ?[31m " + std::string(20, 'x') +
                                          "behind th is self-signed and not among");
}

TEST_F(tls, needs_the_intermediate_from_the_server) {
  const nginx peer(made->folder(),
                   "ssl_certificate " + made->path("good.crt") + ";\nssl_certificate_key " +
                       made->path("good.key") + ";",
                   " ssl");
  client http{client_stream(trusting(root))};
  expect_text(get(http, "https://localhost:" + peer.port() + "/"),
              "!the certificate is issued by Test Intermediate, which is not trusted (");
}

TEST_F(tls, knows_the_authorities_of_the_system_alone_by_default) {
  expect_text(get_from("good", {}), "which is not trusted");
}

TEST_F(tls, takes_authorities_from_memory) {
  const std::string pem = content_of(root);
  ota::tls_settings settings;
  settings.ca = {reinterpret_cast<const std::uint8_t*>(pem.c_str()), pem.size() + 1};
  expect_text(get_from("good", settings), "TLSv1.");

  ASSERT_EQ(run("cd " + made->folder() +
                "; for i in stranger root; do openssl x509 -in $i.crt "
                "-outform DER -out $i.der; done; cat stranger.der root.der > both.der")
                .code,
            0);
  const std::string der = content_of(made->path("both.der"));
  settings.ca = ota::as_bytes(der);
  expect_text(get_from("good", settings), "TLSv1.");
  settings.ca = {settings.ca.data(),
                 settings.ca.size() + 1};  // a zero at the end makes no PEM of it
  expect_text(get_from("good", settings), "TLSv1.");
  settings.ca = settings.ca.first(content_of(made->path("stranger.der")).size());
  expect_text(get_from("good", settings), "Test Root, which is not trusted");
}

TEST_F(tls, says_when_authorities_cannot_be_read) {
  expect_text(get_from("good", trusting("/nonexistent")), "!the CA file cannot be read");
  expect_text(get_from("good", trusting(made->path("good.key"))), "!the CA file cannot be read");
  ota::tls_settings settings;
  settings.ca = ota::as_bytes("no certificate");
  expect_text(get_from("good", settings), "neither PEM nor DER");
}

// ---- pins ---------------------------------------------------------------------------------------

TEST_F(tls, takes_a_server_whose_key_is_pinned) {
  const std::string pin = made->pin("good");
  ASSERT_EQ(pin.size(), 51u) << pin;
  const std::string as_curl = "sha256//" + pin.substr(7);
  const std::string other = made->pin("stranger");
  ota::tls_settings settings = trusting(root);
  for (const std::string& one : {pin, as_curl, made->pin("intermediate"), made->pin("root")}) {
    const std::string_view pins[] = {other, one};
    settings.pins = pins;
    expect_text(get_from("good", settings), "TLSv1.");
  }
}

TEST_F(tls, refuses_a_server_whose_key_was_changed) {
  made->make("new_key", {});
  const std::string old_pin = made->pin("good");
  const std::string new_pin = made->pin("new_key");
  const std::string_view pins[] = {old_pin};
  ota::tls_settings settings = trusting(root);
  settings.pins = pins;
  expect_text(get_from("new_key", settings),
              "!the certificate has another key than the pins: " + new_pin);
  const std::string_view both[] = {old_pin, new_pin};
  settings.pins = both;
  expect_text(get_from("new_key", settings), "TLSv1.");
}

TEST_F(tls, a_pin_does_not_stand_in_for_an_authority) {
  const std::string pin = made->pin("good");
  const std::string_view pins[] = {pin};
  const std::string stranger = made->path("stranger.crt");
  ota::tls_settings settings = trusting(stranger);
  settings.pins = pins;
  expect_text(get_from("good", settings), "which is not trusted");
}

TEST_F(tls, refuses_a_pin_that_is_none) {
  const std::string good = made->pin("good");
  ota::tls_settings settings = trusting(root);
  for (const std::string& pin : {good.substr(7), good.substr(0, 50), good + "=", std::string(),
                                 "sha1/" + good.substr(7), "sha256/" + std::string(44, '*')}) {
    const std::string_view pins[] = {pin};
    settings.pins = pins;
    EXPECT_EQ(get_from("good", settings), "!a pin must be sha256/ and 44 characters of base64")
        << pin;
  }
}

// ---- sessions and names -------------------------------------------------------------------------

struct tls_session : tls, ::testing::WithParamInterface<const char*> {};

TEST_P(tls_session, is_resumed_by_the_next_connection_to_the_same_host_alone) {
  certificates::kind what;
  what.name = "*.example";
  made->make("wild", what);
  const nginx peer(made->folder(), directives("wild", GetParam()), " ssl");
  client http{client_stream(trusting(root))};
  const auto ask = [&](const std::string& host) {
    const std::string said = get(http, "https://" + host + ":" + peer.port() + "/tls");
    http.close();
    return said.substr(said.find(' ') + 1);
  };
  EXPECT_EQ(ask("a.example"), ". a.example");
  EXPECT_EQ(ask("a.example"), "r a.example");
  EXPECT_EQ(ask("a.example"), "r a.example");
  EXPECT_EQ(ask("b.example"), ". b.example");
  EXPECT_EQ(ask("b.example"), "r b.example");
}

INSTANTIATE_TEST_SUITE_P(kinds, tls_session,
                         ::testing::Values("ssl_protocols TLSv1.2;",
                                           "ssl_protocols TLSv1.2; ssl_session_tickets off; "
                                           "ssl_session_cache shared:s:1m;",
                                           "ssl_protocols TLSv1.2 TLSv1.3;"));

TEST_F(tls, begins_anew_where_a_server_has_forgotten_the_session) {
  client http{client_stream(trusting(root))};
  for (int i = 0; i < 2; ++i) {
    // Each has keys of its own for its tickets; they listen on different ports.
    const nginx peer(made->folder(), directives("good"), " ssl");
    const nginx later(made->folder(), directives("good"), " ssl");
    expect_text(get(http, "https://localhost:" + peer.port() + "/tls"), " . localhost");
    expect_text(get(http, "https://localhost:" + later.port() + "/tls"), " . localhost");
  }
}

TEST_F(tls, tells_the_server_the_host_name) {
  certificates::kind what;
  for (const char* name : {"one.example", "two.example"}) {
    what.name = name;
    made->make(name, what);
  }
  const std::string any = made->path("$ssl_server_name");
  const nginx peer(made->folder(),
                   "ssl_certificate " + any + ".chain;\nssl_certificate_key " + any +
                       ".key;\nlocation = /tls { return 200 \"$ssl_server_name\"; }",
                   " ssl");
  for (const std::string name : {"one.example", "two.example"}) {
    client http{client_stream(trusting(root))};
    EXPECT_EQ(get(http, "https://" + name + ":" + peer.port() + "/tls"), name);
  }
}

// ---- versions -----------------------------------------------------------------------------------

struct tls_version : tls {
  /// What a client gets from openssl's server with further options.
  std::string get_with(const std::string& options) const {
    write_file(made->path("file"), "content");
    const server peer("env -C " + made->folder() +
                          " openssl s_server -accept 127.0.0.1:0 -WWW -cert good.crt "
                          "-cert_chain intermediate.crt -key good.key " +
                          options + " 2> " + made->path("openssl.log"),
                      "ACCEPT ");
    EXPECT_NE(peer.url(), "");
    client http{client_stream(trusting(root))};
    return get(http, "https://localhost" + peer.url().substr(peer.url().find(':')) + "/file");
  }
};

TEST_F(tls_version, twelve_is_spoken) { EXPECT_EQ(get_with("-tls1_2"), "content"); }

TEST_F(tls_version, thirteen_is_spoken_or_missed) {
  const std::string said = get_with("-tls1_3");
  if (speaks_tls13)
    EXPECT_EQ(said, "content");
  else
    EXPECT_EQ(said,
              "!the server ended TLS with alert 70, protocol_version: it speaks no version of TLS "
              "that this program does");
}

TEST_F(tls_version, thirteen_sends_tickets_but_not_without_end) {
  if (!speaks_tls13) GTEST_SKIP() << "mbedtls is built without TLS 1.3";
  EXPECT_EQ(get_with("-tls1_3 -num_tickets 8"), "content");
  EXPECT_EQ(get_with("-tls1_3 -num_tickets 40"),
            "!the server sends TLS messages without data, and no end");
}

TEST_F(tls_version, older_ones_are_refused) {
  for (const std::string version : {"-tls1", "-tls1_1"}) {
    const std::string said = get_with(version + " -cipher ALL@SECLEVEL=0");
    // With an offer of TLS 1.3 the server knows at once that nothing will do.
    expect_text(said, speaks_tls13 ? "!the server ended TLS with alert 70, protocol_version"
                                   : "!the server chose a version of TLS that is too old (mbed");
  }
}

TEST_F(tls_version, without_a_common_cipher_ends_with_the_server_s_alert) {
  expect_text(get_with("-tls1_2 -cipher PSK-AES128-GCM-SHA256 -psk 00 -nocert"),
              "!the server ended TLS with alert 40, handshake_failure");
}

TEST_F(tls_version, with_a_client_certificate_asked_for_ends_with_the_server_s_alert) {
  expect_text(get_with("-tls1_2 -Verify 1 -verify_return_error"),
              "!the server ended TLS with alert ");
}

// ---- connections that end -----------------------------------------------------------------------

struct tls_end : tls {
  /// What a client gets from a server of python, which answers with `script` on each connection
  /// `tcp`, where `tls()` shakes hands and `answer(tls, text)` reads a request and answers it.
  std::string get_after(const std::string& script) const {
    write_file(made->path("peer.py"), R"(
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("good.chain", "good.key")
listener = socket.create_server(("127.0.0.1", 0))
print("listening on %d" % listener.getsockname()[1], flush=True)
def tls():
  return context.wrap_socket(tcp, server_side=True)
def answer(stream, text):
  request = b""
  while b"\r\n\r\n" not in request: request += stream.recv(1000)
  stream.sendall(text.encode())
while True:
  tcp = listener.accept()[0]
  try:
)" + script + R"(
  except Exception as wrong: print(wrong, file=sys.stderr)
  tcp.close()
)");
    const server peer("env -C " + made->folder() + " " OTA_PYTHON " peer.py 2> " +
                      made->path("python.log"));
    client http{client_stream(trusting(root))};
    http.set_timeouts(limits);
    return get(http, "https://localhost:" + peer.url() + "/");
  }

  ota::http_timeouts limits;
};

TEST_F(tls_end, with_a_farewell_is_the_end_of_a_body) {
  EXPECT_EQ(get_after("    s = tls(); answer(s, 'HTTP/1.1 200 OK\\r\\n\\r\\nwhole'); s.unwrap()"),
            "whole");
}

TEST_F(tls_end, without_a_farewell_may_be_a_body_cut_short) {
  EXPECT_EQ(get_after("    s = tls(); answer(s, 'HTTP/1.1 200 OK\\r\\n\\r\\nhal'); s.close()"),
            "hal!the connection was cut before TLS ended it: the answer may be short");
  const std::string head = "'HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\n";
  EXPECT_EQ(get_after("    s = tls(); answer(s, " + head + "hal'); s.close()"),
            "hal!the connection was cut before TLS ended it: the answer may be short");
  EXPECT_EQ(get_after("    s = tls(); answer(s, " + head + "hal'); s.unwrap()"),
            "hal!the answer ended before its promised length");
  EXPECT_EQ(get_after("    s = tls(); answer(s, " + head + "half'); s.close()"), "half");
}

TEST_F(tls_end, during_the_handshake_is_told) {
  expect_text(get_after("    tcp.recv(100)"), "!");
  expect_text(get_after("    tcp.recv(5000)"),
              "!the server closed the connection during the TLS handshake (mbedtls: ");
}

TEST_F(tls_end, does_not_come_from_a_silent_server) {
  limits = {200, 10000};
  EXPECT_EQ(get_after("    while tcp.recv(5000): pass"), "!the other side was silent for too long");
  limits = {10000, 200};
  EXPECT_EQ(get_after("    s = tls()\n    while s.recv(5000): pass"),
            "!the other side was silent for too long");
}

TEST_F(tls_end, is_soon_where_a_server_speaks_no_tls) {
  expect_text(get_after("    tcp.recv(5000); tcp.sendall(b'HTTP/1.1 400 Bad\\r\\n\\r\\n')"),
              "!the server does not speak TLS on this port");
}

TEST_F(tls_end, is_an_error_where_bytes_were_changed_on_the_way) {
  // A record of application data that no key fits.
  expect_text(get_after("    s = tls(); s.recv(5000); import os; "
                        "os.write(s.fileno(), b'\\x17\\x03\\x03\\x00\\x20' + b'x' * 32)"),
              "!TLS failed (mbedtls: ");
}

TEST_F(tls_end, of_a_kept_connection_is_no_failure) {
  const nginx peer(made->folder(), directives("good", "keepalive_requests 1;"), " ssl");
  client http{client_stream(trusting(root))};
  for (int i = 0; i < 3; ++i)
    expect_text(get(http, "https://localhost:" + peer.port() + "/tls"), "localhost");
}

TEST_F(tls, refuses_a_redirect_to_plain_http) {
  scratch_folder www;
  const nginx peer(www.path(),
                   directives("good", "location = /moved { return 302 http://localhost/; }"),
                   " ssl");
  client http{client_stream(trusting(root))};
  EXPECT_EQ(get(http, "https://localhost:" + peer.port() + "/moved"),
            "!a redirect leads from https to plain http");
}

}  // namespace
#endif
