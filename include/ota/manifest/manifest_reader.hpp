#pragma once

#include "../core/hex.hpp"
#include "../delta/no_delta.hpp"
#include "../storage/json_file.hpp"
#include "entry.hpp"

namespace ota {

/// Reads the manifest of 0x687931/ota from a file on storage, entry by entry:
/// {"version", "files": [{"path", "size", "sha256", "crc32"}], "deletes": [path], "signature"}.
/// Members may come in any order; unknown ones are passed over. Ours is "patches":
/// [{"path", "size", "sha256", "memory", "code"}] (docs/delta-updates.md).
class manifest_reader {
 public:
  /// Of the version, once the document has ended; empty: not named.
  std::string_view version() const { return version_; }

  /// Begins with the document at `offset` of the file at `path`.
  void begin(std::string_view path, std::uint32_t offset = 0) {
    file_.begin(path, offset);
    member_ = member::other;
    seen_members_ = 0;
    has_files_ = false;
    version_.clear();
  }

  /// The next file (`entry_kind::file`) or path to be removed (`entry_kind::remove`), in the
  /// document's order; false at its end. A device with a policy for patches gets those as well
  /// (`patch`) that it takes. Images are for manifests of the other kind.
  template <bool Images = false, class Delta = no_delta, class Storage>
  result<bool> next(Storage& storage, entry& out) {
    for (;;) {
      const auto event = file_.next(storage);
      if (!event) return event.error();
      if (*event == json_event::end) return has_files_ ? result<bool>(false) : no_files;
      const auto complete = take<Delta>(*event, out);
      if (!complete || *complete) return complete;
    }
  }

 private:
  const json_reader<256>& reader() const { return file_.reader(); }

  static constexpr error path_too_long{errc::too_long, "manifest",
                                       "a path in the manifest is longer than 255 bytes"};
  static constexpr error not_an_object{errc::malformed, "manifest",
                                       "the manifest is not a JSON object"};
  static constexpr error no_files{errc::malformed, "manifest", "the manifest has no list of files"};
  static constexpr error repeated_member{errc::malformed, "manifest",
                                         "the manifest says the same thing twice"};
  static constexpr error no_path{errc::malformed, "manifest", "a file in the manifest has no path"};
  static constexpr error bad_files{errc::malformed, "manifest",
                                   "`files` in the manifest must be a list of objects"};
  static constexpr error text_too_long{errc::malformed, "manifest",
                                       "a text in the manifest is too long"};
  static constexpr error bad_path{errc::malformed, "manifest",
                                  "a `path` in the manifest is not a text"};
  static constexpr error bad_size{errc::malformed, "manifest",
                                  "a `size` in the manifest is not a whole number"};
  static constexpr error bad_sha256{errc::malformed, "manifest",
                                    "a `sha256` in the manifest is not 64 hexadecimal digits"};
  static constexpr error bad_number{errc::malformed, "manifest",
                                    "`memory` and `code` in the manifest must be whole numbers"};
  static constexpr error bad_crc32{errc::malformed, "manifest",
                                   "a `crc32` in the manifest is not a number of 32 bits"};

  enum class member : std::uint8_t { other, version, files, deletes, patches };
  enum class field : std::uint8_t { other, path, size, sha256, crc32, memory, code };

  // One event; true when `out` holds a whole entry.
  template <class Delta>
  result<bool> take(json_event event, entry& out) {
    const std::size_t depth = reader().depth();
    if (depth == 0 && event != json_event::end_object) return not_an_object;
    if (event == json_event::key) {
      if (depth == 1) return begin_member(takes_patches<Delta>);
      if (depth == 3) field_ = field_of(reader().text());
      return false;
    }
    if (depth == 1 && event == json_event::string) return take_text();
    if (member_ == member::deletes && depth == 2 && event == json_event::string) {
      out = {};
      out.kind = entry_kind::remove;
      if (auto done = take_path(out); !done) return done.error();
      return true;
    }
    const bool is_patch = takes_patches<Delta> && member_ == member::patches;
    if (member_ != member::files && !is_patch) return false;
    if (event == json_event::begin_object && depth == 3) {
      out = {};
      out.has_size = false;
      if (is_patch) out.kind = entry_kind::patch;
      memory_ = code_ = 0;
      return false;
    }
    if (event == json_event::end_object && depth == 2) {
      if (out.path.empty()) return no_path;
      if constexpr (takes_patches<Delta>)
        if (is_patch) return Delta::takes(memory_, code_);
      return true;
    }
    if (depth == 3) return take_field(event, out);
    if (depth == 2 && event != json_event::begin_array) return bad_files;
    has_files_ |= depth == 2 && !is_patch;
    return false;
  }

  // A signature covers the last of two members of one name only: then no one may be believed.
  result<bool> begin_member(bool takes_patches) {
    member_ = member_of(reader().text());
    if (takes_patches && reader().text() == "patches"sv) member_ = member::patches;
    if (member_ != member::other && seen(member_)) return repeated_member;
    seen_members_ |= bit_of(member_);
    return false;
  }

  static std::uint8_t bit_of(member one) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(one));
  }
  bool seen(member one) const { return (seen_members_ & bit_of(one)) != 0; }

  result<bool> take_text() {
    const std::string_view text = reader().text();
    bool fits = !reader().truncated();
    if (member_ == member::version) fits &= version_.assign(text);
    if (!fits && member_ != member::other) return text_too_long;
    return false;
  }

  result<void> take_path(entry& out) {
    if (reader().truncated() || !out.path.assign(reader().text())) return path_too_long;
    return {};
  }

  result<bool> take_field(json_event event, entry& out) {
    const bool is_text = event == json_event::string, is_number = event == json_event::number;
    switch (field_) {
      case field::path:
        if (!is_text) return bad_path;
        if (auto done = take_path(out); !done) return done.error();
        break;
      case field::size: {
        if (event == json_event::null) break;
        const auto size = reader().as_size();
        if (!is_number || !size) return bad_size;
        out.size = *size;
        out.has_size = true;
        break;
      }
      case field::sha256:
        if (event == json_event::null) break;
        if (!is_text || !from_hex(reader().text(), {out.hash.value, 32})) return bad_sha256;
        out.hash.kind = digest_kind::sha256;
        break;
      case field::crc32:
        return take_crc32(event, out);
      case field::memory:
      case field::code: {
        const auto number = reader().as_size();
        if (!is_number || !number) return bad_number;
        (field_ == field::code ? code_ : memory_) = *number;
        break;
      }
      case field::other:
        break;
    }
    return false;
  }

  // A CRC-32 counts only where there is no SHA-256.
  result<bool> take_crc32(json_event event, entry& out) {
    if (event == json_event::null) return false;
    const auto sum = reader().as_size();
    if (event != json_event::number || !sum || *sum > 0xffffffff) return bad_crc32;
    if (out.hash.kind == digest_kind::sha256) return false;
    out.hash.kind = digest_kind::crc32;
    for (unsigned i = 0; i < 4; ++i)
      out.hash.value[i] = static_cast<std::uint8_t>(*sum >> (24 - 8 * i));
    return false;
  }

  static member member_of(std::string_view key) {
    constexpr std::string_view names[] = {"version", "files", "deletes"};
    for (std::uint8_t i = 0; i < 3; ++i)
      if (key == names[i]) return static_cast<member>(i + 1);
    return member::other;
  }

  static field field_of(std::string_view key) {
    constexpr std::string_view names[] = {"path", "size", "sha256", "crc32", "memory", "code"};
    for (std::uint8_t i = 0; i < 6; ++i)
      if (key == names[i]) return static_cast<field>(i + 1);
    return field::other;
  }

  detail::json_file<256, 128> file_;
  fixed_string<128> version_;
  std::size_t memory_ = 0;  // that a patch needs
  std::size_t code_ = 0;    // its kind
  std::uint8_t seen_members_ = 0;
  bool has_files_ = false;
  member member_ = member::other;
  field field_ = field::other;
};

}  // namespace ota
