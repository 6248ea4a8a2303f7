#pragma once

#include <cstdint>

namespace ota {

/// What kind of thing went wrong. The kind decides what the library does next
/// (retry, wait, give up); the text of the `error` is for people.
enum class errc : std::uint8_t {
  none,              ///< nothing went wrong
  invalid_argument,  ///< the caller or the configuration asked for something impossible
  invalid_path,      ///< a path that is absolute, climbs with `..`, or holds forbidden bytes
  too_long,          ///< a text or list that does not fit its fixed memory
  malformed,         ///< outside bytes that break their format
  damaged,           ///< what the library itself keeps on storage is not whole
  unsupported,       ///< understood, but not built in or not allowed
  not_found,         ///< a file, version or resource that is not there
  exists,            ///< something is in the way
  not_empty,         ///< a directory that still holds something
  no_space,          ///< storage is full, or would be
  storage,           ///< storage refused to read or write
  connection,        ///< no connection, or it broke
  timeout,           ///< the other side was silent for too long
  too_slow,          ///< the other side sends too little in a time
  http_status,       ///< the server answered with a status that ends the request
  server_trouble,    ///< the server answered that it cannot now: trying again may help
  rate_limited,      ///< the server asks to wait
  mismatch,          ///< bytes are not what was promised: size or hash differs
  untrusted,         ///< a signature is missing or wrong
  rejected,          ///< this version was tried and put back before
  wrong_state,       ///< not possible now: nothing on trial, nothing to put back, …
  power_cut          ///< a test storage has cut the power
};

namespace detail {

/// The number of an error, of 24 bits, made from its texts: FNV-1a of 32 bits, folded, over the
/// part, a zero byte and the text. `ota explain` tells which error it is.
constexpr std::uint32_t error_number(const char* where, const char* text) {
  std::uint32_t sum = 0x811c9dc5;
  for (; *where != '\0'; ++where) sum = (sum ^ static_cast<std::uint8_t>(*where)) * 0x01000193;
  sum *= 0x01000193;
  for (; *text != '\0'; ++text) sum = (sum ^ static_cast<std::uint8_t>(*text)) * 0x01000193;
  return (sum >> 24) ^ (sum & 0xffffff);
}

}  // namespace detail

#ifndef OTA_ERROR_NUMBERS

/// A failure: its kind, the part where it happened, and a short English text that a person can
/// act on.
///
/// Errors are constants, and a `result` holds the address of one: an error costs a device one
/// register on its way up. Whoever returns one declares it `static constexpr`:
///
/// ```
/// static constexpr ota::error worn_out{ota::errc::storage, "flash", "a sector is worn out"};
/// if (erase_failed) return worn_out;
/// ```
///
/// Where their texts take too much of a small flash, `OTA_ERROR_NUMBERS`, defined for every file of
/// the program, leaves them out: an error is then told as a number, which `ota explain` looks up.
struct error {
  errc code = errc::none;
  const char* where = "";  ///< the part: "http", "json", "stager", …
  const char* text = "";   ///< what happened, and what to do about it

  /// Whether programs keep texts; false with `OTA_ERROR_NUMBERS`.
  static constexpr bool has_text = true;
  /// What `ota explain` knows the error by. `append_text` tells it where there is no text.
  constexpr std::uint32_t number() const { return detail::error_number(where, text); }
};

#else

// A name of its own: files of a program with texts and without do not link with each other.
inline namespace error_numbers {

/// A failure that keeps of its texts a number alone.
struct error {
  constexpr error() = default;
  constexpr error(errc kind, const char* part, const char* words)
      : error(kind, detail::error_number(part, words)) {}

  errc code = errc::none;

  // What is told by programs that do not know of numbers.
  static constexpr const char* where = "error";
  static constexpr const char* text = "this program keeps no texts; its report has a number";

  static constexpr bool has_text = false;
  constexpr std::uint32_t number() const { return std::uint32_t{high_} << 16 | low_; }

 private:
  constexpr error(errc kind, std::uint32_t number)
      : code(kind),
        high_(static_cast<std::uint8_t>(number >> 16)),
        low_(static_cast<std::uint16_t>(number)) {}

  std::uint8_t high_ = 0;
  std::uint16_t low_ = 0;
};

}  // namespace error_numbers

#endif

/// What `result::error()` gives where there is none.
inline constexpr error no_error{};

}  // namespace ota
