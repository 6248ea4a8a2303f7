// Downloads that break off and go on: what is asked for, how much is moved twice, and servers that
// answer a range with something else. The API is `ota serve` over a repository of real git; the
// files come from a server that cuts.

#include <memory>

#include "support/device.hpp"
#include "support/loopback_server.hpp"

namespace {

using namespace ota_test;

const std::string etag = "\"v1\"";

std::string whole(const std::string& content, const std::string& headers = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n" + headers +
         "\r\n" + content;
}

std::string part(const std::string& content, std::size_t from, const std::string& headers = {}) {
  const std::string total = std::to_string(content.size());
  return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(from) + "-" +
         std::to_string(content.size() - 1) + "/" + total +
         "\r\nContent-Length: " + std::to_string(content.size() - from) + "\r\n" + headers +
         "\r\n" + content.substr(from);
}

/// What a sound server says to a request.
std::string right(const asked& request, const std::string& content) {
  const std::size_t from = request.range_from();
  return from == 0 ? whole(content) : part(content, from);
}

struct resume : ::testing::Test {
  scratch_folder here;
  device target;
  std::string commit;
  std::string big;
  std::atomic<std::size_t> moved{0};

  /// Sends the answer for a file, which has this content.
  using sender = std::function<void(const asked&, wire&, const std::string&)>;

  void SetUp() override {
    const std::string repository = here / "repo";
    const auto made =
        run("set -e; git init -q -b main " + repository + "; cd " + repository +
            "; mkdir lib; echo one > a.txt; head -c 300000 /dev/urandom > lib/big.bin; "
            "printf '#!/bin/sh\\n' > z.sh; chmod +x z.sh; git add .; "
            "git -c user.name=t -c user.email=t@example.invalid commit -qm one; "
            "mkdir ../archive; git archive HEAD | tar x -C ../archive; git rev-parse HEAD");
    ASSERT_EQ(made.code, 0) << made.out;
    commit = made.out.substr(0, 40);
    big = content_of(here / "archive/lib/big.bin");
    api_ = std::make_unique<server>(OTA_TOOL " serve --port 0 --git o/r=" + repository);
    follow("1");
  }

  void serve(sender send) {
    const std::lock_guard<std::mutex> lock(mutex_);
    send_ = std::move(send);
  }

  void serve_well() {
    serve([this](const asked& request, wire& out, const std::string& content) {
      put(out, right(request, content));
    });
  }

  /// Each answer breaks off after `most` bytes of its body.
  void serve_cut(std::size_t most) {
    serve([this, most](const asked& request, wire& out, const std::string& content) {
      put(out, right(request, content), most);
    });
  }

  void follow(const std::string& tries) {
    target.configure(R"("channel": "developer", "http_retries": )" + tries);
  }

  /// Sends bytes of an answer and counts those of its body.
  void put(wire& out, const std::string& answer, std::size_t most = std::string::npos) {
    const std::size_t body = answer.find("\r\n\r\n") + 4;
    const std::string sent = answer.substr(0, most == std::string::npos ? most : body + most);
    moved += sent.size() - body;
    out.send(sent);
    if (sent.size() != answer.size()) out.hang_up();
  }

  measured update() { return target.update(api_->url(), raw_.url()); }

  /// The device is what `git archive` gives.
  void expect_whole() const {
    EXPECT_EQ(run("diff -r -x .ota -x version.json -x ota_error.json " + (here / "archive") + " " +
                  target.root())
                  .out,
              "");
  }

  std::vector<asked> asked_for_big() const { return raw_.requests("/lib/big.bin"); }

 private:
  void answer(const asked& request, wire& out) {
    sender send;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      send = send_;
    }
    const std::string path = request.target.substr(std::string("/o/r/").size() + commit.size());
    send(request, out, content_of(here / "archive" + path));
  }

  std::unique_ptr<server> api_;
  std::mutex mutex_;
  sender send_;
  loopback_server raw_{[this](const asked& request, wire& out) { answer(request, out); }};
};

TEST_F(resume, goes_on_in_a_later_run_where_the_server_cut) {
  serve_cut(200000);
  const measured cut = update();
  EXPECT_EQ(cut.code, 1);
  EXPECT_NE(cut.err.find("lib/big.bin: the answer ended before its promised length"),
            std::string::npos)
      << cut.err;
  EXPECT_FALSE(std::filesystem::exists(target.root() + "/lib"));
  EXPECT_EQ(std::filesystem::file_size(target.root() + "/.ota/new/0/1"), 200000u);
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.out.find("resumed"), std::string::npos) << done.out;
  expect_whole();
  ASSERT_EQ(asked_for_big().size(), 2u);
  EXPECT_EQ(asked_for_big()[0].header("Range"), "");
  EXPECT_EQ(asked_for_big()[1].header("Range"), "bytes=200000-");
  EXPECT_EQ(moved, 4u + big.size() + 10u) << "bytes were moved twice";
}

TEST_F(resume, asks_in_the_same_run_for_the_rest_of_the_same_content_alone) {
  follow("2");
  serve([this](const asked& request, wire& out, const std::string& content) {
    const std::size_t from = request.range_from();
    const std::string tag = "ETag: " + etag + "\r\n";
    put(out, from == 0 ? whole(content, tag) : part(content, from, tag), 70000);
  });
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  expect_whole();
  ASSERT_EQ(asked_for_big().size(), 5u);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(asked_for_big()[i].header("Range"), "bytes=" + std::to_string(i * 70000) + "-");
    EXPECT_EQ(asked_for_big()[i].header("If-Range"), etag);
  }
  EXPECT_EQ(moved, 4u + big.size() + 10u) << "bytes were moved twice";
}

// RFC 9110, 13.1.5: a weak tag does not say that the bytes are the same.
TEST_F(resume, names_no_weak_tag_with_a_range) {
  follow("2");
  serve([this](const asked& request, wire& out, const std::string& content) {
    const std::size_t from = request.range_from();
    const std::string tag = "ETag: W/" + etag + "\r\n";
    put(out, from == 0 ? whole(content, tag) : part(content, from, tag), 200000);
  });
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  expect_whole();
  ASSERT_EQ(asked_for_big().size(), 2u);
  EXPECT_EQ(asked_for_big()[1].header("Range"), "bytes=200000-");
  EXPECT_EQ(asked_for_big()[1].header("If-Range"), "");
}

TEST_F(resume, survives_a_cut_after_every_few_bytes) {
  follow("2");
  serve_cut(9973);
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  expect_whole();
  EXPECT_EQ(moved, 4u + big.size() + 10u) << "bytes were moved twice";
}

TEST_F(resume, begins_a_file_again_where_the_server_knows_no_ranges) {
  serve_cut(200000);
  EXPECT_EQ(update().code, 1);
  serve([this](const asked&, wire& out, const std::string& content) { put(out, whole(content)); });
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  expect_whole();
  EXPECT_EQ(asked_for_big().back().header("Range"), "bytes=200000-");
  EXPECT_LT(moved, 2 * big.size());
}

TEST_F(resume, begins_a_file_again_when_the_rest_is_of_another_file) {
  serve_cut(200000);
  EXPECT_EQ(update().code, 1);
  serve([this](const asked& request, wire& out, const std::string& content) {
    const std::size_t from = request.range_from();
    put(out, from == 0 ? whole(content) : part(std::string(content.size(), 'x'), from));
  });
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  expect_whole();
}

TEST_F(resume, begins_a_file_again_when_the_server_cannot_serve_its_rest) {
  serve_cut(200000);
  EXPECT_EQ(update().code, 1);
  serve([this](const asked& request, wire& out, const std::string& content) {
    if (request.range_from() == 0)
      put(out, whole(content));
    else
      out.answer("416 Range Not Satisfiable", "");
  });
  const measured done = update();
  EXPECT_EQ(done.code, 0) << done.err;
  expect_whole();
}

TEST_F(resume, begins_a_file_again_when_what_lay_there_is_damaged) {
  serve_cut(200000);
  EXPECT_EQ(update().code, 1);
  write_file(target.root() + "/.ota/new/0/1", std::string(200000, 'x'));
  const measured done = update();
  EXPECT_EQ(done.code, 1) << "the rest was cut once more: " << done.out;
  serve_well();
  EXPECT_EQ(update().code, 0);
  expect_whole();
}

TEST_F(resume, refuses_another_range_than_it_asked_for) {
  serve_cut(200000);
  EXPECT_EQ(update().code, 1);
  const auto before = target.files();
  for (const std::size_t wrong : {0u, 1u, 199999u, 200001u}) {
    serve([this, wrong](const asked&, wire& out, const std::string& content) {
      put(out, part(content, wrong));
      out.hang_up();
    });
    const measured done = update();
    EXPECT_EQ(done.code, 1) << done.out;
    EXPECT_NE(done.err.find("another range"), std::string::npos) << done.err;
    EXPECT_TRUE(target.files() == before);
  }
  serve([](const asked&, wire& out, const std::string& content) {
    out.answer("206 Partial Content", content.substr(200000));
  });
  EXPECT_NE(update().err.find("another range"), std::string::npos);
  serve_well();
  EXPECT_EQ(update().code, 0);
  expect_whole();
}

}  // namespace
