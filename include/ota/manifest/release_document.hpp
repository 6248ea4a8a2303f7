#pragma once

#include "../delta/no_delta.hpp"
#include "document_lines.hpp"

namespace ota {

/// What a release document says of the version as a whole.
struct release_head {
  sha256::digest_type chain{};  ///< SHA-256 of the root documents before it
  bool has_chain = false;       ///< there are some
  fixed_string<128> version;
  std::uint32_t epoch = 0;    ///< the root document's, under which it was signed
  std::uint32_t counter = 0;  ///< of security: a device never takes one with a lower
  std::uint64_t created = 0;  ///< epoch seconds
  std::uint64_t expires = 0;  ///< epoch seconds, the first that is too late; `never_expires`
  bool fits_product = false;  ///< it is for the product that `begin` was given
  bool fits_hardware = true;  ///< no hardware is named, or the one that `begin` was given
};

/// What a release document must be for.
struct device_name {
  std::string_view product;
  std::string_view hardware;
};

/// What a line of a release document brings.
enum class release_line : std::uint8_t {
  end,        ///< nothing: the document is complete
  head,       ///< something of the head
  minimum,    ///< `lines()` has the version left that must be installed before
  item,       ///< a file of the version, or a path to be removed
  image,      ///< a firmware image
  patch,      ///< a patch that makes one of the files
  signature,  ///< `lines()` has its key's id and the signature left
};

namespace detail {

inline constexpr document_grammar release_grammar{
    "ota-release chain product hardware version minimum epoch counter created expires hook "
    "delete file image delta signature ",
    // all but chain, hardware, minimum and the lists
    1u << 1 | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 16,
    1u << 4 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 15 | 1u << 16};

}  // namespace detail

/// Reads a release document (docs/signed-updates.md), which says what a version consists of, from
/// a file on storage.
class release_document {
 public:
  /// `line` is as for `document_lines`.
  explicit release_document(string_buffer& line) : lines_(line) {}

  /// Begins with the document at `offset` of a file.
  void begin(std::string_view path, std::uint32_t offset, const device_name& device) {
    lines_.begin(path, offset, detail::release_grammar);
    device_ = device;
    head_ = {};
    names_hardware_ = false;
    last_.clear();
    kind_ = 0;
  }

  /// The next line; `item` is filled where it is one.
  /// \tparam Delta  the device's policy: patches that it takes are told
  template <class Delta = no_delta, class Storage>
  result<release_line> next(Storage& storage, entry& item) {
    const auto word = lines_.next(storage);
    if (!word) return word.error();
    if (*word == 0) return release_line::end;
    if (*word == signature) return release_line::signature;
    if (*word == minimum)
      return lines_.rest().empty() ? lines_.bad_line : result<release_line>(release_line::minimum);
    if (*word != kind_) last_.clear();
    kind_ = *word;
    if constexpr (takes_patches<Delta>)
      if (*word == delta) return take_patch<Delta>(item);
    if (!take(*word, item) || !lines_.rest().empty()) return lines_.bad_line;
    if (*word == image) return release_line::image;
    return *word == removal || *word == file ? release_line::item : release_line::head;
  }

  /// Complete once the first item, or the signature, was read.
  const release_head& head() const { return head_; }

  document_lines& lines() { return lines_; }

 private:
  // In the order of the grammar.
  enum : std::uint8_t {
    format = 1,
    chain,
    product,
    hardware,
    version,
    minimum,
    epoch,
    counter,
    created,
    expires,
    hook,
    removal,
    file,
    image,
    delta,
    signature
  };

  bool take(std::uint8_t word, entry& item) {
    switch (word) {
      case format:
        return lines_.take_rest() == "1"sv;
      case chain:
        head_.has_chain = true;
        return lines_.take_hex({head_.chain.data(), head_.chain.size()});
      case product:
        head_.fits_product = lines_.rest() == device_.product;
        return !lines_.take_rest().empty();
      case hardware:
        return take_hardware(lines_.take_rest());
      case version:
        return head_.version.assign(lines_.take_rest()) && !head_.version.empty();
      case epoch:
        return lines_.take_number(head_.epoch);
      case counter:
        return lines_.take_number(head_.counter);
      case created:
        return lines_.take_number(head_.created);
      case expires:
        return lines_.take_expiry(head_.expires);
      case removal:
        item = {};
        item.kind = entry_kind::remove;
        return take_path(item);
      case file:
        return take_content(item) && take_mode(item) && take_path(item);
      case image:
        return take_content(item) && take_path(item);
      default:  // hooks and patches are for devices that know them
        return !lines_.take_rest().empty();
    }
  }

  bool take_hardware(std::string_view name) {
    if (!names_hardware_) head_.fits_hardware = false;
    names_hardware_ = true;
    head_.fits_hardware |= name == device_.hardware;
    return is_ordered(name);
  }

  bool take_content(entry& item) {
    item = {};
    item.hash.kind = digest_kind::sha256;
    return lines_.take_number(item.size) && lines_.take_hex({item.hash.value, 32});
  }

  template <class Delta>
  result<release_line> take_patch(entry& item) {
    std::uint32_t memory = 0, code = 0;
    if (!take_content(item) || !lines_.take_number(memory) || !lines_.take_number(code) ||
        !take_path(item))
      return lines_.bad_line;
    return Delta::takes(memory, code) ? release_line::patch : release_line::head;
  }

  bool take_mode(entry& item) {
    const std::string_view mode = lines_.take_word();
    item.executable = mode == "x"sv;
    return item.executable || mode == "-"sv;
  }

  bool take_path(entry& item) {
    const std::string_view path = lines_.take_rest();
    return item.path.assign(path) && is_ordered(path);
  }

  // Lines of a kind stand in the order of their bytes: so none stands twice.
  bool is_ordered(std::string_view text) {
    const bool ordered = !text.empty() && last_.view() < text;
    return last_.assign(text) && ordered;
  }

  document_lines lines_;
  release_head head_;
  device_name device_;
  bool names_hardware_ = false;
  std::uint8_t kind_ = 0;
  fixed_string<max_path> last_;
};

}  // namespace ota
