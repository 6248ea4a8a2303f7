#include "ota/host/http_server.hpp"

#include <gtest/gtest.h>

namespace {

using namespace ota::host;

/// A server in this process and a client that sees every byte.
struct served : ::testing::Test {
  fault_plan faults;
  std::string body = std::string(100000, 'a') + "end";

  server_response content() const {
    server_response response;
    response.headers["ETag"] = "\"x\"";
    response.ranges = true;
    response.text = body;
    return response;
  }

  /// Sends `requests` to a new server and returns all that comes until it closes.
  std::string exchange(const std::string& requests, http_server::handler handler = {}) {
    if (!handler) handler = [this](const server_request&) { return content(); };
    const http_server server("127.0.0.1", 0, handler, faults);
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(server.port());
    inet_pton(AF_INET, "127.0.0.1", &where.sin_addr);
    EXPECT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
    EXPECT_EQ(send(connection, requests.data(), requests.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(requests.size()));
    std::string answer;
    char piece[8192];
    for (ssize_t size; (size = recv(connection, piece, sizeof piece, 0)) > 0;)
      answer.append(piece, static_cast<std::size_t>(size));
    ::close(connection);
    return answer;
  }

  static std::string get(const std::string& headers = "", const std::string& method = "GET") {
    return method + " / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n";
  }
  static constexpr const char* last = "Connection: close\r\n";
  static std::string status(const std::string& answer) { return answer.substr(9, 3); }
  static std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }
};

TEST_F(served, keeps_a_connection_for_several_requests) {
  body = "text";
  const std::string answer = exchange(get() + get("", "HEAD") + get(last));
  std::size_t count = 0;
  for (std::size_t at = 0; (at = answer.find("HTTP/1.1 200 OK", at)) != answer.npos; ++at) ++count;
  EXPECT_EQ(count, 3u);
  EXPECT_NE(answer.find("Content-Length: 4\r\n\r\nHTTP/1.1"), answer.npos) << "HEAD has no body";
  EXPECT_EQ(answer.substr(answer.size() - 8), "\r\n\r\ntext");
}

TEST_F(served, gives_parts_by_range_and_if_range) {
  std::string answer = exchange(get(std::string("Range: bytes=100000-\r\n") + last));
  EXPECT_EQ(status(answer), "206");
  EXPECT_EQ(body_of(answer), "end");
  EXPECT_NE(answer.find("Content-Range: bytes 100000-100002/100003\r\n"), answer.npos);
  const auto with = [&](const char* etag) {
    return exchange(get(std::string("Range: bytes=100000-\r\nIf-Range: ") + etag + "\r\n" + last));
  };
  EXPECT_EQ(status(with("\"x\"")), "206");
  EXPECT_EQ(body_of(with("\"y\"")), body);
  EXPECT_EQ(body_of(with("W/\"x\"")), body);
  answer = exchange(get(std::string("Range: bytes=200000-\r\n") + last));
  EXPECT_EQ(status(answer), "416");
  EXPECT_NE(answer.find("Content-Range: bytes */100003\r\n"), answer.npos);
  faults.norange = true;
  EXPECT_EQ(status(with("\"x\"")), "200");
}

TEST_F(served, says_not_modified) {
  const std::string answer = exchange(get(std::string("If-None-Match: W/\"x\"\r\n") + last));
  EXPECT_EQ(status(answer), "304");
  EXPECT_EQ(body_of(answer), "");
  EXPECT_EQ(answer.find("Content-Length"), answer.npos);
}

TEST_F(served, streams_a_body_of_unknown_length) {
  const auto handler = [](const server_request&) {
    server_response response;
    response.produce = [](const body_sink& sink) {
      for (int i = 0; i < 3; ++i) sink("piece");
    };
    return response;
  };
  std::string answer = exchange(get(last), handler);
  EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), answer.npos);
  EXPECT_EQ(body_of(answer),
            "5;part=1\r\npiece\r\n5;part=1\r\npiece\r\n5;part=1\r\npiece\r\n"
            "0\r\nX-Trailer: end\r\n\r\n");
  answer = exchange("GET / HTTP/1.0\r\n\r\n", handler);
  EXPECT_EQ(answer.find("chunked"), answer.npos);
  EXPECT_EQ(body_of(answer), "piecepiecepiece");
}

TEST_F(served, drops_a_connection_inside_the_body) {
  faults.parse("drop=1,seed=5");
  for (int i = 0; i < 5; ++i) {
    const std::string answer = exchange(get());
    EXPECT_NE(answer.find("Content-Length: 100003\r\n"), answer.npos);
    EXPECT_LT(body_of(answer).size(), body.size());
  }
  faults.parse("chunked");
  EXPECT_EQ(exchange(get()).find("X-Trailer"), std::string::npos);
  EXPECT_EQ(exchange(get(),
                     [](const server_request&) {
                       server_response response;
                       response.produce = [](const body_sink& sink) { sink("short"); };
                       return response;
                     })
                .find("X-Trailer"),
            std::string::npos);
}

TEST_F(served, changes_one_byte) {
  faults.parse("corrupt=1");
  const std::string got = body_of(exchange(get(last)));
  ASSERT_EQ(got.size(), body.size());
  int different = 0;
  for (std::size_t i = 0; i < got.size(); ++i) different += got[i] != body[i];
  EXPECT_EQ(different, 1);
}

TEST_F(served, answers_with_a_wrong_status) {
  faults.parse("status=503");
  EXPECT_EQ(status(exchange(get(last))), "503");
}

TEST_F(served, refuses_what_it_does_not_understand) {
  EXPECT_EQ(status(exchange("nonsense\r\n\r\n")), "400");
  EXPECT_EQ(status(exchange(get("Content-Length: 3\r\n", "POST") + "abc")), "405");
  EXPECT_EQ(status(exchange("GET / HTTP/1.1\r\nX: " + std::string(65532, 'x'))), "431");
  EXPECT_EQ(status(exchange(get(last),
                            [](const server_request&) -> server_response {
                              throw std::runtime_error("broken");
                            })),
            "500");
}

TEST_F(served, ends_though_connections_are_open) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  {
    const http_server server(
        "127.0.0.1", 0, [this](const server_request&) { return content(); }, faults);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(server.port());
    inet_pton(AF_INET, "127.0.0.1", &where.sin_addr);
    ASSERT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
    const std::string half = "GET / HT";
    ASSERT_EQ(send(connection, half.data(), half.size(), MSG_NOSIGNAL), 8);
    faults.delay_ms = 3000000;
  }
  ::close(connection);
}

TEST_F(served, refuses_an_address_that_is_none) {
  EXPECT_THROW(http_server("nowhere", 0, {}, faults), std::runtime_error);
  EXPECT_THROW(http_server("192.0.2.1", 0, {}, faults), std::runtime_error);
}

}  // namespace
