#pragma once

#include <new>
#include <type_traits>

#include "../core/path.hpp"
#include "../core/text.hpp"
#include "../delta/no_delta.hpp"
#include "../delta/patch_name.hpp"
#include "../format/config.hpp"
#include "../http/status.hpp"
#include "../image/image_policy.hpp"
#include "../manifest/entry.hpp"
#include "../manifest/trust_context.hpp"
#include "../storage/layout.hpp"
#include "file_filter.hpp"
#include "image_promise.hpp"

namespace ota {

/// Brings the list of the new version's files from a release's manifest to `.ota/next`: downloads
/// it to `.ota/manifest`, has its signatures checked, and reads it from there. The paths that it
/// wants removed become a list of their own, `.ota/gone`, and so do patches, `.ota/patches`.
template <class Storage, class Trust, class Image = no_image, class Delta = no_delta>
class manifest_lister {
 public:
  /// The longest manifest, unless `max_tree_size_kb` says less: one of 100,000 files.
  static constexpr std::size_t max_size = 32u << 20;

  manifest_lister(Storage& storage, const config& settings, trust_context& context)
      : storage_(storage), settings_(settings), context_(context), none_() {}

  void begin() { task_ = task::open; }

  /// The path at hand, for a message; none where it is about the manifest as a whole.
  std::string_view subject() const {
    return task_ == task::read ? std::string_view(list_.item.path) : std::string_view{};
  }

  /// The version that the manifest names, if it does.
  void take_version(fixed_string<128>& version) const {
    if (!list_.in.version().empty()) version.assign(list_.in.version());
  }

  /// The image that the manifest promises, if it does.
  void take_image(image_promise& image) const { image = list_.image; }

  /// One chunk or one entry further; false when the list is complete.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, const mutable_bytes& chunk) {
    switch (task_) {
      case task::open:
        return open(http, source);
      case task::download:
        return download(http, chunk);
      case task::verify:
        return verify(chunk);
      case task::read:
        return read();
    }
    return false;
  }

 private:
  static constexpr error empty{errc::malformed, "manifest", "the manifest is empty"};
  static constexpr error no_manifest{
      errc::untrusted, "manifest",
      "the version has no signed manifest.ota, and this device takes none without"};
  static constexpr error hidden_file{errc::invalid_path, "manifest",
                                     "a manifest may not name hidden files"};
  static constexpr error too_large{errc::too_long, "manifest",
                                   "Response too large: the manifest is over its limit"};

  static constexpr error no_image_of_ours{
      errc::unsupported, "manifest",
      "the version holds firmware images, and none has the name that this device takes"};

  using trust_check = typename Trust::template check<Storage>;
  // What a device that takes images notes of them.
  struct images {
    image_promise image;
    bool has_other_image = false;
  };
  struct no_images {};
  // A reader that is not asked for images refuses a version that holds one.
  struct reader : Trust::reader {
    result<bool> next(Storage& storage, entry& out) {
      return Trust::reader::template next<takes_images<Image>, Delta>(storage, out);
    }
  };
  struct patches {
    std::uint32_t patches_size = 0;
  };
  struct no_patches {};
  struct list : std::conditional_t<takes_images<Image>, images, no_images>,
                std::conditional_t<takes_patches<Delta>, patches, no_patches> {
    reader in;
    entry_writer out;
    entry item;
    std::uint32_t deletes_size = 0;
  };
  enum class task : std::uint8_t { open, download, verify, read };

  std::size_t limit() const {
    const std::size_t wanted = kilobytes(settings_.max_tree_size_kb);
    return wanted != 0 && wanted < max_size ? wanted : max_size;
  }

  template <class Http, class Source>
  result<bool> open(Http& http, Source& source) {
    if (auto done = source.open_manifest(http); !done) return done.error();
    const http_response& answer = http.response();
    if (answer.status == 404 && Trust::requires_manifest) return no_manifest;
    if (auto status = check_status(answer); !status) return status.error();
    if (answer.has_length && answer.content_length > limit()) return too_large;
    size_ = 0;
    task_ = task::download;
    return true;
  }

  template <class Http>
  result<bool> download(Http& http, const mutable_bytes& chunk) {
    const auto size = http.read(chunk);
    if (!size) {
      task_ = task::open;
      return size.error();
    }
    if (*size == 0) {
      ::new (&trust_) trust_check(storage_, settings_, context_);
      task_ = task::verify;
      return size_ != 0 ? result<bool>(true) : empty;
    }
    if (size_ + *size > limit()) return too_large;
    if (auto done = storage_.write(layout::manifest, size_, chunk.first(*size)); !done)
      return done.error();
    size_ += *size;
    return true;
  }

  result<bool> verify(const mutable_bytes& chunk) {
    const auto more = trust_.step(chunk);
    if (!more || *more) return more;
    ::new (&list_) list();
    list_.in.begin(layout::manifest, context_.offset);
    list_.out.begin(layout::listing);
    task_ = task::read;
    return true;
  }

  result<bool> read() {
    entry& item = list_.item;
    const auto more = list_.in.next(storage_, item);
    if (!more) return more;
    if (!*more) {
      if (auto done = list_.out.flush(storage_); !done) return done.error();
      if constexpr (takes_images<Image>)
        if (list_.has_other_image && !list_.image.is_there) return no_image_of_ours;
      return false;
    }
    if constexpr (takes_images<Image>)
      if (item.kind == entry_kind::image) return take_image(item);
    if constexpr (takes_patches<Delta>)
      if (item.kind == entry_kind::patch) return more_after(take_patch(item));
    const file_filter filter(settings_);
    if (!filter.manages(item.path)) return true;
    const auto fine = filter.check(item.path, false);
    const bool hidden = is_hidden(item.path);
    if (item.kind == entry_kind::remove) {
      if (!fine || hidden) return true;  // as the original has it
      return more_after(append_entry(storage_, layout::candidates, list_.deletes_size, item));
    }
    if (!fine) return fine.error();
    if (hidden) return hidden_file;
    return more_after(list_.out.add(storage_, item));
  }

  result<bool> take_image(const entry& item) {
    const bool is_ours = item.path.view() == std::string_view(Image::name);
    if (is_ours) list_.image = detail::promise_of(item);
    list_.has_other_image |= !is_ours;
    return true;
  }

  // Nothing of it is installed; whatever else its name is, the device asks for no such file.
  result<void> take_patch(entry& item) {
    if (!is_valid_path(item.path) || !is_within(item.path, patch_directory)) return {};
    item.kind = entry_kind::file;
    return append_entry(storage_, layout::patches, list_.patches_size, item);
  }

  static bool is_hidden(std::string_view path) {
    return path.front() == '.' || path.find("/."sv) != std::string_view::npos;
  }

  Storage& storage_;
  const config& settings_;
  trust_context& context_;
  std::size_t size_ = 0;
  task task_ = task::open;
  // One after the other, never two at a time.
  union {
    char none_;
    trust_check trust_;
    list list_;
  };
};

}  // namespace ota
