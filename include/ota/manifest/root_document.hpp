#pragma once

#include "document_lines.hpp"

namespace ota {

/// What a root document says beside its keys.
struct root_head {
  std::uint32_t version = 0;
  std::uint32_t epoch = 0;    ///< a new one makes counters begin anew
  std::uint64_t expires = 0;  ///< epoch seconds, the first that is too late; `never_expires`
};

/// Who signs what.
enum class signing_role : std::uint8_t { root, release };

/// Names a key: the first 8 bytes of SHA-256 over its line behind `key `.
using key_id = std::array<std::uint8_t, 8>;

inline key_id id_of_key(std::string_view key) {
  sha256 hash;
  hash.update(as_bytes(key));
  const auto digest = hash.finish();
  key_id id;
  std::memcpy(id.data(), digest.data(), id.size());
  return id;
}

/// What a line of a root document brings.
enum class root_line : std::uint8_t {
  end,      ///< nothing: the document is complete
  head,     ///< something of the head
  root,     ///< `lines()` has the ids of the keys whose word counts for the next root document left
  release,  ///< the same for release documents
  key,      ///< `lines()` has a key left: the name of its kind, and its bytes
  signature
};

namespace detail {

inline constexpr document_grammar root_grammar{
    "ota-root version epoch expires root release key signature ",
    1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8,
    1u << 7 | 1u << 8};

}  // namespace detail

/// Reads a root document (docs/signed-updates.md), which says whose word counts, from a file on
/// storage.
class root_document {
 public:
  /// `line` is as for `document_lines`.
  explicit root_document(string_buffer& line) : lines_(line) {}

  /// Begins with the document at `offset` of a file.
  void begin(std::string_view path, std::uint32_t offset) {
    lines_.begin(path, offset, detail::root_grammar);
    head_ = {};
    thresholds_[0] = thresholds_[1] = 0;
    key_ = {};
  }

  /// The next line.
  template <class Storage>
  result<root_line> next(Storage& storage) {
    const auto word = lines_.next(storage);
    if (!word) return word.error();
    if (*word == 0) return root_line::end;
    if (*word == signature) return root_line::signature;
    switch (*word) {
      case root:
      case release:
        if (!take_role(*word - root)) return lines_.bad_line;
        return *word == root ? root_line::root : root_line::release;
      case key:
        if (!is_ordered_key()) return lines_.bad_line;
        return root_line::key;
      default:
        if (!take(*word) || !lines_.rest().empty()) return lines_.bad_line;
        return root_line::head;
    }
  }

  /// Complete once the first key was read.
  const root_head& head() const { return head_; }
  std::uint32_t threshold(signing_role role) const {
    return thresholds_[static_cast<std::size_t>(role)];
  }

  document_lines& lines() { return lines_; }

 private:
  // In the order of the grammar.
  enum : std::uint8_t { format = 1, version, epoch, expires, root, release, key, signature };

  bool take(std::uint8_t word) {
    switch (word) {
      case format:
        return lines_.take_rest() == "1"sv;
      case version:
        return lines_.take_number(head_.version);
      case epoch:
        return lines_.take_number(head_.epoch);
      default:
        return lines_.take_expiry(head_.expires);
    }
  }

  // A threshold that takes more keys than there are would never be reached.
  bool take_role(int role) {
    std::uint32_t& threshold = thresholds_[role];
    if (!lines_.take_number(threshold) || threshold == 0) return false;
    return (lines_.rest().size() + 1) / 17 >= threshold;
  }

  // In the order of their ids: so none stands twice.
  bool is_ordered_key() {
    const key_id id = id_of_key(lines_.rest());
    const bool ordered = key_ < id;
    key_ = id;
    return ordered;
  }

  document_lines lines_;
  root_head head_;
  std::uint32_t thresholds_[2] = {};
  key_id key_{};
};

}  // namespace ota
