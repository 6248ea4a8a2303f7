#pragma once

#include "../core/hex.hpp"
#include "../delta/no_delta.hpp"
#include "../delta/patch_name.hpp"
#include "../format/settings.hpp"
#include "../manifest/entry.hpp"
#include "../source/github_document.hpp"
#include "../storage/layout.hpp"
#include "file_filter.hpp"

namespace ota {

namespace detail {

/// What a lister keeps of patches, where the device takes them.
template <bool TakesPatches>
struct patch_notes {
  std::uint32_t patches_size_ = 0;  // bytes of their list
};
template <>
struct patch_notes<false> {};

}  // namespace detail

/// Brings the list of the new version's files from a source's tree to `.ota/next`.
///
/// A tree too large for one answer is listed directory by directory: directories stand in the
/// list as entries of their own, and each pass over it replaces them by what they hold, in place,
/// so that the order of the list and the memory it takes stay the same.
///
/// A device that takes patches notes those of `.deltas/` (in `.ota/patches`) where the
/// configuration wants them, and installs none of them unless `allow` names them.
template <class Storage, class Settings, class Delta = no_delta>
class lister : Settings, detail::patch_notes<takes_patches<Delta>> {
  using Settings::settings_;

 public:
  /// Begins with the tree of a commit, given in hexadecimal digits.
  lister(Storage& storage, Settings settings, const std::string_view& commit)
      : Settings(settings), storage_(storage), tree_(commit) {}

  /// How many answers have been read to their end.
  std::uint32_t answers() const { return answers_; }

  /// The path at hand, for a message.
  std::string_view subject() const { return item_.path; }

  /// One request or one piece of an answer further; false when the list is complete. A function of
  /// its own: within its caller's its members would be too far away for short instructions.
  template <class Http, class Source>
  [[gnu::noinline]] result<bool> step(Http& http, Source& source, const mutable_bytes& chunk) {
    switch (task_) {
      case task::open:
        return open(http, source);
      case task::read:
        return read(http, source, chunk);
      case task::begin_pass:
        return begin_pass();
      case task::expand:
        return expand();
      case task::append:
        return append();
    }
    return false;
  }

 private:
  static constexpr error directory_too_large{errc::too_long, "lister",
                                             "the server cannot list one directory in full"};

  enum class task : std::uint8_t { open, read, begin_pass, expand, append };

  template <class Http, class Source>
  result<bool> open(Http& http, Source& source) {
    if (auto done = source.open_tree(http, tree_, recursive_, item_.path); !done)
      return done.error();
    list_.begin(in_part_ ? layout::part : layout::listing);
    listed_ = 0;
    directories_ = false;
    task_ = task::read;
    return true;
  }

  template <class Http, class Source>
  result<bool> read(Http& http, Source& source, const mutable_bytes& chunk) {
    const auto more = read_piece(http, source.tree(), chunk);
    if (!more) task_ = task::open;
    if (!more || *more) return more;
    if (source.tree().truncated) {
      if (!recursive_) return directory_too_large;
      recursive_ = false;
      task_ = task::open;
      return true;
    }
    ++answers_;
    if (auto done = list_.flush(storage_); !done) return done.error();
    pending_ |= directories_;
    task_ = task::begin_pass;
    if (in_part_) {
      part_.begin(layout::part);
      list_.resume(layout::expanded, expanded_size_);
      task_ = task::append;
    }
    return true;
  }

  // Takes the entries of one piece of the answer; false at its end.
  template <class Http, class Document>
  result<bool> read_piece(Http& http, Document& document, const mutable_bytes& chunk) {
    if (auto done = document.receive(http, chunk); !done) return done.error();
    for (;;) {
      const auto event = document.next();
      if (!event) return event.error();
      if (*event != document_event::item) return *event == document_event::need_input;
      if (auto done = add(document.item(), document.is_link()); !done) return done.error();
    }
  }

  result<void> add(const entry& listed, bool is_link) {
    const file_filter<Settings> filter(*this);
    if (auto fine = filter.check_count(++listed_); !fine) return fine;
    const std::string_view path = listed.path;
    const bool is_directory = listed.kind == entry_kind::directory;
    if constexpr (takes_patches<Delta>)
      if (is_within(path, patch_directory) && !is_within_any(path, settings_.allow))
        return add_patch(listed, is_link);
    if (is_directory ? recursive_ || !filter.enters(path) : !filter.manages(path)) return {};
    if (auto fine = filter.check(path, is_link); !fine) {
      item_.path = listed.path;
      return fine;
    }
    directories_ |= is_directory;
    return list_.add(storage_, listed);
  }

  // A directory of them is listed like any other, where it is listed by itself.
  result<void> add_patch(const entry& listed, bool is_link) {
    if (is_link || !(settings_.enable_delta_updates || settings_.metered)) return {};
    if (listed.kind == entry_kind::file)
      return append_entry(storage_, layout::patches, this->patches_size_, listed);
    if (recursive_) return {};
    directories_ = true;
    return list_.add(storage_, listed);
  }

  result<bool> begin_pass() {
    if (!pending_) return false;
    source_list_.begin(layout::listing);
    list_.begin(layout::expanded);
    pending_ = false;
    in_part_ = true;
    task_ = task::expand;
    return true;
  }

  result<bool> expand() {
    const auto more = source_list_.next(storage_, item_);
    if (!more) return more;
    if (*more && item_.kind != entry_kind::directory) return more_after(list_.add(storage_, item_));
    if (auto done = list_.flush(storage_); !done) return done.error();
    if (!*more) {
      if (auto done = storage_.rename(layout::expanded, layout::listing); !done)
        return done.error();
      task_ = task::begin_pass;
      return true;
    }
    expanded_size_ = list_.size();
    char id[40];
    to_hex({item_.hash.value, 20}, id);
    tree_.assign({id, sizeof id});
    recursive_ = true;
    task_ = task::open;
    return true;
  }

  // The part just listed goes where its directory stood.
  result<bool> append() {
    const auto more = part_.next(storage_, item_);
    if (!more) return more;
    if (*more) return more_after(list_.add(storage_, item_));
    task_ = task::expand;
    return true;
  }

  Storage& storage_;
  std::uint32_t listed_ = 0;  // in this answer; the sorter counts all
  std::uint32_t answers_ = 0;
  std::uint32_t expanded_size_ = 0;
  task task_ = task::open;
  bool recursive_ = true;
  bool in_part_ = false;
  bool directories_ = false;
  bool pending_ = false;
  entry_reader source_list_;
  entry_reader part_;
  fixed_string<64> tree_;
  entry item_;
  entry_writer list_;
};

}  // namespace ota
