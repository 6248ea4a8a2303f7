#pragma once

#include <cstring>

#include "../core/hex.hpp"
#include "../core/text.hpp"
#include "../hash/sha256.hpp"
#include "entry.hpp"

namespace ota {

inline constexpr std::uint64_t never_expires = ~std::uint64_t{0};

/// The lines that a kind of signed document has, in their order.
struct document_grammar {
  const char* words;       ///< what lines begin with, each with a space behind it
  std::uint32_t required;  ///< bit N: word N, counted from 1, must be there
  std::uint32_t repeated;  ///< bit N: it may be there more than once
};

/// Reads one signed document from a file on storage, line by line.
///
/// A document is text: lines that end with one line feed, words divided by one space, each kind of
/// line at its place. So there is one way to write a content, and none to hide another in it. What
/// is signed is every byte before the first line `signature`; docs/signed-updates.md has the rest.
class document_lines {
 public:
  /// `line` is memory for the longest line. What it holds need not be kept between calls of `next`.
  explicit document_lines(string_buffer& line) : line_(line) {}

  /// Begins with the document at `offset` of the file at `path`, a literal.
  void begin(std::string_view path, std::uint32_t offset, const document_grammar& grammar) {
    path_ = path;
    offset_ = offset;
    grammar_ = &grammar;
    last_ = 0;
    seen_ = 0;
  }

  /// Goes to the next line: the number of its first word, counted from 1; 0 at the document's end,
  /// which is the end of the file or the first line of another document.
  template <class Storage>
  result<std::uint8_t> next(Storage& storage) {
    const std::uint32_t begin = offset_;
    const auto more = read_line(storage);
    if (!more) return more.error();
    if (!*more || (last_ != 0 && starts_with(line_, "ota-"sv))) {
      offset_ = begin;
      return (grammar_->required & ~seen_) == 0 ? result<std::uint8_t>(std::uint8_t{0})
                                                : incomplete;
    }
    rest_ = line_;
    const std::uint8_t word = detail::find_word(take_word(), grammar_->words);
    const std::uint32_t bit = std::uint32_t{1} << word;
    if (word == 0) return unknown_line;
    if (word < last_ || (word == last_ && (grammar_->repeated & bit) == 0)) return wrong_order;
    last_ = word;
    seen_ |= bit;
    return word;
  }

  /// Where the next line begins, in the file.
  std::uint32_t offset() const { return offset_; }

  /// What of the line was not taken yet.
  std::string_view rest() const { return rest_; }

  /// Takes the next word; empty where there is none.
  std::string_view take_word() {
    const std::string_view word = slice(rest_, 0, rest_.find(' '));
    rest_ = slice(rest_, word.size() + 1);
    return word;
  }

  /// Takes a number in decimal digits without leading zeros.
  template <class Unsigned>
  bool take_number(Unsigned& number) {
    std::uint64_t value = 0;
    if (!take_large(value)) return false;
    number = static_cast<Unsigned>(value);
    return number == value;
  }

  /// Takes the second that a document ends at: a number, or `never`.
  bool take_expiry(std::uint64_t& time) {
    if (rest_ != "never"sv) return take_number(time);
    rest_ = {};
    time = never_expires;
    return true;
  }

  /// Takes exactly `out.size()` bytes in lowercase hexadecimal digits.
  bool take_hex(mutable_bytes out) { return from_lowercase_hex(take_word(), out); }

  /// Takes all that is left.
  std::string_view take_rest() {
    const std::string_view rest = rest_;
    rest_ = {};
    return rest;
  }

  /// Adds the line at hand to a hash.
  void hash_line(sha256& hash) const {
    hash.update(as_bytes(line_));
    hash.update(as_bytes("\n"sv));
  }

  static constexpr error bad_line{errc::malformed, "manifest",
                                  "a line of the signed document is not as it must be"};

 private:
  bool take_large(std::uint64_t& number) {
    constexpr std::uint64_t most = ~std::uint64_t{0};
    const std::string_view word = take_word();
    for (char c : word) {
      const auto digit = static_cast<std::uint64_t>(c - '0');
      if (!detail::is_digit(c) || number > most / 10) return false;
      number = (number << 3) + (number << 1);  // small machines call a function to multiply
      if (digit > most - number) return false;
      number += digit;
    }
    return !word.empty() && (word.size() == 1 || word.front() != '0');
  }

  static constexpr error bad_byte{errc::malformed, "manifest",
                                  "the signed document holds a control character"};
  static constexpr error too_long{errc::too_long, "manifest",
                                  "a line of the signed document is too long for this device"};
  static constexpr error no_line_feed{errc::malformed, "manifest",
                                      "the signed document ends within a line"};
  static constexpr error unknown_line{
      errc::malformed, "manifest", "the signed document has a line that this device does not know"};
  static constexpr error wrong_order{errc::malformed, "manifest",
                                     "a line of the signed document stands at the wrong place"};
  static constexpr error incomplete{errc::malformed, "manifest",
                                    "the signed document lacks a line that it must have"};

  // False at the end of the file.
  template <class Storage>
  result<bool> read_line(Storage& storage) {
    std::uint8_t piece[128];
    line_.clear();
    for (;;) {
      const auto size = storage.read(path_, offset_, piece);
      if (!size) return size.error();
      if (*size == 0) return line_.empty() ? result<bool>(false) : no_line_feed;
      std::size_t taken = 0;
      while (taken < *size && piece[taken] >= 0x20 && piece[taken] != 0x7f) ++taken;
      line_.append(as_text({piece, taken}));
      offset_ += static_cast<std::uint32_t>(taken);
      if (line_.overflowed()) return too_long;  // it may be the whole file
      if (taken == *size) continue;
      if (piece[taken] != '\n') return bad_byte;
      ++offset_;
      if (!line_.empty() && line_.view().back() == ' ') return bad_line;
      return true;
    }
  }

  std::string_view path_;
  std::string_view rest_;
  const document_grammar* grammar_ = nullptr;
  std::uint32_t offset_ = 0;  // of the next byte that is not in `line_`
  std::uint32_t seen_ = 0;
  std::uint8_t last_ = 0;
  string_buffer& line_;
};

}  // namespace ota
