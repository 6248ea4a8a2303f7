// Any bytes as the files that a maker is sent: documents, keys, signatures of minisign. Each is
// read or refused by std::invalid_argument, and a document that is taken apart is put together
// again.
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <ota/host/document_texts.hpp>
#include <ota/host/key_file.hpp>
#include <ota/host/minisign.hpp>

namespace {

template <class Read>
void try_out(Read&& read) {
  try {
    read();
  } catch (const std::invalid_argument&) {
  }
}

void expect(bool holds) {
  if (!holds) std::abort();
}

void read_documents(const std::string& text) {
  std::string whole;
  for (const std::string& document : ota::host::documents_of(text)) {
    whole += document;
    try_out([&] {
      ota::host::check_document(document);
      if (!ota::host::is_root(document)) return;
      const auto root = ota::host::root_contents_of(document);
      const ota::host::document_parts parts(document);
      (void)ota::host::valid_signatures<ota::signed_by<ota::ed25519>>(parts, root.root.keys);
    });
  }
  expect(whole == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try_out([&] { read_documents(text); });
  try_out([&] { (void)ota::host::secret_key_of(text, ""); });  // a passphrase takes its time
  try_out([&] { (void)ota::host::minisign_key(text); });
  try_out([&] {
    static const ota::host::minisign_key key(
        "RWT1DOMgBssa18/BCXbz23zql7TMcaxrmv0HqFSkQN+6IycizTr+SRmy");
    (void)ota::host::check_minisign(key, "A file that minisign has signed.\n", text);
  });
  return 0;
}
