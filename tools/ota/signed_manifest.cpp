// The signed manifest: the root documents that lead to it, and a release document.

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "files.hpp"
#include "keys.hpp"
#include "manifest.hpp"
#include "root_chain.hpp"
#include "text.hpp"
#include "times.hpp"

namespace ota_tool {
namespace {

using ota::host::release_contents;
using ota::host::root_contents;

// A text that stands in the document as it is; devices keep so many bytes of it.
const std::string& checked(const std::string& name, const std::string& text, std::size_t most) {
  if (!is_utf8(text) || text.size() > most || shown(text) != text || text.empty())
    throw usage_error("--" + name + " must be 1 to " + std::to_string(most) +
                      " bytes of UTF-8 without control characters");
  return text;
}

release_contents contents_of(const release_content& content, const arguments& args) {
  release_contents release;
  release.product = checked("product", args.has("product") ? args.text("product") : "default", 64);
  for (const std::string& name : args.all("hardware"))
    release.hardware.insert(checked("hardware", name, 64));
  release.version = content.version;
  if (args.has("minimum")) release.minimum = checked("minimum", args.text("minimum"), 128);
  release.counter = static_cast<std::uint32_t>(args.number("counter", 0, UINT32_MAX));
  release.created = args.number("created", seconds_now(), INT64_MAX / 10);
  const std::uint64_t year = release.created + std::uint64_t{365} * 86400;
  release.expires = expiry_of(args, release.created, year);
  if (!content.post_update.empty()) release.hooks["post_update"] = content.post_update;
  if (!content.rollback.empty()) release.hooks["rollback"] = content.rollback;
  release.deletes.insert(content.deletes.begin(), content.deletes.end());
  for (const auto& one : content.files)
    release.files.push_back({one.path, one.size, one.sha256, one.executable});
  for (const auto& one : content.images)
    release.images.push_back({one.path, one.size, one.sha256, false});
  for (const auto& one : content.patches)
    release.patches.push_back({{one.path, one.size, one.sha256, false}, one.memory, one.code});
  return release;
}

// A signature that no device counts is a mistake; one that is still to come is not.
void check_signers(const root_contents& root, const std::vector<ota::host::signer>& signers,
                   std::size_t made) {
  for (const auto& one : signers)
    if (std::find(root.release.keys.begin(), root.release.keys.end(), one.key) ==
        root.release.keys.end())
      throw std::runtime_error("the key " + ota::host::key_id_text(one.key) +
                               " is no release key of the root document");
  if (made < root.release.threshold)
    std::fprintf(stderr, "ota: %u of %u signatures are made; `ota sign` adds the rest\n",
                 static_cast<unsigned>(made), static_cast<unsigned>(root.release.threshold));
}

std::string document_of(const release_contents& release,
                        const std::vector<ota::host::signer>& signers) {
  std::string document = ota::host::signed_document(ota::host::release_body(release), signers);
  ota::host::check_document(document);
  return document;
}

}  // namespace

std::string signed_manifest(const release_content& content, const arguments& args) {
  release_contents release = contents_of(content, args);
  const auto signers = signers_of(args);
  if (!args.has("chain")) return document_of(release, signers);
  const root_chain chain(content_of(args.text("chain")));
  for (std::size_t i = 0; i < chain.documents.size(); ++i)
    if (const std::string lacking = chain.lacking(i); !lacking.empty())
      throw std::runtime_error(lacking);
  release.chain = chain.known_from_first();
  release.epoch = chain.last().epoch;
  const std::string document = document_of(release, signers);
  check_signers(chain.last(), signers, ota::host::document_parts(document).signatures.size());
  return release.chain + document;
}

}  // namespace ota_tool
