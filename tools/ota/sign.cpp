// ota sign: adds signatures to a document, or makes detached ones for any other file.

#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "files.hpp"
#include "keys.hpp"
#include "ota/host/minisign.hpp"
#include "root_chain.hpp"
#include "text.hpp"
#include "times.hpp"

namespace ota_tool {
namespace {

using ota::host::signature_map;

// A signature by a key that has signed before is replaced; those of others stay.
void add_signatures(const std::string& body, const std::vector<ota::host::signer>& signers,
                    signature_map& signatures) {
  for (const auto& [id, signature] : ota::host::signatures_of(body, signers))
    signatures[id] = signature;
}

// Several people may sign in turn: each adds to what the last document has.
std::string with_signatures(const std::string& file,
                            const std::vector<ota::host::signer>& signers) {
  auto documents = ota::host::documents_of(file);
  ota::host::document_parts last(documents.back());
  add_signatures(last.body, signers, last.signatures);
  documents.back() = last.text();
  ota::host::check_document(documents.back());
  std::string text;
  for (const std::string& one : documents) text += one;
  return text;
}

int sign_as_minisign(const std::string& path, const std::string& file,
                     const std::vector<ota::host::signer>& signers, const arguments& args) {
  if (signers.size() != 1)
    throw usage_error("a file of minisign has one signature: give one --key");
  const std::string name = std::filesystem::path(path).filename().string();
  const std::string comment =
      "timestamp:" + std::to_string(seconds_now()) + "\tfile:" + shown(name) + "\thashed";
  const std::string key = ota::host::minisign_key_text(signers[0].key);
  const std::string out = args.text("out", path + ".minisig");
  replace_file(place_of(out), ota::host::minisign_text(signers[0], file, comment));
  std::printf("%s: minisign -V -P %s -m %s\n", shown(out).c_str(), key.c_str(),
              shown(path).c_str());
  return 0;
}

int sign_document(const std::string& path, const std::string& file,
                  const std::vector<ota::host::signer>& signers, const arguments& args) {
  const std::string out = args.text("out", path), text = with_signatures(file, signers);
  replace_file(place_of(out), text);
  const auto documents = ota::host::documents_of(text);
  // Whoever was handed a file to sign has to see what it was that they signed.
  if (!ota::host::is_root(documents.back())) {
    const auto release = ota::host::release_summary_of(documents.back());
    std::printf("%s: signed, version %s of %s\n", shown(out).c_str(),
                shown(std::string(release.head.version)).c_str(), shown(release.product).c_str());
    return 0;
  }
  const root_chain chain(text);
  std::printf("%s: signed, root document %u\n", shown(out).c_str(),
              static_cast<unsigned>(chain.last().version));
  const std::string lacking = chain.lacking(documents.size() - 1);
  if (!lacking.empty()) std::fprintf(stderr, "ota: %s\n", lacking.c_str());
  return 0;
}

}  // namespace

int run_sign(const arguments& args) {
  const std::string path = args.text("FILE");
  const std::string file = content_of(path);
  const auto signers = signers_of(args);
  if (args.has("minisign")) return sign_as_minisign(path, file, signers, args);
  if (ota::host::is_signable(file)) return sign_document(path, file, signers, args);
  const std::string out = args.text("out", path + ".sig");
  signature_map signatures;
  if (std::filesystem::exists(out)) signatures = ota::host::signatures_in(content_of(out));
  add_signatures(file, signers, signatures);
  replace_file(place_of(out), ota::host::signature_lines(signatures));
  std::printf("%s: signature of %s\n", shown(out).c_str(), shown(path).c_str());
  return 0;
}

}  // namespace ota_tool
