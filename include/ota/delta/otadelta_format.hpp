#pragma once

#include <cstdint>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace ota {

/// What is wrong with a patch of the format OTADELTA, or with the old file that it is applied to.
struct otadelta_error {
  static constexpr error not_otadelta{errc::malformed, "otadelta",
                                      "not a patch of the format OTADELTA"};
  static constexpr error other_version{errc::unsupported, "otadelta",
                                       "the patch is of a version of OTADELTA that is not known"};
  static constexpr error cut_off{errc::malformed, "otadelta",
                                 "the patch ends before its end mark: it was cut off"};
  static constexpr error unknown_instruction{
      errc::malformed, "otadelta", "the patch has an instruction that the format does not know"};
  static constexpr error number_too_large{errc::malformed, "otadelta",
                                          "a number in the patch has more than 32 bits"};
  static constexpr error outside{errc::mismatch, "otadelta",
                                 "the patch copies what the old file does not have: it was made "
                                 "for another one"};
  static constexpr error too_large{errc::no_space, "otadelta",
                                   "the patch makes a larger file than it may"};
};

/// What a patch of the format OTADELTA begins with (docs/otadelta.md): its magic, and its version.
struct otadelta_header {
  static constexpr std::size_t size = 9;
  static constexpr std::uint8_t value[size] = {'O', 'T', 'A', 'D', 'E', 'L', 'T', 'A', 1};

  static bool has_magic(bytes patch) {
    return equal(patch.first(size - 1), bytes(value).first(size - 1));
  }

  /// Whether a patch that begins so can be read.
  static result<void> check(bytes patch) {
    if (patch.size() < size || !has_magic(patch)) return otadelta_error::not_otadelta;
    if (patch[size - 1] != value[size - 1]) return otadelta_error::other_version;
    return {};
  }
};

/// What an instruction of such a patch does.
enum class otadelta_kind : std::uint32_t {
  copy = 0x01,  ///< bytes of the old file
  data = 0x02,  ///< bytes that follow in the patch
  end = 0xff
};

/// One instruction of a patch of the format OTADELTA.
struct otadelta_instruction {
  static constexpr std::size_t longest = 11;  ///< bytes; those of `data` are not counted

  /// Most bytes of one instruction that the original client takes; here any number is taken.
  static constexpr std::uint32_t original_copy = 4096, original_data = 2048;

  otadelta_kind kind = otadelta_kind::end;
  std::uint8_t size = 1;     ///< bytes of the patch that it takes, without those of `data`
  std::uint32_t from = 0;    ///< where a copy begins in the old file
  std::uint32_t length = 0;  ///< of the copy or of the data, in bytes

  /// The instruction that `patch` begins with, which holds `longest` bytes or all that are left.
  static result<otadelta_instruction> read(bytes patch) {
    if (patch.empty()) return otadelta_error::cut_off;
    otadelta_instruction out;
    out.kind = static_cast<otadelta_kind>(patch[0]);
    if (out.kind == otadelta_kind::end) return out;
    if (out.kind != otadelta_kind::copy && out.kind != otadelta_kind::data)
      return otadelta_error::unknown_instruction;
    bytes rest = patch.drop(1);
    if (out.kind == otadelta_kind::copy)
      if (const auto done = take_number(rest, out.from); !done) return done.error();
    if (const auto done = take_number(rest, out.length); !done) return done.error();
    out.size = static_cast<std::uint8_t>(patch.size() - rest.size());
    return out;
  }

 private:
  // Unsigned LEB128: seven bits a byte, the lowest first; the highest bit says that more follow.
  static result<void> take_number(bytes& in, std::uint32_t& out) {
    out = 0;
    for (unsigned shift = 0; !in.empty(); shift += 7) {
      const std::uint8_t byte = in[0];
      if (shift == 28 && byte > 0x0f) return otadelta_error::number_too_large;
      in = in.drop(1);
      out |= std::uint32_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return {};
    }
    return otadelta_error::cut_off;
  }
};

}  // namespace ota
