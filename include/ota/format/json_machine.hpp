#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../core/bytes.hpp"
#include "../core/hex.hpp"
#include "../core/result.hpp"
#include "json_event.hpp"
#include "utf8.hpp"

namespace ota {

namespace detail {

/// The memory that a `json_machine` works in. It is lent for each call, so that the machine
/// holds no pointer into its owner and the owner can be copied.
struct json_memory {
  char* text;
  std::size_t text_size;
  std::uint8_t* nesting;  ///< the brackets that will close what the innermost container lies in
  std::size_t max_depth;
};

/// The one machine behind every `json_reader`, whatever its capacities.
class json_machine {
 public:
  void feed(bytes piece) {
    if (state_ == state::broken) return;  // the offset of the error stays
    next_ = piece.begin();
    end_ = piece.end();
    fed_ += piece.size();
  }
  void finish() { finished_ = true; }

  bool truncated() const { return truncated_; }
  bool boolean() const { return boolean_; }
  std::size_t depth() const { return depth_; }
  std::size_t offset() const { return fed_ - static_cast<std::size_t>(end_ - next_); }
  std::size_t text_size() const { return text_size_; }

  result<json_event> next(const json_memory& memory) {
    if (state_ == state::broken) return *failure_;
    if (state_ == state::between) {
      text_size_ = 0;
      truncated_ = false;
    }
    auto event = read(memory);
    if (event && *event == json_event::need_input) {
      if (!finished_) return event;
      event = broken_off;
    }
    if (!event) {
      state_ = state::broken;
      failure_ = &event.error();
      return event;
    }
    state_ = state::between;
    may_close_ = true;
    if (*event == json_event::key) {
      expect_ = ':';
      may_close_ = false;
    } else if (*event != json_event::begin_object && *event != json_event::begin_array) {
      expect_ = closing_ == nothing ? nothing : ',';
    }
    return event;
  }

 private:
  static constexpr error too_deep{errc::too_long, "json", "nested deeper than this reader allows"};
  static constexpr error raw_control{errc::malformed, "json",
                                     "a control character in a string must be escaped"};
  static constexpr error unknown_escape{errc::malformed, "json", "an unknown escape in a string"};
  static constexpr error bad_unicode{errc::malformed, "json", "\\u needs four hexadecimal digits"};
  static constexpr error bad_number{errc::malformed, "json", "a number that breaks off"};
  static constexpr error broken_off{errc::malformed, "json", "the document breaks off"};
  static constexpr error unexpected_character{errc::malformed, "json",
                                              "an unexpected character: not JSON"};
  static constexpr error not_utf8_text{errc::malformed, "json", "a string that is not UTF-8"};
  static constexpr error half_surrogate{errc::malformed, "json",
                                        "half of a surrogate pair in a string"};

  // Where the machine stands. Below `literal` it is inside a string, above inside a number, which
  // may end from `zero` on; every one of these may be where a piece of input ends.
  enum class state : std::uint8_t {
    between,        // tokens
    plain,          // characters of a string
    utf8,           // inside a character of several bytes
    escape,         // after a backslash
    unicode,        // inside \uXXXX
    low_surrogate,  // must follow as an escape
    literal,        // true, false, null
    number,         // before its first character
    minus,
    point,
    exponent_mark,
    exponent_sign,
    zero,
    integer,
    fraction,
    exponent,
    broken
  };

  // The character that must come next, unless it is one that closes: a comma, a colon, or the quote
  // of a key. NUL stands for a value, which is none of them; a space, which is passed over, for
  // nothing.
  static constexpr std::uint8_t value = '\0';
  static constexpr std::uint8_t nothing = ' ';

  result<json_event> read(const json_memory& memory) {
    if (state_ == state::between) {
      const auto event = read_token(memory);
      if (state_ == state::between) return event;
    }
    if (state_ < state::literal) return read_string(memory);
    return state_ == state::literal ? read_literal() : read_number(memory);
  }

  result<json_event> read_token(const json_memory& memory) {
    while (next_ != end_) {
      const std::uint8_t c = *next_++;
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
      if (c == closing_ && may_close_) return close(memory);
      if (expect_ == value) return begin_value(memory, c);
      if (c != expect_) return unexpected_character;
      if (c == '"') return begin(state::plain);
      expect_ = c == ',' && closing_ == '}' ? '"' : value;
      may_close_ = false;
    }
    if (finished_ && expect_ == nothing) return json_event::end;
    return json_event::need_input;
  }

  result<json_event> begin_value(const json_memory& memory, std::uint8_t c) {
    if (c == '"') return begin(state::plain);
    if (c == '{' || c == '[') return open(memory, c);
    if (c == '-' || static_cast<std::uint8_t>(c - '0') < 10) {
      --next_;
      return begin(state::number);
    }
    if (c == 't')
      literal_ = "rue";
    else if (c == 'f')
      literal_ = "alse";
    else if (c == 'n')
      literal_ = "ull";
    else
      return unexpected_character;
    boolean_ = c == 't';
    return begin(state::literal);
  }

  // `read` goes on with it.
  json_event begin(state token) {
    state_ = token;
    return json_event::need_input;
  }

  result<json_event> read_literal() {
    for (; *literal_ != '\0'; ++literal_) {
      if (next_ == end_) return json_event::need_input;
      if (*next_ != static_cast<std::uint8_t>(*literal_)) return unexpected_character;
      ++next_;
    }
    // All three end differently: true and false in "e", null in "l".
    return literal_[-1] == 'e' ? json_event::boolean : json_event::null;
  }

  // ---- containers ---------------------------------------------------------------------------

  result<json_event> open(const json_memory& memory, std::uint8_t bracket) {
    if (depth_ == memory.max_depth) return too_deep;
    memory.nesting[depth_++] = closing_;
    closing_ = static_cast<std::uint8_t>(bracket + 2);  // as ASCII has them
    const bool object = bracket == '{';
    expect_ = object ? '"' : value;
    return object ? json_event::begin_object : json_event::begin_array;
  }

  result<json_event> close(const json_memory& memory) {
    const bool object = closing_ == '}';
    closing_ = memory.nesting[--depth_];
    return object ? json_event::end_object : json_event::end_array;
  }

  // ---- strings ------------------------------------------------------------------------------

  result<json_event> read_string(const json_memory& memory) {
    for (;;) {
      if (state_ == state::plain) {
        const std::uint8_t* const first = next_;
        next_ = end_of_plain(first, end_);
        append(memory, first, static_cast<std::size_t>(next_ - first));
      }
      if (next_ == end_) return json_event::need_input;
      const std::uint8_t c = *next_++;
      if (state_ != state::plain) {
        if (auto done = read_special(memory, c); !done) return done.error();
      } else if (c == '"') {
        return expect_ == value ? json_event::string : json_event::key;
      } else if (c == '\\') {
        state_ = state::escape;
      } else if (c < 0x20) {
        return raw_control;
      } else {
        if (!utf8_.begin(c)) return not_utf8_text;
        reserve(memory, utf8_.missing + 1u);
        append(memory, next_ - 1, 1);
        state_ = state::utf8;
      }
    }
  }

  // One byte of what is not a plain character.
  result<void> read_special(const json_memory& memory, std::uint8_t c) {
    switch (state_) {
      case state::utf8:
        if (!utf8_.take(c)) return not_utf8_text;
        append(memory, next_ - 1, 1);
        if (utf8_.missing == 0) state_ = state::plain;
        return {};
      case state::escape:
        return read_escape(memory, c);
      case state::unicode:
        return read_unicode(memory, static_cast<char>(c));
      default:
        if (c != '\\') return half_surrogate;
        state_ = state::escape;
        return {};
    }
  }

  result<void> read_escape(const json_memory& memory, std::uint8_t c) {
    if (c == 'u') {
      state_ = state::unicode;
      unit_ = 1;  // a mark that four digits push out at the top
      return {};
    }
    if (high_ != 0) return half_surrogate;
    // What follows the backslash, and behind it what it stands for.
    for (const char* pair = "\"\"\\\\//b\bf\fn\nr\rt\t"; *pair != '\0'; pair += 2) {
      if (c != static_cast<std::uint8_t>(*pair)) continue;
      append(memory, pair + 1, 1);
      state_ = state::plain;
      return {};
    }
    return unknown_escape;
  }

  result<void> read_unicode(const json_memory& memory, char c) {
    const int digit = hex_digit(c);
    if (digit < 0) return bad_unicode;
    unit_ = unit_ << 4 | static_cast<std::uint32_t>(digit);
    if (unit_ < 0x10000) return {};
    std::uint32_t code = unit_ & 0xffff;
    const std::uint32_t top = code >> 10;
    if (high_ != 0) {
      if (top != 0xdc00 >> 10) return half_surrogate;
      code = 0x10000u + ((high_ - 0xd800u) << 10) + (code - 0xdc00u);
      high_ = 0;
    } else if (top == 0xdc00 >> 10) {
      return half_surrogate;
    } else if (top == 0xd800 >> 10) {
      high_ = static_cast<std::uint16_t>(code);
      state_ = state::low_surrogate;
      return {};
    }
    char utf8[4];
    const std::string_view character = encode_utf8(code, utf8);
    reserve(memory, character.size());
    append(memory, character.data(), character.size());
    state_ = state::plain;
    return {};
  }

  // The first byte that is not a plain ASCII character of a string.
  static const std::uint8_t* end_of_plain(const std::uint8_t* at, const std::uint8_t* end) {
    if constexpr (sizeof(std::size_t) == 8) {
      // Eight bytes at a time: the top bit of a byte of `hit` is set where the byte is below
      // 0x20, a quote, a backslash or not ASCII, or where a lower byte is one of these.
      constexpr std::uint64_t ones = 0x0101010101010101;
      for (; end - at >= 8; at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        const std::uint64_t hit = (word - ones * 0x20) | ((word ^ ones * '"') - ones) |
                                  ((word ^ ones * '\\') - ones) | word;
        if ((hit & ones << 7) != 0) break;
      }
    }
    while (at != end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') ++at;
    return at;
  }

  // A character goes in whole or not at all.
  void reserve(const json_memory& memory, std::size_t size) {
    if (memory.text_size - text_size_ < size) truncated_ = true;
  }

  void append(const json_memory& memory, const void* data, std::size_t size) {
    if (truncated_) return;
    const std::size_t room = memory.text_size - text_size_;
    if (size > room) {
      size = room;
      truncated_ = true;
    }
    if (size != 0) std::memcpy(memory.text + text_size_, data, size);
    text_size_ += size;
  }

  // ---- numbers ------------------------------------------------------------------------------

  result<json_event> read_number(const json_memory& memory) {
    const std::uint8_t* const first = next_;
    for (; next_ != end_; ++next_) {
      const state after = after_digit(state_, *next_);
      if (after == state::between) break;
      state_ = after;
    }
    append(memory, first, static_cast<std::size_t>(next_ - first));
    const bool complete = state_ >= state::zero;
    if (next_ == end_ && !(complete && finished_)) return json_event::need_input;
    if (!complete) return bad_number;
    return json_event::number;
  }

  // Where one more character leads; `between` when it does not belong to the number.
  static state after_digit(state now, std::uint8_t c) {
    if (static_cast<std::uint8_t>(c - '0') < 10) {
      if (now <= state::minus) return c == '0' ? state::zero : state::integer;
      if (now == state::zero) return state::between;
      if (now == state::point) return state::fraction;
      return now < state::zero ? state::exponent : now;
    }
    if (now >= state::zero) {
      if (c == '.' && now <= state::integer) return state::point;
      if ((c | 0x20) == 'e' && now != state::exponent) return state::exponent_mark;
    } else if (c == '-' || c == '+') {
      if (c == '-' && now == state::number) return state::minus;
      if (now == state::exponent_mark) return state::exponent_sign;
    }
    return state::between;
  }

  // The small ones first: a Cortex-M0+ reaches bytes that are near the beginning with less code.
  state state_ = state::between;
  std::uint8_t expect_ = value;
  std::uint8_t closing_ = nothing;  // what closes the innermost container
  bool may_close_ = false;
  bool finished_ = false;
  bool truncated_ = false;
  bool boolean_ = false;
  utf8_check utf8_;
  std::uint16_t high_ = 0;  // a first surrogate that waits for its second
  std::uint32_t depth_ = 0;
  std::uint32_t unit_ = 0;  // of \uXXXX
  const std::uint8_t* next_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  std::size_t fed_ = 0;
  union {
    const char* literal_ = nullptr;  // what must still come of true, false, null
    const error* failure_;
  };
  std::size_t text_size_ = 0;
};

}  // namespace detail
}  // namespace ota
