#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "../manifest/release_document.hpp"
#include "../manifest/signed_by.hpp"
#include "../sign/ed25519.hpp"
#include "signed_documents.hpp"

// Reads the texts of docs/signed-updates.md, as strictly as devices do: by their own readers.

namespace ota::host {

/// The documents of a text, in a row. Throws where it does not begin with one.
inline std::vector<std::string> documents_of(std::string_view text) {
  std::vector<std::string> documents;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = slice(text, 0, end == text.npos ? end : end + 1);
    if (starts_with(line, "ota-root "sv) || starts_with(line, "ota-release "sv))
      documents.emplace_back();
    else if (documents.empty())
      throw std::invalid_argument("no root or release document");
    documents.back() += line;
    text.remove_prefix(line.size());
  }
  return documents;
}

inline bool is_root(const std::string& document) { return starts_with(document, "ota-root "sv); }
inline bool is_signable(const std::string& text) {
  return is_root(text) || starts_with(text, "ota-release "sv);
}

/// What lines of signatures say.
inline signature_map signatures_in(std::string_view lines) {
  signature_map signatures;
  while (!lines.empty()) {
    const std::string_view line = slice(lines, 0, lines.find('\n'));
    const std::string_view rest = slice(line, 10), id = slice(rest, 0, 16);
    const bool is_line = starts_with(line, "signature "sv) && rest.size() > 17 && rest[16] == ' ' &&
                         lines.size() > line.size();
    if (!is_line) throw std::invalid_argument("a signature line is not as it must be");
    signatures[std::string(id)] = slice(rest, 17);
    lines.remove_prefix(line.size() + 1);
  }
  return signatures;
}

/// A document, divided into what is signed and the signatures.
struct document_parts {
  std::string body;
  signature_map signatures;

  document_parts() = default;
  explicit document_parts(const std::string& document) {
    const std::size_t end = document.find("\nsignature ");
    body = document.substr(0, end == document.npos ? end : end + 1);
    signatures = signatures_in(std::string_view(document).substr(body.size()));
  }

  std::string text() const { return body + signature_lines(signatures); }
};

namespace detail {

/// A text that readers take for a file on storage.
struct text_file {
  std::string_view text;

  result<std::size_t> read(std::string_view, std::size_t offset, mutable_bytes out) const {
    const std::string_view part = slice(text, offset, out.size());
    std::memcpy(out.data(), part.data(), part.size());
    return part.size();
  }
};

inline constexpr std::size_t longest_line = signed_by<ed25519>::longest_line;

template <class Line>
Line checked(const result<Line>& line) {
  if (!line) throw std::invalid_argument(line.error().text);
  return *line;
}

inline role_keys keys_of(std::uint32_t threshold, const std::set<std::string>& ids,
                         const std::map<std::string, std::string>& keys) {
  role_keys role{threshold, {}};
  for (const std::string& id : ids) {
    const auto key = keys.find(id);
    if (key == keys.end()) throw std::invalid_argument("the root document lacks the key " + id);
    role.keys.push_back(key->second);
  }
  return role;
}

template <class Lines>
std::set<std::string> ids_in(Lines& lines) {
  std::set<std::string> ids;
  while (!lines.rest().empty()) ids.emplace(lines.take_word());
  return ids;
}

}  // namespace detail

/// What a root document says. Throws std::invalid_argument where a device would not read it.
inline root_contents root_contents_of(const std::string& document) {
  detail::text_file file{document};
  fixed_string<detail::longest_line> line_memory;
  root_document reader(line_memory);
  reader.begin({}, 0);
  std::set<std::string> root_ids, release_ids;
  std::map<std::string, std::string> keys;
  for (;;) {
    const root_line line = detail::checked(reader.next(file));
    if (line == root_line::end) break;
    if (line == root_line::root) root_ids = detail::ids_in(reader.lines());
    if (line == root_line::release) release_ids = detail::ids_in(reader.lines());
    if (line == root_line::key) {
      const std::string key(reader.lines().rest());
      keys[key_id_text(key)] = key;
    }
  }
  root_contents root;
  root.version = reader.head().version;
  root.epoch = reader.head().epoch;
  root.expires = reader.head().expires;
  root.root = detail::keys_of(reader.threshold(signing_role::root), root_ids, keys);
  root.release = detail::keys_of(reader.threshold(signing_role::release), release_ids, keys);
  return root;
}

/// The values of all lines of a document that begin with a word.
inline std::vector<std::string> values_of(const std::string& document, const std::string& word) {
  std::vector<std::string> values;
  const std::string beginning = '\n' + word + ' ';
  for (std::size_t at = 0; (at = document.find(beginning, at)) != document.npos;) {
    at += beginning.size();
    values.push_back(document.substr(at, document.find('\n', at) - at));
  }
  return values;
}

/// What a release document says of the version, and how many files and images it has.
struct release_summary {
  release_head head;
  std::string product;
  std::vector<std::string> hardware;
  std::size_t files = 0;
  std::size_t images = 0;
};

/// Reads a release document. Throws std::invalid_argument where a device would not read it.
inline release_summary release_summary_of(const std::string& document) {
  detail::text_file file{document};
  fixed_string<detail::longest_line> line_memory;
  release_document reader(line_memory);
  reader.begin({}, 0, {});
  entry item;
  while (detail::checked(reader.next(file, item)) != release_line::end) {
  }
  return {reader.head(), values_of(document, "product").front(), values_of(document, "hardware"),
          values_of(document, "file").size(), values_of(document, "image").size()};
}

/// Throws std::invalid_argument where a device would not read the document.
inline void check_document(const std::string& document) {
  if (is_root(document))
    (void)root_contents_of(document);
  else
    (void)release_summary_of(document);
}

/// Which of the keys have signed, as far as `Trust`, a `signed_by`, can tell: their ids.
template <class Trust>
std::set<std::string> valid_signatures(const document_parts& document,
                                       const std::vector<std::string>& keys) {
  sha256 hash;
  hash.update(as_bytes(document.body));
  const auto digest = hash.finish();
  std::set<std::string> valid;
  for (const std::string& key : keys) {
    const std::size_t space = key.find(' ');
    const std::string id = key_id_text(key);
    const auto found = document.signatures.find(id);
    if (found == document.signatures.end()) continue;
    std::vector<std::uint8_t> signature(found->second.size() / 2);
    if (from_lowercase_hex(found->second, {signature.data(), signature.size()}) &&
        Trust::verify(key.substr(0, space), key.substr(space + 1), digest,
                      {signature.data(), signature.size()}))
      valid.insert(id);
  }
  return valid;
}

}  // namespace ota::host
