#pragma once

#include <new>

#include "../core/version_order.hpp"
#include "../format/config.hpp"
#include "release_document.hpp"
#include "root_document.hpp"
#include "trust_context.hpp"
#include "trust_file.hpp"
#include "version_file.hpp"

namespace ota {

/// Checks the signed manifest at `.ota/manifest`: root documents, each signed by the keys of the
/// one before it, and the release document, signed by the keys of the last.
///
/// \tparam Keys  a `signed_by`
template <class Storage, class Keys>
class signed_check {
 public:
  signed_check(Storage& storage, const config& settings, trust_context& context)
      : storage_(storage),
        settings_(settings),
        context_(context),
        file_(storage),
        trusted_(line_),
        root_(line_) {}

  /// One line further, which may be one signature; false: the manifest is trusted.
  result<bool> step(mutable_bytes) {
    switch (task_) {
      case task::load:
        return load();
      case task::read_trusted:
        return read_trusted();
      case task::next_document:
        return next_document();
      case task::read_root:
        return read_root();
      case task::read_release:
        return read_release();
    }
    return false;
  }

 private:
  static constexpr error no_anchor{
      errc::invalid_argument, "manifest",
      "`trusted_root` must hold a root document: without one no signature counts"};
  static constexpr error no_release{errc::malformed, "manifest",
                                    "the manifest holds no release document"};
  static constexpr error bad_anchor{errc::invalid_argument, "manifest",
                                    "`trusted_root` is not a root document"};
  static constexpr error gap{
      errc::untrusted, "manifest",
      "the manifest lacks a root document between the one trusted here and its own"};
  static constexpr error unsigned_root{
      errc::untrusted, "manifest",
      "a new root document is not signed by enough keys of the old one and its own"};
  static constexpr error old_root{errc::untrusted, "manifest",
                                  "the manifest's root document is older than one seen before"};
  static constexpr error too_many_signatures{errc::untrusted, "manifest",
                                             "a document has more than 16 signatures"};
  static constexpr error bad_signature_line{errc::malformed, "manifest",
                                            "a signature line is not as it must be"};
  static constexpr error unsigned_release{
      errc::untrusted, "manifest",
      "the manifest is not signed by enough keys that this device trusts"};
  static constexpr error other_product{errc::untrusted, "manifest",
                                       "the manifest is for another product than `product`"};
  static constexpr error other_hardware{errc::untrusted, "manifest",
                                        "the manifest is for other hardware than `hardware`"};
  static constexpr error other_epoch{errc::untrusted, "manifest",
                                     "the manifest is of another epoch than the root document"};
  static constexpr error low_counter{
      errc::untrusted, "manifest",
      "the version is too old: its security counter is below one seen before"};
  static constexpr error older{errc::untrusted, "manifest",
                               "the manifest is older than one seen before"};
  static constexpr error other_chain{
      errc::untrusted, "manifest",
      "the root documents are not those that the release was made for"};
  static constexpr error root_expired{errc::untrusted, "manifest",
                                      "the root document has expired; its maker must renew it"};
  static constexpr error minimum_not_met{
      errc::unsupported, "manifest",
      "the version needs a newer one installed before it; see `minimum` in the manifest"};

  static constexpr error root_too_long{errc::too_long, "manifest",
                                       "a root document is longer than 64 KB"};

  static constexpr int most_signatures = 16;
  static constexpr std::uint32_t longest_root = 65536;
  enum class task : std::uint8_t { load, read_trusted, next_document, read_root, read_release };

  // ---- the root document that is trusted ------------------------------------------------------

  // The number behind "ota-root 1\nversion ".
  static std::uint32_t version_in(std::string_view text) {
    constexpr std::string_view beginning = "ota-root 1\nversion ";
    std::uint64_t version = 0;
    if (starts_with(text, beginning))
      for (char c : slice(text, beginning.size(), 10)) {
        if (!detail::is_digit(c)) break;
        version = (version << 3) + (version << 1) + static_cast<std::uint32_t>(c - '0');
      }
    return static_cast<std::uint32_t>(version);
  }

  // Sees to it that storage has a root document: one that a later one led to, or the device's own,
  // its anchor. An anchor that was changed replaces what is not newer.
  result<bool> load() {
    const auto whole = file_.load(record_);
    if (!whole) return whole;
    const std::string_view anchor = settings_.trusted_root;
    crc32 sum;
    sum.update(as_bytes(anchor));
    if (!*whole || sum.value() != record_.anchor_sum) {
      const std::uint32_t version = version_in(anchor);
      if (version == 0) return anchor.empty() ? no_anchor : bad_anchor;
      record_.anchor_sum = sum.value();
      if (!*whole || version >= record_.root_version) {
        if (version > record_.root_version) record_.root_version = version;
        if (auto done = file_.store(record_, anchor); !done) return done.error();
      }
    }
    begin_trusted();
    return true;
  }

  void begin_trusted() {
    trusted_.begin(layout::trust, file_.root_offset);
    task_ = task::read_trusted;
  }

  result<bool> read_trusted() {
    const auto line = trusted_.next(storage_);
    if (!line) return line.error().code == errc::malformed ? bad_anchor : line.error();
    if (*line != root_line::end) return true;
    trusted_head_ = trusted_.head();
    for (const signing_role role : {signing_role::root, signing_role::release})
      thresholds_[static_cast<std::size_t>(role)] = trusted_.threshold(role);
    task_ = task::next_document;
    return true;
  }

  // ---- documents ------------------------------------------------------------------------------

  result<bool> next_document() {
    char beginning[9] = {};
    const auto size = storage_.read(layout::manifest, offset_,
                                    {reinterpret_cast<std::uint8_t*>(beginning), sizeof beginning});
    if (!size) return size.error();
    if (*size == 0) return no_release;
    signatures_ = 0;
    by_trusted_ = by_itself_ = 0;
    last_id_ = {};
    body_ = {};
    minimum_is_met_ = true;
    if (std::string_view(beginning, *size) == "ota-root "sv) {
      ::new (&root_) root_document(line_);
      root_.begin(layout::manifest, offset_);
      task_ = task::read_root;
    } else {
      ::new (&release_) release_document(line_);
      release_.begin(layout::manifest, offset_, {settings_.product, settings_.hardware});
      task_ = task::read_release;
    }
    return true;
  }

  result<bool> read_root() {
    const auto line = root_.next(storage_);
    if (!line) return line.error();
    if (root_.lines().offset() - offset_ > longest_root) return root_too_long;
    auto& lines = root_.lines();
    if (*line != root_line::end) lines.hash_line(chain_);
    if (*line != root_line::end && *line != root_line::signature) lines.hash_line(body_);
    const bool is_known = root_.head().version <= trusted_head_.version;
    if (*line == root_line::end) return is_known ? pass_root() : accept_root();
    if (*line != root_line::signature || is_known) return true;
    if (root_.head().version != trusted_head_.version + 1) return gap;
    signature one;
    if (auto fine = take_signature(lines, one); !fine) return fine.error();
    const auto old_key = is_signed(layout::trust, file_.root_offset, signing_role::root, one);
    if (!old_key) return old_key;
    const auto own_key = is_signed(layout::manifest, offset_, signing_role::root, one);
    if (!own_key) return own_key;
    by_trusted_ += *old_key;
    by_itself_ += *own_key;
    return true;
  }

  result<bool> pass_root() {
    offset_ = root_.lines().offset();
    task_ = task::next_document;
    return true;
  }

  // A new root document counts from here on, whatever becomes of the release.
  result<bool> accept_root() {
    const root_head& head = root_.head();
    if (by_trusted_ < threshold(signing_role::root) ||
        by_itself_ < root_.threshold(signing_role::root) || head.epoch < trusted_head_.epoch)
      return unsigned_root;
    const std::uint32_t end = root_.lines().offset();
    if (head.version > record_.root_version) record_.root_version = head.version;
    if (auto done = file_.store(record_, layout::manifest, offset_, end - offset_); !done)
      return done.error();
    offset_ = end;
    begin_trusted();
    return true;
  }

  result<bool> read_release() {
    entry item;
    const auto line = release_.next(storage_, item);
    if (!line) return line.error();
    if (*line == release_line::end) return judge();
    auto& lines = release_.lines();
    if (*line != release_line::signature) {
      lines.hash_line(body_);
      if (*line == release_line::minimum) minimum_is_met_ = is_met(lines.rest());
      return true;
    }
    signature one;
    if (auto fine = take_signature(lines, one); !fine) return fine.error();
    if (by_trusted_ >= threshold(signing_role::release)) return true;
    const auto valid = is_signed(layout::trust, file_.root_offset, signing_role::release, one);
    if (valid) by_trusted_ += *valid;
    return valid ? result<bool>(true) : valid;
  }

  // ---- signatures -----------------------------------------------------------------------------

  std::uint32_t threshold(signing_role role) const {
    return thresholds_[static_cast<std::size_t>(role)];
  }

  struct signature {
    key_id id{};
    std::size_t size = 0;
    std::uint8_t value[Keys::signature_size];
  };

  // Signatures stand in the order of their keys' ids: so no key counts twice. One that is too long
  // is of a kind of key that this device does not know.
  result<void> take_signature(document_lines& lines, signature& one) {
    if (!lines.take_hex({one.id.data(), one.id.size()}) || !(last_id_ < one.id))
      return bad_signature_line;
    last_id_ = one.id;
    const std::size_t size = lines.rest().size() / 2;
    one.size = size <= sizeof one.value ? size : 0;
    if (size == one.size && (!lines.take_hex({one.value, size}) || !lines.rest().empty()))
      return bad_signature_line;
    if (++signatures_ > most_signatures) return too_many_signatures;
    return {};
  }

  // Whether a signature's key has the role, in the root document at a place, and has signed.
  result<bool> is_signed(std::string_view path, std::uint32_t offset, signing_role role,
                         const signature& one) {
    bool has_role = false;
    trusted_.begin(path, offset);
    for (;;) {
      const auto line = trusted_.next(storage_);
      if (!line) return line.error();
      auto& lines = trusted_.lines();
      if (*line == (role == signing_role::root ? root_line::root : root_line::release)) {
        key_id id;
        while (!lines.rest().empty())
          has_role |= lines.take_hex({id.data(), id.size()}) && id == one.id;
      } else if (*line == root_line::key) {
        if (!has_role) return false;
        if (id_of_key(lines.rest()) != one.id) continue;
        const std::string_view kind = lines.take_word();
        return Keys::verify(kind, lines.rest(), sha256(body_).finish(), {one.value, one.size});
      } else if (*line != root_line::head && *line != root_line::root &&
                 *line != root_line::release) {
        return false;
      }
    }
  }

  // ---- what the release document says ---------------------------------------------------------

  result<bool> judge() {
    if (by_trusted_ < threshold(signing_role::release)) return unsigned_release;
    const release_head& head = release_.head();
    if (trusted_head_.version < record_.root_version) return old_root;
    const bool is_chain = head.has_chain && head.chain == chain_.finish();
    if (offset_ != 0 ? !is_chain : head.has_chain) return other_chain;
    if (!head.fits_product) return other_product;
    if (!head.fits_hardware) return other_hardware;
    if (head.epoch != trusted_head_.epoch) return other_epoch;
    if (head.counter < context_.least_counter) return low_counter;
    trust_record next = record_;
    const auto digest = body_.finish();
    std::memcpy(next.manifest.data(), digest.data(), next.manifest.size());
    if (head.epoch == record_.epoch && record_.manifest != version_id{}) {
      if (head.counter < record_.counter) return low_counter;
      // Two of the same second could be shown in turns, and a device would never be done.
      if (head.counter == record_.counter && head.created <= record_.created &&
          next.manifest != record_.manifest)
        return older;
    }
    // A device without a clock knows at least that it is later than what it has seen.
    const std::uint64_t seen = head.epoch == record_.epoch ? record_.created : 0;
    const std::uint64_t now = context_.now > seen ? context_.now : seen;
    if (now >= trusted_head_.expires) return root_expired;
    if (now >= head.expires) return detail::manifest_expired;
    if (!minimum_is_met_) return minimum_not_met;
    return remember(head, next);
  }

  // Whether what is installed is new enough; nothing is.
  bool is_met(std::string_view minimum) {
    const release_target installed = detail::read_version(storage_);
    return installed.ref.empty() || compare_versions(installed.ref, minimum) >= 0;
  }

  // The same manifest under another name of the source is the version that it was before. One that
  // is shown as a version that it is not is known by itself: else the version that does have that
  // name would pass for installed, or for put back.
  result<bool> remember(const release_head& head, trust_record& next) {
    const bool is_named = context_.name.empty() || context_.name == head.version.view();
    if (next.manifest != record_.manifest) next.source = is_named ? context_.id : next.manifest;
    context_.offset = offset_;
    context_.id = next.source;
    context_.manifest = next.manifest;
    next.epoch = head.epoch;
    next.counter = head.counter;
    next.created = head.created;
    next.expires = head.expires < trusted_head_.expires ? head.expires : trusted_head_.expires;
    if (std::memcmp(&next, &record_, sizeof next) != 0)
      if (auto done = file_.store(next); !done) return done.error();
    return false;
  }

  Storage& storage_;
  const config& settings_;
  trust_context& context_;
  trust_file<Storage> file_;
  trust_record record_;
  task task_ = task::load;
  std::uint32_t offset_ = 0;  // of the document at hand, in the manifest
  int signatures_ = 0;
  std::uint32_t by_trusted_ = 0;  // signatures by keys of the trusted root document
  std::uint32_t by_itself_ = 0;   // signatures of a new root document by its own keys
  std::uint32_t thresholds_[2] = {};
  root_head trusted_head_;
  sha256 chain_;  // over the root documents of the manifest
  sha256 body_;   // over what is signed of the document at hand
  bool minimum_is_met_ = true;
  key_id last_id_{};
  fixed_string<Keys::longest_line> line_;
  root_document trusted_;
  union {
    root_document root_;
    release_document release_;
  };
};

}  // namespace ota
