#pragma once

#include "../core/hex.hpp"
#include "../core/result.hpp"
#include "../core/text.hpp"
#include "../format/json_reader.hpp"
#include "../hash/crc32.hpp"
#include "../manifest/entry.hpp"

namespace ota {

/// Which of GitHub's documents is being read.
enum class document_kind : std::uint8_t { release, reference, tree };

/// What `github_document::next` met.
enum class document_event : std::uint8_t {
  need_input,  ///< all that was received is read
  item,        ///< an entry of a tree
  end          ///< the document is complete
};

/// Reads one of GitHub's documents piece by piece and keeps the few fields that matter.
class github_document {
 public:
  /// Begins a document.
  void begin(document_kind kind) {
    kind_ = kind;
    reader_.reset();
    in_section_ = has_list_ = is_tag_object = truncated = false;
    limit_ = 0;
    if (kind == document_kind::release) {
      manifest_url.clear();
      manifest_sum = 0;
    }
    name.clear();
  }

  /// The paths of a tree's entries get `prefix` and `/` in front, unless it is empty. It must stay
  /// until the tree is read.
  void set_prefix(std::string_view prefix) { prefix_ = prefix; }

  /// The most bytes the document may have; 0: any number.
  void limit_size(std::size_t bytes) { limit_ = bytes; }

  /// Reads one piece of the body; `next` tells what is in it.
  template <class Http>
  result<void> receive(Http& http, mutable_bytes chunk) {
    const auto size = http.read(chunk);
    if (!size) return size.error();
    if (*size == 0)
      reader_.finish();
    else
      reader_.feed(chunk.first(*size));
    return {};
  }

  /// The next file or directory of a tree; other documents have none.
  result<document_event> next() {
    for (;;) {
      const auto event = reader_.next();
      if (!event) return event.error();
      if (*event == json_event::need_input) break;
      if (*event == json_event::end) return end_document();
      event_ = *event;
      const auto complete = take();
      if (!complete) return complete.error();
      if (*complete) return document_event::item;
    }
    if (limit_ != 0 && reader_.offset() > limit_) return too_large;
    return document_event::need_input;
  }

  /// What `next` has found, and whether it is a symbolic link.
  const entry& item() const { return item_; }
  bool is_link() const { return is_link_; }

 private:
  static constexpr error too_large{errc::too_long, "github",
                                   "Response too large: the answer is over its limit"};
  static constexpr error path_too_long{errc::too_long, "github",
                                       "a path in the tree is longer than 255 bytes"};
  static constexpr error bad_id{errc::malformed, "github", "a file in the tree has no SHA-1 id"};
  static constexpr error no_list{errc::malformed, "github", "the answer holds no list of files"};
  static constexpr error incomplete_entry{errc::malformed, "github",
                                          "an entry of the tree lacks its path or its sha"};

  // The members that matter, document by document, in the order of the names in `shapes`.
  enum class field : std::uint8_t {
    other_of_release,
    assets,
    tag_name,
    name,
    url,
    download_url,
    digest,
    state,
    other_of_reference,
    object,
    object_type,
    object_sha,
    other_of_tree,
    tree,
    truncated,
    path,
    mode,
    type,
    sha,
    size
  };

  // Each document has one member at the top, its section, that is or holds the objects of interest:
  // it comes first.
  struct shape {
    const char* names;
    field other;               // the members that do not matter; those that do follow
    std::uint8_t inner_depth;  // how deep the members of those objects are
  };
  // In the order of `document_kind`.
  static constexpr shape shapes[] = {
      {"assets tag_name name url browser_download_url digest state ", field::other_of_release, 3},
      {"object type sha ", field::other_of_reference, 2},
      {"tree truncated path mode type sha size ", field::other_of_tree, 3}};

  // An answer that is no list of files must not pass for an empty one.
  result<document_event> end_document() const {
    if (kind_ == document_kind::tree && !has_list_) return no_list;
    return document_event::end;
  }

  // True when an entry is complete.
  result<bool> take() {
    const std::size_t depth = reader_.depth();
    const shape& document = shapes[static_cast<unsigned>(kind_)];
    const bool is_inner = in_section_ && depth == document.inner_depth;
    switch (event_) {
      case json_event::key: {
        unsigned number = 0;
        if (depth == 1 || is_inner) number = detail::find_word(reader_.text(), document.names);
        field_ = static_cast<field>(static_cast<unsigned>(document.other) + number);
        if (depth == 1) in_section_ = number == 1;
        return false;
      }
      case json_event::begin_array:
        if (depth == 2 && in_section_) has_list_ = true;
        return false;
      case json_event::begin_object:
        if (is_inner) begin_item();
        return false;
      case json_event::end_object:
        if (in_section_ && depth == 2) return end_item();
        return false;
      case json_event::end_array:
        return false;
      default:
        break;
    }
    // A text that did not fit is as good as none.
    const bool is_text = event_ == json_event::string && !reader_.truncated();
    const std::string_view value = is_text ? reader_.text() : std::string_view{};
    if (depth == 1) take_top(value);
    return is_inner ? take_inner(value) : false;
  }

  void take_top(std::string_view value) {
    if (field_ == field::tag_name) name.assign(value);
    if (field_ == field::truncated && event_ == json_event::boolean) truncated = reader_.boolean();
  }

  void begin_item() {
    item_.path.clear();
    item_.kind = entry_kind::file;
    item_.hash.kind = digest_kind::none;
    item_.executable = item_.has_size = false;
    item_.size = 0;
    is_wanted_ = is_link_ = false;
    is_uploaded_ = true;
    asset_sum_ = 0;
  }

  result<bool> take_inner(std::string_view value) {
    switch (field_) {
      case field::object_sha:
        name.assign(value);
        break;
      case field::object_type:
        is_tag_object = value == "tag"sv;
        break;
      case field::name:
        is_wanted_ = value == manifest_name;
        break;
      case field::digest:
        asset_sum_ = crc32_of(value);
        break;
      case field::state:
        is_uploaded_ = value == "uploaded"sv;
        break;
      case field::url:
      case field::download_url:
        // The other one serves where the preferred one is missing.
        if (prefer_api_url == (field_ == field::url) || item_.path.empty())
          item_.path.assign(value);
        break;
      case field::path:
        item_.path.assign(prefix_);
        if (!prefix_.empty()) item_.path.append('/');
        item_.path.append(value);
        if (reader_.truncated() || item_.path.overflowed()) return path_too_long;
        break;
      case field::mode: {
        const unsigned mode = detail::find_word(value, "100755 120000 ");
        item_.executable = mode == 1;
        is_link_ = mode == 2;
        break;
      }
      case field::type: {
        const unsigned type = detail::find_word(value, "blob tree ");
        is_wanted_ = type != 0;
        item_.kind = type == 2 ? entry_kind::directory : entry_kind::file;
        break;
      }
      case field::sha:
        item_.hash.kind = digest_kind::git_id;
        if (!from_hex(value, {item_.hash.value, 20})) return bad_id;
        break;
      case field::size:
        if (event_ == json_event::number) {
          const auto size = reader_.as_size();
          if (!size) return size.error();
          item_.size = *size;
          item_.has_size = true;
        }
        break;
      default:
        break;
    }
    return false;
  }

  static std::uint32_t crc32_of(std::string_view text) {
    crc32 sum;
    sum.update(as_bytes(text));
    return sum.value();
  }

  result<bool> end_item() {
    if (!is_wanted_) return false;
    if (kind_ == document_kind::tree) {
      if (item_.path.empty() || item_.hash.kind == digest_kind::none) return incomplete_entry;
      return true;
    }
    if (kind_ == document_kind::release && is_uploaded_ && !item_.path.empty() &&
        !item_.path.overflowed()) {
      manifest_url.assign(item_.path);
      manifest_sum = asset_sum_;
    }
    return false;
  }

  // The small ones first: a Cortex-M0+ reaches bytes that are near the beginning with less code.
  document_kind kind_ = document_kind::reference;
  field field_ = field::other_of_release;
  bool is_wanted_ = false;  // a file or directory of a tree; the manifest of the assets
  bool is_link_ = false;
  bool in_section_ = false;
  bool has_list_ = false;  // the member `tree` is one

 public:
  bool is_tag_object = false;  ///< it points to an annotated tag, not to a commit
  bool truncated = false;      ///< a tree too large for one answer

  /// Whether the asset's API address is wanted, as a private repository needs it.
  bool prefer_api_url = false;

  /// The name of the asset that is the manifest.
  std::string_view manifest_name = "manifest.json";

  std::uint32_t manifest_sum = 0;  ///< over that asset's `digest`: differs when it was replaced

 private:
  json_event event_ = json_event::need_input;
  bool is_uploaded_ = false;  // an asset that is whole
  std::uint32_t asset_sum_ = 0;
  std::string_view prefix_;
  std::size_t limit_ = 0;
  entry item_;  // of a tree; of an asset, its path is the address
  json_reader<256> reader_;

 public:
  fixed_string<256> manifest_url;  ///< of a release's manifest; empty: none
  fixed_string<128> name;          ///< a release's tag; what a reference or tag points to
};

}  // namespace ota
