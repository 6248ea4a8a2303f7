#pragma once

#include <string>
#include <vector>

#include "ota/host/document_texts.hpp"

namespace ota_tool {

/// Root documents in a row, each of which replaces the one before.
struct root_chain {
  std::vector<std::string> documents;
  std::vector<ota::host::root_contents> contents;

  /// Throws where a device would not read one of them, or one is missing.
  explicit root_chain(const std::string& text);

  const ota::host::root_contents& last() const { return contents.back(); }

  /// All but the first, which devices know: what a manifest begins with.
  std::string known_from_first() const;

  /// What signatures a document still needs, as a sentence; empty: none.
  std::string lacking(std::size_t index) const;
};

}  // namespace ota_tool
