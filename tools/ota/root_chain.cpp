#include "root_chain.hpp"

#include <algorithm>
#include <stdexcept>

#include "keys.hpp"

namespace ota_tool {
namespace {

std::size_t missing(const std::string& document, const ota::host::role_keys& role) {
  const ota::host::document_parts parts(document);
  const std::size_t valid = ota::host::valid_signatures<key_trust>(parts, role.keys).size();
  return role.threshold - std::min<std::size_t>(valid, role.threshold);
}

}  // namespace

root_chain::root_chain(const std::string& text) : documents(ota::host::documents_of(text)) {
  if (documents.empty()) throw std::runtime_error("no root document");
  for (const std::string& document : documents) {
    if (!ota::host::is_root(document)) throw std::runtime_error("not only root documents");
    const std::uint64_t next = contents.empty() ? 0 : std::uint64_t{last().version} + 1;
    contents.push_back(ota::host::root_contents_of(document));
    if (next != 0 && last().version != next)
      throw std::runtime_error("root document " + std::to_string(next) + " is missing");
  }
}

std::string root_chain::known_from_first() const {
  std::string text;
  for (std::size_t i = 1; i < documents.size(); ++i) text += documents[i];
  return text;
}

std::string root_chain::lacking(std::size_t index) const {
  const std::string& document = documents[index];
  const std::size_t own = missing(document, contents[index].root);
  const std::size_t old = index == 0 ? 0 : missing(document, contents[index - 1].root);
  std::string text;
  if (old != 0) text = std::to_string(old) + " by keys of the document before";
  if (own != 0) text += (old != 0 ? ", " : "") + std::to_string(own) + " by its own root keys";
  if (text.empty()) return text;
  return "root document " + std::to_string(contents[index].version) +
         " still needs signatures: " + text;
}

}  // namespace ota_tool
