// Keys and detached signatures as people make them with the tool, beside openssl and minisign.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/process.hpp"

namespace {

using namespace ota_test;

const std::string ota = OTA_TOOL;

struct keys : ::testing::Test {
  scratch_folder here;

  void SetUp() override { write_file(here / "file", "what is signed\n"); }

  finished in_folder(const std::string& command) const {
    return run("cd " + here.path() + "; unset OTA_PASSPHRASE; " + command);
  }
  void expect_done(const std::string& command) const {
    const finished done = in_folder(command);
    EXPECT_EQ(done.code, 0) << command << ": " << done.out;
  }
  // Fails with one line that holds these words.
  void expect_failed(const std::string& command, const std::string& words, int code = 1) const {
    const finished done = in_folder(command);
    EXPECT_EQ(done.code, code) << command << ": " << done.out;
    EXPECT_EQ(done.out.compare(0, 5, "ota: "), 0) << done.out;
    EXPECT_NE(done.out.find(words), std::string::npos) << command << ": " << done.out;
    EXPECT_TRUE(code == 2 || done.out.find('\n') + 1 == done.out.size()) << done.out;
  }
  unsigned mode(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(::stat((here / name).c_str(), &info), 0);
    return info.st_mode & 07777;
  }
  std::string seed(const std::string& name) const {
    const std::string text = content_of(here / name);
    return text.substr(text.rfind(' ') + 1, 64);
  }
};

TEST_F(keys, are_for_their_owner_alone) {
  expect_done("umask 0; " + ota + " keygen --out open");
  EXPECT_EQ(mode("open.key"), 0600u);
  expect_done("umask 077; " + ota + " keygen --out closed");
  EXPECT_EQ(mode("closed.key"), 0600u);
}

// The file is never there with other rights, not even before something is in it.
TEST_F(keys, are_for_their_owner_alone_from_the_first_moment) {
  const finished traced =
      in_folder("umask 0; strace -f -e trace=openat,open,creat,chmod,fchmod,rename " + ota +
                " keygen --out k 2>&1");
  if (traced.code == 127 || traced.out.find("ptrace") != std::string::npos)
    GTEST_SKIP() << "strace does not work here";
  const std::size_t at = traced.out.find("\"k.key\"");
  ASSERT_NE(at, std::string::npos) << traced.out;
  const std::string call = traced.out.substr(at, traced.out.find('\n', at) - at);
  EXPECT_NE(call.find("O_EXCL"), std::string::npos) << call;
  EXPECT_NE(call.find("0600"), std::string::npos) << call;
}

TEST_F(keys, are_never_replaced) {
  for (const std::string there : {"k.key", "k.pub"}) {
    write_file(here / there, "precious");
    expect_failed(ota + " keygen --out k", there + " is there already, and is not replaced");
    EXPECT_EQ(content_of(here / there), "precious");
    expect_done("rm " + there + "; test ! -e k.key; test ! -e k.pub");
  }
  expect_done("ln -s elsewhere k.key");
  expect_failed(ota + " keygen --out k", "is there already");
  expect_done("test ! -e elsewhere");
}

TEST_F(keys, tell_their_public_half_and_nothing_else) {
  const finished made = in_folder(ota + " keygen --out k");
  const std::string open = content_of(here / "k.pub");
  const std::string id =
      in_folder("printf %s \"$(cat k.pub)\" | sha256sum | cut -c1-16").out.substr(0, 16);
  EXPECT_EQ(made.out, open + "id " + id + "\n");
  ASSERT_EQ(seed("k.key").size(), 64u);
  EXPECT_EQ(made.out.find(seed("k.key")), std::string::npos);
}

TEST_F(keys, are_locked_by_a_passphrase) {
  write_file(here / "pass", "correct horse\nnot this line\n");
  expect_done(ota + " keygen --out k --passphrase-file pass");
  EXPECT_NE(content_of(here / "k.key").find("encrypted ed25519 pbkdf2-hmac-sha256 600000 "),
            std::string::npos);
  expect_done("OTA_PASSPHRASE='correct horse' " + ota + " sign file --key k.key");
  expect_done(ota + " sign file --key k.key --passphrase-file pass");
  expect_done(ota + " verify file --key k.pub");
  expect_failed(ota + " sign file --key k.key", "k.key: a secret key that needs its passphrase");
  expect_failed("OTA_PASSPHRASE=wrong " + ota + " sign file --key k.key",
                "k.key: wrong passphrase, or a damaged secret key");
  write_file(here / "pass", "\n");
  expect_failed(ota + " keygen --out j --passphrase-file pass", "holds no passphrase");
  expect_done("test ! -e j.key");
}

TEST_F(keys, that_are_none_are_told) {
  write_file(here / "bad.key", "ota-secret-key 2\nsecret ed25519 00\n");
  expect_failed(ota + " sign file --key bad.key", "bad.key: not a secret key of this program");
  expect_failed(ota + " sign file --key none.key", "cannot read none.key");
  expect_done(ota + " keygen --out k; " + ota + " sign file --key k.key");
  expect_failed(ota + " verify file --key k.key", "is secret", 2);
  for (const char* text : {"ed25519 00", "ed448 00", "", "ed25519 \xff"}) {
    write_file(here / "bad.pub", text);
    expect_failed(ota + " verify file --key bad.pub", "is no public key of a kind known here");
  }
}

TEST_F(keys, are_refused_on_wrong_usage) {
  for (const char* command :
       {" keygen", " sign --key k.key", " sign file", " sign file other --key k", " verify file",
        " verify file --key k --trusted-root r", " verify file --key k --now 5", " root",
        " root init --key k", " root turn", " manifest --key", " manifest --product p",
        " manifest --key k --hmac-key h"})
    expect_failed(ota + command, "", 2);
}

// docs/keys.md and docs/signed-updates.md say how.
TEST_F(keys, signatures_hold_for_openssl) {
  expect_done(ota + " keygen --out k; " + ota + " sign file --key k.key");
  expect_done(
      "set -e; (printf 302a300506032b6570032100; cut -d' ' -f2 k.pub) | xxd -r -p > k.der; "
      "printf 'ota-signature 1\\n%s\\n' \"$(sha256sum < file | cut -c1-64)\" > statement; "
      "cut -d' ' -f3 file.sig | xxd -r -p > raw; openssl pkeyutl -verify -rawin -pubin -keyform "
      "DER -inkey k.der -in statement -sigfile raw");
  EXPECT_NE(
      in_folder("echo >> statement; openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "
                "k.der -in statement -sigfile raw")
          .code,
      0);
}

TEST_F(keys, become_keys_of_openssl) {
  expect_done(ota + " keygen --out k");
  expect_done(
      "set -e; (printf 302e020100300506032b657004220420; sed -n 's/^secret ed25519 //p' k.key) | "
      "xxd -r -p | openssl pkey -inform DER -out k.pem; "
      "echo \"ed25519 $(openssl pkey -in k.pem -pubout -outform DER | tail -c 32 | xxd -p -c 32)\" "
      "| diff - k.pub");
}

struct signatures_of_openssl : keys, ::testing::WithParamInterface<const char*> {};

TEST_P(signatures_of_openssl, hold) {
  const bool is_ecdsa = std::string(GetParam()) != "ed25519";
  const std::string size = is_ecdsa ? "65" : "32", digest = is_ecdsa ? "-digest sha256 " : "";
  expect_done("set -e; openssl genpkey -out k.pem -algorithm " +
              std::string(is_ecdsa ? "EC -pkeyopt ec_paramgen_curve:P-256" : "ed25519") +
              "; echo \"" + GetParam() +
              " $(openssl pkey -in k.pem -pubout -outform DER | tail -c " + size +
              " | xxd -p -c 99)\" > k.pub; "
              "printf 'ota-signature 1\\n%s\\n' \"$(sha256sum < file | cut -c1-64)\" > statement; "
              "echo \"signature $(printf %s \"$(cat k.pub)\" | sha256sum | cut -c1-16) "
              "$(openssl pkeyutl -sign -rawin " +
              digest +
              "-inkey k.pem -in statement | xxd -p -c 99)\" "
              "> file.sig");
  expect_done(ota + " verify file --key k.pub");
  expect_done("cp file.sig elsewhere; rm file.sig; " + ota +
              " verify file --key k.pub --signature elsewhere");
  expect_done("echo more >> file");
  expect_failed(ota + " verify file --key k.pub --signature elsewhere",
                "the signature is not that of this file");
}

INSTANTIATE_TEST_SUITE_P(kinds, signatures_of_openssl,
                         ::testing::Values("ed25519", "ecdsa-p256-der"),
                         [](const auto& one) { return std::string(one.param, one.param + 5); });

TEST_F(keys, sign_in_turn) {
  expect_done("for k in a b c; do " + ota + " keygen --out $k; done; " + ota +
              " sign file --key a.key; " + ota + " sign file --key b.key a.key");
  expect_done(ota + " verify file --key a.pub; " + ota + " verify file --key b.pub");
  expect_failed(ota + " verify file --key c.pub", "there is no signature by the key");
  EXPECT_EQ(in_folder("sort -c file.sig; wc -l < file.sig").out, "2\n");
}

TEST_F(keys, verify_tells_programs) {
  expect_done(ota + " keygen --out k; " + ota + " sign file --key k.key");
  const std::string id = content_of(here / "file.sig").substr(10, 16);
  EXPECT_EQ(in_folder(ota + " verify file --key k.pub --json").out,
            R"({"outcome": "valid", "key": ")" + id + R"(", "signed": "the whole file"})" + "\n");
  write_file(here / "file", "another");
  const finished failed = in_folder(ota + " verify file --key k.pub --json 2>/dev/null");
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.out,
            "{\"outcome\": \"failed\", \"message\": \"the signature is not that of this file\"}\n");
}

struct signatures_of_minisign : keys, ::testing::WithParamInterface<const char*> {};

TEST_P(signatures_of_minisign, hold) {
  if (run("minisign -v").code != 0) GTEST_SKIP() << "minisign is not installed";
  for (const char* size : {"0", "1", "127", "128", "129", "70000"}) {
    expect_done("rm -f file*; head -c " + std::string(size) +
                " /dev/urandom > file; minisign -G -f "
                "-W -p m.pub -s m.key; minisign -S " +
                GetParam() + " -s m.key -m file -t 'a comment \xc3\xa9'");
    EXPECT_EQ(in_folder(ota + " verify file --key m.pub").out,
              "valid\ntrusted comment: a comment \xc3\xa9\n");
    expect_done(ota + " verify file --key \"$(tail -1 m.pub)\"");
    expect_done("mv file.minisig s; " + ota + " verify file --key m.pub --signature s");
    expect_done("sed 's/a comment/another/' s > s2");
    expect_failed(ota + " verify file --key m.pub --signature s2",
                  "the trusted comment is not the signer's");
    expect_done("echo >> file");
    expect_failed(ota + " verify file --key m.pub --signature s",
                  "the signature is not that of this file");
    expect_done("minisign -G -f -W -p n.pub -s n.key");
    expect_failed(ota + " verify file --key n.pub --signature s",
                  "the signature was made with another key");
  }
}

struct signatures_for_minisign : keys {};

TEST_F(signatures_for_minisign, hold_there) {
  if (run("minisign -v").code != 0) GTEST_SKIP() << "minisign is not installed";
  expect_done(ota + " keygen --out k; " + ota + " keygen --out other");
  for (const char* size : {"0", "1", "128", "70000"}) {
    expect_done("head -c " + std::string(size) + " /dev/urandom > file");
    // The tool says how it is verified.
    const std::string said = in_folder(ota + " sign file --key k.key --minisign").out;
    ASSERT_EQ(said.rfind("file.minisig: minisign -V -P RW", 0), 0u) << said;
    const std::string verify = said.substr(said.find("minisign -V"));
    expect_done(verify);
    expect_done(ota + " verify file --key " + said.substr(said.find("RW"), 56));
    expect_done("sed -i 's/hashed/Hashed/' file.minisig");
    EXPECT_NE(in_folder(verify).code, 0);
    expect_done(ota + " sign file --key other.key --minisign");
    EXPECT_NE(in_folder(verify).code, 0);
  }
  EXPECT_EQ(in_folder(ota + " sign file --key k.key other.key --minisign 2>&1").code, 2);
}

INSTANTIATE_TEST_SUITE_P(kinds, signatures_of_minisign, ::testing::Values("-H", "-l"),
                         [](const auto& one) {
                           return one.param[1] == 'l' ? "legacy" : "prehashed";
                         });

}  // namespace
