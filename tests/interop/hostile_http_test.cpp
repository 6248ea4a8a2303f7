// Answers that break the protocol, or the promises made in it.

#include "support/attacked_device.hpp"

namespace {

using namespace ota_test;

struct hostile_http : attacked_device {
  /// What each request for the file that v2 changes gets.
  void serve_file(scripted_github::handler answer) {
    github.on(github.raw_path("a.txt"), std::move(answer));
  }

  void serve_bytes(const std::string& bytes) {
    serve_file([bytes](const asked&, wire& out) {
      out.send(bytes);
      out.hang_up();
    });
  }

  /// The same, where GitHub's first document is asked for.
  void serve_reference(scripted_github::handler answer) {
    github.on(github.api("/git/ref/heads/main"), std::move(answer));
  }

  static std::string head(std::size_t length) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
  }

  static std::string chunk(const std::string& size, const std::string& bytes) {
    return size + "\r\n" + bytes + "\r\n";
  }
};

const std::string chunked_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(hostile_http, a_header_line_without_end_is_refused) {
  const auto endless = [](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\nX-Long: ");
    out.repeat(std::string(4096, 'x'));
  };
  serve_file(endless);
  expect_refused("a.txt: the head of the answer does not end");
  serve_reference(endless);
  expect_refused("the head of the answer does not end");
}

TEST_F(hostile_http, header_lines_without_end_are_refused) {
  std::string lines;  // many at a time: tiny pieces are refused for their size
  while (lines.size() < 8000) lines += "X-Line: x\r\n";
  const auto endless = [lines](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\n");
    out.repeat(lines);
  };
  serve_file(endless);
  expect_refused("a.txt: the head of the answer does not end");
  serve_reference(endless);
  expect_refused("the head of the answer does not end");
}

TEST_F(hostile_http, a_status_line_without_end_is_refused) {
  serve_reference([](const asked&, wire& out) { out.repeat(std::string(4096, 'H')); });
  expect_refused("the head of the answer does not end");
}

TEST_F(hostile_http, interim_answers_without_end_are_refused) {
  serve_reference([](const asked&, wire& out) { out.repeat("HTTP/1.1 103 Early Hints\r\n\r\n"); });
  expect_refused("interim answers without end");
}

TEST_F(hostile_http, what_is_not_http_is_refused) {
  for (const char* nonsense : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "<html></html>\n\n"}) {
    SCOPED_TRACE(nonsense);
    serve_bytes(nonsense);
    expect_refused("does not speak HTTP/1.1");
  }
}

TEST_F(hostile_http, an_empty_answer_is_refused) {
  serve_bytes("");
  expect_refused("closed the connection without an answer");
}

TEST_F(hostile_http, a_length_below_the_files_size_is_refused) {
  serve_bytes(head(changed.size() - 1) + changed);
  expect_refused("a.txt: the server promises fewer bytes than the file has");
}

TEST_F(hostile_http, a_length_above_the_files_size_is_refused) {
  serve_bytes(head(changed.size() + 1) + changed + "!");
  expect_refused("a.txt: the server promises more bytes than the file has");
}

TEST_F(hostile_http, two_different_lengths_are_refused) {
  serve_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + head(changed.size()).substr(17) +
              changed);
  expect_refused("a.txt: the length of the answer is not one number");
}

TEST_F(hostile_http, a_body_that_ends_early_is_refused) {
  serve_bytes(head(changed.size()) + changed.substr(0, 30000));
  expect_refused("a.txt: the answer ended before its promised length");
}

TEST_F(hostile_http, a_body_without_a_length_that_ends_early_is_refused) {
  serve_bytes("HTTP/1.1 200 OK\r\n\r\n" + changed.substr(0, 30000));
  expect_refused("a.txt: the file ended before its promised size");
}

TEST_F(hostile_http, a_body_without_end_is_refused) {
  serve_file([](const asked&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\n\r\n");
    out.repeat(std::string(4096, 'x'));
  });
  expect_refused("a.txt: the file is longer than its promised size");
}

TEST_F(hostile_http, other_content_of_the_right_size_is_refused) {
  std::string other = changed;
  other.back() ^= 1;
  serve_bytes(head(other.size()) + other);
  expect_refused("a.txt: the content is not what was promised: its hash differs");
  EXPECT_NE(content_of(victim.root() + "/ota_error.json").find("a.txt"), std::string::npos);
}

TEST_F(hostile_http, damaged_chunks_are_refused) {
  const std::string whole = chunk("c353", changed);
  for (const std::string& damaged : {"zz\r\n" + changed, "\r\n" + changed, "-1\r\n" + changed,
                                     "ffffffffffffffffff\r\n" + changed, chunk("1000", changed),
                                     "1" + std::string(10000, ';') + "\r\nx"}) {
    SCOPED_TRACE(damaged.substr(0, 20));
    serve_bytes(chunked_head + damaged);
    expect_refused("a.txt: the chunks of the answer are damaged");
  }
  serve_bytes(chunked_head + whole.substr(0, 30000));
  expect_refused("a.txt: the answer ended before its promised length");
  serve_bytes(chunked_head + chunk("3", "abc") + "0\r\n\r\n");
  expect_refused("a.txt: the file ended before its promised size");
  serve_file([](const asked&, wire& out) {
    out.send(chunked_head);
    out.repeat(chunk("3", "abc"));
  });
  expect_refused("a.txt: the file is longer than its promised size");
}

TEST_F(hostile_http, a_trailer_without_end_is_refused) {
  serve_file([this](const asked&, wire& out) {
    out.send(chunked_head + chunk("c353", changed) + "0\r\n");
    out.repeat("X-Trailer: x\r\n");
  });
  expect_refused("a.txt: the trailer of the answer does not end");
}

TEST_F(hostile_http, well_made_chunks_are_taken) {
  serve_bytes(chunked_head + chunk("1;name=\"value\"", changed.substr(0, 1)) +
              chunk("00C352", changed.substr(1)) + "0\r\nX-Trailer: x\r\n\r\n");
  expect_updated();
}

TEST_F(hostile_http, a_device_with_retries_ends_all_the_same) {
  follow(channel + R"(, "http_retries": 4)");
  serve_bytes(head(changed.size()) + changed.substr(0, changed.size() - 3) + "bad");
  expect_refused("its hash differs");
  EXPECT_EQ(github.requests("/a.txt").size(), 1u + 4u);
}

TEST_F(hostile_http, a_redirect_loop_is_refused) {
  serve_file([](const asked& request, wire& out) {
    out.answer("302 Found", "", "Location: " + request.target + "\r\n");
  });
  expect_refused("a.txt: the server redirects without end");
}

TEST_F(hostile_http, a_redirect_to_nowhere_is_refused) {
  for (const char* location : {"", "ftp://127.0.0.1/", "http://", "http://user@127.0.0.1/",
                               "http://127.0.0.1:99999/", "http://127.0.0.1/a b", "//"}) {
    SCOPED_TRACE(location);
    serve_file([location](const asked&, wire& out) {
      out.answer("302 Found", "", std::string("Location: ") + location + "\r\n");
    });
    expect_refused("a.txt: ");
  }
}

TEST_F(hostile_http, a_redirect_beyond_all_measure_is_refused) {
  serve_file([](const asked&, wire& out) {
    out.answer("302 Found", "", "Location: /" + std::string(5000, 'l') + "\r\n");
  });
  expect_refused("a.txt: the address of a redirect is too long");
}

TEST_F(hostile_http, a_long_signed_address_of_another_host_is_followed_without_the_token) {
  loopback_server other([this](const asked&, wire& out) { out.answer("200 OK", changed); });
  const std::string target = "/signed?" + std::string(1200, 's');
  serve_file([&](const asked&, wire& out) {
    out.answer("302 Found", "", "Location: " + other.url() + target + "\r\n");
  });
  follow(channel + R"(, "token": "secret")");
  expect_updated();
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_EQ(other.requests()[0].target, target);
  EXPECT_EQ(other.requests()[0].head.find("secret"), std::string::npos);
  EXPECT_EQ(other.requests()[0].header("Authorization"), "");
  ASSERT_FALSE(github.requests("/a.txt").empty());
  EXPECT_EQ(github.requests("/a.txt").back().header("Authorization"), "token secret");
}

TEST_F(hostile_http, a_token_does_not_come_back_by_way_of_another_host) {
  loopback_server other([this](const asked&, wire& out) {
    out.answer("302 Found", "", "Location: " + github.url() + "/back\r\n");
  });
  serve_file([&](const asked&, wire& out) {
    out.answer("302 Found", "", "Location: " + other.url() + "/away\r\n");
  });
  github.on("/back", changed);
  follow(channel + R"(, "token": "secret")");
  expect_updated();
  ASSERT_EQ(github.requests("/back").size(), 1u);
  EXPECT_EQ(github.requests("/back")[0].header("Authorization"), "");
}

TEST_F(hostile_http, a_redirect_on_the_same_host_keeps_the_token) {
  serve_file([](const asked&, wire& out) {
    out.answer("307 Temporary Redirect", "", "Location: ../../moved\r\n");
  });
  github.on("/o/r/" + blob_id("v2") + "/../../moved", changed);
  follow(channel + R"(, "token": "secret")");
  expect_updated();
  ASSERT_EQ(github.requests("/moved").size(), 1u);
  EXPECT_EQ(github.requests("/moved")[0].header("Authorization"), "token secret");
}

}  // namespace
