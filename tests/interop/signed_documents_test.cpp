// Signed manifests and root documents: those of a peer that knows docs/signed-updates.md alone and
// signs with openssl, verified and installed by the tool; those of the tool, verified by the peer;
// and what the page tells a maker to do, done.

#include <gtest/gtest.h>

#include "support/process.hpp"
#include "support/scripted_github.hpp"

namespace {

using namespace ota_test;

const std::string ota = OTA_TOOL;
const std::string tool_folder = std::filesystem::path(ota).parent_path().string();
const std::string peer = OTA_PYTHON " " OTA_SOURCE_DIR "/tests/interop/signed_documents.py ";

struct signed_documents : ::testing::Test {
  scratch_folder here;

  void SetUp() override {
    ASSERT_EQ(run("cd " + here.path() +
                  "; mkdir -p files/lib files/hooks device; echo one > files/main.py; "
                  ": > files/lib/empty; echo x > 'files/lib/a b.txt'; echo y > files/lib-a; "
                  "printf '#!/bin/sh\\n' > files/hooks/post.sh; chmod +x files/hooks/post.sh")
                  .code,
              0);
  }

  finished in_folder(const std::string& command) const {
    return run("cd " + here.path() + "; export PATH=" + tool_folder + ":$PATH; " + command);
  }
  void expect_done(const std::string& command) const {
    const finished done = in_folder(command);
    EXPECT_EQ(done.code, 0) << command << ": " << done.out;
  }
  void expect_failed(const std::string& command, const std::string& words) const {
    const finished done = in_folder(command);
    EXPECT_EQ(done.code, 1) << command << ": " << done.out;
    EXPECT_EQ(done.out.compare(0, 5, "ota: "), 0) << done.out;
    EXPECT_NE(done.out.find(words), std::string::npos) << command << ": " << done.out;
    EXPECT_EQ(done.out.find('\n') + 1, done.out.size()) << done.out;
  }
  std::string text(const std::string& name) const { return content_of(here / name); }

  void make_keys(const std::string& names) const {
    expect_done("for k in " + names + "; do ota keygen --out $k || exit 1; done");
  }

  // A release that GitHub shows, with the manifest in the folder.
  void publish(scripted_github& github, const std::string& tag) const {
    scripted_github::files files;
    for (const char* path : {"main.py", "lib/empty", "lib/a b.txt", "lib-a", "hooks/post.sh"})
      files[path] = text(std::string("files/") + path);
    github.publish(tag, files);
    for (const std::string& place : {tag, blob_id(tag)})
      github.on("/o/r/" + place + "/lib/a%20b.txt", files["lib/a b.txt"]);
    github.set_release(R"({"tag_name":")" + tag + R"(","assets":[{"name":"manifest.ota",)" +
                       R"("state":"uploaded","browser_download_url":")" + github.url() +
                       "/manifest.ota\"}]}");
    github.on("/manifest.ota", text("manifest.ota"));
  }

  finished update(const std::string& url, const std::string& members) const {
    write_file(
        here / "device.json",
        R"({"owner": "o", "repo": "r", "http_retries": 1, "backoff_sec": 0, )" + members + "}");
    // From elsewhere: the root document's file stands beside the configuration.
    return run("cd /; " + ota + " update --config " + (here / "device.json") + " --root " +
               (here / "device") + " --api " + url + " --raw " + url);
  }

  void expect_installed() const {
    EXPECT_EQ(in_folder("diff -r -x .git -x .ota -x version.json -x ota_error.json files device; "
                        "find device -path device/.ota -prune -o -type f -perm -u+x -print")
                  .out,
              "device/hooks/post.sh\n");
  }
};

TEST_F(signed_documents, of_the_peer_are_verified) {
  expect_done(peer + "make .");
  EXPECT_EQ(
      in_folder("ota verify manifest.ota --trusted-root root.txt").out,
      "valid\nproduct: station\nversion: v1\ncounter: 7\nexpires: never\nfiles: 5\nimages: 0\n"
      "root version: 2\n");
  EXPECT_EQ(in_folder("ota verify manifest.ota --trusted-root root.txt --json").out,
            R"({"outcome": "valid", "product": "station", "version": "v1", "counter": 7, )"
            R"("expires": "never", "files": 5, "images": 0, "root_version": 2})"
            "\n");
  expect_done("ota verify manifest.ota --trusted-root root.txt --product station --hardware rev-b");
  EXPECT_NE(in_folder("ota verify root.txt --key second.pub").out.find("signed: the whole file\n"),
            std::string::npos);
  EXPECT_NE(in_folder("ota verify manifest.ota --key new.pub")
                .out.find("signed: the last of 2 documents, not the others\n"),
            std::string::npos);
  expect_failed("ota verify manifest.ota --key old.pub", "there is no signature by the key");
  expect_failed("ota verify manifest.ota --trusted-root root.txt --product other",
                "the manifest is for another product");
  expect_failed("ota verify manifest.ota --trusted-root root.txt --hardware rev-c",
                "the manifest is for other hardware");
  expect_failed("ota verify root.txt --trusted-root root.txt", "holds no release document");
  expect_failed("ota verify manifest.ota --trusted-root files/main.py", "not a root document");
}

TEST_F(signed_documents, of_the_peer_are_installed) {
  expect_done(peer + "make .; echo old > device/gone.txt");
  scripted_github github;
  publish(github, "v1");
  const finished other = update(github.url(), R"("trusted_root_file": "root.txt")");
  EXPECT_EQ(other.code, 1) << other.out;
  EXPECT_NE(other.out.find("another product"), std::string::npos) << other.out;
  const std::string members =
      R"("trusted_root_file": "root.txt", "product": "station", "hardware": "rev-a")";
  const finished done = update(github.url(), members);
  EXPECT_EQ(done.code, 0) << done.out;
  expect_installed();
  EXPECT_EQ(in_folder("ota status --root device --json | grep -c '\"state\": \"trial\"'").out,
            "1\n");
  expect_done("ota boot --root device; ota confirm --root device");
  EXPECT_EQ(update(github.url(), members).out, "No update required\n");
}

TEST_F(signed_documents, of_others_are_not_installed) {
  expect_done(peer + "make .; mv root.txt first.txt; mv manifest.ota first.ota; " + peer +
              "make .");
  scripted_github github;
  publish(github, "v1");
  const finished refused =
      update(github.url(), R"("product": "station", "trusted_root_file": "first.txt")");
  EXPECT_EQ(refused.code, 1) << refused.out;
  EXPECT_NE(refused.out.find("not signed by enough keys"), std::string::npos) << refused.out;
  EXPECT_FALSE(std::filesystem::exists(here / "device/main.py"));
}

TEST_F(signed_documents, are_taken_from_files_that_are_there) {
  const finished missing = update("http://127.0.0.1:1", R"("trusted_root_file": "none.txt")");
  EXPECT_EQ(missing.code, 1);
  EXPECT_NE(missing.out.find("`trusted_root_file`: cannot read"), std::string::npos) << missing.out;
  write_file(here / "empty.txt", "");
  const finished empty = update("http://127.0.0.1:1", R"("trusted_root_file": "empty.txt")");
  EXPECT_EQ(empty.code, 1);
  EXPECT_NE(empty.out.find("is empty"), std::string::npos) << empty.out;
  const finished both =
      update("http://127.0.0.1:1", R"("trusted_root_file": "empty.txt", "trusted_root": "x")");
  EXPECT_EQ(both.code, 1);
  EXPECT_NE(both.out.find("only one of"), std::string::npos) << both.out;
}

TEST_F(signed_documents, of_the_tool_are_verified_by_the_peer) {
  make_keys("a b c d");
  expect_done(
      "ota root init --key a.key b.key --threshold 2 --release c.pub --out chain.txt; "
      "cp chain.txt root.txt; "
      "ota root rotate --chain chain.txt --key a.key b.key --release d.pub --new-epoch; "
      "ota manifest --root files --version v1 --product station --hardware rev-b rev-a --minimum "
      "v0.1 --counter 7 --chain chain.txt --key d.key");
  EXPECT_EQ(in_folder(peer + "check manifest.ota root.txt files").out,
            "station v1 counter 7 root 2\n");
  expect_done("ota verify manifest.ota --trusted-root root.txt");
  expect_done("echo changed >> files/main.py");
  EXPECT_NE(in_folder(peer + "check manifest.ota root.txt files").code, 0);
}

TEST_F(signed_documents, say_what_they_are_told) {
  make_keys("k");
  write_file(here / "deletes", "old.py\nlib/z\n");
  expect_done(
      "ota manifest --root files --version v1 --key k.key --hardware b a --minimum v0.1 --counter "
      "3 "
      "--created 1000 --expires 2 --deletes deletes --post-update hooks/post.sh --rollback lib-a "
      "--include 'lib*' main.py 'lib/*' 'hooks/*'");
  const std::string made = text("manifest.ota");
  EXPECT_EQ(made.substr(0, made.find("file ")),
            "ota-release 1\nproduct default\nhardware a\nhardware b\nversion v1\nminimum v0.1\n"
            "epoch 0\ncounter 3\ncreated 1000\nexpires 173800\nhook post_update hooks/post.sh\n"
            "hook rollback lib-a\ndelete lib/z\ndelete old.py\n");
  EXPECT_EQ(in_folder("grep ^file manifest.ota | cut -d' ' -f4-").out,
            "x hooks/post.sh\n- lib-a\n- lib/a b.txt\n- lib/empty\n- main.py\n");
  expect_done("ota manifest --root files --version v1 --key k.key --expires never");
  EXPECT_NE(text("manifest.ota").find("\nexpires never\n"), std::string::npos);
}

TEST_F(signed_documents, hold_firmware_images) {
  make_keys("k");
  expect_done(
      "ota root init --key k.key --release k.pub; mkdir out; head -c 5000 /dev/urandom > "
      "out/a.bin; "
      "echo b > files/rev-b; ota manifest --root files --version v1 --key k.key --image "
      "'z z=out/a.bin' --image rev-b=files/rev-b");
  EXPECT_EQ(in_folder("grep '^image\\|rev-b' manifest.ota").out,
            in_folder("echo image 2 $(sha256sum files/rev-b | cut -c1-64) rev-b; "
                      "echo image 5000 $(sha256sum out/a.bin | cut -c1-64) z z")
                .out);
  EXPECT_NE(in_folder("ota verify manifest.ota --trusted-root root.txt").out.find("images: 2\n"),
            std::string::npos);
  EXPECT_EQ(in_folder("rm files/rev-b; " + peer + "check manifest.ota root.txt files").code, 0);
  // Of images alone, too.
  expect_done(
      "mkdir none; ota manifest --root none --version v1 --key k.key --image a=out/a.bin; "
      "ota verify manifest.ota --trusted-root root.txt; grep '^image 5000' manifest.ota; "
      "! grep ^file manifest.ota");
}

TEST_F(signed_documents, that_a_device_would_refuse_are_not_made) {
  make_keys("k other");
  expect_done("ota root init --key k.key --release k.pub; cp root.txt before.txt");
  const std::string make = "ota manifest --root files --version v1 --key ";
  expect_failed(make + "k.key --include '*.none'", "no file was chosen");
  expect_failed(make + "k.key --image a=files/lib/empty", "files/lib/empty has no bytes");
  expect_failed(make + "k.key --image a=none", "cannot read none");
  for (const std::string option : {"a", "=files/main.py", "../a=files/main.py", ".a=files/main.py",
                                   "a=files/main.py --image a=files/lib-a"})
    EXPECT_EQ(in_folder(make + "k.key --image " + option).code, 2) << option;
  EXPECT_EQ(in_folder("ota manifest --root files --image a=files/main.py").code, 2);
  expect_failed(make + "other.key --chain root.txt", "is no release key of the root document");
  expect_failed(make + "k.key --chain files/main.py", "no root or release document");
  expect_failed("cp k.key files/k.txt; " + make + "k.key", "k.txt is a secret key");
  expect_failed("rm files/k.txt; touch files/.hidden; echo .hidden > list; " + make +
                    "k.key --file-list list",
                "is hidden");
  const std::string deep = std::string(130, 'd') + "/" + std::string(130, 'f');
  expect_failed("mkdir files/$(dirname " + deep + "); touch files/" + deep + "; " + make + "k.key",
                "longer than the 255 bytes");
  EXPECT_FALSE(std::filesystem::exists(here / "manifest.ota"));
  expect_done("rm -r files/d*");
  for (const std::string option :
       {"--product ''", "--product \"$(printf 'a\\nb')\"", "--hardware \"$(printf '\\377')\"",
        "--counter 4294967296", "--expires soon", "--minimum ''"})
    EXPECT_EQ(in_folder(make + "k.key " + option).code, 2) << option;
  expect_failed("ota root init --key k.key --release k.pub", "is there already");
  expect_failed("ota root init --key k.key --root other.pub --release k.pub --out o",
                "is no root key");
  expect_failed("ota root init --key k.key --release k.pub --threshold 2 --out o",
                "the threshold must lie between 1 and the 1 different keys");
  expect_failed("ota root rotate --chain root.txt --key other.key", "is no root key");
  EXPECT_EQ(text("root.txt"), text("before.txt"));
}

TEST_F(signed_documents, are_signed_by_two_in_turn) {
  make_keys("a b c r s");
  const finished init = in_folder(
      "ota root init --key a.key --root a.pub b.pub --threshold 2 "
      "--release r.pub s.pub --release-threshold 2 --expires 30");
  EXPECT_EQ(init.code, 0);
  EXPECT_NE(init.out.find("root document 1 still needs signatures: 1 by its own root keys"),
            std::string::npos)
      << init.out;
  expect_failed("ota root rotate --chain root.txt --key a.key", "still needs signatures");
  EXPECT_EQ(in_folder("ota sign root.txt --key b.key").out, "root.txt: signed, root document 1\n");
  expect_done("cp root.txt first.txt");

  // b is lost: c follows. The old keys sign, and the new ones.
  const finished rotated = in_folder(
      "ota root rotate --chain root.txt --key a.key --root a.pub "
      "c.pub --expires never");
  EXPECT_EQ(rotated.code, 0);
  EXPECT_NE(rotated.out.find("root document 2 still needs signatures: 1 by keys of the document "
                             "before, 1 by its own root keys"),
            std::string::npos)
      << rotated.out;
  expect_failed("ota manifest --root files --version v1 --key r.key --chain root.txt",
                "root document 2 still needs signatures");
  EXPECT_NE(in_folder("ota sign root.txt --key c.key").out.find("1 by keys of the document before"),
            std::string::npos);
  EXPECT_EQ(in_folder("ota sign root.txt --key b.key").out, "root.txt: signed, root document 2\n");
  EXPECT_EQ(in_folder("ota root show root.txt | grep -c 'signed as it must be'").out, "2\n");
  EXPECT_EQ(in_folder("ota root show root.txt --json | " OTA_PYTHON
                      " -c 'import json, sys; print([(d[\"version\"], d[\"root\"][\"threshold\"], "
                      "d[\"complete\"]) for d in json.load(sys.stdin)])'")
                .out,
            "[(1, 2, True), (2, 2, True)]\n");

  const finished half = in_folder(
      "ota manifest --root files --version v1 --key r.key --chain "
      "root.txt");
  EXPECT_NE(half.out.find("1 of 2 signatures are made"), std::string::npos) << half.out;
  expect_failed("ota verify manifest.ota --trusted-root first.txt", "not signed by enough keys");
  expect_done(
      "ota sign manifest.ota --key s.key; ota verify manifest.ota --trusted-root first.txt");
  const std::string once = text("manifest.ota");
  expect_done("ota sign manifest.ota --key s.key r.key");
  EXPECT_EQ(text("manifest.ota"), once);
  EXPECT_EQ(in_folder(peer + "check manifest.ota first.txt files").out,
            "default v1 counter 0 root 2\n");
}

TEST_F(signed_documents, rotate_as_they_are_told) {
  make_keys("a r");
  const auto said = [&](const std::string& word) {
    return in_folder("grep '^" + word + " ' root.txt").out;
  };
  expect_done("ota root init --key a.key --release r.pub --expires 30");
  const std::string expires = said("expires");
  const std::string days = in_folder("echo $(( ($(echo '" + expires.substr(8, 10) +
                                     "') - $(date +%s) + 43200) / 86400 ))")
                               .out;
  EXPECT_EQ(days, "30\n") << expires;
  expect_done("ota root rotate --chain root.txt --key a.key --new-epoch");
  EXPECT_EQ(said("expires"), expires + expires);
  EXPECT_EQ(said("epoch"), "epoch 0\nepoch 1\n");
  expect_done("ota root rotate --chain root.txt --key a.key --expires never --out more.txt");
  EXPECT_EQ(said("version"), "version 1\nversion 2\n");
  expect_done(
      "mv more.txt root.txt; ota manifest --root files --version v1 --key r.key --chain "
      "root.txt");
  EXPECT_EQ(said("expires"), expires + expires + "expires never\n");
  EXPECT_EQ(said("epoch"), "epoch 0\nepoch 1\nepoch 1\n");
  EXPECT_EQ(in_folder("grep -h '^epoch ' manifest.ota").out, "epoch 1\nepoch 1\nepoch 1\n");

  expect_done(
      "sed '/^signature/d; s/^expires .*/expires 5/' root.txt | head -8 > old.txt; "
      "ota sign old.txt --key a.key");
  expect_failed("ota root rotate --chain old.txt --key a.key", "would have expired");
  expect_failed("ota root init --key a.key --release r.pub --expires 0 --out o",
                "would have expired");
}

TEST_F(signed_documents, expire) {
  make_keys("k");
  expect_done(
      "ota root init --key k.key --release k.pub; ota manifest --root files --version v1 "
      "--key k.key --chain root.txt --created 1000 --expires 1");
  expect_done("ota verify manifest.ota --trusted-root root.txt --now 87399");
  expect_failed("ota verify manifest.ota --trusted-root root.txt --now 87400", "has expired");
  expect_failed("ota verify manifest.ota --trusted-root root.txt", "has expired");
  EXPECT_NE(in_folder("ota verify manifest.ota --trusted-root root.txt --now 5")
                .out.find("expires: 1970-01-02T00:16:40Z"),
            std::string::npos);
}

TEST_F(signed_documents, changed_in_any_byte_are_refused) {
  make_keys("a b");
  expect_done(
      "ota root init --key a.key --release a.pub --out chain.txt; cp chain.txt root.txt; "
      "ota root rotate --chain chain.txt --key a.key --release b.pub; "
      "ota manifest --root files --version v1 --key b.key --chain chain.txt --include main.py");
  expect_done("ota verify manifest.ota --trusted-root root.txt");
  const std::string manifest = text("manifest.ota");
  for (std::size_t i = 0; i < manifest.size(); ++i) {
    std::string changed = manifest;
    changed[i] = static_cast<char>(changed[i] ^ 1 << i % 8);
    write_file(here / "changed", changed);
    EXPECT_EQ(in_folder("ota verify changed --trusted-root root.txt").code, 1) << i;
  }
}

// ---- the page ---------------------------------------------------------------------------------

// The shell's lines in a section, a block of them each.
std::vector<std::string> blocks_of(const std::string& section) {
  std::string page = content_of(OTA_SOURCE_DIR "/docs/signed-updates.md");
  page = page.substr(page.find("\n## " + section + "\n") + 1);
  page = page.substr(0, page.find("\n## "));
  std::vector<std::string> blocks;
  for (std::size_t at = 0; (at = page.find("```sh\n", at)) != page.npos;) {
    const std::size_t end = page.find("```", at + 6);
    blocks.push_back(page.substr(at + 6, end - at - 6));
    at = end + 3;
  }
  return blocks;
}

TEST_F(signed_documents, makers_day_is_as_the_page_says) {
  const auto blocks = blocks_of("A maker's day");
  ASSERT_EQ(blocks.size(), 4u);
  const std::string git = "git -c user.name=t -c user.email=t@example.invalid -C files ";
  const auto publish_as = [&](const std::string& tag) {
    expect_done("set -e; " + git + "add .; " + git + "commit -qm " + tag + "; " + git + "tag " +
                tag + "; mkdir -p assets/" + tag + "; cp manifest.ota assets/" + tag);
  };
  const std::string members =
      R"("product": "weather-station", "hardware": "rev-b", "trusted_root_file": "known.txt")";

  expect_done("git init -q files; set -e; " + blocks[0] + "cp root.txt known.txt");
  expect_done("set -e; " + blocks[1]);
  publish_as("v1.2.0");
  const server github(ota + " serve --port 0 --git o/r=" + (here / "files") +
                      " --assets o/r=" + (here / "assets"));
  const finished first = update(github.url(), members);
  EXPECT_EQ(first.code, 0) << first.out;
  expect_installed();
  expect_done("ota confirm --root device");

  // Of two manifests of one second the device would keep the first.
  expect_done("sleep 1; echo two > files/main.py");
  expect_done("set -e; " + blocks[2]);
  publish_as("v1.2.1");
  const finished second = update(github.url(), members);
  EXPECT_EQ(second.code, 0) << second.out;
  expect_installed();
  expect_done("ota confirm --root device");

  // The key that was replaced signs nothing any more.
  expect_done(
      "echo stolen > files/main.py; ota manifest --root files --version v1.2.2 --product "
      "weather-station --counter 1 --key release-key.key");
  publish_as("v1.2.2");
  const finished stolen = update(github.url(), members);
  EXPECT_EQ(stolen.code, 1) << stolen.out;
  EXPECT_EQ(text("device/main.py"), "two\n");

  make_keys("second-key");
  expect_done("set -e; " + blocks[3]);
}

}  // namespace
