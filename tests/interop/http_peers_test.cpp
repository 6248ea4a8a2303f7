// The tool against servers that others wrote, over the documents of a static GitHub, and over IPv6.

#include <sstream>

#include "support/device.hpp"
#include "support/nginx.hpp"
#include "support/scripted_github.hpp"

namespace {

using namespace ota_test;

/// GitHub's documents of one commit as files, in a folder that any web server can serve. The list
/// and the ids are real git's.
struct static_github : ::testing::Test {
  scratch_folder here;
  device target;
  std::string commit;
  std::string www = here / "www";
  std::string archive;
  std::string big;

  void SetUp() override {
    const auto made = run(
        "set -e; git init -q -b main " + (here / "repo") + "; cd " + (here / "repo") +
        "; mkdir 'with space'; echo one > a.txt; : > empty; head -c 300000 /dev/urandom > big.bin; "
        "echo s > 'with space/x y#?%.txt'; git add .; "
        "git -c user.name=t -c user.email=t@example.invalid commit -qm one; git rev-parse HEAD");
    ASSERT_EQ(made.code, 0) << made.out;
    commit = made.out.substr(0, 40);
    archive = www + "/o/r/" + commit;
    ASSERT_EQ(
        run("mkdir -p " + archive + "; git -C " + (here / "repo") + " archive HEAD | tar x -C " +
            archive + "; ln -s " + commit + " " + www + "/o/r/v1")
            .code,
        0);
    big = content_of(archive + "/big.bin");
    write_documents();
    follow("2");
  }

  void write_documents() const {
    std::string entries;
    std::istringstream lines(
        run("git -C " + (here / "repo") + " ls-tree -r -l -z HEAD | tr '\\0' '\\n'").out);
    for (std::string mode, type, id, size, path; lines >> mode >> type >> id >> size;) {
      std::getline(lines >> std::ws, path);
      entries += (entries.empty() ? "" : ",");
      entries += R"({"path":")" + path + R"(","mode":")" + mode + R"(","type":")" + type +
                 R"(","sha":")" + id + R"(","size":)" + size + "}";
    }
    const std::string api = www + "/repos/o/r/";
    const std::string object = R"({"object":{"type":"commit","sha":")" + commit + "\"}}";
    write_file(api + "git/trees/" + commit, R"({"tree":[)" + entries + R"(],"truncated":false})");
    write_file(api + "git/ref/heads/main", object);
    write_file(api + "git/ref/tags/v1", object);
    write_file(api + "releases/latest", R"({"tag_name":"v1","assets":[]})");
  }

  void follow(const std::string& tries, const std::string& channel = "developer") const {
    target.configure(R"("debug": true, "channel": ")" + channel + R"(", "http_retries": )" + tries);
  }

  /// The device is what `git archive` gave.
  void expect_updated(const measured& done) const {
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(
        run("diff -r -x .ota -x version.json -x ota_error.json " + archive + " " + target.root())
            .out,
        "");
  }

  /// Hands requests on to a server, and breaks the first answer for the large file off.
  void hand_on(const std::string& port, const asked& request, wire& out) {
    const bool cuts = request.target.find("/big.bin") != std::string::npos && !cut_;
    const auto upstream = loopback_socket::connected("127.0.0.1", port);
    const std::string head = request.head.substr(0, request.head.size() - 2);
    wire(upstream.fd()).send(head + "Connection: close\r\n\r\n");
    std::string answer;
    char piece[4096];
    for (ssize_t size; (size = ::recv(upstream.fd(), piece, sizeof piece, 0)) > 0;)
      answer.append(piece, static_cast<std::size_t>(size));
    out.hang_up();
    if (cuts) after_cut();
    cut_ = cut_ || cuts;
    out.send(cuts ? answer.substr(0, 150000) : answer);
  }

  /// An update whose first run ends where the connection is cut.
  void expect_updated_in_two_runs(const std::string& api, const std::string& port) {
    loopback_server relay([&](const asked& one, wire& out) { hand_on(port, one, out); });
    follow("1");
    EXPECT_EQ(target.update(api, relay.url()).code, 1);
    expect_updated(target.update(api, relay.url()));
  }

  std::function<void()> after_cut = [] {};

 private:
  bool cut_ = false;
};

struct nginx_peer : static_github {};

TEST_F(nginx_peer, serves_a_tree_equal_to_git_archive_and_says_304) {
  nginx peer(www);
  expect_updated(target.update(peer.url(), peer.url()));
  const measured again = target.update(peer.url(), peer.url());
  EXPECT_EQ(again.out, "No update required\n") << again.err << peer.problems();
  const auto asked_for = peer.requests("/git/ref/heads/main");
  ASSERT_EQ(asked_for.size(), 2u);
  const std::string etag = asked_for[0].substr(asked_for[0].find('"'));
  EXPECT_EQ(asked_for[0], "/repos/o/r/git/ref/heads/main 200 ~ ~ ~ " + etag);
  EXPECT_EQ(asked_for[1], "/repos/o/r/git/ref/heads/main 304 ~ ~ " + etag + " " + etag);
  EXPECT_EQ(peer.requests("/git/trees/").size(), 1u);
}

TEST_F(nginx_peer, says_304_to_a_release) {
  nginx peer(www);
  follow("2", "stable");
  expect_updated(target.update(peer.url(), peer.url()));
  EXPECT_EQ(target.update(peer.url(), peer.url()).out, "No update required\n");
  const auto asked_for = peer.requests("/releases/latest");
  ASSERT_EQ(asked_for.size(), 2u);
  EXPECT_NE(asked_for[1].find(" 304 "), std::string::npos) << asked_for[1];
}

TEST_F(nginx_peer, serves_a_release_by_its_manifest) {
  nginx peer(www);
  ASSERT_EQ(
      run(OTA_TOOL " manifest --root " + archive + " --version v1 --out " + www + "/manifest.json")
          .code,
      0);
  write_file(www + "/repos/o/r/releases/latest",
             R"({"tag_name":"v1","assets":[{"name":"manifest.json","state":"uploaded",)"
             R"("browser_download_url":")" +
                 peer.url() + "/manifest.json\"}]}");
  follow("2", "stable");
  expect_updated(target.update(peer.url(), peer.url()));
  EXPECT_EQ(peer.requests("/manifest.json").size(), 1u);
  EXPECT_EQ(peer.requests("/git/trees/").size(), 0u);
}

TEST_F(nginx_peer, sends_the_rest_of_a_download_in_a_later_run) {
  nginx peer(www);
  expect_updated_in_two_runs(peer.url(), peer.port());
  const auto asked_for = peer.requests("/big.bin");
  ASSERT_EQ(asked_for.size(), 2u);
  EXPECT_NE(asked_for[1].find(" 206 bytes=14"), std::string::npos) << asked_for[1];
}

TEST_F(nginx_peer, that_knows_no_ranges_sends_the_file_again) {
  nginx peer(www, "max_ranges 0;");
  expect_updated_in_two_runs(peer.url(), peer.port());
  const auto asked_for = peer.requests("/big.bin");
  ASSERT_EQ(asked_for.size(), 2u);
  EXPECT_NE(asked_for[1].find(" 200 bytes=14"), std::string::npos) << asked_for[1];
}

TEST_F(nginx_peer, goes_on_with_the_same_content_by_its_etag) {
  nginx peer(www);
  loopback_server relay([&](const asked& one, wire& out) { hand_on(peer.port(), one, out); });
  const measured done = target.update(peer.url(), relay.url());
  expect_updated(done);
  EXPECT_NE(done.err.find("retrying"), std::string::npos) << done.err;
  const auto asked_for = peer.requests("/big.bin");
  ASSERT_EQ(asked_for.size(), 2u);
  const std::string etag = asked_for[0].substr(asked_for[0].find('"'));
  EXPECT_NE(asked_for[1].find(" 206 bytes="), std::string::npos) << asked_for[1];
  EXPECT_NE(asked_for[1].find("-~ " + etag + " ~ "), std::string::npos) << asked_for[1];
}

TEST_F(nginx_peer, begins_again_with_content_that_has_changed) {
  write_file(archive + "/big.bin", std::string(big.size(), 'x'));
  after_cut = [this] {
    // A new file has a new time, and so a new ETag; a second is all that the tag can tell apart.
    write_file(archive + "/big.bin", big);
    run("touch -d '2001-01-01' " + archive + "/big.bin");
  };
  nginx peer(www);
  loopback_server relay([&](const asked& one, wire& out) { hand_on(peer.port(), one, out); });
  expect_updated(target.update(peer.url(), relay.url()));
  const auto asked_for = peer.requests("/big.bin");
  ASSERT_EQ(asked_for.size(), 2u);
  EXPECT_NE(asked_for[1].find(" 200 bytes="), std::string::npos) << asked_for[1];
}

/// HTTP/1.0: a connection a request, no ranges, no ETags.
struct python_peer : static_github {
  server peer{OTA_PYTHON
              " -c 'import http.server as h, os\n"
              "os.chdir(\"" +
              prepared(www) +
              "\")\n"
              "class quiet(h.SimpleHTTPRequestHandler):\n"
              "  def log_message(self, *given): pass\n"
              "s = h.HTTPServer((\"127.0.0.1\", 0), quiet)\n"
              "print(\"listening on http://127.0.0.1:%d\" % s.server_port, flush=True)\n"
              "s.serve_forever()'"};

  static std::string prepared(const std::string& folder) {
    std::filesystem::create_directories(folder);
    return folder;
  }
};

TEST_F(python_peer, serves_a_tree_equal_to_git_archive) {
  expect_updated(target.update(peer.url(), peer.url()));
  EXPECT_EQ(target.update(peer.url(), peer.url()).out, "No update required\n");
}

TEST_F(python_peer, sends_a_file_again_whose_download_was_cut) {
  expect_updated_in_two_runs(peer.url(), peer.url().substr(peer.url().rfind(':') + 1));
}

TEST(ipv6, an_address_in_brackets_is_an_address) {
  scripted_github github("::1");
  if (!github.is_running()) GTEST_SKIP() << "this computer has no ::1";
  github.publish("v1", {{"a.txt", "one"}, {"lib/b.txt", "two"}});
  device target;
  target.configure(R"("channel": "developer")");
  const measured done = target.update(github.url(), github.url());
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(content_of(target.root() + "/lib/b.txt"), "two");
  EXPECT_EQ("http://" + github.requests()[0].header("Host"), github.url());
}

TEST(ipv6, a_redirect_leads_to_it) {
  scripted_github github;
  loopback_server six([](const asked&, wire& out) { out.answer("200 OK", "one"); }, "::1");
  if (!six.is_running()) GTEST_SKIP() << "this computer has no ::1";
  github.publish("v1", {{"a.txt", "one"}});
  github.on(github.raw_path("a.txt"), [&](const asked&, wire& out) {
    out.answer("302 Found", "", "Location: " + six.url() + "/a\r\n");
  });
  device target;
  target.configure(R"("channel": "developer")");
  const measured done = target.update(github.url(), github.url());
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(content_of(target.root() + "/a.txt"), "one");
}

}  // namespace
