#pragma once

#include <gtest/gtest.h>

#include <string>

#include "process.hpp"

namespace ota_test {

/// An authority of one's own, made by the openssl command, and what it signs. Each name stands for
/// the files NAME.crt and NAME.key in a folder.
class certificates {
 public:
  /// How a certificate differs from a good one for localhost.
  struct kind {
    std::string name = "localhost";       ///< also its only DNS name
    std::string issuer = "intermediate";  ///< itself: self-signed
    std::string from = "20200101000000Z";
    std::string to = "20991231235959Z";
    bool is_authority = false;
    std::string key = "ec -pkeyopt ec_paramgen_curve:P-256";
  };

  certificates() {
    write_file(here_ / "ca.cnf",
               "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\ndefault_md=sha256\n"
               "policy=p\nunique_subject=no\nrand_serial=yes\n[p]\ncommonName=supplied\n");
    write_file(here_ / "index", "");
    make("root", authority("Test Root", "root"));
    make("intermediate", authority("Test Intermediate", "root"));
    make("stranger", authority("Stranger", "stranger"));
    make("good", {});
  }

  std::string path(const std::string& file) const { return here_ / file; }
  const std::string& folder() const { return here_.path(); }
  std::string root() const { return path("root.crt"); }

  /// Makes NAME.key, NAME.crt and, for a server, NAME.chain: itself and what signed it.
  void make(const std::string& name, const kind& what) {
    const bool is_root = what.issuer == name;
    write_file(here_ / (name + ".ext"), what.is_authority
                                            ? "basicConstraints=critical,CA:TRUE\n"
                                            : "subjectAltName=DNS:" + what.name + "\n");
    const auto made =
        run("set -e; cd " + here_.path() + "; openssl req -new -nodes -newkey " + what.key +
            " -keyout " + name + ".key -out " + name + ".csr -subj '/CN=" + what.name +
            "'; openssl ca -batch -notext -config ca.cnf -in " + name + ".csr -out " + name +
            ".crt -extfile " + name + ".ext -startdate " + what.from + " -enddate " + what.to +
            " -keyfile " + what.issuer + ".key " +
            (is_root ? "-selfsign" : "-cert " + what.issuer + ".crt") + "; cat " + name + ".crt " +
            (is_root ? "" : what.issuer + ".crt") + " > " + name + ".chain");
    EXPECT_EQ(made.code, 0) << made.out;
  }

  /// The pin of a certificate's public key, as the openssl command computes it.
  std::string pin(const std::string& name) const {
    const auto digest = run("openssl x509 -in " + path(name + ".crt") +
                            " -noout -pubkey | openssl pkey -pubin -outform DER | "
                            "openssl dgst -sha256 -binary | openssl base64 -A");
    return "sha256/" + digest.out;
  }

 private:
  static kind authority(const std::string& name, const std::string& issuer) {
    kind what;
    what.name = name;
    what.issuer = issuer;
    what.is_authority = true;
    return what;
  }

  scratch_folder here_;
};

}  // namespace ota_test
