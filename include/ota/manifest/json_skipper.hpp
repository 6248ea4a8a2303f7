#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/bytes.hpp"

namespace ota::detail {

/// Passes over the value of a member, from behind its key on, in pieces of any size. The document
/// must have been checked before: only quotes and brackets are looked at.
class json_skipper {
 public:
  void begin() { *this = {}; }

  bool done() const { return done_; }

  /// How much of `piece` belongs to the value; all of it unless `done`.
  std::size_t skip(bytes piece) {
    done_ = false;
    std::size_t at = 0;
    while (at < piece.size() && !done_) {
      if (in_string_)
        at = skip_string(piece, at);
      else if (belongs(piece[at]))
        ++at;
    }
    return at;
  }

 private:
  std::size_t skip_string(bytes piece, std::size_t at) {
    if (escaped_) {
      escaped_ = false;
      return at + 1;
    }
    while (piece[at] != '"' && piece[at] != '\\')
      if (++at == piece.size()) return at;
    escaped_ = piece[at] == '\\';
    in_string_ = escaped_;
    done_ = !in_string_ && nested_ == 0;
    return at + 1;
  }

  bool belongs(std::uint8_t c) {
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++nested_;
    } else if (c == ',') {
      done_ = nested_ == 0;
      return !done_;
    } else if (c == '}' || c == ']') {
      done_ = nested_ <= 1;
      if (nested_ == 0) return false;
      --nested_;
    }
    return true;
  }

  std::uint32_t nested_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool done_ = false;
};

}  // namespace ota::detail
