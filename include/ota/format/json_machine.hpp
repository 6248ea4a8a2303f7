#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../core/bytes.hpp"
#include "../core/hex.hpp"
#include "../core/result.hpp"
#include "utf8.hpp"

namespace ota {

/// What a `json_reader` met.
enum class json_event : std::uint8_t {
  need_input,  ///< all that was fed is read: feed more, or say `finish`
  begin_object,
  end_object,
  begin_array,
  end_array,
  key,
  string,
  number,
  boolean,
  null,
  end  ///< the document is complete
};

namespace detail {

/// The memory that a `json_machine` works in. It is lent for each call, so that the machine
/// holds no pointer into its owner and the owner can be copied.
struct json_memory {
  char* text;
  std::size_t text_size;
  std::uint8_t* nesting;  ///< one bit a level: set for an object
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
    const json_event event = step(memory);
    if (event == failed) return *failure_;
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

  static constexpr json_event failed = static_cast<json_event>(0xff);

  // Where the machine stands. Below `literal` it is inside a string, above inside a number;
  // every one of these may be where a piece of input ends.
  enum class state : std::uint8_t {
    between,        // tokens
    plain,          // characters of a string
    utf8,           // inside a character of several bytes
    escape,         // after a backslash
    unicode,        // inside \uXXXX
    low_backslash,  // a second surrogate must follow
    low_u,
    literal,  // true, false, null
    minus,
    zero,
    integer,
    point,
    fraction,
    exponent_mark,
    exponent_sign,
    exponent,
    broken
  };

  // What may come between tokens.
  enum class expect : std::uint8_t {
    value,
    value_or_end,
    key,
    key_or_end,
    colon,
    comma_or_end,
    nothing
  };

  json_event step(const json_memory& memory) {
    if (state_ == state::broken) return failed;
    if (state_ == state::between) {
      text_size_ = 0;
      truncated_ = false;
      return read_token(memory);
    }
    if (state_ < state::literal) return read_string(memory);
    return state_ == state::literal ? read_literal() : read_number(memory);
  }

  json_event read_token(const json_memory& memory) {
    while (next_ != end_) {
      const std::uint8_t c = *next_++;
      switch (c) {
        case ' ':
        case '\n':
        case '\r':
        case '\t':
          continue;
        case ',':
          if (expect_ != expect::comma_or_end) return unexpected();
          expect_ = in_object(memory) ? expect::key : expect::value;
          continue;
        case ':':
          if (expect_ != expect::colon) return unexpected();
          expect_ = expect::value;
          continue;
        case '{':
        case '[':
          return open(memory, c == '{');
        case '}':
        case ']':
          return close(memory, c == '}');
        case '"':
          if (!wants_key() && !wants_value()) return unexpected();
          state_ = state::plain;
          return read_string(memory);
        default:
          return begin_scalar(memory, c);
      }
    }
    if (!finished_) return json_event::need_input;
    return expect_ == expect::nothing ? json_event::end : ends_early();
  }

  json_event begin_scalar(const json_memory& memory, std::uint8_t c) {
    if (!wants_value()) return unexpected();
    if (c == '-' || static_cast<std::uint8_t>(c - '0') < 10) {
      state_ = state::minus;
      if (c == '-')
        append(memory, "-", 1);
      else
        --next_;
      return read_number(memory);
    }
    if (c == 't')
      literal_ = "rue";
    else if (c == 'f')
      literal_ = "alse";
    else if (c == 'n')
      literal_ = "ull";
    else
      return unexpected();
    boolean_ = c == 't';
    state_ = state::literal;
    return read_literal();
  }

  json_event read_literal() {
    for (; *literal_ != '\0'; ++literal_) {
      if (next_ == end_) return more();
      if (*next_ != static_cast<std::uint8_t>(*literal_)) return unexpected();
      ++next_;
    }
    // All three end differently: true and false in "e", null in "l".
    return finish_value(literal_[-1] == 'e' ? json_event::boolean : json_event::null);
  }

  // ---- containers ---------------------------------------------------------------------------

  bool wants_value() const { return expect_ <= expect::value_or_end; }
  bool wants_key() const { return expect_ == expect::key || expect_ == expect::key_or_end; }

  bool in_object(const json_memory& memory) const {
    const std::size_t level = depth_ - 1u;
    return (memory.nesting[level >> 3] >> (level & 7) & 1) != 0;
  }

  json_event open(const json_memory& memory, bool object) {
    if (!wants_value()) return unexpected();
    if (depth_ == memory.max_depth) return fail(too_deep);
    std::uint8_t& bits = memory.nesting[depth_ >> 3];
    const unsigned bit = 1u << (depth_ & 7);
    bits = static_cast<std::uint8_t>(object ? bits | bit : bits & ~bit);
    ++depth_;
    expect_ = object ? expect::key_or_end : expect::value_or_end;
    return object ? json_event::begin_object : json_event::begin_array;
  }

  json_event close(const json_memory& memory, bool object) {
    const expect empty = object ? expect::key_or_end : expect::value_or_end;
    if (expect_ != empty && (expect_ != expect::comma_or_end || in_object(memory) != object))
      return unexpected();
    --depth_;
    return finish_value(object ? json_event::end_object : json_event::end_array);
  }

  json_event finish_value(json_event event) {
    state_ = state::between;
    expect_ = depth_ == 0 ? expect::nothing : expect::comma_or_end;
    return event;
  }

  // ---- strings ------------------------------------------------------------------------------

  json_event read_string(const json_memory& memory) {
    for (;;) {
      if (state_ == state::plain) {
        const std::uint8_t* const first = next_;
        next_ = end_of_plain(first, end_);
        append(memory, first, static_cast<std::size_t>(next_ - first));
      }
      if (next_ == end_) return more();
      const std::uint8_t c = *next_++;
      if (state_ != state::plain) {
        if (!read_special(memory, c)) return failed;
      } else if (c == '"') {
        return finish_string();
      } else if (c == '\\') {
        state_ = state::escape;
      } else if (c < 0x20) {
        return fail(raw_control);
      } else {
        if (!utf8_.begin(c)) return not_utf8();
        // A character goes in whole or not at all.
        if (memory.text_size - text_size_ <= utf8_.missing) truncated_ = true;
        append(memory, &c, 1);
        state_ = state::utf8;
      }
    }
  }

  json_event finish_string() {
    if (wants_value()) return finish_value(json_event::string);
    state_ = state::between;
    expect_ = expect::colon;
    return json_event::key;
  }

  // One byte of what is not a plain character.
  bool read_special(const json_memory& memory, std::uint8_t c) {
    switch (state_) {
      case state::utf8:
        if (!utf8_.take(c)) return not_utf8(), false;
        append(memory, &c, 1);
        if (utf8_.missing == 0) state_ = state::plain;
        return true;
      case state::escape:
        return read_escape(memory, c);
      case state::unicode:
        return read_unicode(memory, static_cast<char>(c));
      case state::low_backslash:
        state_ = state::low_u;
        return c == '\\' || (lone_surrogate(), false);
      default:
        if (c != 'u') return lone_surrogate(), false;
        begin_unicode();
        return true;
    }
  }

  bool read_escape(const json_memory& memory, std::uint8_t c) {
    if (c == 'u') {
      high_ = 0;
      begin_unicode();
      return true;
    }
    constexpr char names[] = "\"\\/bfnrt";
    constexpr char values[] = "\"\\/\b\f\n\r\t";
    for (std::size_t i = 0; i != sizeof names - 1; ++i) {
      if (c != static_cast<std::uint8_t>(names[i])) continue;
      append(memory, &values[i], 1);
      state_ = state::plain;
      return true;
    }
    return fail(unknown_escape), false;
  }

  void begin_unicode() {
    state_ = state::unicode;
    unit_ = 1;  // a mark that four digits push out at the top
  }

  bool read_unicode(const json_memory& memory, char c) {
    const int digit = hex_digit(c);
    if (digit < 0) return fail(bad_unicode), false;
    unit_ = unit_ << 4 | static_cast<std::uint32_t>(digit);
    if (unit_ < 0x10000) return true;
    std::uint32_t code = unit_ & 0xffff;
    const bool low = code >= 0xdc00 && code < 0xe000;
    if (low != (high_ != 0)) return lone_surrogate(), false;
    if (code >= 0xd800 && code < 0xdc00) {
      high_ = static_cast<std::uint16_t>(code);
      state_ = state::low_backslash;
      return true;
    }
    if (low) code = 0x10000u + ((high_ - 0xd800u) << 10) + (code - 0xdc00u);
    char utf8[4];
    const std::size_t size = encode_utf8(code, utf8);
    if (memory.text_size - text_size_ < size) truncated_ = true;
    append(memory, utf8, size);
    state_ = state::plain;
    return true;
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

  json_event read_number(const json_memory& memory) {
    const std::uint8_t* const first = next_;
    state now = state_;
    bool stopped = false;
    while (next_ != end_) {
      const state after = after_digit(now, *next_);
      stopped = after == state::between;
      if (stopped) break;
      now = after;
      ++next_;
    }
    append(memory, first, static_cast<std::size_t>(next_ - first));
    state_ = now;
    if (!stopped && !finished_) return json_event::need_input;
    if (now == state::zero || now == state::integer || now == state::fraction ||
        now == state::exponent)
      return finish_value(json_event::number);
    return stopped ? fail(bad_number) : ends_early();
  }

  // Where one more character leads; `between` when it does not belong to the number.
  static state after_digit(state now, std::uint8_t c) {
    if (static_cast<std::uint8_t>(c - '0') < 10) {
      if (now == state::minus) return c == '0' ? state::zero : state::integer;
      if (now == state::zero) return state::between;
      if (now == state::point) return state::fraction;
      return now >= state::exponent_mark ? state::exponent : now;
    }
    if (c == '.' && (now == state::zero || now == state::integer)) return state::point;
    if ((c | 0x20) == 'e' &&
        (now == state::zero || now == state::integer || now == state::fraction))
      return state::exponent_mark;
    if ((c == '+' || c == '-') && now == state::exponent_mark) return state::exponent_sign;
    return state::between;
  }

  // ---- ends ---------------------------------------------------------------------------------

  json_event more() { return finished_ ? ends_early() : json_event::need_input; }
  json_event ends_early() { return fail(broken_off); }
  json_event unexpected() { return fail(unexpected_character); }
  json_event not_utf8() { return fail(not_utf8_text); }
  json_event lone_surrogate() { return fail(half_surrogate); }

  json_event fail(const error& failure) {
    state_ = state::broken;
    failure_ = &failure;
    return failed;
  }

  const std::uint8_t* next_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  std::size_t fed_ = 0;
  union {
    const char* literal_ = nullptr;  // what must still come of true, false, null
    const error* failure_;
  };
  std::size_t text_size_ = 0;
  std::uint32_t unit_ = 0;  // of \uXXXX
  std::uint16_t high_ = 0;  // a first surrogate
  std::uint16_t depth_ = 0;
  utf8_check utf8_;
  state state_ = state::between;
  expect expect_ = expect::value;
  bool finished_ = false;
  bool truncated_ = false;
  bool boolean_ = false;
};

}  // namespace detail
}  // namespace ota
